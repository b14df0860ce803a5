//! The numbers of the rules that follow from the data: cap, minimum, smoothing, λ.

use std::num::NonZeroU32;
use std::path::PathBuf;

use fairshare_audit::settlement::DataWeights;
use fairshare_circuits::numeric::decay::Decay;
use fairshare_circuits::numeric::divergence::{FeatureCounts, divergence, per_record};
use fairshare_circuits::numeric::fixed::{FRACTION_BITS, parse_fixed48};
use fairshare_params::policy::Weighting;
use fairshare_params::reference::{Reference, SmoothedReference};
use fairshare_params::schema::Schema;

use crate::budget;
use crate::error::DraftError;
use crate::options::Options;
use crate::plan::Pair;
use crate::remark::{Crossing, Finding, Remark};

/// The cap is at least so many times what chance makes of the smallest contribution that is expected.
pub(crate) const CAP_OVER_BIAS: f64 = 10.0;
/// How much more the first round pays than the last.
pub(crate) const FIRST_OVER_LAST: f64 = 2.0;
/// Fewer records than these are warned of.
pub(crate) const FEW_RECORDS: u64 = 100;
/// Most pairs that are proposed to be crossed.
const MOST_PROPOSED: usize = 3;
/// Records of the reference for each one that smoothing adds to a bin.
pub(crate) const RECORDS_PER_PSEUDO_COUNT: u64 = 1_000_000;

/// A contributor's part under the draft.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its file.
    pub path: PathBuf,
    /// Its records.
    pub records: u64,
    /// Its score, in 1/256 nat.
    pub score: u64,
    /// The same per record, in nats.
    pub nats_per_record: f64,
    /// What it is worth before decay (PROTOCOL section 10), in 1/256 nat; 0 where it has fewer records than
    /// the minimum.
    pub worth: u128,
}

/// Numbers of the rules, as the draft writes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// What smoothing adds to every bin.
    pub pseudo_count: u32,
    /// Bins that occur in the reference, less one per feature: chance adds half a nat to a score for each.
    pub free_bins: u64,
    /// The most that a record can weigh on average, in nats.
    pub cap: String,
    /// The fewest records that are paid for.
    pub min_records: u32,
    /// λ of data.
    pub data_lambda: String,
    /// λ of computing power.
    pub compute_lambda: String,
}

impl Figures {
    /// Nats per record that chance makes of a contribution of so many records.
    pub fn bias(&self, records: u64) -> f64 {
        bias(self.free_bins, records)
    }
}

fn bias(free_bins: u64, records: u64) -> f64 {
    free_bins as f64 / (2.0 * records.max(1) as f64)
}

/// The counts of a part, by symbol.
pub(crate) struct Counted {
    pub path: PathBuf,
    pub histogram: Vec<u64>,
}

/// What all parts are scored by.
pub(crate) struct Scoring<'a> {
    pub options: &'a Options,
    pub schema: &'a Schema,
    pub reference: &'a Reference,
    pub alphabet: usize,
    pub reference_records: u64,
    pub expected_records: u64,
    pub rounds: u32,
}

