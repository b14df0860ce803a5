//! The draft as a file that people read: TOML, a comment for every key.

use std::fmt::Write;

use fairshare_formats::excerpt::{escaped, excerpt, is_control};
use fairshare_formats::time::Moment;
use fairshare_ingest::unmatched::Unmatched;
use fairshare_params::rules::Settlement;
use fairshare_params::schema::{Column, Feature, Rule};

use crate::budget::RECORDS_PER_BIN;
use crate::figures::{CAP_OVER_BIAS, FIRST_OVER_LAST, Figures, Part, RECORDS_PER_PSEUDO_COUNT};
use crate::options::Options;
use crate::placeholders::{Placeholder, Set};
use crate::plan::Plan;
use crate::remark::{Crossing, Remark, percent};

/// Widest line of a comment or a list.
const WIDTH: usize = 110;

/// Everything that is written.
pub(crate) struct Written<'a> {
    pub options: &'a Options,
    pub set: &'a Set,
    pub plan: &'a Plan,
    pub reference_hash: String,
    pub reference_records: u64,
    pub figures: &'a Figures,
    pub parts: &'a [Part],
    pub remarks: &'a [Remark],
    pub placeholders: &'a [Placeholder],
    pub unmatched: &'a [Unmatched],
}

/// The policy.
pub(crate) fn policy(written: &Written<'_>) -> String {
    let mut text = String::new();
    written.head(&mut text);
    written.vault(&mut text);
    written.data(&mut text);
    written.rounds(&mut text);
    written.reference(&mut text);
    written.remarks(&mut text);
    written.schema(&mut text);
    text
}

