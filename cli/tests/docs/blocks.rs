//! Fenced blocks: language, class, and where they stand.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// Whether a block runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Default,
    Slow,
    /// At a development chain.
    Chain,
    /// On the data sets that `examples/sets/fetch.py` fetches.
    Sets,
    Illustrative,
}

/// Who runs a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Shell,
    Rust,
    /// What the shell prints.
    Printed,
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub language: Language,
    pub class: Class,
    /// The line of the opening fence, from 1.
    pub fence: usize,
    pub code: String,
}

/// The blocks of a Markdown text, in order, or the line of one that no rule covers and why.
pub fn parse(text: &str) -> Result<Vec<Block>, String> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut inside = false;
    for (event, range) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let fence = line_at(text, range.start);
                blocks.push(opened(&kind, fence).map_err(|why| format!("{fence}: {why}"))?);
                inside = true;
            }
            Event::Text(part) if inside => blocks.last_mut().expect("an open block").code.push_str(&part),
            Event::End(TagEnd::CodeBlock) => {
                inside = false;
                let block = blocks.last().expect("an open block");
                check(block).map_err(|why| format!("{}: {why}", block.fence))?;
            }
            _ => {}
        }
    }
    Ok(blocks)
}

pub fn line_at(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

fn opened(kind: &CodeBlockKind<'_>, fence: usize) -> Result<Block, String> {
    let CodeBlockKind::Fenced(info) = kind else {
        return Err("a block without a fence has no class; fence it".to_owned());
    };
    let words: Vec<_> = info.split_whitespace().collect();
    let (language, class) = match words[..] {
        [language] => (language, Class::Default),
        [language, "slow"] => (language, Class::Slow),
        [language, "anvil"] => (language, Class::Chain),
        [language, "sets"] => (language, Class::Sets),
        [language, "illustrative"] => (language, Class::Illustrative),
        _ => {
            return Err(format!(
                "`{info}` is not a language with the class slow, anvil, sets, illustrative or none"
            ));
        }
    };
    let language = match language {
        "sh" => Language::Shell,
        "rust" => Language::Rust,
        "text" => Language::Printed,
        _ => Language::Other,
    };
    Ok(Block { language, class, fence, code: String::new() })
}

/// What must hold of a block so that somebody runs it, or says that nobody does.
fn check(block: &Block) -> Result<(), &'static str> {
    match (block.language, block.class) {
        (Language::Other, Class::Default | Class::Slow | Class::Chain | Class::Sets) => {
            Err("nothing runs this language: `illustrative`?")
        }
        (Language::Printed, Class::Slow) => Err("what a slow block's commands print is not compared"),
        (Language::Rust, Class::Slow | Class::Chain | Class::Sets) => Err("a doctest has no class"),
        (Language::Shell, Class::Default | Class::Chain | Class::Sets) if builds(&block.code) => {
            Err("tests must not build: a block that calls cargo is slow or illustrative")
        }
        _ => Ok(()),
    }
}

fn builds(code: &str) -> bool {
    code.split_whitespace().any(|word| matches!(word, "cargo" | "rustup") || word.starts_with(".ci/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_and_class_are_the_words_of_the_info_string() {
        let text =
            "# A\n\n```sh\na\nb\n```\n\n- item\n  ```sh slow\n  c\n  ```\n\n```toml illustrative\nd\n```\n";
        let found = parse(text).unwrap();
        let block =
            |language, class, fence, code: &str| Block { language, class, fence, code: code.to_owned() };
        let expected = [
            block(Language::Shell, Class::Default, 3, "a\nb\n"),
            block(Language::Shell, Class::Slow, 9, "c\n"),
            block(Language::Other, Class::Illustrative, 13, "d\n"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_block_that_nobody_would_run_is_refused() {
        for (text, part) in [
            ("```sh slwo\n```\n", "1: `sh slwo`"),
            ("a\n\n```\n```\n", "3: ``"),
            ("a\n\n    indented\n", "3: a block without a fence"),
            ("```toml\n```\n", "nothing runs"),
            ("```rust slow\n```\n", "a doctest"),
            ("```text slow\n```\n", "a slow block's"),
            ("```sh\nx=1 cargo run\n```\n", "must not build"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(part), "{part:?} is not in {error:?}");
        }
    }
}
