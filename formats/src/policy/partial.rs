//! What a policy needs before it can have a reference: its geometry and schema.

use fairshare_params::Geometry;
use fairshare_params::schema::Schema;
use toml::de::DeValue;

use super::PolicyErrors;
use super::document::Document;
use super::draft::{geometry, is_side_name, version};
use super::reader::Reader;
use super::schema::schema;
use super::table::Table;

/// Geometry and schema of a policy in the making.
///
/// A reference is counted from data under the schema of the policy that will name it, so it must be possible
/// to read the one before the other exists. Nothing else of the file but its version is looked at, or has to
/// be there.
#[derive(Clone, Debug)]
pub struct PartialPolicy {
    geometry: Geometry,
    schema: Schema,
    reference_file: Option<String>,
}

impl PartialPolicy {
    /// Checks what is there of the policy in `text`.
    pub fn from_toml(text: &str) -> Result<Self, PolicyErrors> {
        let document = Document::parse(text)?;
        let reader = Reader::new(&document);
        let partial = Self::read(&reader);
        reader.finish(partial)
    }

    fn read(reader: &Reader<'_>) -> Option<Self> {
        let top = Table::top(reader);
        version(top.optional("protocol"))?;
        reader.add_syntax();
        let geometry = geometry(&top);
        let schema = schema(&top, geometry);
        Some(Self { geometry: geometry?, schema: schema?, reference_file: reference_file(reader) })
    }

    /// The circuits' shape.
    pub fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// The features of a record.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The file that the policy names for its reference, if it names one as a policy may.
    pub fn reference_file(&self) -> Option<&str> {
        self.reference_file.as_deref()
    }
}

/// Of that nothing is refused here: it need not be there yet.
fn reference_file(reader: &Reader<'_>) -> Option<String> {
    let DeValue::Table(reference) = reader.root().get("reference")?.get_ref() else { return None };
    let DeValue::String(name) = reference.get("file")?.get_ref() else { return None };
    is_side_name(name).then(|| name.clone().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = "[[schema.feature]]\nname = \"hour\"\nkind = \"numeric\"\nedges = [6, 12]\n";

    #[test]
    fn a_partial_policy_needs_geometry_and_schema_only() {
        for version in ["", "protocol = 2\n"] {
            let text = format!("{version}geometry = \"compact\"\nunheard_of = 1\n{SCHEMA}");
            let partial = PartialPolicy::from_toml(&text).unwrap();
            assert_eq!(partial.geometry(), Geometry::COMPACT);
            assert_eq!(partial.schema().symbol_count(), 5);
        }
    }

    #[test]
    fn a_reference_that_is_named_is_told_if_it_stands_below() {
        let named = |reference: &str| {
            let text = format!("geometry = \"compact\"\n{reference}{SCHEMA}");
            PartialPolicy::from_toml(&text).unwrap().reference_file().map(str::to_owned)
        };
        assert_eq!(named("[reference]\nfile = \"a/b.json\"\n").as_deref(), Some("a/b.json"));
        for none in ["", "[reference]\nfile = 3\n", "[reference]\nfile = \"../b.json\"\n", "reference = 3\n"]
        {
            assert_eq!(named(none), None, "{none}");
        }
    }

    #[test]
    fn what_a_partial_policy_has_is_checked_as_in_a_policy() {
        for (text, part) in [
            (SCHEMA.to_owned(), "`geometry`: this key is missing"),
            ("geometry = \"compact\"\n".to_owned(), "`schema`: this table is missing"),
            (format!("geometry = \"huge\"\n{SCHEMA}"), "`geometry` (line 1, column 12)"),
            (format!("geometry = \"compact\"\n{SCHEMA}labels = [\"a\"]\n"), "a numeric feature has `edges`"),
            (format!("geometry = \"compact\"\n{}", SCHEMA.replace("6, 12", "12, 6")), "edge 1 is 6"),
            (format!("protocol = 3\ngeometry = \"compact\"\n{SCHEMA}"), "3 is not 2, the version"),
            (format!("geometry = \"compact\"\n{SCHEMA}[vault"), "line 6, column 7: unclosed table"),
        ] {
            let errors = PartialPolicy::from_toml(&text).unwrap_err();
            assert_eq!((errors.errors().len(), errors.more()), (1, 0), "{errors}");
            assert!(errors.to_string().contains(part), "{errors}");
        }
    }
}
