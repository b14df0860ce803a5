//! Pages inflated to exactly the length that their headers say.
//!
//! Not left to the library: it lets gzip and Brotli inflate as far as they go, and whoever checks what is
//! within a page needs it inflated.

use std::io::Read;

use super::thrift::Refusal;

const WRONG: Refusal = "a page does not inflate to what its header says";
const UNKNOWN: Refusal = "it is compressed in a way that is not read here: choose Zstandard";

/// How a column chunk is compressed, by the format's numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Codec {
    None,
    Snappy,
    Gzip,
    Brotli,
    /// Blocks of LZ4, each after its two lengths, as Hadoop has them; or one block alone.
    Lz4,
    Zstandard,
    Lz4Raw,
}

impl Codec {
    pub(super) fn of(number: i32) -> Result<Self, Refusal> {
        Ok(match number {
            0 => Self::None,
            1 => Self::Snappy,
            2 => Self::Gzip,
            // 3 is LZO, which no library that is kept up writes.
            4 => Self::Brotli,
            5 => Self::Lz4,
            6 => Self::Zstandard,
            7 => Self::Lz4Raw,
            _ => return Err(UNKNOWN),
        })
    }
}

/// Inflates pages; keeps what the codecs use over and over.
#[derive(Default)]
pub(super) struct Inflater {
    zstandard: Option<zstd::bulk::Decompressor<'static>>,
}

impl Inflater {
    /// A page whose first `levels` bytes are as they are, and the others compressed by that codec. The room
    /// for `length` bytes was counted.
    pub(super) fn inflate(
        &mut self,
        codec: Codec,
        bytes: Vec<u8>,
        levels: usize,
        length: usize,
    ) -> Result<Vec<u8>, Refusal> {
        if codec == Codec::None {
            // Compressed all the same, it would be read as other values: Arrow's writer before 3.0 left the
            // flag of such pages wrong.
            return if bytes.len() == length { Ok(bytes) } else { Err(WRONG) };
        }
        let (levels, compressed) = bytes.split_at_checked(levels).ok_or(WRONG)?;
        let mut inflated = vec![0; length];
        let (head, data) = inflated.split_at_mut_checked(levels.len()).ok_or(WRONG)?;
        head.copy_from_slice(levels);
        if codec == Codec::Lz4 && is_lz4_frame(compressed) {
            return Err("a page is compressed into an LZ4 frame: choose Zstandard or LZ4_RAW");
        }
        // Nothing is compressed to nothing, or to what a codec makes of nothing.
        if !data.is_empty() {
            self.fill(codec, compressed, data).ok_or(WRONG)?;
        }
        Ok(inflated)
    }

    /// Fills all of `out`, with nothing left over.
    fn fill(&mut self, codec: Codec, bytes: &[u8], out: &mut [u8]) -> Option<()> {
        let length = out.len();
        let filled = match codec {
            Codec::None => return None,
            Codec::Snappy => snap::raw::Decoder::new().decompress(bytes, out).ok()?,
            Codec::Gzip => return fill_all(flate2::read::MultiGzDecoder::new(bytes), out),
            Codec::Brotli => return fill_all(brotli::Decompressor::new(bytes, 1 << 12), out),
            Codec::Lz4 => match lz4_blocks(bytes, out) {
                Some(()) => length,
                None => lz4_flex::block::decompress_into(bytes, out).ok()?,
            },
            Codec::Lz4Raw => lz4_flex::block::decompress_into(bytes, out).ok()?,
            Codec::Zstandard => {
                let decoder = match &mut self.zstandard {
                    Some(decoder) => decoder,
                    none => none.insert(zstd::bulk::Decompressor::new().ok()?),
                };
                decoder.decompress_to_buffer(bytes, out).ok()?
            }
        };
        (filled == length).then_some(())
    }
}

fn fill_all(mut decoder: impl Read, out: &mut [u8]) -> Option<()> {
    decoder.read_exact(out).ok()?;
    matches!(decoder.read(&mut [0]), Ok(0)).then_some(())
}

