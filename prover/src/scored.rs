//! Under which references, and with which datasets, an opening was scored: at most eight times, unless told
//! otherwise.
//!
//! A score is a function of the histogram, so each score of one dataset under another reference, or with
//! other datasets merged in, is one more equation in its counts (PROTOCOL section 6). The same reference and
//! datasets give the same score again, whatever else the rules say and in whatever order the datasets come.
//! So a commitment folder keeps a line for each pair of a reference hash and the digests covered, as their
//! `K'` in ascending order. It is written before the score's proof is begun: whenever a prover is killed, no
//! score got out that is not on record.

use std::fmt;
use std::path::{Path, PathBuf};

use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_params::words::hash_list;

use crate::uses::{Use, UseListError, note, read};

/// The name of the file in a commitment folder.
pub const SCORED_FILE: &str = "scored.txt";

/// Scores of an opening that are given away without being told to.
pub const MOST_SCORES: usize = 8;

/// How many scores of one opening may be given away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScoreLimit {
    /// [`MOST_SCORES`].
    #[default]
    Eight,
    /// Any number: where the histogram may become known.
    None,
}

/// Why an opening may not be scored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScoredError {
    /// As often as may be.
    #[error(
        "{}: {known} scores of this opening are on record, each under another reference or with other \
         datasets, and one more helps to compute its histogram; prove it under a reference and with the \
         datasets of one of these, or give `--ninth-score` if the histogram may become known",
        folder.display()
    )]
    TooOften {
        /// The opening's folder.
        folder: PathBuf,
        /// How many are on record.
        known: usize,
    },
    /// The list cannot be kept.
    #[error(transparent)]
    List(#[from] UseListError),
}

/// A reference and the datasets that were scored together under it.
#[derive(Debug, PartialEq, Eq)]
struct Scored {
    reference: Digest,
    covered: Digest,
}

impl fmt::Display for Scored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.reference, self.covered)
    }
}

impl Use for Scored {
    const FILE: &str = SCORED_FILE;
    const INSTEAD: &'static str =
        "a new commitment to the same records would begin a new list, and take back no score that got out";

    fn parse(fields: &[&str]) -> Option<Self> {
        let [reference, covered] = fields else { return None };
        Some(Self { reference: reference.parse().ok()?, covered: covered.parse().ok()? })
    }
}

impl Scored {
    fn new<'a>(reference: Digest, digests: impl IntoIterator<Item = &'a Digest>) -> Self {
        let mut digests: Vec<_> = digests.into_iter().collect();
        digests.sort_unstable();
        Self { reference, covered: hash_list(digests) }
    }
}

/// A score that is about to be given away, with the commitment folders of the datasets that it covers.
pub(crate) struct Scoring<'a> {
    folders: &'a [PathBuf],
    scored: Scored,
    limit: ScoreLimit,
}

impl<'a> Scoring<'a> {
    pub(crate) fn new(
        policy: &Policy,
        folders: &'a [PathBuf],
        registrations: &[Registration],
        limit: ScoreLimit,
    ) -> Self {
        let digests = registrations.iter().map(Registration::digest);
        Self { folders, scored: Scored::new(policy.reference().hash(), digests), limit }
    }

    /// Refuses what [`Self::note`] would, before any work is done for it.
    pub(crate) fn check(&self) -> Result<(), ScoredError> {
        self.folders.iter().try_for_each(|folder| self.allow(folder, &read(folder)?))
    }

    /// Notes the score beside every opening that it is of, or refuses.
    pub(crate) fn note(&self) -> Result<(), ScoredError> {
        // Beside none of them, as far as that can be told.
        self.check()?;
        let mut folders = self.folders.iter();
        folders.try_for_each(|folder| note(folder, &self.scored, |known| self.allow(folder, known)))
    }

