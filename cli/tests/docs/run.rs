//! Running a document: its shell blocks in one bash, whose line numbers are the document's.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::blocks::{Block, Class, Language};
use super::repository;

/// The variable that asks for slow blocks.
const SLOW: &str = "FAIRSHARE_SLOW";

/// The variable that asks for blocks at a development chain.
const ANVIL: &str = "FAIRSHARE_ANVIL";

/// The variable that names the folder of the fetched data sets, and so asks for blocks that use them. Blocks
/// know it as [`SETS_INSIDE`].
const SETS: &str = "FAIRSHARE_SETS";
const SETS_INSIDE: &str = "SETS";

/// Every command that fails is named with its line before bash ends. This takes line 1, where a document has
/// its title.
const PRELUDE: &str =
    r#"exec 2>&1; set -Eeuo pipefail; trap 'echo "$0:$LINENO: exit status $?: $BASH_COMMAND"' ERR"#;

/// Runs a document's blocks, and fails with what bash printed.
pub fn document(name: &str, blocks: &[Block]) {
    let asks = |variable| std::env::var_os(variable).is_some_and(|value| value == "1");
    let wanted = Wanted { slow: asks(SLOW), chain: asks(ANVIL), sets: sets().is_some() };
    for (class, is_wanted, way) in [
        (Class::Slow, wanted.slow, format!("{SLOW}=1")),
        (Class::Chain, wanted.chain, format!("{ANVIL}=1")),
        (Class::Sets, wanted.sets, format!("{SETS}=FOLDER")),
    ] {
        for block in blocks.iter().filter(|block| block.class == class && !is_wanted) {
            println!("{name}:{}: skipped; {way} runs it", block.fence);
        }
    }
    let script = script(blocks, wanted);
    if script.lines().count() > 1 {
        let ran = bash(name, &script);
        let printed = Printed::of(&ran.stdout);
        assert!(ran.status.success(), "{name} does not work as written, {}:\n{printed}", ran.status);
        if let Some((at, line)) = printed.lacks(blocks, wanted) {
            panic!("{name}:{at}: this was not printed, or not there: `{line}`\n{printed}");
        }
    }
}

/// Which blocks run that do not run by themselves.
#[derive(Clone, Copy)]
struct Wanted {
    slow: bool,
    chain: bool,
    sets: bool,
}

impl Wanted {
    fn includes(self, class: Class) -> bool {
        match class {
            Class::Default => true,
            Class::Slow => self.slow,
            Class::Chain => self.chain,
            Class::Sets => self.sets,
            Class::Illustrative => false,
        }
    }
}

/// What blocks have printed, line by line, each with the line of its block's fence.
struct Printed(Vec<(usize, String)>);

/// Begins the line that is printed at the end of each block, with the line of the block's fence.
const END: char = '\u{1e}';

impl Printed {
    fn of(output: &[u8]) -> Self {
        let output = String::from_utf8_lossy(output);
        let (mut lines, mut of_block) = (Vec::new(), Vec::new());
        for line in output.lines() {
            let (before, fence) =
                line.split_once(END).map_or((line, None), |(before, at)| (before, at.parse().ok()));
            if fence.is_none() || !before.is_empty() {
                of_block.push(before.to_owned());
            }
            if let Some(fence) = fence {
                lines.extend(of_block.drain(..).map(|line| (fence, line)));
            }
        }
        // Of a block that failed.
        lines.extend(of_block.into_iter().map(|line| (usize::MAX, line)));
        Self(lines)
    }

    /// A line that stands in the document as printed, and that the blocks before it have not printed, after
    /// the lines before it; and where it stands. `…` is for lines that the document leaves out.
    fn lacks<'a>(&self, blocks: &'a [Block], wanted: Wanted) -> Option<(usize, &'a str)> {
        let mut printed = &self.0[..];
        let told = blocks.iter().filter(|block| block.language == Language::Printed);
        for block in told.filter(|block| wanted.includes(block.class)) {
            for (at, line) in (block.fence + 1..).zip(block.code.lines().map(str::trim)) {
                if line == "…" {
                    continue;
                }
                let before = printed.iter().take_while(|(fence, _)| *fence < block.fence);
                let Some(found) =
                    before.map(|(_, printed)| printed.trim()).position(|printed| printed == line)
                else {
                    return Some((at, line));
                };
                printed = &printed[found + 1..];
            }
        }
        None
    }
}

impl fmt::Display for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(_, line)| writeln!(f, "{line}"))
    }
}

/// The folder of the fetched data sets, by its whole path: blocks run elsewhere.
fn sets() -> Option<PathBuf> {
    let folder = std::env::var_os(SETS)?;
    Some(fs::canonicalize(&folder).unwrap_or_else(|error| panic!("{SETS}={}: {error}", folder.display())))
}

/// A script with every line where the document has it. A slow block runs in the repository, by a subshell
/// that takes the fences' lines, so that the folder and the variables of the others stay as they are.
fn script(blocks: &[Block], wanted: Wanted) -> String {
    let mut lines = vec![PRELUDE.to_owned()];
    for block in blocks.iter().filter(|block| block.language == Language::Shell) {
        if !wanted.includes(block.class) {
            continue;
        }
        let (before, after) = match block.class {
            Class::Slow => ("(cd \"$REPOSITORY\"", "); "),
            _ => ("", ""),
        };
        let after = format!("{after}echo '{END}{}'", block.fence);
        lines.resize(lines.len().max(block.fence - 1), String::new());
        lines.push(before.to_owned());
        lines.extend(block.code.lines().map(str::to_owned));
        lines.push(after);
    }
    lines.join("\n")
}

