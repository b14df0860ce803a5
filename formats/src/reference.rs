//! Reference counts as JSON, and as the table that a policy holds.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use fairshare_params::reference::{Reference, ReferenceError};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use crate::json::{self, JsonError};

/// Why a file of reference counts is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceFileError {
    /// Not `{"counts": {"feature": [count, …], …}}`.
    #[error("not an object `{{\"counts\": {{\"feature\": [1, 2, …]}}}}` of reference counts")]
    Json(#[from] JsonError),
    /// The counts are refused.
    #[error(transparent)]
    Counts(#[from] ReferenceError),
}

/// Reads `{"counts": {"feature": [1, 2, …], …}}`. A feature that is given twice is refused.
pub fn from_json(bytes: &[u8]) -> Result<Reference, ReferenceFileError> {
    read(json::reader(bytes)?)
}

fn read<'de>(
    text: serde_json::Deserializer<impl serde_json::de::Read<'de>>,
) -> Result<Reference, ReferenceFileError> {
    let file: File = json::whole(text).map_err(JsonError::from)?;
    Ok(Reference::new(file.counts.0))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    counts: UniqueCounts,
}

/// The counts as the JSON file that a policy names with `file` and `hash`.
pub fn to_json(reference: &Reference) -> String {
    let mut text = String::from("{\n  \"counts\": {");
    for (index, (name, counts)) in reference.counts().iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(text, "{comma}\n    {}: {counts:?}", quote(name));
    }
    text.push_str("\n  }\n}\n");
    text
}

/// The counts as the policy's table `[reference.counts]`.
pub fn to_toml(reference: &Reference) -> String {
    let mut text = String::from("[reference.counts]\n");
    for (name, counts) in reference.counts() {
        let _ = writeln!(text, "{} = {counts:?}", quote(name));
    }
    text
}

/// A quoted string that JSON and TOML both read. JSON may carry the delete character raw, TOML may not.
fn quote(name: &str) -> String {
    serde_json::Value::from(name).to_string().replace('\u{7f}', "\\u007f")
}

/// Counts by name; serde's own maps keep the last of two equal keys, so a file could show one and mean
/// another.
struct UniqueCounts(BTreeMap<String, Vec<u64>>);

impl<'de> Deserialize<'de> for UniqueCounts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = UniqueCounts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of counts by name of feature")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UniqueCounts, A::Error> {
        let mut counts = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            if counts.contains_key(&name) {
                return Err(A::Error::custom(format_args!("feature `{name}` stands twice")));
            }
            counts.insert(name, map.next_value()?);
        }
        Ok(UniqueCounts(counts))
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::*;
    use fairshare_pinned::counting::reads_once;

    #[test]
    fn json_is_refused_with_its_position() {
        for (text, part) in [
            ("", "line 1"),
            ("{}", "missing field `counts`"),
            (r#"{"counts": {"x": [1]}, "more": 1}"#, "unknown field `more`"),
            (r#"{"counts": {"x": [-1]}}"#, "-1"),
            (r#"{"counts": {"x": [1.5]}}"#, "1.5"),
            (r#"{"counts": {"x": [1], "x": [2]}}"#, "feature `x` stands twice"),
            (r#"{"counts": {"x": [1]}} 1"#, "trailing characters"),
        ] {
            let error = from_json(text.as_bytes()).unwrap_err();
            let ReferenceFileError::Json(cause) = error else { panic!("{error}") };
            assert!(cause.to_string().contains(part) && cause.to_string().contains("line 1"), "{cause}");
        }
    }

    #[test]
    fn counts_are_read_once() {
        let features = (0..2_000).map(|feature| (format!("feature {feature}"), vec![feature; 50]));
        let reference = Reference::new(features.collect());
        let text = to_json(&reference);
        let read = reads_once(&text, |text| read(serde_json::Deserializer::from_reader(text)));
        assert_eq!(read, Ok(reference));
    }

    proptest! {
        #[test]
        fn counts_survive_json_and_toml(
            counts in btree_map(any::<String>(), vec(0..1u64 << 33, 0..4), 0..4),
        ) {
            let reference = Reference::new(counts);
            prop_assert_eq!(from_json(to_json(&reference).as_bytes()), Ok(reference.clone()));
            let table: toml::Table = to_toml(&reference).parse().unwrap();
            let read: BTreeMap<String, Vec<u64>> = table["reference"]["counts"].clone().try_into().unwrap();
            prop_assert_eq!(&read, reference.counts());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..64)) {
            let _ = from_json(&bytes);
        }
    }
}
