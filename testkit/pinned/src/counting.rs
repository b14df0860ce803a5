//! A file in memory that counts what is read of it.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file, whose reader may be used up by what reads it; a clone has the same count.
#[derive(Clone)]
pub struct Counting {
    bytes: Cursor<Arc<[u8]>>,
    read: Arc<AtomicU64>,
}

/// Checks that `read`, given a file of these bytes, reads each of them once and none twice.
pub fn reads_once<T>(bytes: impl AsRef<[u8]>, read: impl FnOnce(Counting) -> T) -> T {
    let file = Counting::new(bytes.as_ref());
    let result = read(file.clone());
    assert_eq!(file.bytes_read(), bytes.as_ref().len() as u64, "bytes read, and bytes given");
    result
}

impl Counting {
    /// A file of these bytes.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { bytes: Cursor::new(bytes.into()), read: Arc::default() }
    }

    /// Bytes read so far.
    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Checks that at most `times` the file's length was read, and something.
    pub fn assert_read_at_most(&self, times: u64) {
        let (read, length) = (self.bytes_read(), self.bytes.get_ref().len() as u64);
        assert!(read > 0 && read <= times * length, "{read} bytes were read of a file of {length}");
    }
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl Seek for Counting {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}
