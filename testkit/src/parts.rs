//! Parts of a committed file one after the other, each with its length in four bytes before it.

/// Reads parts, from the first on.
#[derive(Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Of these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next part.
    #[track_caller]
    pub fn part(&mut self) -> &'a [u8] {
        let (length, rest) = self.0.split_first_chunk().expect("the file ends early");
        let (part, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        self.0 = rest;
        part
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Appends a part.
pub fn write(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend(u32::try_from(part.len()).expect("a small part").to_be_bytes());
    bytes.extend(part);
}
