//! Secrets of types that `zeroize` does not know, overwritten when dropped.
//!
//! A field's elements and a cipher's state come from crates that do not implement [`zeroize::Zeroize`], so
//! `Zeroizing` cannot hold them. [`Wiped`] does for them what `Zeroizing` does for others, and is the only
//! place where it is done.

use std::fmt;
use std::ops::{Deref, DerefMut};

use ff::Field;
use halo2curves::bn256::Fr;
use zeroize::ZeroizeOnDrop;

/// What can be overwritten by a value that tells nothing.
pub trait Wipe {
    /// Overwrites it, by plain writes: [`Wiped`] keeps them from being optimised away.
    fn wipe(&mut self);
}

impl Wipe for Fr {
    fn wipe(&mut self) {
        *self = Self::ZERO;
    }
}

/// Only what the vector holds: where it has to grow, the memory that it leaves stays as it was.
impl Wipe for u8 {
    fn wipe(&mut self) {
        *self = 0;
    }
}

impl<T: Wipe, const N: usize> Wipe for [T; N] {
    fn wipe(&mut self) {
        self.iter_mut().for_each(T::wipe);
    }
}

impl<T: Wipe> Wipe for Vec<T> {
    fn wipe(&mut self) {
        self.iter_mut().for_each(T::wipe);
    }
}

/// A value that is overwritten when dropped, and never printed.
#[derive(Clone, Default)]
pub struct Wiped<T: Wipe>(T);

impl<T: Wipe> From<T> for Wiped<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: Wipe> Deref for Wiped<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Wipe> DerefMut for Wiped<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Wipe> fmt::Debug for Wiped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wiped(redacted)")
    }
}

impl<T: Wipe> Drop for Wiped<T> {
    fn drop(&mut self) {
        self.0.wipe();
        // The compiler must take this for a read of all that was written, also of what is pointed to.
        zeroize::optimization_barrier(&self.0);
    }
}

impl<T: Wipe> ZeroizeOnDrop for Wiped<T> {}
