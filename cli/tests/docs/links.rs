//! Relative links: the file is there, and so is the heading that a fragment names.

use std::fs;
use std::path::Path;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::blocks::line_at;

/// The links of a document that lead nowhere, with their lines.
pub fn broken(root: &Path, document: &str) -> Vec<String> {
    let text = fs::read_to_string(root.join(document)).unwrap_or_else(|error| panic!("{document}: {error}"));
    let mut broken = Vec::new();
    for (event, range) in Parser::new_ext(&text, Options::ENABLE_TABLES).into_offset_iter() {
        if let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = event
            && let Err(why) = follow(root, document, &text, &dest_url)
        {
            broken.push(format!("{document}:{}: {dest_url}: {why}", line_at(&text, range.start)));
        }
    }
    broken
}

fn follow(root: &Path, document: &str, text: &str, link: &str) -> Result<(), &'static str> {
    if link.contains("://") || link.starts_with("mailto:") {
        return Ok(());
    }
    let (path, fragment) = link.split_once('#').map_or((link, None), |(path, part)| (path, Some(part)));
    let target = if path.is_empty() {
        text.to_owned()
    } else {
        let target = root.join(document).with_file_name("").join(path);
        if !target.exists() {
            return Err("no such file");
        }
        if fragment.is_none() {
            return Ok(());
        }
        fs::read_to_string(target).map_err(|_| "a fragment of something that is not text")?
    };
    match fragment {
        Some(fragment) if !anchors(&target).iter().any(|anchor| anchor == fragment) => Err("no such heading"),
        _ => Ok(()),
    }
}

/// The headings' anchors, as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let mut anchors = Vec::new();
    let mut heading: Option<String> = None;
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => anchors.extend(heading.take().map(|title| anchor(&title))),
            Event::Text(part) | Event::Code(part) => {
                if let Some(title) = &mut heading {
                    title.push_str(&part);
                }
            }
            _ => {}
        }
    }
    anchors
}

fn anchor(title: &str) -> String {
    let kept = title.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.flat_map(char::to_lowercase).map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_headings_are_looked_for() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("docs")).unwrap();
        fs::write(folder.path().join("top.md"), "# What `it` costs, and why\n").unwrap();
        let text = "[a](../top.md) [b](../top.md#what-it-costs-and-why) [c](https://example.org) [d](#here)\n\
                    # Here\n\n| ![e](gone.svg) | [f](../top.md#why) | [g](#there) |\n| --- | --- | --- |\n";
        fs::write(folder.path().join("docs/x.md"), text).unwrap();
        let expected = [
            "docs/x.md:4: gone.svg: no such file",
            "docs/x.md:4: ../top.md#why: no such heading",
            "docs/x.md:4: #there: no such heading",
        ];
        assert_eq!(broken(folder.path(), "docs/x.md"), expected);
    }
}