impl Scoring<'_> {
    /// The numbers, and what each part would be worth under them.
    pub(crate) fn figures(
        &self,
        parts: &[Counted],
        pairs: &mut [Pair],
        remarks: &mut Vec<Remark>,
    ) -> Result<(Figures, Vec<Part>), DraftError> {
        let terms = &self.options.terms;
        let by_records = (self.reference_records / RECORDS_PER_PSEUDO_COUNT).max(1);
        let pseudo_count =
            terms.pseudo_count.unwrap_or_else(|| u32::try_from(by_records).unwrap_or(u32::MAX));
        let smoothed = self.reference.smooth(self.schema, pseudo_count, self.alphabet)?;
        let mut parts = self.scored(&smoothed, parts)?;
        let cap = match &terms.cap {
            Some(cap) => cap.clone(),
            None => self.cap(&smoothed, &parts),
        };
        let smallest = parts.iter().map(|part| part.records).min().unwrap_or(1).max(1);
        let smallest = smallest.min(self.expected_records);
        let most = terms.min_records.map_or(smallest / 2, u64::from);
        let crossed = self.propose(smoothed.free_bins(), &cap, most, pairs);
        let min_records = match terms.min_records {
            Some(least) => least,
            None => min_records(smoothed.free_bins(), &cap, smallest, crossed),
        };
        let (data_lambda, compute_lambda) = self.lambdas()?;
        let free_bins = smoothed.free_bins();
        let figures = Figures { pseudo_count, free_bins, cap, min_records, data_lambda, compute_lambda };
        weigh(&figures, &mut parts, remarks)?;
        Ok((figures, parts))
    }

    fn scored(&self, smoothed: &SmoothedReference, parts: &[Counted]) -> Result<Vec<Part>, DraftError> {
        parts.iter().map(|part| self.score(smoothed, part)).collect()
    }

    /// The score that a proof would show.
    fn score(&self, smoothed: &SmoothedReference, part: &Counted) -> Result<Part, DraftError> {
        // Whoever counts refuses 2^32 records and more.
        let counts: Vec<u32> =
            part.histogram.iter().map(|count| u32::try_from(*count).unwrap_or(u32::MAX)).collect();
        let features = (0..self.schema.len()).map(|feature| FeatureCounts {
            counts: counts.get(self.schema.symbols(feature)).unwrap_or_default(),
            reference: smoothed.by_symbol().get(self.schema.symbols(feature)).unwrap_or_default(),
        });
        let features: Vec<_> = features.collect();
        let found =
            divergence(&features).map_err(|source| DraftError::Score { path: part.path.clone(), source })?;
        let nats = NonZeroU32::new(found.n).map_or(0, |records| per_record(found.score, records));
        Ok(Part {
            path: part.path.clone(),
            records: found.n.into(),
            score: found.score,
            nats_per_record: nats as f64 / (1u64 << FRACTION_BITS) as f64,
            worth: 0,
        })
    }

    /// What the most divergent part reaches, or ten times what chance makes of the smallest contribution.
    fn cap(&self, smoothed: &SmoothedReference, parts: &[Part]) -> String {
        let reached = parts.iter().map(|part| part.nats_per_record).fold(0.0, f64::max);
        let least = CAP_OVER_BIAS * bias(smoothed.free_bins(), self.expected_records);
        rounded_up(reached.max(least).clamp(1e-6, 30_000.0))
    }

    /// Proposes to cross the pairs that depend on each other most. All that are proposed fit the geometry
    /// together, and leave the rules valid if at most `most` records are asked for. Returns how many records
    /// are needed when all of them are crossed, 0 if there are none.
    fn propose(&self, free_bins: u64, cap: &str, most: u64, pairs: &mut [Pair]) -> u64 {
        let (mut free, mut symbols) = (free_bins, self.schema.symbol_count());
        let mut crossed: Vec<String> = Vec::new();
        for pair in pairs {
            let more = free.saturating_add(u64::try_from(pair.bins).unwrap_or(u64::MAX));
            let fits = symbols.saturating_add(pair.more) <= self.alphabet
                && pair.bins <= budget::free_bins(self.expected_records)
                && needed(more, cap) <= most;
            pair.crossing = if !fits {
                Crossing::TooManyBins
            } else if pair.names.iter().any(|name| crossed.contains(name)) {
                Crossing::AlreadyCrossed
            } else if crossed.len() >= 2 * MOST_PROPOSED {
                Crossing::Enough
            } else {
                (free, symbols) = (more, symbols + pair.more);
                crossed.extend(pair.names.iter().cloned());
                Crossing::Proposed
            };
        }
        if free > free_bins { needed(free, cap) } else { 0 }
    }

    fn lambdas(&self) -> Result<(String, String), DraftError> {
        let terms = &self.options.terms;
        let last = self.rounds.saturating_sub(1).max(1);
        let chosen = || decimal(FIRST_OVER_LAST.ln() / f64::from(last));
        let data = terms.data_lambda.clone().unwrap_or_else(chosen);
        let half = || decimal(data.parse::<f64>().unwrap_or_default() / 2.0);
        let compute = terms.compute_lambda.clone().unwrap_or_else(half);
        // Refused here with what was given; how they compare, the rules say.
        for lambda in [&data, &compute] {
            Decay::from_decimal(lambda)?;
        }
        Ok((data, compute))
    }
}

/// The fewest records that could weigh anything under so many free bins, as `RuleError::NeverWeighs` has it.
fn needed(free_bins: u64, cap: &str) -> u64 {
    // ⌊n·cap/2^40⌋ has to be above the bias.
    let cap = u128::from(parse_fixed48(cap).unwrap_or(1).max(1));
    let more = ((u128::from(free_bins) << 7) + 1).saturating_mul(1 << 40);
    u64::try_from(more.div_ceil(cap)).unwrap_or(u64::MAX)
}

/// Twice as many as could weigh anything, at least a hundred, and enough for the pairs that are proposed; but
/// not more than the smallest part has.
fn min_records(free_bins: u64, cap: &str, smallest: u64, crossed: u64) -> u32 {
    let needed = needed(free_bins, cap);
    let wanted = needed.saturating_mul(2).max(FEW_RECORDS).max(crossed).min(smallest);
    u32::try_from(wanted.max(needed)).unwrap_or(u32::MAX)
}

