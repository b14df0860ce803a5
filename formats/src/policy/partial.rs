//! What a policy needs before it can have a reference: its geometry and schema.

use fairshare_params::Geometry;
use fairshare_params::schema::Schema;
use toml::Spanned;

use super::check::{Reader, bound, syntax};
use super::raw::RawSchema;
use super::{MAX_POLICY_BYTES, PolicyError};

/// Geometry and schema of a policy in the making.
///
/// A reference is counted from data under the schema of the policy that will name it, so it must be possible
/// to read the one before the other exists. Nothing else of the file is looked at, or has to be there.
#[derive(Clone, Debug)]
pub struct PartialPolicy {
    geometry: Geometry,
    schema: Schema,
}

#[derive(serde::Deserialize)]
struct RawPartial {
    geometry: Spanned<String>,
    schema: RawSchema,
}

impl PartialPolicy {
    /// Checks what is there of the policy in `text`.
    pub fn from_toml(text: &str) -> Result<Self, PolicyError> {
        bound("the policy", text.len(), MAX_POLICY_BYTES)?;
        let raw: RawPartial = toml::from_str(text).map_err(|error| syntax(text, error))?;
        let reader = Reader::of(text);
        let geometry = reader.geometry(&raw.geometry)?;
        let schema = reader.schema(&raw.schema, geometry)?;
        Ok(Self { geometry, schema })
    }

    /// The circuits' shape.
    pub fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// The features of a record.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = "[[schema.feature]]\nname = \"hour\"\nkind = \"numeric\"\nedges = [6, 12]\n";

    #[test]
    fn a_partial_policy_needs_geometry_and_schema_only() {
        let text = format!("geometry = \"compact\"\nunheard_of = 1\n{SCHEMA}");
        let partial = PartialPolicy::from_toml(&text).unwrap();
        assert_eq!(partial.geometry(), Geometry::COMPACT);
        assert_eq!(partial.schema().symbol_count(), 5);
    }

    #[test]
    fn what_a_partial_policy_has_is_checked_as_in_a_policy() {
        for (text, part) in [
            (SCHEMA.to_owned(), "missing field `geometry`"),
            ("geometry = \"compact\"\n".to_owned(), "missing field `schema`"),
            (format!("geometry = \"huge\"\n{SCHEMA}"), "`geometry` (line 1, column 12)"),
            (format!("geometry = \"compact\"\n{SCHEMA}labels = [\"a\"]\n"), "a numeric feature has `edges`"),
            (format!("geometry = \"compact\"\n{}", SCHEMA.replace("6, 12", "12, 6")), "edge 1 is 6"),
        ] {
            let error = PartialPolicy::from_toml(&text).unwrap_err();
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            let told = format!("{error}: {cause}");
            assert!(told.contains(part), "{told}");
        }
    }
}
