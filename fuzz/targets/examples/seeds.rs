//! Writes every target's seeds and tokens where libFuzzer reads them: `corpus/<target>/`,
//! `dictionaries/<target>`, below the folder given.

use std::fs;
use std::path::PathBuf;

use fairshare_fuzz_targets::TARGETS;

fn main() -> std::io::Result<()> {
    let root = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "fuzz".into()));
    fs::create_dir_all(root.join("dictionaries"))?;
    for target in TARGETS {
        let corpus = root.join("corpus").join(target.name);
        fs::create_dir_all(&corpus)?;
        for (index, seed) in (target.seeds)().iter().enumerate() {
            fs::write(corpus.join(format!("seed-{index}")), seed)?;
        }
        let quoted = |token: &&str| -> String {
            let bytes: String = token.bytes().map(|byte| format!("\\x{byte:02x}")).collect();
            format!("\"{bytes}\"\n")
        };
        let tokens: String = target.tokens.iter().map(quoted).collect();
        fs::write(root.join("dictionaries").join(target.name), tokens)?;
    }
    Ok(())
}
