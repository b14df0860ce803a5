//! Account addresses. How people spell them, with a checksum, is for `fairshare_formats` to say.

use std::fmt;

/// Bytes of an address.
pub const ADDRESS_BYTES: usize = 20;

/// An account or contract on the vault's chain: 20 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub [u8; ADDRESS_BYTES]);

impl Address {
    /// Whether all bytes are zero: the address that nobody holds, and that an unset field has.
    pub fn is_zero(&self) -> bool {
        self.0 == [0; ADDRESS_BYTES]
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_twenty_zero_bytes_are_zero() {
        assert!(Address([0; 20]).is_zero());
        let mut bytes = [0; 20];
        bytes[19] = 1;
        assert!(!Address(bytes).is_zero());
    }
}
