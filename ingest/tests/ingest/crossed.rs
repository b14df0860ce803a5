//! Crossed features: a column for every part, one symbol for all of them.

use proptest::prelude::*;

use super::*;

/// `delay`, then `kind` with `x`: 3 bins, 4 · 4 bins.
fn small_schema() -> Schema {
    let kind_x = join("kind by x", &[categorical("kind", &["a", "b"]), numeric("x", &[0.0, 2.0])]);
    schema(vec![numeric("delay", &[0.0]), kind_x])
}

#[test]
fn a_record_has_one_symbol_for_all_the_parts() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("small.csv");
    fs::write(&path, "x,delay,kind\n-1,0,a\n2,,b\n1,-3,c\n,7,\n,7,a\n-7,7,\n").expect("write");
    let (symbols, records) = read_all(&[path], &small_schema()).expect("read");
    assert_eq!(records, 6);
    // delay: 1 to 3. The pair from 4: four bins of x for a, then for b, for any other, for a missing one.
    assert_eq!(symbols, [2, 4, 3, 10, 1, 13, 2, 19, 2, 7, 2, 16]);
}

/// A file without the crossed feature's own name is all that is asked of it.
#[test]
fn refusals_name_the_part_that_is_meant() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("data.csv");
    let said = |text: &str| {
        fs::write(&path, text).expect("write");
        let error =
            read_all(std::slice::from_ref(&path), &small_schema()).expect_err("a refusal").to_string();
        error.strip_prefix(&path.display().to_string()).unwrap_or(&error).to_owned()
    };
    assert_eq!(said("delay,x\n1,2\n"), ": no column `kind`; the file has: `delay`, `x`");
    assert_eq!(said("delay,x,kind,x\n"), ": two columns are named `x`; rename or remove one");
    assert_eq!(
        said("kind,delay,x\na,1,2\nb,3,two\n"),
        ", line 3, column `x`: `two` is not a finite decimal number: correct it, or leave the cell empty if \
         the value is missing"
    );
    let typed = folder.path().join("data.parquet");
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("delay", Arc::new(Int64Array::from(vec![1, 2]))),
        ("kind", Arc::new(StringArray::from(vec!["a", "b"]))),
        ("x", Arc::new(StringArray::from(vec!["1", "two"]))),
    ];
    let said = |columns: Vec<(&str, ArrayRef)>| {
        write_parquet(&typed, columns, WriterProperties::default());
        let error =
            read_all(std::slice::from_ref(&typed), &small_schema()).expect_err("a refusal").to_string();
        error.strip_prefix(&typed.display().to_string()).unwrap_or(&error).to_owned()
    };
    assert_eq!(
        said(columns.clone()),
        ", row 2, column `x`: `two` is not a finite decimal number: correct it, or leave the cell empty if \
         the value is missing"
    );
    columns[2].1 = Arc::new(BooleanArray::from(vec![true, false]));
    assert_eq!(
        said(columns.clone()),
        ", column `x`: type Boolean cannot be read as a numeric feature; convert it to an integer, float or \
         decimal"
    );
    columns.remove(2);
    assert_eq!(said(columns), ": no column `x`; the file has: `delay`, `kind`");
}

proptest! {
    /// Summed over the other parts, a crossed feature's counts are each part's own.
    #[test]
    fn marginals_are_the_parts_histograms(
        rows in prop::collection::vec((0..5usize, -3..4i32, 0..4usize, -1..3i32), 1..60),
    ) {
        let mut text = String::from("y,kind,x,other\n");
        for (kind, x, y, other) in rows {
            let (kind, y) = (["a", "b", "c", "D", ""][kind], ["-0.5", "1e1", "0", ""][y]);
            let x = if x == 3 { String::new() } else { x.to_string() };
            text.push_str(&format!("{y},{kind},{x},{other}\n"));
        }
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("data.csv");
        fs::write(&path, text).expect("write");
        let paths = [path];
        let count = |schema: &Schema| {
            reference::count(Records::open(&paths, schema).expect("open")).expect("count")
        };
        let parts = [categorical("kind", &["b", "a"]), numeric("x", &[-1.0, 0.0, 2.0]), numeric("y", &[0.0])];
        let other = numeric("other", &[1.0]);
        let crossed = count(&schema(vec![join("all", &parts), other.clone()]));
        let singles = count(&schema(parts.iter().cloned().chain([other]).collect()));
        prop_assert_eq!(&crossed[1], &singles[3]);
        let sizes: Vec<usize> = parts.iter().map(Feature::bins).collect();
        let mut marginals: Vec<Vec<u64>> = sizes.iter().map(|bins| vec![0; *bins]).collect();
        for (bin, &count) in crossed[0].iter().enumerate() {
            // The first part's bins count slowest.
            let place = [bin / (sizes[1] * sizes[2]), bin / sizes[2] % sizes[1], bin % sizes[2]];
            for (marginal, bin) in marginals.iter_mut().zip(place) {
                marginal[bin] += count;
            }
        }
        prop_assert_eq!(marginals, &singles[..3]);
    }
}
