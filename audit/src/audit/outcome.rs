//! What an audit found: every epoch, dataset and strike as computed again, and what is not as it should be.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use fairshare_circuits::numeric::decay::Decay;
use fairshare_circuits::numeric::divergence::per_record;
use fairshare_formats::archive::Heading;
use fairshare_formats::eip55;
use fairshare_formats::excerpt::escaped;
use fairshare_formats::ledger::Tenths;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Token;
use fairshare_params::rules::Terms;

use super::{Finding, NoParameters};
use crate::registry::{Identity, Ineligible, State};
use crate::settlement::{DataWeights, Payout};

/// What an audit found.
#[derive(Debug)]
pub struct Report {
    /// Whose ledger it is, as it says itself.
    pub heading: Heading,
    /// Whose ledger it is, by its rules; none if it has none.
    pub identity: Option<Identity>,
    /// The head that its entries lead to.
    pub head: Digest,
    /// Every epoch, in order.
    pub epochs: Vec<EpochReport>,
    /// Every dataset on record, in order.
    pub datasets: Vec<DatasetReport>,
    /// Strikes, in order.
    pub strikes: Vec<Strike>,
    /// What was listed to be paid in all, in base units, and how often somebody was.
    pub sent: (u128, u64),
    /// Payments that were confirmed.
    pub confirmed: u64,
    /// What the contract has paid in all, in base units, and by how many claims, if the ledger follows one.
    pub claimed: (u128, u64),
    /// What was earned and is on no list, in base units, and how many have earned it; nothing where
    /// contributors claim from a contract.
    pub due: (u128, u64),
    /// Everything that is not as it should be, in order; at most [`MAX_FINDINGS`].
    pub findings: Vec<Found>,
    /// How many more there are.
    pub more_findings: u64,
    /// Epochs that were not audited, in order, for want of parameters. They may hide anything.
    pub unaudited: Vec<NoParameters>,
    /// Bundles verified.
    pub bundles: u64,
}

/// Most findings that are kept: a report of more is not read to its end.
pub const MAX_FINDINGS: usize = 1_000;

/// A finding and where it was made.
#[derive(Debug)]
pub struct Found {
    /// The entry, from 1; none where it is of the whole ledger.
    pub entry: Option<u64>,
    /// The epoch, where there is one.
    pub epoch: Option<u64>,
    /// What.
    pub finding: Finding,
}

/// One epoch, as computed again.
#[derive(Debug)]
pub struct EpochReport {
    /// Its number.
    pub number: u64,
    /// The rules that are their own words.
    pub terms: Terms,
    /// How its policy would have people read amounts.
    pub token: Option<Token>,
    /// λ of data and its decay.
    pub data_decay: Decay,
    /// `bins'`, by which scores of data are lowered.
    pub free_bins: u64,
    /// The schema's hash.
    pub schema_hash: Digest,
    /// The reference's hash.
    pub reference_hash: Digest,
    /// What it pays, in base units, without what was brought to it: what its rules name, or what was funded.
    /// None while nobody can know it.
    pub pool: Option<u128>,
    /// The rules hash on record, which is the ledger's word.
    pub recorded_rules_hash: Digest,
    /// What it was verified under; none where it was not verified.
    pub basis: Option<Basis>,
    /// The first of the epochs before it, if there is any, that was not verified: what this one brings, and
    /// what was earned before it, is then the record's word.
    pub unverified_before: Option<u64>,
    /// Its state on record.
    pub state: State,
    /// What was brought from the epoch before.
    pub brought: Tenths,
    /// What is carried to the next: the whole of a pool without weight.
    pub left: Tenths,
    /// What rounding leaves in the vault.
    pub rounding: Tenths,
    /// The root of its claims, computed again.
    pub root: Option<Digest>,
    /// The sum of all claims up to it.
    pub claims_total: u128,
    /// Every contributor with a verified score, by address; none where [`Self::unlisted`] says so.
    pub lines: BTreeMap<Address, Line>,
    /// How many contributors it had whose lines were given up: of a ledger with more than
    /// [`MAX_LINES`](super::MAX_LINES) the latest epochs' are kept.
    pub unlisted: u64,
}

/// What an epoch was verified under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The rules hash, computed again.
    pub rules_hash: Digest,
    /// The reference string's fingerprint.
    pub srs: Digest,
    /// Whether everybody knows its trapdoor.
    pub insecure: bool,
}

