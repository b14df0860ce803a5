//! Running a document: its shell blocks in one bash, whose line numbers are the document's.

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
        let printed = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success(), "{name} does not work as written, {}:\n{printed}", ran.status);
        if let Some((at, line)) = unprinted(blocks, wanted, &printed) {
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

/// A line that stands in the document as printed and was not, after those before it; and where it stands.
/// `…` is for lines that the document leaves out.
fn unprinted<'a>(blocks: &'a [Block], wanted: Wanted, printed: &str) -> Option<(usize, &'a str)> {
    let mut printed = printed.lines().map(str::trim);
    let told = blocks.iter().filter(|block| block.language == Language::Printed);
    let told = told.filter(|block| wanted.includes(block.class));
    let lines = told.flat_map(|block| (block.fence + 1..).zip(block.code.lines().map(str::trim)));
    lines.filter(|(_, line)| *line != "…").find(|(_, line)| !printed.any(|printed| printed == *line))
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
            Class::Slow => ("(cd \"$REPOSITORY\"", ")"),
            _ => ("", ""),
        };
        lines.resize(lines.len().max(block.fence - 1), String::new());
        lines.push(before.to_owned());
        lines.extend(block.code.lines().map(str::to_owned));
        lines.push(after.to_owned());
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
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
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
        let unprinted_of = |told: &str| {
            let blocks = blocks(told);
            let printed = String::from_utf8(bash("docs/x.md", &script(&blocks, wanted)).stdout).unwrap();
            unprinted(&blocks, wanted, &printed).map(|(at, line)| (at, line.to_owned()))
        };
        assert_eq!(unprinted_of("one\n…\nthree\n"), None);
        assert_eq!(unprinted_of("one\nfour\n"), Some((9, "four".to_owned())));
        assert_eq!(unprinted_of("two\none\n"), Some((9, "one".to_owned())));
        assert_eq!(unprinted_of("tw\n"), Some((8, "tw".to_owned())));
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
