//! The keys of a policy: which tables there are, what stands in them, and an example of each.
//!
//! The reader refuses all others, messages say what is missing by it, and a test holds `docs/policy.md` to
//! it.

use std::fmt;

/// Whether a key has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Always.
    Always,
    /// Never.
    Optional,
    /// In the case that is named.
    If(&'static str),
}

/// A key of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// Whether it has to be there.
    pub need: Need,
    /// A value that it may have, as TOML; of a table none.
    pub example: Option<&'static str>,
}

/// A table of a policy with all keys that it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its dotted name; empty for the keys before the first table.
    pub name: &'static str,
    /// Its header, as it is written.
    pub header: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
}

const fn key(name: &'static str, need: Need, example: &'static str) -> Key {
    Key { name, need, example: Some(example) }
}

const fn always(name: &'static str, example: &'static str) -> Key {
    key(name, Need::Always, example)
}

const fn optional(name: &'static str, example: &'static str) -> Key {
    key(name, Need::Optional, example)
}

const fn table(name: &'static str) -> Key {
    Key { name, need: Need::Always, example: None }
}

/// The keys before the first table, and the tables.
pub const TOP: Section = Section {
    name: "",
    header: "",
    keys: &[
        always("protocol", "2"),
        always("geometry", "\"standard\""),
        always("parameters", "\"insecure-development\""),
        optional("rules_hash", "\"0x…\""),
        table("vault"),
        table("rounds"),
        table("data"),
        table("compute"),
        table("schema"),
        table("reference"),
    ],
};

/// What is paid, and where.
pub const VAULT: Section = Section {
    name: "vault",
    header: "[vault]",
    keys: &[
        always("chain_id", "31337"),
        always("address", "\"0x00000000000000000000000000000000f11e4755\""),
        always("registry", "\"0x00000000000000000000000000000000f11e4756\""),
        always("settlement", "\"claims\""),
        always("subnet", "\"a-name\""),
        always("epoch", "1"),
        always("pool", "1_000_000"),
        key("symbol", Need::If("together with `decimals`"), "\"TOKEN\""),
        key("decimals", Need::If("together with `symbol`"), "18"),
    ],
};

/// The epoch's rounds.
pub const ROUNDS: Section = Section {
    name: "rounds",
    header: "[rounds]",
    keys: &[
        always("first", "0"),
        always("count", "365"),
        always("ends_by", "2040-01-01T00:00:00Z"),
        always("proving_seconds", "1_209_600"),
    ],
};

/// How data is scored and weighed.
pub const DATA: Section = Section {
    name: "data",
    header: "[data]",
    keys: &[
        always("lambda", "\"0.01\""),
        always("pseudo_count", "1"),
        always("min_records", "1_000"),
        always("weighting", "\"records-divergence\""),
        key("cap", Need::If("with weighting `records-divergence`"), "\"1.5\""),
        optional("first_round", "0"),
        always("evidence", "false"),
    ],
};

/// How computing power is scored.
pub const COMPUTE: Section =
    Section { name: "compute", header: "[compute]", keys: &[always("lambda", "\"0.005\"")] };

/// What data is compared with.
pub const REFERENCE: Section = Section {
    name: "reference",
    header: "[reference]",
    keys: &[
        key("file", Need::If("together with `hash`"), "\"reference.json\""),
        key("hash", Need::If("together with `file`"), "\"0x…\""),
        Key { name: "counts", need: Need::If("without `file`"), example: None },
    ],
};

/// What a record is: a list of tables.
pub const SCHEMA: Section = Section { name: "schema", header: "[schema]", keys: &[table("feature")] };

/// A feature of a record.
pub const FEATURE: Section = Section {
    name: "schema.feature",
    header: "[[schema.feature]]",
    keys: &[
        always("name", "\"age\""),
        always("kind", "\"numeric\""),
        key("labels", Need::If("with kind `categorical`"), "[\"a\", \"b\"]"),
        key("edges", Need::If("with kind `numeric`"), "[18, 30, 65]"),
        key("of", Need::If("with kind `crossed`"), "[\"age\", \"income\"]"),
    ],
};

/// All tables, in the order in which people write them.
pub const SECTIONS: [Section; 8] = [TOP, VAULT, ROUNDS, DATA, COMPUTE, REFERENCE, SCHEMA, FEATURE];

/// The key of that name in the table of that dotted name.
pub(super) fn find(section: &str, name: &str) -> Option<Key> {
    let section = SECTIONS.into_iter().find(|known| known.name == section)?;
    section.keys.iter().find(|key| key.name == name).copied()
}

/// A line of TOML.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.example {
            Some(example) => write!(f, "`{} = {example}`", self.name),
            None => write!(f, "`{}`", self.name),
        }
    }
}

/// What to write where the table is missing.
impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == REFERENCE {
            return f.write_str(
                "`[reference]` with `file` and `hash`, which `fairshare policy reference` writes and prints, \
                 or `[reference.counts]` with a list of counts for each feature",
            );
        }
        // Each feature is a table, and the list of them none.
        let Self { header, keys, .. } = if *self == SCHEMA { &FEATURE } else { self };
        write!(f, "`{header}`")?;
        let mut before = " with ";
        for key in keys.iter().filter(|key| key.need == Need::Always) {
            write!(f, "{before}{key}")?;
            before = ", ";
        }
        before = "; and ";
        for key in *keys {
            if let Need::If(when) = key.need {
                write!(f, "{before}{key} {when}")?;
                before = ", ";
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a message tells to write is what the reader takes.
    #[test]
    fn the_examples_together_are_a_policy() {
        let lines = |section: &Section| {
            let keys = section.keys.iter().filter(|key| {
                let left_out = ["rules_hash", "file", "hash", "labels", "of"];
                !left_out.contains(&key.name)
            });
            let lines = keys.filter_map(|key| Some(format!("{} = {}\n", key.name, key.example?)));
            let header =
                if section.header.is_empty() { String::new() } else { format!("{}\n", section.header) };
            header + &lines.collect::<String>()
        };
        // The list of features is no table of its own.
        let text: String = SECTIONS.iter().filter(|section| **section != SCHEMA).map(lines).collect();
        let text = text.replace("[reference]\n", "[reference.counts]\nage = [1, 2, 3, 4, 5]\n");
        let read = super::super::from_toml(&text, &|_| Err(std::io::ErrorKind::NotFound.into()));
        assert!(read.is_ok(), "{}\n{text}", read.unwrap_err());
    }
}