impl Written<'_> {
    fn head(&self, text: &mut String) {
        let parts = self.parts.len();
        comment(
            text,
            &format!(
                "A policy: every rule of one epoch of one royalty vault, drafted by `fairshare policy \
                 draft` from {} records of {parts} {}. It is valid as it stands: `fairshare policy check` \
                 accepts it, and names everything that is wrong after a change, each with its line.",
                grouped(self.reference_records, ','),
                if parts == 1 { "part" } else { "parts" }
            ),
        );
        if !self.placeholders.is_empty() {
            comment(text, "");
            comment(text, "To set before it is used; until then placeholders stand here:");
            for placeholder in self.placeholders {
                comment(text, &format!("- {placeholder}"));
            }
        }
        key(text, "\nThe protocol's version.", "protocol", "2");
        key(
            text,
            "\nThe circuits' shape: the smallest in which the schema's symbols and the rounds fit, and in \
             which the largest part takes few proofs. \"compact\" has 1,024 symbols, \"standard\" 8,192, \
             \"large\" 32,768.",
            "geometry",
            &quoted(self.plan.geometry.name()),
        );
        key(
            text,
            "\nThe parameters (SRS) that proofs are made under, by their fingerprint. \
             \"insecure-development\" stands for those of `fairshare params insecure`: anybody can forge \
             proofs under them.",
            "parameters",
            &quoted(&self.options.parameters.to_string()),
        );
    }

    fn vault(&self, text: &mut String) {
        let set = self.set;
        table(text, "What is paid, and where", "vault");
        key(
            text,
            "The vault's chain; 31337 is a local development chain.",
            "chain_id",
            &set.chain_id.to_string(),
        );
        key(text, "The vault's contract.", "address", &quoted(&set.vault));
        key(
            text,
            "Who records data and units: the registry's contract, or the address of the ledger's operator.",
            "registry",
            &quoted(&set.registry),
        );
        key(
            text,
            "Who computes what is paid: \"contract\", the vault's contract; \"claims\", a ledger, and \
             contributors claim by Merkle proofs; \"payments\", a ledger, and its operator pays a list.",
            "settlement",
            &quoted(set.settlement.name()),
        );
        key(text, "The subnet whose contributors are paid.", "subnet", &quoted(&set.subnet));
        key(text, "The epoch's number; the next one's is one more.", "epoch", &set.epoch.to_string());
        let zero = if set.settlement == Settlement::Contract {
            " 0: whatever is funded before the last round ends."
        } else {
            ""
        };
        key(
            text,
            &format!(
                "What the epoch pays, in the token's smallest unit. Computing power and data share it 7 : \
                 3.{zero}"
            ),
            "pool",
            &grouped(set.pool, '_'),
        );
    }

    fn data(&self, text: &mut String) {
        let (figures, plan) = (self.figures, self.plan);
        table(text, "How data is scored and weighed", "data");
        key(
            text,
            &format!(
                "λ: the weight of data fades by e^(−λ) each round. Drafted so that the first round pays \
                 {FIRST_OVER_LAST} times the last."
            ),
            "lambda",
            &quoted(&figures.data_lambda),
        );
        key(
            text,
            &format!(
                "\nAdded to every bin of the reference, so that no bin is empty. Drafted as one for each {} \
                 records of the reference. Larger numbers make rare values worth less.",
                grouped(RECORDS_PER_PSEUDO_COUNT, ',')
            ),
            "pseudo_count",
            &grouped(figures.pseudo_count, '_'),
        );
        let (free, n) = (figures.free_bins, plan.expected_records);
        key(
            text,
            &format!(
                "\nSmaller contributions are refused. Chance alone makes data diverge by half a nat in all \
                 for each of the {free} free bins, which is taken off everybody's score: {:.4} nats per \
                 record of {} records, the smallest contribution that is expected.",
                figures.bias(n),
                grouped(n, ',')
            ),
            "min_records",
            &grouped(figures.min_records, '_'),
        );
        self.weight(text);
    }

    fn weight(&self, text: &mut String) {
        let figures = self.figures;
        key(
            text,
            "\nHow a score becomes a weight: the total divergence, capped, less what chance makes. \
             Splitting one's data gains nothing.",
            "weighting",
            &quoted("records-divergence"),
        );
        key(
            text,
            &format!(
                "\nThe most that a record can weigh on average, in nats, all features together. Drafted as \
                 what the most divergent part reaches, rounded up, but at least {CAP_OVER_BIAS} times what \
                 chance makes. Near what honest data reaches, it leaves junk little to gain. The parts' \
                 divergence from the reference:"
            ),
            "cap",
            &quoted(&figures.cap),
        );
        self.parts(text);
        key(
            text,
            "\nWhether a registration must name the stored upload that it is of (`fairshare upload wrap`).",
            "evidence",
            "false",
        );
        table(text, "How computing power is scored", "compute");
        key(
            text,
            "λ of computing power, below that of data. Drafted as half of it.",
            "lambda",
            &quoted(&figures.compute_lambda),
        );
    }

    /// Goes between the cap's comment and its value.
    fn parts(&self, text: &mut String) {
        let mut lines = String::new();
        for part in self.parts.iter().take(MOST_LINES) {
            let name = part.path.file_name().unwrap_or_default().to_string_lossy();
            let worth = if part.worth == 0 { ", and earns nothing" } else { "" };
            let (records, nats) = (grouped(part.records, ','), part.nats_per_record);
            comment(&mut lines, &format!("  {}: {nats:.4} from {records} records{worth}", excerpt(&name)));
        }
        more(&mut lines, self.parts.len());
        if let Some(at) = text.rfind("cap = ") {
            text.insert_str(at, &lines);
        }
    }

    fn rounds(&self, text: &mut String) {
        let set = self.set;
        table(text, "The epoch's rounds", "rounds");
        key(text, "The first round's number.", "first", &set.rounds.0.to_string());
        key(
            text,
            "How many rounds there are. The last takes units, but no data.",
            "count",
            &set.rounds.1.to_string(),
        );
        let ends_by = Moment::from_unix_seconds(set.ends_by)
            .map_or_else(|_| set.ends_by.to_string(), |moment| moment.to_string());
        key(
            text,
            "After this time anybody may end the remaining rounds, empty, so that nobody's silence locks \
             the pool: a time soon after the last round should be over.",
            "ends_by",
            &ends_by,
        );
        key(
            text,
            "How long proofs are taken after the last round, in seconds.",
            "proving_seconds",
            &grouped(set.proving_seconds, '_'),
        );
    }

    fn reference(&self, text: &mut String) {
        table(text, "What data is compared with", "reference");
        let from = if self.options.reference_from.is_empty() { "all parts together" } else { "other data" };
        key(
            text,
            &format!(
                "The reference distribution, counts per bin, in a file in this folder with its hash: {} \
                 records, {from}. After a change of the schema count it anew: `fairshare policy reference`.",
                grouped(self.reference_records, ',')
            ),
            "file",
            &quoted(&self.options.reference_file),
        );
        let _ = writeln!(text, "hash = {}", quoted(&self.reference_hash));
    }

    fn remarks(&self, text: &mut String) {
        heading(text, "What a record is");
        comment(
            text,
            &format!(
                "The features, in order. A record gives one symbol for each; columns are matched by name, \
                 others are ignored. Every feature has one more bin for an empty cell. A score sees each \
                 feature by itself.\n\nBins were bounded so that chance stays small: one free bin for \
                 {RECORDS_PER_BIN} records of the smallest contribution, shared evenly, three per feature \
                 at least; at most 32 of numbers; labels in enough of the records that five are expected in \
                 the smallest contribution."
            ),
        );
        if !self.remarks.is_empty() {
            comment(text, "");
            comment(text, "Remarks on the data:");
        }
        for remark in self.remarks.iter().take(MOST_LINES) {
            comment(text, &format!("- {remark}"));
        }
        more(text, self.remarks.len());
    }

    fn schema(&self, text: &mut String) {
        for (feature, unmatched) in self.plan.schema.features().iter().zip(self.unmatched) {
            for column in feature.columns() {
                text.push('\n');
                comment(text, &told(column, unmatched));
                text.push_str(&block(column));
            }
        }
        for column in &self.plan.dropped {
            text.push('\n');
            comment(
                text,
                &format!(
                    "`{}` follows from another feature. To have it as well, remove the `#` before each of \
                     these lines, and count the reference anew.",
                    excerpt(&column.name)
                ),
            );
            text.push_str(&commented(&block(column)));
        }
        let mut names: Vec<String> = Vec::new();
        for pair in self.plan.pairs.iter().filter(|pair| pair.crossing == Crossing::Proposed) {
            let [a, b] = &pair.names;
            let name = self.crossed_name(a, b, &names);
            text.push('\n');
            comment(
                text,
                &format!(
                    "`{}` and `{}` depend on each other. To score which of their values go together, remove \
                     the `#` before each of these lines, and count the reference anew. The two then have no \
                     bins of their own; look at `cap` again, as crossed features diverge more.",
                    excerpt(a),
                    excerpt(b)
                ),
            );
            let (name_text, of) = (quoted(&name), [a, b].map(|name| quoted(name)).join(", "));
            text.push_str(&commented(&format!(
                "[[schema.feature]]\nname = {name_text}\nkind = \"crossed\"\nof = [{of}]\n"
            )));
            names.push(name);
        }
    }

    /// A name that no column and no other feature has.
    fn crossed_name(&self, first: &str, second: &str, taken: &[String]) -> String {
        let columns = self.plan.schema.features().iter().map(Feature::name);
        let columns: Vec<_> =
            columns.chain(self.plan.dropped.iter().map(|column| column.name.as_str())).collect();
        let mut name = format!("{first} and {second}");
        while columns.contains(&name.as_str()) || taken.contains(&name) {
            name.push('\'');
        }
        name
    }
}

