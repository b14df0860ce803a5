//! Runs of levels and of dictionary indices: how many values they hold, and where they end.

use super::thrift::Refusal;

const CUT_SHORT: Refusal = "a page has fewer values than its header says";
pub(super) const LONG: Refusal = "a page has more bytes than its values take";
const BAD_LEVEL: Refusal = "a page has a level that its column cannot have";

/// One run of equal or of packed values.
struct Run<'a> {
    values: u64,
    /// The value repeated, or eight packed values for every `width` bytes.
    bytes: &'a [u8],
    is_packed: bool,
}

/// Takes a run of values of that many bits off the bytes.
fn next<'a>(bytes: &mut &'a [u8], width: usize) -> Result<Run<'a>, Refusal> {
    let header = varint(bytes).ok_or(CUT_SHORT)?;
    let (count, is_packed) = (header >> 1, header & 1 == 1);
    let (values, length) = match is_packed {
        true => (count.checked_mul(8), count.checked_mul(width as u64)),
        false => (Some(count), Some(width.div_ceil(8) as u64)),
    };
    let length = length.and_then(|length| usize::try_from(length).ok()).ok_or(CUT_SHORT)?;
    let (run, rest) = bytes.split_at_checked(length).ok_or(CUT_SHORT)?;
    *bytes = rest;
    Ok(Run { values: values.ok_or(CUT_SHORT)?, bytes: run, is_packed })
}

/// An integer of seven bits a byte.
pub(super) fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        // Of the tenth byte only the lowest bit is left.
        if shift == 63 && bits > 1 {
            return None;
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// How many of that many levels, each 0 or 1 and filling the bytes, say that there is a value.
pub(super) fn present(mut bytes: &[u8], levels: u64) -> Result<u64, Refusal> {
    let (mut left, mut present) = (levels, 0);
    while left > 0 {
        let run = next(&mut bytes, 1)?;
        let counted = run.values.min(left);
        present += match run {
            Run { is_packed: true, bytes, .. } => ones(bytes, counted),
            Run { bytes: [0], .. } => 0,
            Run { bytes: [1], .. } => counted,
            _ => return Err(BAD_LEVEL),
        };
        left -= counted;
    }
    if bytes.is_empty() { Ok(present) } else { Err(LONG) }
}

/// Ones among the first bits.
fn ones(bytes: &[u8], bits: u64) -> u64 {
    let whole = (bits / 8) as usize;
    let counted: u64 = bytes.iter().take(whole).map(|byte| u64::from(byte.count_ones())).sum();
    let mask = (1u8 << (bits % 8)) - 1;
    counted + bytes.get(whole).map_or(0, |byte| u64::from((byte & mask).count_ones()))
}

/// Checks that the bytes are runs of that many values of that many bits, and nothing more.
pub(super) fn check(mut bytes: &[u8], width: usize, values: u64) -> Result<(), Refusal> {
    let mut left = values;
    while left > 0 {
        left -= next(&mut bytes, width)?.values.min(left);
    }
    if bytes.is_empty() { Ok(()) } else { Err(LONG) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_counted_run_by_run() {
        // Ten ones; sixteen packed, of which three count.
        assert_eq!(present(&[20, 1, 5, 0b101, 0xff], 13), Ok(12));
        assert_eq!(present(&[20, 0], 10), Ok(0));
        assert_eq!(present(&[20, 0], 7), Ok(0), "a run may be longer than what is left of the page");
        assert_eq!(present(&[], 0), Ok(0));
        for (bytes, levels, why) in [
            (&[20, 1][..], 11, CUT_SHORT),
            (&[20, 1, 3], 11, CUT_SHORT),
            (&[20], 10, CUT_SHORT),
            (&[0x80], 1, CUT_SHORT),
            (&[20, 2], 10, BAD_LEVEL),
            (&[20, 1, 2, 1], 10, LONG),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], 1, CUT_SHORT),
        ] {
            assert_eq!(present(bytes, levels), Err(why), "{bytes:?}");
        }
    }

    #[test]
    fn indices_fill_their_bytes() {
        // Eight packed values of nine bits, then a value of two bytes four times.
        let bytes = [3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 1, 1];
        assert_eq!(check(&bytes, 9, 12), Ok(()));
        assert_eq!(check(&bytes, 9, 9), Ok(()));
        assert_eq!(check(&bytes, 9, 13), Err(CUT_SHORT));
        assert_eq!(check(&bytes, 9, 8), Err(LONG));
        assert_eq!(check(&[8], 0, 4), Ok(()), "a value of no bits takes no byte");
    }
}
