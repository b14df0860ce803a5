//! Citations of the protocol: the section that one names is there.
//!
//! `docs/PROTOCOL.md` is the copy that code cites: `PROTOCOL section 4`, `PROTOCOL sections 3 and 5 to 7`,
//! `PROTOCOL §5`, or `PROTOCOL section 5, *Histogram*`, which also names how a paragraph begins.

use std::collections::BTreeMap;
use std::fs;

use crate::sources::{root, texts};

/// How a citation begins, in every form.
const FORMS: [&str; 4] = ["PROTOCOL sections ", "PROTOCOL section ", "PROTOCOL §§", "PROTOCOL §"];

/// Most characters between two numbers of one citation: `, `, ` and `, ` to `.
const JOINTS: [&str; 4] = [", ", ",", " and ", " to "];

/// A citation: the sections it names, and the paragraph, if it names one.
#[derive(Debug, PartialEq)]
struct Citation {
    sections: Vec<u32>,
    paragraph: Option<String>,
}

/// Every citation of a text, with the line it stands on. Line ends and comment marks within one are spaces.
fn citations(text: &str) -> Vec<(usize, Citation)> {
    let words = |line: &str| line.trim().trim_start_matches(['/', '!', '#', '*', ' ']).to_owned();
    let mut starts = Vec::new();
    let mut joined = String::new();
    for line in text.lines() {
        starts.push(joined.len());
        joined.push_str(&words(line));
        joined.push(' ');
    }
    let mut found = Vec::new();
    let mut from = 0;
    while let Some((offset, form)) = first_form(&joined, from) {
        let rest = &joined[offset + form.len()..];
        let line = starts.partition_point(|start| *start <= offset);
        found.push((line, parse(rest)));
        from = offset + form.len();
    }
    found
}

fn first_form(text: &str, from: usize) -> Option<(usize, &'static str)> {
    let found = FORMS.iter().filter_map(|form| Some((text[from..].find(form)? + from, *form)));
    // At one offset the longer form comes first in the list.
    found.min_by_key(|(offset, _)| *offset)
}

/// Numbers, joined, then perhaps `, *Paragraph*`.
fn parse(mut rest: &str) -> Citation {
    let mut sections: Vec<u32> = Vec::new();
    let mut is_range = false;
    loop {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let Ok(number) = rest[..end].parse::<u32>() else { break };
        let first = if is_range { sections.last().map_or(number, |last| last + 1) } else { number };
        sections.extend(first..=number.max(first));
        rest = &rest[end..];
        let Some(joint) = JOINTS.iter().find(|joint| {
            rest.strip_prefix(**joint).is_some_and(|next| next.starts_with(|c: char| c.is_ascii_digit()))
        }) else {
            break;
        };
        is_range = *joint == " to ";
        rest = &rest[joint.len()..];
    }
    let paragraph = rest.strip_prefix(", *").and_then(|rest| Some(rest.split_once('*')?.0.to_owned()));
    Citation { sections, paragraph }
}

/// The protocol's sections by number, without the marks of bold print.
fn sections(protocol: &str) -> BTreeMap<u32, String> {
    let mut sections = BTreeMap::new();
    for part in protocol.split("\n## ").skip(1) {
        let number = part.split_once('.').and_then(|(number, _)| number.parse().ok());
        let number = number.unwrap_or_else(|| panic!("a heading without a number: {part:.40}"));
        sections.insert(number, part.replace("**", ""));
    }
    sections
}

/// What is wrong with a citation.
fn objection(protocol: &BTreeMap<u32, String>, citation: &Citation) -> Option<String> {
    if citation.sections.is_empty() {
        return Some("names no section".into());
    }
    for section in &citation.sections {
        let Some(text) = protocol.get(section) else {
            return Some(format!("there is no section {section}"));
        };
        if let Some(paragraph) = &citation.paragraph
            && !text.lines().any(|line| line.trim_start_matches("- ").starts_with(paragraph.as_str()))
        {
            return Some(format!("section {section} has no paragraph that begins with `{paragraph}`"));
        }
    }
    None
}

#[test]
fn every_citation_of_the_protocol_resolves() {
    let protocol = fs::read_to_string(root().join("docs/PROTOCOL.md")).expect("the protocol");
    let protocol = sections(&protocol);
    assert_eq!(protocol.keys().copied().collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
    let (mut count, mut broken) = (0, Vec::new());
    for source in texts(&["rs", "md", "sol", "toml", "py"]) {
        // This file's own examples are wrong on purpose.
        if source.name.ends_with("structure/citations.rs") {
            continue;
        }
        for (line, citation) in citations(&source.text) {
            count += 1;
            if let Some(objection) = objection(&protocol, &citation) {
                broken.push(format!("{}:{line}: {objection}", source.name));
            }
        }
    }
    assert!(count > 50, "only {count} citations were found: how they are written has changed");
    assert!(broken.is_empty(), "citations of docs/PROTOCOL.md that lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn every_form_of_a_citation_is_read() {
    let read = |text: &str| {
        let found = citations(text);
        assert_eq!(found.len(), 1, "{text}");
        let (line, Citation { sections, paragraph }) = found.into_iter().next().expect("one");
        (line, sections, paragraph)
    };
    assert_eq!(read("x\n//! (PROTOCOL section 4)."), (2, vec![4], None));
    assert_eq!(read("PROTOCOL sections 3 and\n/// 5 to 7; 9"), (1, vec![3, 5, 6, 7], None));
    assert_eq!(read("\\[PROTOCOL §§3, 5\\]"), (1, vec![3, 5], None));
    assert_eq!(read("(PROTOCOL section 5, *Histogram*)"), (1, vec![5], Some("Histogram".into())));
    assert_eq!(read("PROTOCOL section X"), (1, vec![], None));
}

#[test]
fn a_citation_that_leads_nowhere_is_refused() {
    let protocol = sections("# P\n\n## 1. One\n\n**Alpha** is.\n\n## 2. Two\n\n- **Beta.** is.\n");
    let answer = |text: &str| objection(&protocol, &citations(text)[0].1);
    assert_eq!(answer("PROTOCOL section 1"), None);
    assert_eq!(answer("PROTOCOL section 2, *Beta*"), None);
    assert!(answer("PROTOCOL section 3").is_some());
    assert!(answer("PROTOCOL sections 1 to 3").is_some());
    assert!(answer("PROTOCOL section 1, *Beta*").is_some());
    assert!(answer("PROTOCOL section four").is_some());
}
