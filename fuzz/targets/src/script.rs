//! Edits to a sound file, written as bytes, so that a fuzzer which knows nothing of the format gets behind
//! checksums and past the decoder.

/// Bytes read as instructions; once they are used up, there are no more.
#[derive(Clone, Copy, Debug)]
pub struct Script<'a> {
    rest: &'a [u8],
}

impl<'a> Script<'a> {
    /// The instructions in `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next byte.
    pub fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// A number below `bound`, from four bytes or as many as are left; 0 where nothing is below `bound`.
    pub fn below(&mut self, bound: usize) -> Option<usize> {
        let first = self.byte()?;
        let rest = (0..3).map(|_| self.byte().unwrap_or(0));
        let value = rest.fold(usize::from(first), |value, byte| value << 8 | usize::from(byte));
        Some(value.checked_rem(bound).unwrap_or(0))
    }

    /// Bytes as they stand, `count` or what is left.
    pub fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (head, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.rest = rest;
        head
    }

    /// Carries out what is left as edits.
    pub fn edit(mut self, bytes: &mut Vec<u8>) {
        while let Some(()) = self.edit_once(bytes) {}
    }

    fn edit_once(&mut self, bytes: &mut Vec<u8>) -> Option<()> {
        let instruction = self.byte()?;
        // Half of the edits fall into what may be a header: the rest of a large file is of one kind.
        let within = if instruction & 0x80 == 0 { bytes.len() } else { bytes.len().min(HEADER) };
        let at = self.below(within + 1)?;
        match instruction % 8 {
            0 => *bytes.get_mut(at)? ^= 1 << (self.byte()? % 8),
            1 => *bytes.get_mut(at)? = self.byte()?,
            2 => {
                // A length or an offset, in either order of bytes.
                let value = INTERESTING[self.below(INTERESTING.len())?];
                let width = [2, 4, 8][self.below(3)?];
                let encoded = if self.byte()? & 1 == 0 {
                    value.to_be_bytes()
                } else {
                    value.swap_bytes().to_be_bytes()
                };
                let encoded = if encoded[0] == 0 { &encoded[8 - width..] } else { &encoded[..width] };
                bytes.iter_mut().skip(at).zip(encoded).for_each(|(byte, new)| *byte = *new);
            }
            3 => bytes.truncate(at),
            4 => {
                let count = usize::from(self.byte()? % 16);
                let inserted = self.bytes(count).to_vec();
                bytes.splice(at..at, inserted);
            }
            5 => {
                let end = (at + usize::from(self.byte()?)).min(bytes.len());
                bytes.drain(at..end);
            }
            6 => {
                // A piece of the file over another, or once more.
                let from = self.below(bytes.len())?;
                let piece = bytes[from..].iter().copied().take(usize::from(self.byte()?)).collect::<Vec<_>>();
                let end = if self.byte()? & 1 == 0 { (at + piece.len()).min(bytes.len()) } else { at };
                bytes.splice(at..end, piece);
            }
            _ => bytes.extend(self.bytes(64)),
        }
        Some(())
    }
}

/// Bytes within which every format here has its header.
const HEADER: usize = 256;

/// What goes wrong in lengths.
pub const INTERESTING: [u64; 16] = [
    0,
    1,
    2,
    3,
    7,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    1 << 40,
    i64::MAX as u64,
    u64::MAX,
];
