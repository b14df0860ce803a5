//! What scores give away: a ninth is refused unless `--ninth-score` is given, and none gets out that is not
//! on record.

use std::fs;
use std::path::PathBuf;

use fairshare_prover::SCORED_FILE;

use super::support::*;

/// The prepared commitment with what was kept when it was proved, in a folder of its own, and the line that
/// proves it again.
struct Scene {
    folder: PathBuf,
    target: PathBuf,
    line: String,
}

impl Scene {
    fn new() -> Self {
        let (p, folder) = (prepared(), folder());
        let target = folder.join("data");
        fs::create_dir_all(target.join("proofs")).unwrap();
        for name in ["request.json", "commitments.bin", "opening.bin", "opened.txt", "proofs/000000.proof"] {
            fs::copy(p.data.join(name), target.join(name)).unwrap();
        }
        let out = show(&folder.join("out.bundle"));
        let line = format!("prove data {} {} --out {out}", show(&target), p.common());
        Self { folder, target, line }
    }

    /// The prepared record's first line, as the program wrote it. Other tests add to it.
    fn own() -> String {
        let text = fs::read_to_string(prepared().data.join(SCORED_FILE)).unwrap();
        let first = text.split_inclusive('\n').next().unwrap_or_default();
        assert_eq!(first.len(), 134, "{text}");
        first.to_owned()
    }

    /// Puts so many others like it on record, under other references.
    fn record(&self, others: usize) -> String {
        let own = Self::own();
        let (_, covered) = own.split_once(' ').unwrap();
        let text: String = (0..others).map(|other| format!("0x{other:064x} {covered}")).collect();
        fs::write(self.target.join(SCORED_FILE), &text).unwrap();
        text
    }

    fn recorded(&self) -> String {
        fs::read_to_string(self.target.join(SCORED_FILE)).unwrap()
    }

    fn bundle(&self) -> PathBuf {
        self.folder.join("out.bundle")
    }
}

#[test]
fn the_ninth_score_has_to_be_asked_for() {
    let (scene, own) = (Scene::new(), Scene::own());
    let before = scene.record(8);
    let folder = show(&scene.target);
    fairshare(&scene.line).fails(1, &[&format!("{folder}: 8 scores"), "on record", "--ninth-score"]);
    assert_eq!(scene.recorded(), before);
    assert!(!scene.bundle().exists());
    let asked = format!("{} --ninth-score", scene.line);
    assert_eq!(fairshare(&asked).status, 0);
    assert_eq!(scene.recorded(), before.clone() + &own);
    // Given away already.
    for line in [&asked, &scene.line] {
        assert_eq!(fairshare(line).status, 0);
    }
    assert_eq!(scene.recorded(), before + &own);
    // The eighth is not refused, and then it is one of eight.
    let before = scene.record(7);
    for _ in 0..2 {
        assert_eq!(fairshare(&scene.line).status, 0);
        assert_eq!(scene.recorded(), before.clone() + &own);
    }
}

#[test]
fn a_list_that_was_altered_is_refused_with_what_to_do() {
    let scene = Scene::new();
    let whole = scene.record(3);
    for (name, instead) in
        [(SCORED_FILE, "take back no score"), ("opened.txt", "proves nothing more; commit again")]
    {
        let path = scene.target.join(name);
        let before = fs::read_to_string(&path).unwrap();
        for altered in [before.trim_end().to_owned(), format!("{before}\n"), before.replacen("0x", "0X", 1)] {
            fs::write(&path, &altered).unwrap();
            for option in ["", " --ninth-score"] {
                let ran = fairshare(&format!("{}{option}", scene.line));
                ran.fails(
                    2,
                    &[&format!("{}: line ", show(&path)), "restore the file as it was last", instead],
                );
            }
            assert_eq!(fs::read_to_string(&path).unwrap(), altered);
        }
        fs::write(&path, before).unwrap();
    }
    assert!(!scene.bundle().exists());
    assert_eq!(scene.recorded(), whole);
}

/// A bound on the size of files stands for a full disk: in turn the record and the bundle do not fit.
#[test]
fn a_score_gets_out_after_it_is_on_record_and_not_before() {
    let (scene, own) = (Scene::new(), Scene::own());
    let before = scene.record(7);
    assert!((before.len() < 1024) && before.len() + own.len() > 1024);
    bounded(2, &scene.line).fails(2, &["scored.txt", "to do: make room there"]);
    assert_eq!(scene.recorded(), before, "no half line");
    bounded(4, &scene.line).fails(2, &["out.bundle", "to do: make room there"]);
    assert_eq!(scene.recorded(), before.clone() + &own, "whoever saw the score or not");
    assert!(!scene.bundle().exists());
    assert_eq!(fairshare(&scene.line).status, 0);
    assert_eq!(scene.recorded(), before + &own);
}

#[test]
fn a_record_is_not_replaced_by_an_output() {
    let scene = Scene::new();
    let before = scene.record(8);
    let record = show(&scene.target.join(SCORED_FILE));
    let (line, _) = scene.line.split_once(" --out ").unwrap();
    fairshare(&format!("{line} --out {record}")).fails(2, &["this output would replace"]);
    assert_eq!(scene.recorded(), before);
}