/// Most parts and remarks that are listed in comments.
const MOST_LINES: usize = 100;

fn more(text: &mut String, all: usize) {
    if let Some(more @ 1..) = all.checked_sub(MOST_LINES) {
        comment(text, &format!("- and {more} more"));
    }
}

/// What a feature's comment says of its bins.
fn told(column: &Column, unmatched: &Unmatched) -> String {
    let missing = if unmatched.missing > 0 {
        format!("; {} of the reference's cells are empty", percent(unmatched.missing_share()))
    } else {
        String::new()
    };
    match &column.rule {
        Rule::Numeric { edges } => format!(
            "{} bins at quantiles of the reference{missing}. With edges e1 … em they are (−∞, e1), [e1, \
             e2), …, [em, ∞).",
            edges.len() + 1
        ),
        Rule::Categorical { labels } => {
            let count = labels.len();
            let plural = if count == 1 { "" } else { "s" };
            let other = percent(unmatched.other_share());
            format!(
                "{count} label{plural}, the most frequent first, and a bin for any other: {other} of the \
                 reference{missing}."
            )
        }
    }
}

fn block(column: &Column) -> String {
    let (kind, key, items): (_, _, Vec<String>) = match &column.rule {
        Rule::Numeric { edges } => ("numeric", "edges", edges.iter().map(|edge| number(*edge)).collect()),
        Rule::Categorical { labels } => {
            ("categorical", "labels", labels.iter().map(|label| quoted(label)).collect())
        }
    };
    format!("[[schema.feature]]\nname = {}\nkind = \"{kind}\"\n{}", quoted(&column.name), list(key, &items))
}

