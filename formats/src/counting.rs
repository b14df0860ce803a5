//! For tests: a text that counts what is read of it.

use std::cell::Cell;
use std::io::{self, Read};

/// Checks that `read`, given a reader of that text, reads each byte of it once and none twice.
pub(crate) fn reads_once<T>(text: &str, read: impl FnOnce(Counting<'_>) -> T) -> T {
    let count = Cell::new(0);
    let result = read(Counting { rest: text.as_bytes(), read: &count });
    assert_eq!(count.get(), text.len(), "bytes read, and bytes given");
    result
}

/// A reader over text in memory.
pub(crate) struct Counting<'a> {
    rest: &'a [u8],
    read: &'a Cell<usize>,
}

impl Read for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.rest.read(buffer)?;
        self.read.set(self.read.get() + read);
        Ok(read)
    }
}