/// One contributor in one epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Records of its data.
    pub records: u64,
    /// Its verified data score, in 1/256 nat.
    pub data: Option<u64>,
    /// The latest round of the datasets that the data score covers.
    pub latest: Option<u64>,
    /// Its verified compute score, 48 fractional bits.
    pub compute: Option<u64>,
    /// What it earns, computed again.
    pub payout: Payout,
}

impl Line {
    /// Its divergence per record in nats, 48 fractional bits.
    pub fn divergence(&self) -> Option<u128> {
        let records = u32::try_from(self.records).ok().and_then(NonZeroU32::new)?;
        Some(per_record(self.data?, records))
    }
}

/// A dataset and what became of it, epoch by epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetReport {
    /// The entry that registered it.
    pub index: u64,
    /// Its digest.
    pub digest: Digest,
    /// Whose it is.
    pub contributor: Address,
    /// The round.
    pub round: u64,
    /// Its records.
    pub records: u32,
    /// What became of it in each closed epoch whose data window has its round; of a ledger with more than
    /// [`MAX_FATES`](super::MAX_FATES) of them the first ones.
    pub fates: Vec<(u64, Fate)>,
}

/// What became of a dataset in an epoch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fate {
    /// A bundle that counts covers it.
    #[error("counted")]
    Counted,
    /// Its contributor's bundle does not cover it.
    #[error("left out by its contributor")]
    LeftOut,
    /// Its contributor has no bundle.
    #[error("not proved in time")]
    Unproved,
    /// It does not count.
    #[error("does not count: {0}")]
    Ineligible(#[source] Ineligible),
}

/// A strike on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strike {
    /// The entry.
    pub index: u64,
    /// The dataset or the node, in words.
    pub target: String,
    /// Why.
    pub reason: String,
}

impl EpochReport {
    /// What the weight of data depends on in it, besides the data.
    pub fn data_weights(&self) -> DataWeights<'_> {
        DataWeights {
            decay: &self.data_decay,
            weighting: self.terms.weighting,
            free_bins: self.free_bins,
            window: self.terms.data_first_round..=self.terms.last_round(),
        }
    }
}

impl Report {
    /// Whether everything was audited, and was as it should be.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.unaudited.is_empty()
    }

    /// Adds what was found of an entry beside it, in the database that the ledger is kept in.
    pub fn add_beside(&mut self, entry: u64, table: &'static str) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(Found { entry: Some(entry), epoch: None, finding: Finding::Beside { table } });
        } else {
            self.more_findings = self.more_findings.saturating_add(1);
        }
    }

    /// How many findings there are.
    pub fn finding_count(&self) -> u64 {
        self.more_findings.saturating_add(self.findings.len() as u64)
    }

    /// The last settled epoch, or the last one where none is settled.
    pub fn last(&self) -> Option<&EpochReport> {
        let settled = self.epochs.iter().rev().find(|epoch| epoch.state == State::Settled);
        settled.or(self.epochs.last())
    }

    /// Every finding in one line of words, with its place and its causes, cut to some 2,000 bytes.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.findings.iter().map(in_words)
    }
}

/// Longest line about one finding, in bytes: a policy may have a hundred errors.
const MAX_LINE: usize = 2000;

fn in_words(found: &Found) -> String {
    let causes = eip55::chain(&found.finding).map(|cause| {
        let mut lines = cause.lines().map(str::trim);
        // `3 errors:` and the errors.
        let first = lines.next().unwrap_or_default();
        let others: Vec<_> = lines.collect();
        if others.is_empty() { first.to_owned() } else { format!("{first} {}", others.join("; ")) }
    });
    let place = match (found.entry, found.epoch) {
        (Some(entry), Some(epoch)) => format!("entry {entry}, epoch {epoch}"),
        (Some(entry), None) => format!("entry {entry}"),
        (None, Some(epoch)) => format!("epoch {epoch}"),
        (None, None) => "the ledger".to_owned(),
    };
    let mut line = escaped(&format!("{place}: {}", causes.collect::<Vec<_>>().join(": ")));
    if line.len() > MAX_LINE {
        line.truncate(line.floor_char_boundary(MAX_LINE));
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_divergence_of_a_record_where_there_is_data() {
        // A nat over two records.
        let line = Line { records: 2, data: Some(256), ..Line::default() };
        assert_eq!(line.divergence(), Some(1 << 47));
        assert_eq!(Line::default().divergence(), None);
        assert_eq!(Line { compute: Some(5), ..Line::default() }.divergence(), None);
    }
}