/// A list on one line, or on as many as it takes.
fn list(key: &str, items: &[String]) -> String {
    let one = format!("{key} = [{}]\n", items.join(", "));
    if one.chars().count() <= WIDTH {
        return one;
    }
    let mut text = format!("{key} = [\n");
    let mut line = String::new();
    for item in items {
        if !line.is_empty() && line.chars().count() + item.chars().count() + 6 > WIDTH {
            let _ = writeln!(text, "   {line}");
            line.clear();
        }
        let _ = write!(line, " {item},");
    }
    let _ = write!(text, "   {line}\n]\n");
    text
}

/// A whole number, its thousands parted.
fn grouped(number: impl Into<u128>, sign: char) -> String {
    let digits = number.into().to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(sign);
        }
        text.push(digit);
    }
    text
}

/// An edge, with as few digits as give it back.
fn number(edge: f64) -> String {
    if edge.abs() < 1e15 && edge.fract() == 0.0 { format!("{edge:.0}") } else { format!("{edge:?}") }
}

/// A string of TOML: nothing in it ends it early, breaks the line or turns a terminal's text around.
pub(crate) fn quoted(text: &str) -> String {
    let mut shown = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => shown.push_str("\\\""),
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            _ if is_control(letter) => {
                let code = u32::from(letter);
                let _ = if code > 0xffff {
                    write!(shown, "\\U{code:08x}")
                } else {
                    write!(shown, "\\u{code:04x}")
                };
            }
            _ => shown.push(letter),
        }
    }
    shown.push('"');
    shown
}

/// A comment of as many lines as it takes; control characters in it are escaped.
fn comment(text: &mut String, said: &str) {
    for paragraph in said.split('\n') {
        let indent = if paragraph.starts_with("- ") { "#   " } else { "# " };
        let shown = escaped(paragraph);
        let options = textwrap::Options::new(WIDTH)
            .initial_indent("# ")
            .subsequent_indent(indent)
            .break_words(false)
            .word_separator(textwrap::WordSeparator::AsciiSpace);
        let lines = textwrap::wrap(&shown, options);
        for line in lines {
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
}

/// Lines of TOML that a person may uncomment.
fn commented(block: &str) -> String {
    block.lines().map(|line| format!("#{line}\n")).collect()
}

fn heading(text: &mut String, said: &str) {
    let rule = "-".repeat(WIDTH.saturating_sub(said.chars().count() + 8));
    let _ = writeln!(text, "\n# ---- {said} {rule}");
}

fn table(text: &mut String, said: &str, name: &str) {
    heading(text, said);
    let _ = writeln!(text, "[{name}]");
}

/// A key with what it does above it.
fn key(text: &mut String, said: &str, name: &str, value: &str) {
    if let Some(said) = said.strip_prefix('\n') {
        text.push('\n');
        comment(text, said);
    } else {
        comment(text, said);
    }
    let _ = writeln!(text, "{name} = {value}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lists_are_wrapped_and_numbers_short() {
        assert_eq!(list("edges", &[number(1.0), number(0.5), number(-3e20)]), "edges = [1, 0.5, -3e20]\n");
        let many: Vec<_> = (0..200).map(|number| number.to_string()).collect();
        let text = list("edges", &many);
        assert!(text.lines().count() > 5 && text.lines().all(|line| line.len() <= WIDTH), "{text}");
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table["edges"].as_array().unwrap().len(), 200);
    }

    #[test]
    fn a_comment_never_leaves_its_lines() {
        let mut text = String::new();
        comment(&mut text, &format!("a\r\u{85}b\u{2028}c {}", "long ".repeat(60)));
        assert!(text.lines().all(|line| line.starts_with("# ")), "{text}");
        assert!(text.lines().count() > 2 && !text.contains('\r'), "{text}");
    }

    proptest! {
        #[test]
        fn any_text_and_any_number_is_read_back(text in any::<String>(), edge in any::<f64>()) {
            let line = format!("x = {}\ny = {}", quoted(&text), number(edge));
            prop_assume!(edge.is_finite());
            let table: toml::Table = line.parse().unwrap();
            prop_assert_eq!(table["x"].as_str(), Some(text.as_str()));
            let found = table["y"].as_float().or(table["y"].as_integer().map(|whole| whole as f64));
            prop_assert_eq!(found, Some(edge));
        }

        #[test]
        fn any_comment_is_one(text in any::<String>()) {
            let mut file = String::new();
            comment(&mut file, &excerpt(&text));
            prop_assert_eq!(file.parse::<toml::Table>(), Ok(toml::Table::new()));
        }
    }
}