/// Runs a script in a new folder with a copy of the examples, where `fairshare` is the built command.
fn bash(name: &str, script: &str) -> Output {
    let root = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let path = |part: &str| root.path().join(part);
    for part in ["bin", "work", "tmp"] {
        fs::create_dir(path(part)).expect("a folder");
    }
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_fairshare"), path("bin/fairshare")).expect("a link");
    copy(&repository().join("examples"), &path("work/examples"));
    fs::create_dir(path("work/docs")).expect("a folder");
    fs::copy(repository().join("docs/score.py"), path("work/docs/score.py")).expect("a copy");
    let search = std::env::var("PATH").expect("a search path");
    let search = format!("{}:{}:{search}", path("bin").display(), anvil());
    let mut command = Command::new("bash");
    // `bash -c` takes the name for its messages from the argument after the script.
    command.args(["-c", script, name]).current_dir(path("work"));
    for (variable, _) in std::env::vars_os() {
        if variable.to_str().is_some_and(|variable| variable.starts_with("FAIRSHARE_")) {
            command.env_remove(variable);
        }
    }
    if let Some(sets) = sets() {
        command.env(SETS_INSIDE, sets);
    }
    command.env("PATH", search).env("TMPDIR", path("tmp")).env("REPOSITORY", repository());
    command.env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR")).output().expect("bash")
}

/// The folder of npm's anvil, whether it is there or not.
fn anvil() -> String {
    let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let system = if cfg!(target_os = "macos") { "darwin" } else { "linux" };
    let folder = format!("contracts/node_modules/@foundry-rs/anvil-{system}-{machine}/bin");
    repository().join(folder).display().to_string()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::blocks::parse;
    use super::*;

    fn ran(text: &str, slow: bool) -> (bool, String) {
        let output =
            bash("docs/x.md", &script(&parse(text).unwrap(), Wanted { slow, chain: false, sets: false }));
        (output.status.success(), Printed::of(&output.stdout).to_string())
    }

    #[test]
    fn a_broken_block_fails_with_document_line_and_output() {
        let text = "# A\n\n```sh\necho one\n```\n\ntext\n\n\
                    ```sh\nname=two\necho $name\nfalse | cat\necho three\n```\n";
        let (success, printed) = ran(text, false);
        assert!(!success);
        assert!(printed.starts_with("one\ntwo\ndocs/x.md:12: exit status 1: "), "{printed}");
        assert!(!printed.contains("three"), "{printed}");
        let (success, printed) = ran("# A\n\n```sh\necho $unset\n```\n", false);
        assert!(!success && printed.contains("docs/x.md: line 4: unset: unbound"), "{printed}");
        let (success, printed) = ran("# A\n\n```sh\nfairshare verify nothing\n```\n", false);
        assert!(!success && printed.contains("docs/x.md:4: exit status 2: fairshare"), "{printed}");
    }

    #[test]
    fn what_stands_as_printed_has_to_be_printed_in_its_order() {
        let blocks = |told: &str| {
            let text = format!("# A\n\n```sh\nprintf '%s\\n' one two three\n```\n\n```text\n{told}```\n");
            parse(&text).unwrap()
        };
        let wanted = Wanted { slow: false, chain: false, sets: false };
        let lacking = |blocks: &[Block]| {
            let printed = Printed::of(&bash("docs/x.md", &script(blocks, wanted)).stdout);
            printed.lacks(blocks, wanted).map(|(at, line)| (at, line.to_owned()))
        };
        let unprinted_of = |told: &str| lacking(&blocks(told));
        assert_eq!(unprinted_of("one\n…\nthree\n"), None);
        assert_eq!(unprinted_of("one\nfour\n"), Some((9, "four".to_owned())));
        assert_eq!(unprinted_of("two\none\n"), Some((9, "one".to_owned())));
        assert_eq!(unprinted_of("tw\n"), Some((8, "tw".to_owned())));
        // What only a later block prints was not printed here.
        let text = "# A\n\n```sh\nprintf one\n```\n\n```text\none\ntwo\n```\n\n```sh\necho two\n```\n";
        assert_eq!(lacking(&parse(text).unwrap()), Some((9, "two".to_owned())));
        let text = text.replace("one\ntwo\n```", "one\n```") + "\n```text\ntwo\n```\n";
        assert_eq!(lacking(&parse(&text).unwrap()), None);
    }

    #[test]
    fn blocks_share_a_shell_and_slow_ones_the_repository() {
        let text = "# A\n\n```sh\nhere=$PWD; ls examples/flights/policy.toml\n```\n\
                    \n```sh slow\nls Cargo.lock && here=x\n```\n\n```sh\ntest \"$here\" = \"$PWD\"\n```\n";
        assert_eq!(ran(text, true), (true, "examples/flights/policy.toml\nCargo.lock\n".to_owned()));
        assert_eq!(ran(text, false), (true, "examples/flights/policy.toml\n".to_owned()));
    }

    #[test]
    fn illustrative_blocks_do_not_run() {
        assert_eq!(
            script(
                &parse("# A\n\n```sh illustrative\nfalse\n```\n").unwrap(),
                Wanted { slow: true, chain: true, sets: true }
            ),
            PRELUDE
        );
    }
}
