//! Pages that say one thing and hold another: each would be read as other values, or take all memory, were it
//! not refused.

use super::forge::*;
use super::*;

const INT32: i64 = 1;
const DOUBLE: i64 = 5;
const BYTES: i64 = 6;
const FIXED: i64 = 7;

fn ints(values: &[i32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn texts(values: &[&str]) -> Vec<u8> {
    values.iter().flat_map(|text| [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()).collect()
}

/// Levels of a page of version 1: all values are there.
fn all_present(values: u8) -> Vec<u8> {
    vec![2, 0, 0, 0, values << 1, 1]
}

fn rule() -> Feature {
    numeric("x", &[1.0, 2.0, 3.0])
}

fn colours() -> Feature {
    categorical("x", &["red", "redder", "blue"])
}

const OTHER_ROWS: &str = "a column has another number of values than its row group has rows";
const FEWER: &str = "a page has fewer values than its header says";
const MORE: &str = "a page has more bytes than its values take";

#[test]
fn a_column_has_a_value_for_each_row_of_each_row_group() {
    let groups = |first: Vec<Vec<u8>>, second: Vec<Vec<u8>>| {
        let mut file = Forged::new(INT32, false, 2, first);
        file.groups.push((2, second));
        file.read(&rule())
    };
    let page = |values: &[i32]| data(values.len() as i64, 0, &ints(values));
    assert_eq!(groups(vec![page(&[0, 1])], vec![page(&[2, 3])]), Ok(vec![1, 2, 3, 4]));
    // The rows add up, but the values of one row group stand in the other.
    assert_eq!(groups(vec![page(&[0, 1, 2])], vec![page(&[3])]), Err(OTHER_ROWS.to_owned()));
    assert_eq!(groups(vec![page(&[0])], vec![page(&[1, 2, 3])]), Err(OTHER_ROWS.to_owned()));
    // Pages after the last row's, and one without values among others.
    assert_eq!(groups(vec![page(&[0, 1]), page(&[2])], vec![page(&[3])]), Err(OTHER_ROWS.to_owned()));
    assert_eq!(groups(vec![page(&[0]), page(&[]), page(&[1])], vec![page(&[2, 3])]), Ok(vec![1, 2, 3, 4]));
}

#[test]
fn values_fill_their_page() {
    let plain =
        |values, bytes: &[u8]| Forged::new(INT32, false, values, vec![data(values, 0, bytes)]).read(&rule());
    assert_eq!(plain(2, &ints(&[0, 1])), Ok(vec![1, 2]));
    assert_eq!(plain(2, &ints(&[0, 1, 2])), Err(MORE.to_owned()));
    assert_eq!(plain(2, &ints(&[0])), Err(FEWER.to_owned()));
    // The schema says that no value is null, and the page holds levels for nulls; and the other way round.
    let levels = [all_present(2), ints(&[0, 1])].concat();
    assert_eq!(plain(2, &levels), Err(MORE.to_owned()));
    let optional = |bytes: &[u8]| Forged::new(INT32, true, 2, vec![data(2, 0, bytes)]).read(&rule());
    assert_eq!(optional(&levels), Ok(vec![1, 2]));
    assert_eq!(optional(&ints(&[0, 1])), Err(FEWER.to_owned()));
    // As fastparquet ends its pages.
    assert_eq!(plain(2, &[ints(&[0, 1]), vec![0; 8]].concat()), Ok(vec![1, 2]));
    assert_eq!(plain(2, &[ints(&[0, 1]), vec![0; 7], vec![1]].concat()), Err(MORE.to_owned()));
    let text = |bytes: &[u8]| Forged::new(BYTES, false, 2, vec![data(2, 0, bytes)]).read(&colours());
    assert_eq!(text(&texts(&["red", "blue"])), Ok(vec![1, 3]));
    assert_eq!(text(&texts(&["red", "blue", "red"])), Err(MORE.to_owned()));
    assert_eq!(text(&texts(&["red"])), Err(FEWER.to_owned()));
}

/// How far apart a value's bytes lie, the library tells from the page's length.
#[test]
fn split_bytes_are_as_many_as_their_values_take() {
    let split = |values: &[f64]| {
        let bytes = (0..8).flat_map(|byte| values.iter().map(move |value| value.to_le_bytes()[byte]));
        Forged::new(DOUBLE, false, 3, vec![data(3, 9, &bytes.collect::<Vec<_>>())]).read(&rule())
    };
    assert_eq!(split(&[0.5, 1.5, 2.5]), Ok(vec![1, 2, 3]));
    assert_eq!(split(&[0.5, 1.5, 2.5, 3.5]), Err(MORE.to_owned()));
}

#[test]
fn levels_are_as_many_as_values() {
    let v2 = |nulls, levels: &[u8], values: &[i32]| {
        let bytes = [levels, &ints(values)].concat();
        Forged::new(INT32, true, 3, vec![data_v2(3, nulls, 0, levels.len(), &bytes)]).read(&rule())
    };
    // Packed: there, not there, there.
    assert_eq!(v2(1, &[3, 0b101], &[0, 1]), Ok(vec![1, 5, 2]));
    // The levels say what is null, and not the header.
    assert_eq!(v2(0, &[3, 0b101], &[0, 1]), Ok(vec![1, 5, 2]));
    assert_eq!(v2(3, &[3, 0b101], &[0, 1]), Ok(vec![1, 5, 2]));
    assert_eq!(v2(0, &[4, 1], &[0, 1, 2]), Err(FEWER.to_owned()), "two levels");
    assert_eq!(v2(0, &[6, 1, 6, 1], &[0, 1, 2]), Err(MORE.to_owned()), "six levels");
    assert_eq!(v2(0, &[6, 2], &[0, 1, 2]), Err("a page has a level that its column cannot have".to_owned()));
    assert_eq!(v2(0, &[6, 1], &[0, 1]), Err(FEWER.to_owned()));
    assert_eq!(v2(0, &[3, 0b101], &[0, 1, 2]), Err(MORE.to_owned()));
    // A level more than the header counts: the first value's bytes would be the level's.
    let shifted = data_v2(3, 0, 0, 6, &[vec![6, 1], ints(&[0, 1, 2])].concat());
    assert_eq!(Forged::new(INT32, true, 3, vec![shifted]).read(&rule()), Err(MORE.to_owned()));
    let long = data_v2(3, 0, 0, 90, &[vec![6, 1], ints(&[0, 1, 2])].concat());
    let reason = "a page's levels are longer than the page".to_owned();
    assert_eq!(Forged::new(INT32, true, 3, vec![long]).read(&rule()), Err(reason));
}

/// The library reads the bits of the older encoding in another order than the format has them.
#[test]
fn levels_of_the_encoding_that_was_given_up_are_refused() {
    let mut page = data(3, 0, &[all_present(3), ints(&[0, 1, 2])].concat());
    let position = page.windows(4).position(|part| part == [0x15, 0, 0x15, 6]).expect("the encodings");
    page[position + 3] = 8;
    assert_eq!(
        Forged::new(INT32, true, 3, vec![page.clone()]).read(&rule()),
        Err("a page's levels are in an encoding that the format gave up".to_owned())
    );
    // Where there are no levels, their encoding says nothing.
    page.drain(page.len() - 18..page.len() - 12);
    let without = data(3, 0, &ints(&[0, 1, 2]));
    assert_eq!(Forged::new(INT32, false, 3, vec![without]).read(&rule()), Ok(vec![1, 2, 3]));
}

#[test]
fn a_page_that_was_altered_is_refused() {
    let bytes = ints(&[0, 1]);
    let with_sum = |sum: u32| {
        let part = Struct::default().int(1, 2).int(2, 0).int(3, 3).int(4, 3);
        let header = Struct::default().int(1, 0).int(2, 8).int(3, 8).int(4, i64::from(sum as i32));
        let page = [header.within(5, part).done(), bytes.clone()].concat();
        Forged::new(INT32, false, 2, vec![page]).read(&rule())
    };
    let mut sum = flate2::Crc::new();
    sum.update(&bytes);
    assert_eq!(with_sum(sum.sum()), Ok(vec![1, 2]));
    let reason = "a page was altered after it was written: its check sum does not fit";
    assert_eq!(with_sum(sum.sum() ^ 1), Err(reason.to_owned()));
}

/// The footer's codec, as the page's flag, may say that nothing is compressed.
#[test]
fn a_page_that_is_compressed_against_its_footer_is_refused() {
    let snappy = snap::raw::Encoder::new().compress_vec(&ints(&[1, 1, 1, 1])).expect("Snappy");
    let mut file = Forged::new(INT32, false, 4, vec![compressed(4, 0, 16, &snappy)]);
    let reason = "a page does not inflate to what its header says".to_owned();
    assert_eq!(file.clone().read(&rule()), Err(reason.clone()));
    file.codec = 1;
    assert_eq!(file.clone().read(&rule()), Ok(vec![2; 4]));
    for codec in [2, 4, 5, 6, 7] {
        file.codec = codec;
        assert_eq!(file.clone().read(&rule()), Err(reason.clone()), "codec {codec}");
    }
    file.codec = 3;
    assert_eq!(
        file.read(&rule()),
        Err(", column `x`: it is compressed in a way that is not read here: choose Zstandard".to_owned())
    );
}

/// As Arrow C++ before 3.0 wrote pages of version 2: read as they stand, they are other values.
#[test]
fn a_page_that_is_compressed_against_its_flag_is_refused() {
    let plain = ints(&[1, 1, 1, 1]);
    let snappy = snap::raw::Encoder::new().compress_vec(&plain).expect("Snappy");
    let read = |is_compressed, bytes: &[u8]| {
        let mut file = Forged::new(INT32, false, 4, vec![flagged_v2(4, plain.len(), is_compressed, bytes)]);
        file.codec = 1;
        file.read(&rule())
    };
    assert_eq!(read(true, &snappy), Ok(vec![2; 4]));
    assert_eq!(read(false, &plain), Ok(vec![2; 4]));
    assert_eq!(read(false, &snappy), Err("a page does not inflate to what its header says".to_owned()));
}

#[test]
fn a_dictionary_stands_first_and_its_indices_fill_their_page() {
    let words = dictionary(3, &texts(&["red", "redder", "blue"]));
    let file = |pages: Vec<Vec<u8>>| Forged::new(BYTES, false, 4, pages).read(&colours());
    // Two bits each: 0, 1, 2, 0.
    let indices = data(4, 8, &[2, 3, 0b0010_0100, 0]);
    assert_eq!(file(vec![words.clone(), indices.clone()]), Ok(vec![1, 2, 3, 1]));
    // Plain values after those of the dictionary: it had no room for more.
    let halves = vec![words.clone(), data(2, 8, &[2, 3, 4, 0]), data(2, 0, &texts(&["blue", "green"]))];
    assert_eq!(file(halves), Ok(vec![1, 2, 3, 4]));
    // All the same, in no bits.
    assert_eq!(file(vec![words.clone(), data(4, 2, &[0, 8])]), Ok(vec![1; 4]));
    assert_eq!(file(vec![words.clone(), data(4, 8, &[0])]), Err(FEWER.to_owned()));
    assert_eq!(file(vec![words.clone(), data(4, 8, &[2, 3, 0, 0, 9])]), Err(MORE.to_owned()));
    let late = "a column has a dictionary that is not its first page".to_owned();
    assert_eq!(file(vec![words.clone(), words.clone(), indices.clone()]), Err(late.clone()));
    assert_eq!(file(vec![data(2, 0, &texts(&["red", "red"])), words.clone()]), Err(late));
    assert_eq!(file(vec![dictionary(2, &texts(&["red", "red", "blue"])), indices]), Err(MORE.to_owned()));
    let beyond = file(vec![words, data(4, 8, &[2, 3, 0b1111_1111, 0])]);
    assert!(beyond.is_err_and(|error| error.contains("cannot be decoded")));
}

/// Some writers leave out all that the encoding would begin with.
#[test]
fn a_page_of_nulls_needs_no_values() {
    for encoding in [0, 2, 3, 5, 6, 7, 8, 9] {
        let page = data(3, encoding, &[2, 0, 0, 0, 6, 0]);
        assert_eq!(Forged::new(BYTES, true, 3, vec![page]).read(&colours()), Ok(vec![5; 3]), "{encoding}");
        let page = data_v2(3, 3, encoding, 2, &[6, 0]);
        assert_eq!(Forged::new(INT32, true, 3, vec![page]).read(&rule()), Ok(vec![5; 3]), "{encoding}");
    }
}

/// pyarrow writes what an encoding begins with for a page of nulls, too; of values of a fixed length, the
/// library would refuse it.
#[test]
fn a_page_of_nulls_may_hold_what_its_encoding_begins_with() {
    for (encoding, bytes) in
        [(2, &[0][..]), (8, &[0]), (7, &[128, 1, 4, 0, 0, 128, 1, 4, 0, 0]), (0, &[9, 9])]
    {
        let first = data(3, encoding, &[&[2, 0, 0, 0, 6, 0], bytes].concat());
        let second = data_v2(3, 3, encoding, 2, &[&[6, 0], bytes].concat());
        for page in [first, second] {
            let numbers = Forged::new(INT32, true, 3, vec![page.clone()]);
            // Decimals of six bytes, twelve digits, three of them after the point.
            let element = Struct::default().int(1, FIXED).int(2, 6).int(3, 1).text(4, "x");
            let element = element.int(6, 5).int(7, 3).int(8, 12);
            let decimals = Forged { element, ..Forged::new(FIXED, true, 3, vec![page]) };
            for file in [numbers, decimals] {
                assert_eq!(file.read(&rule()), Ok(vec![5; 3]), "{encoding}");
            }
        }
    }
}

/// A page of indices without their dictionary.
#[test]
fn indices_follow_their_dictionary() {
    let page = data(3, 8, &[2, 0, 0, 0, 6, 1, 1, 6, 0]);
    let error = Forged::new(INT32, true, 3, vec![page]).read(&rule()).expect_err("no dictionary");
    assert!(error.contains("a page of indices stands before its dictionary"), "{error}");
}

fn delta_lengths(lengths: &[u8], suffixes: &str) -> Result<Vec<u16>, String> {
    let bytes = [lengths, suffixes.as_bytes()].concat();
    Forged::new(BYTES, false, 3, vec![data(3, 6, &bytes)]).read(&colours())
}

#[test]
fn strings_of_delta_lengths_are_as_long_as_their_bytes() {
    assert_eq!(delta_lengths(&deltas(3, 3, 0), "redredblu"), Ok(vec![1, 1, 4]));
    assert_eq!(delta_lengths(&deltas(3, 3, 1), "redblueblack"), Ok(vec![1, 3, 4]));
    let longer = "a page's strings are longer than their bytes".to_owned();
    assert_eq!(delta_lengths(&deltas(3, 3, 0), "redred"), Err(longer.clone()));
    assert_eq!(delta_lengths(&deltas(3, i64::from(i32::MAX), 0), "red"), Err(longer));
    let negative = "a page has a string of negative length".to_owned();
    assert_eq!(delta_lengths(&deltas(3, 3, -2), "redr"), Err(negative));
    let other = "a page's packed differences are another number than its values".to_owned();
    assert_eq!(delta_lengths(&deltas(4, 1, 0), "rrrr"), Err(other.clone()));
    assert_eq!(delta_lengths(&deltas(2, 1, 0), "rr"), Err(other));
}

/// Bytes that follow the values are a sign that they were written otherwise.
#[test]
fn nothing_follows_packed_differences() {
    assert_eq!(delta_lengths(&deltas(3, 3, 0), "redredblublu"), Err(MORE.to_owned()));
    assert_eq!(repeating(&deltas(3, 0, 0), &deltas(3, 3, 0), "redredblublu"), Err(MORE.to_owned()));
    let numbers = [deltas(3, 1, 1), vec![0]].concat();
    let numbers = Forged::new(INT32, false, 3, vec![data(3, 5, &numbers)]);
    assert_eq!(numbers.read(&rule()), Err(MORE.to_owned()));
}

#[test]
fn packed_differences_are_as_the_format_has_them() {
    let bad = "a page's packed differences are not as the format has them".to_owned();
    for header in [
        &[0, 4, 3, 0][..],
        &[128, 1, 0, 3, 0, 0, 0],
        // Blocks of 100 values, of 2^30, miniblocks of 16.
        &[100, 4, 3, 0, 0, 0, 0, 0, 0],
        &[0x80, 0x80, 0x80, 0x80, 4, 4, 3, 0, 0, 0, 0, 0, 0],
        &[0x80, 1, 8, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        // Widths of 65 bits, then of 32 that are not there.
        &[0x80, 1, 4, 3, 0, 0, 65, 0, 0, 0],
        &[0x80, 1, 4, 3, 0, 0, 32, 0, 0, 0, 1, 2, 3],
        &[],
    ] {
        assert_eq!(delta_lengths(header, ""), Err(bad.clone()), "{header:?}");
        let integers = Forged::new(INT32, false, 3, vec![data(3, 5, header)]).read(&rule());
        assert_eq!(integers, Err(bad.clone()), "{header:?}");
    }
    let integers = |deltas: &[u8]| Forged::new(INT32, false, 3, vec![data(3, 5, deltas)]).read(&rule());
    assert_eq!(integers(&deltas(3, 0, 1)), Ok(vec![1, 2, 3]));
    // As DuckDB writes what is 2^31 or more apart.
    let wide = "a page's packed differences are wider than its integers: choose plain or dictionary encoding";
    assert_eq!(integers(&deltas(3, 1 << 31, 0)), Err(wide.to_owned()));
    assert_eq!(integers(&deltas(3, 0, 1 << 31)), Err(wide.to_owned()));
    assert_eq!(integers(&[0x80, 1, 4, 3, 0, 0, 33, 0, 0, 0]), Err(wide.to_owned()));
}

/// A page of strings that repeat so much of the one before, and end in these bytes.
fn repeating(prefixes: &[u8], lengths: &[u8], suffixes: &str) -> Result<Vec<u16>, String> {
    let bytes = [prefixes, lengths, suffixes.as_bytes()].concat();
    Forged::new(BYTES, false, 3, vec![data(3, 7, &bytes)]).read(&colours())
}

#[test]
fn strings_repeat_no_more_than_there_is() {
    // `red`, then four and seven bytes of which the first are those of the one before.
    assert_eq!(repeating(&deltas(3, 0, 3), &deltas(3, 3, 0), "redderxyz"), Ok(vec![1, 2, 4]));
    // Three bytes of a string of two: the library would make two of them.
    assert_eq!(
        repeating(&deltas(3, 0, 3), &deltas(3, 2, 0), "blueer"),
        Err("a page has a string that repeats more of the one before than there is".to_owned())
    );
    let negative = "a page has a string of negative length".to_owned();
    assert_eq!(repeating(&deltas(3, 0, -1), &deltas(3, 2, 0), "blueer"), Err(negative));
    let other = "a page's packed differences are another number than its values".to_owned();
    assert_eq!(repeating(&deltas(3, 0, 0), &deltas(2, 3, 0), "redred"), Err(other));
}

/// Each of the strings repeats all of the one before and adds a byte: a page of 20 kB that is 1 GiB, before
/// any of it is copied. The same in gzip, which makes 200 bytes of it.
#[test]
fn strings_that_grow_beyond_all_memory_are_refused() {
    const VALUES: u64 = 50_000;
    let bytes = [deltas(VALUES, 0, 1), deltas(VALUES, 1, 0), vec![b'a'; VALUES as usize]].concat();
    let rows = VALUES as i64;
    let reason = "its pages need more than 512 MiB at once: choose smaller pages".to_owned();
    let plain = Forged::new(BYTES, false, rows, vec![data(rows, 7, &bytes)]);
    assert_eq!(plain.clone().read(&colours()), Err(reason.clone()));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut gzip, &bytes).expect("gzip");
    let gzip = gzip.finish().expect("gzip");
    let mut small = Forged::new(BYTES, false, rows, vec![compressed(rows, 7, bytes.len(), &gzip)]);
    small.codec = 2;
    assert!(small.clone().bytes().len() < 10_000);
    assert_eq!(small.read(&colours()), Err(reason.clone()));
    // And lengths alone, of as many values as the header can say: two bytes a block would be gigabytes.
    for (encoding, streams) in [(6, 1), (7, 2)] {
        const MANY: i64 = 1 << 28;
        let header = [0x80, 0x80, 4, 0x80, 4, 0x80, 0x80, 0x80, 0x80, 1, 0];
        let page = data(MANY, encoding, &header.repeat(streams));
        let many = Forged::new(BYTES, false, MANY, vec![page]).read(&colours());
        assert_eq!(many, Err(reason.clone()));
    }
}

/// The library checks text as one: two halves of a character would pass, each in a string of its own.
#[test]
fn text_is_utf_8_string_by_string() {
    let halves = |encoding, streams: &[Vec<u8>]| {
        let bytes = [streams.concat(), "éa".as_bytes().to_vec()].concat();
        Forged::new(BYTES, false, 3, vec![data(3, encoding, &bytes)]).read(&colours())
    };
    let refusal = ": a column that is read as text is not valid UTF-8; write it as UTF-8".to_owned();
    assert_eq!(halves(6, &[deltas(3, 1, 0)]), Err(refusal.clone()));
    assert_eq!(halves(7, &[deltas(3, 0, 0), deltas(3, 1, 0)]), Err(refusal.clone()));
    let latin = Forged::new(BYTES, false, 1, vec![data(1, 0, &[1, 0, 0, 0, 0xe9])]).read(&colours());
    assert_eq!(latin, Err(refusal));
}