/// Hadoop's: of each block the length it inflates to and its own, the highest byte first.
fn lz4_blocks(mut bytes: &[u8], mut out: &mut [u8]) -> Option<()> {
    while !bytes.is_empty() {
        let (inflated, rest) = bytes.split_first_chunk()?;
        let (stored, rest) = rest.split_first_chunk()?;
        let (inflated, stored) = (u32::from_be_bytes(*inflated), u32::from_be_bytes(*stored));
        let (block, rest) = rest.split_at_checked(stored as usize)?;
        let (target, left) = out.split_at_mut_checked(inflated as usize)?;
        let filled = lz4_flex::block::decompress_into(block, target).ok()?;
        (filled == target.len()).then_some(())?;
        (bytes, out) = (rest, left);
    }
    out.is_empty().then_some(())
}

/// Whether the bytes begin with the mark of an LZ4 frame: current, legacy or to be skipped. First versions of
/// the library wrote them.
fn is_lz4_frame(bytes: &[u8]) -> bool {
    let mark = bytes.first_chunk().map(|mark| u32::from_le_bytes(*mark));
    matches!(mark, Some(0x184d_2204 | 0x184c_2102 | 0x184d_2a50..=0x184d_2a5f))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const TEXT: &[u8] = b"the same, the same, the same and once more the same";

    fn hadoop(blocks: &[&[u8]]) -> Vec<u8> {
        let block = |bytes: &&[u8]| {
            let stored = lz4_flex::block::compress(bytes);
            let lengths = [bytes.len() as u32, stored.len() as u32].map(u32::to_be_bytes);
            [lengths.concat(), stored].concat()
        };
        blocks.iter().flat_map(block).collect()
    }

    fn compressed() -> Vec<(Codec, Vec<u8>)> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(TEXT).expect("gzip");
        let mut brotli = Vec::new();
        brotli::CompressorWriter::new(&mut brotli, 1 << 12, 5, 20).write_all(TEXT).expect("Brotli");
        vec![
            (Codec::Snappy, snap::raw::Encoder::new().compress_vec(TEXT).expect("Snappy")),
            (Codec::Gzip, gzip.finish().expect("gzip")),
            (Codec::Brotli, brotli),
            (Codec::Lz4, hadoop(&[TEXT])),
            (Codec::Lz4, hadoop(&[&TEXT[..7], &TEXT[7..]])),
            (Codec::Lz4, lz4_flex::block::compress(TEXT)),
            (Codec::Zstandard, zstd::bulk::compress(TEXT, 3).expect("Zstandard")),
            (Codec::Lz4Raw, lz4_flex::block::compress(TEXT)),
        ]
    }

    #[test]
    fn a_page_inflates_to_its_length_or_is_refused() {
        let mut inflater = Inflater::default();
        for (codec, bytes) in compressed() {
            let with_levels = [b"ab", bytes.as_slice()].concat();
            let whole = inflater.inflate(codec, with_levels, 2, TEXT.len() + 2).expect("inflates");
            assert_eq!(whole, [b"ab", TEXT].concat(), "{codec:?}");
            for wrong in [1, TEXT.len() - 1, TEXT.len() + 1, TEXT.len() + 1000] {
                assert_eq!(inflater.inflate(codec, bytes.clone(), 0, wrong), Err(WRONG), "{codec:?} {wrong}");
            }
            for cut in 0..bytes.len() {
                let cut_short = inflater.inflate(codec, bytes[..cut].to_vec(), 0, TEXT.len());
                assert!(matches!(cut_short, Err(WRONG)), "{codec:?} {cut}");
            }
        }
    }

    #[test]
    fn nothing_is_compressed_to_nothing() {
        assert_eq!(Inflater::default().inflate(Codec::Snappy, b"ab".to_vec(), 2, 2), Ok(b"ab".to_vec()));
        assert_eq!(Inflater::default().inflate(Codec::Snappy, b"ab".to_vec(), 3, 3), Err(WRONG));
        assert_eq!(Inflater::default().inflate(Codec::Snappy, b"ab".to_vec(), 2, 1), Err(WRONG));
    }

    #[test]
    fn what_is_not_compressed_has_the_length_that_it_says() {
        assert_eq!(Inflater::default().inflate(Codec::None, TEXT.to_vec(), 0, TEXT.len()), Ok(TEXT.to_vec()));
        let snappy = snap::raw::Encoder::new().compress_vec(TEXT).expect("Snappy");
        assert_eq!(Inflater::default().inflate(Codec::None, snappy, 0, TEXT.len()), Err(WRONG));
    }
}