/// What each part is worth, and which are worth nothing.
fn weigh(figures: &Figures, parts: &mut [Part], remarks: &mut Vec<Remark>) -> Result<(), DraftError> {
    let decay = Decay::from_decimal(&figures.data_lambda)?;
    // A cap that does not parse is refused with its key when the draft is read.
    let weighting = Weighting::RecordsDivergence { cap: parse_fixed48(&figures.cap).unwrap_or(1) };
    let weights = DataWeights { decay: &decay, weighting, free_bins: figures.free_bins, window: 0..=1 };
    let is_one = parts.len() == 1;
    for part in parts {
        let records = u32::try_from(part.records).ok().and_then(NonZeroU32::new);
        let name = || part.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if part.records < u64::from(figures.min_records) {
            let records = part.records;
            remarks.push(Remark::on_all(Finding::BelowMinimum { part: name(), records }));
            continue;
        }
        part.worth = records.map_or(0, |records| weights.g(part.score, records));
        if part.worth == 0 && !is_one {
            let (nats, bias) = (part.nats_per_record, figures.bias(part.records));
            remarks.push(Remark::on_all(Finding::NoWeight { part: name(), nats, bias }));
        }
    }
    Ok(())
}

/// A number as a plain decimal of two digits, not below it.
fn rounded_up(value: f64) -> String {
    let (digits, exponent) = scientific(value, 17);
    let step = 10f64.powi(exponent - 1);
    let up = (digits * 10.0 - 1e-9).ceil() * step;
    let places = usize::try_from(1 - exponent).unwrap_or(0);
    trimmed(format!("{up:.places$}"))
}

/// A number as a plain decimal of three digits.
fn decimal(value: f64) -> String {
    let (_, exponent) = scientific(value, 2);
    let places = usize::try_from(2 - exponent).unwrap_or(0).min(36);
    trimmed(format!("{value:.places$}"))
}

/// Without zeros behind the last digit of a fraction.
fn trimmed(text: String) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The digits before an exponent of ten, and the exponent.
fn scientific(value: f64, digits: usize) -> (f64, i32) {
    let text = format!("{value:.digits$e}");
    let (head, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (head.parse().unwrap_or_default(), exponent.parse().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_plain_and_short() {
        for (value, up, three) in [
            (0.123_4, "0.13", "0.123"),
            (1.0, "1", "1"),
            (1.201, "1.3", "1.2"),
            (0.009_91, "0.01", "0.00991"),
            (123.4, "130", "123"),
            (0.000_020_999, "0.000021", "0.000021"),
            (1e-6, "0.000001", "0.000001"),
        ] {
            assert_eq!((rounded_up(value).as_str(), decimal(value).as_str()), (up, three));
            assert!(rounded_up(value).parse::<f64>().unwrap() >= value);
            assert!(parse_fixed48(&rounded_up(value)).is_ok() && parse_fixed48(&decimal(value)).is_ok());
        }
    }

    /// The page says what the draft does.
    #[test]
    fn the_page_on_policies_has_these_rules() {
        use crate::budget::{LEAST_BINS, MAX_LABELS, NUMERIC_BINS, RECORDS_PER_BIN};
        let page = include_str!("../../docs/policy.md").split_whitespace().collect::<Vec<_>>().join(" ");
        for rule in [
            format!("**one free bin for every {RECORDS_PER_BIN} records**"),
            format!("No feature has fewer than {LEAST_BINS}."),
            format!("A numeric feature has at most {NUMERIC_BINS} bins."),
            format!("A feature has at most {MAX_LABELS} labels."),
            format!("at least {CAP_OVER_BIAS} times what chance makes of the smallest contribution"),
            format!("`{CAP_OVER_BIAS} · F/2n`"),
            format!("It takes at least {FEW_RECORDS}, and never more than the smallest part has."),
            "takes 1 for every 1,000,000 records of the reference, and at least 1".to_owned(),
            format!("`ln {FIRST_OVER_LAST} / (rounds − 1)`"),
        ] {
            assert!(page.contains(&rule), "{rule}");
        }
        assert_eq!(RECORDS_PER_PSEUDO_COUNT, 1_000_000);
        // Twice what is needed: F / cap, where that is neither too few nor too many.
        assert_eq!(min_records(300, "0.5", 10_000, 0), 602);
        assert_eq!((min_records(3, "1", 10_000, 0), min_records(300, "0.5", 500, 0)), (100, 500));
    }
}