    fn allow(&self, folder: &Path, known: &[Scored]) -> Result<(), ScoredError> {
        match self.limit {
            ScoreLimit::Eight if known.len() >= MOST_SCORES && !known.contains(&self.scored) => {
                Err(ScoredError::TooOften { folder: folder.to_owned(), known: known.len() })
            }
            ScoreLimit::Eight | ScoreLimit::None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::uses::tests::{allowed_at_once, opening};

    fn digest(byte: u8) -> Digest {
        Digest([byte; 32])
    }

    fn score(
        folders: &[PathBuf],
        reference: u8,
        digests: &[u8],
        limit: ScoreLimit,
    ) -> Result<(), ScoredError> {
        let digests: Vec<_> = digests.iter().copied().map(digest).collect();
        Scoring { folders, scored: Scored::new(digest(reference), &digests), limit }.note()
    }

    fn refused(scored: Result<(), ScoredError>) -> (PathBuf, usize) {
        match scored {
            Err(ScoredError::TooOften { folder, known }) => (folder, known),
            other => panic!("{other:?}"),
        }
    }

    fn lines(folder: &Path) -> usize {
        fs::read_to_string(folder.join(SCORED_FILE)).map_or(0, |text| text.lines().count())
    }

    #[test]
    fn the_ninth_is_refused_and_the_first_eight_stay_good() {
        let folder = opening();
        let folders = [folder.path().to_owned()];
        let score = |reference, digests: &[u8]| score(&folders, reference, digests, ScoreLimit::Eight);
        let eight: [(u8, &[u8]); 8] = [
            (0, &[1]),
            (1, &[1]),
            (0, &[1, 2]),
            (1, &[1, 2]),
            (0, &[1, 3]),
            (0, &[2, 1, 3]),
            (2, &[1]),
            (3, &[1]),
        ];
        for _ in 0..2 {
            eight.iter().for_each(|(reference, digests)| score(*reference, digests).expect("one of eight"));
            assert_eq!(lines(folder.path()), 8);
            for (reference, digests) in [(4, [1].as_slice()), (1, &[1, 3]), (0, &[1, 4])] {
                assert_eq!(refused(score(reference, digests)), (folders[0].clone(), 8));
            }
        }
        assert_eq!(lines(folder.path()), 8, "what was refused is not on record");
        // The datasets' order is the prover's choice: the score is the same.
        score(0, &[2, 1]).expect("one of eight");
        score(0, &[3, 2, 1]).expect("one of eight");
    }

    #[test]
    fn a_ninth_that_was_asked_for_is_given_and_is_on_record() {
        let folder = opening();
        let folders = [folder.path().to_owned()];
        let score = |reference, limit| score(&folders, reference, &[1], limit);
        (0..8).for_each(|reference| score(reference, ScoreLimit::Eight).expect("one of eight"));
        refused(score(8, ScoreLimit::Eight));
        score(8, ScoreLimit::None).expect("asked for");
        score(8, ScoreLimit::Eight).expect("given away already");
        assert_eq!(refused(score(9, ScoreLimit::Eight)), (folders[0].clone(), 9));
    }

    #[test]
    fn a_score_is_on_record_beside_every_opening_that_it_is_of_or_beside_none() {
        let (one, two) = (opening(), opening());
        let folders = [one.path().to_owned(), two.path().to_owned()];
        let eight = ScoreLimit::Eight;
        score(&folders, 0, &[1, 2], eight).expect("the first of both");
        (1..8).for_each(|reference| score(&folders[1..], reference, &[2], eight).expect("one of eight"));
        assert_eq!(refused(score(&folders, 1, &[1, 2], eight)), (folders[1].clone(), 8));
        assert_eq!((lines(one.path()), lines(two.path())), (1, 8));
        score(&folders, 0, &[2, 1], eight).expect("known to both");
    }

    #[test]
    fn of_many_at_once_no_more_than_eight_are_let_through() {
        let folder = opening();
        let folders = [folder.path().to_owned()];
        let attempt = |reference| score(&folders, reference, &[1], ScoreLimit::Eight).is_ok();
        assert_eq!(allowed_at_once(attempt), MOST_SCORES);
        assert_eq!(lines(folder.path()), MOST_SCORES);
    }

    #[test]
    fn a_list_that_was_altered_is_refused_whatever_is_asked_for() {
        let folder = opening();
        let folders = [folder.path().to_owned()];
        score(&folders, 0, &[1], ScoreLimit::Eight).expect("the first");
        let path = folder.path().join(SCORED_FILE);
        let text = fs::read_to_string(&path).expect("a list");
        for altered in
            [&text[..text.len() - 1], &text[..70], &format!("{text}junk\n"), &text.replace(' ', "\t")]
        {
            fs::write(&path, altered).expect("written");
            for limit in [ScoreLimit::Eight, ScoreLimit::None] {
                let error = score(&folders, 0, &[1], limit).expect_err("altered");
                assert!(matches!(error, ScoredError::List(UseListError::Line { .. })), "{error}");
            }
        }
    }
}
