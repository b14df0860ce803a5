//! From the columns to a schema: which become features, with which bins, in which geometry.

use fairshare_params::Geometry;
use fairshare_params::schema::{Column, Feature, Rule, Schema};

use crate::budget::{self, LEAST_BINS, NUMERIC_BINS};
use crate::edges::edges;
use crate::error::DraftError;
use crate::guess::{Asked, Candidate, Guess, guess};
use crate::options::Options;
use crate::pairs::{self, MOST_COLUMNS, Numbered};
use crate::profile::Profile;
use crate::remark::{Finding, Remark};

/// Most full segments of the largest part that a geometry is chosen for.
const SEGMENTS: u64 = 16;
/// Most pairs that are said to depend on each other, and most that are proposed to be crossed.
const MOST_PAIRS: usize = 8;
const MOST_PROPOSED: usize = 3;
/// Most bytes of all labels, as they are written: a policy has a megabyte.
const LABEL_BYTES: usize = 700 << 10;

/// What a draft is made of, once the columns are known.
pub(crate) struct Plan {
    /// The schema.
    pub schema: Schema,
    /// The circuits' shape.
    pub geometry: Geometry,
    /// Columns that follow from others, and would be these features.
    pub dropped: Vec<Column>,
    /// Pairs of features that depend on each other.
    pub pairs: Vec<Pair>,
    /// Records of the smallest contribution that is expected.
    pub expected_records: u64,
    /// What is to be said of the data.
    pub remarks: Vec<Remark>,
}

/// Two features that depend on each other.
pub(crate) struct Pair {
    /// Their names.
    pub names: [String; 2],
    /// What they share, in nats per record.
    pub nats: f64,
    /// Bins of the feature that crosses them.
    pub bins: usize,
    /// Whether the draft proposes to cross them.
    pub proposed: bool,
}

/// How large the parts are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Records of the smallest.
    pub smallest: u64,
    /// Records of the largest.
    pub largest: u64,
}

impl Plan {
    /// The same without these features; whether each feature stays, in the schema's order.
    pub(crate) fn without(&mut self, names: &[String]) -> Result<Vec<bool>, DraftError> {
        let stays: Vec<_> = self
            .schema
            .features()
            .iter()
            .map(|feature| !names.iter().any(|name| name == feature.name()))
            .collect();
        let kept = self.schema.features().iter().zip(&stays).filter(|(_, stays)| **stays);
        let kept: Vec<_> = kept.map(|(feature, _)| feature.clone()).collect();
        if kept.is_empty() {
            let why = "most cells of every column are empty or have a label that is not frequent enough; \
            give \
                       --accept-unmatched to have them all the same";
            return Err(DraftError::NoFeatures { why: why.to_owned() });
        }
        self.schema = Schema::new(kept, self.geometry.alphabet())?;
        self.pairs.retain(|pair| !pair.names.iter().any(|name| names.contains(name)));
        Ok(stays)
    }

    pub(crate) fn new(profile: &Profile, options: &Options, sizes: Sizes) -> Result<Self, DraftError> {
        let expected_records = options.expected_records.unwrap_or(sizes.smallest).max(1);
        let mut remarks = Vec::new();
        let candidates = candidates(profile, options, expected_records, &mut remarks)?;
        if candidates.is_empty() {
            let why: Vec<_> = remarks.iter().take(3).map(Remark::to_string).collect();
            return Err(DraftError::NoFeatures { why: why.join(" ") });
        }
        let budget = budget::free_bins(expected_records);
        let rules = rules(&candidates, budget, most_symbols(options));
        let follow = following(profile, &candidates, &rules, &mut remarks);
        let (kept, dropped): (Vec<_>, Vec<_>) =
            candidates.iter().zip(&follow).partition(|(_, follows)| !**follows);
        let kept: Vec<_> = kept.into_iter().map(|(candidate, _)| candidate.clone()).collect();
        let dropped: Vec<_> = dropped.into_iter().map(|(candidate, _)| candidate.clone()).collect();
        let rules = self::rules(&kept, budget, most_symbols(options));
        let columns = columns(&kept, &rules);
        let cells = sizes.largest.saturating_mul(u64::try_from(kept.len()).unwrap_or(u64::MAX));
        let geometry = geometry(options, &columns, cells)?;
        let schema = Schema::new(columns.into_iter().map(Feature::Column).collect(), geometry.alphabet())?;
        let bounds = Bounds { alphabet: geometry.alphabet(), expected_records };
        let pairs = depending(profile, &kept, &rules, &schema, bounds);
        let all = self::rules(&dropped, budget, most_symbols(options));
        let dropped = self::columns(&dropped, &all);
        Ok(Self { schema, geometry, dropped, pairs, expected_records, remarks })
    }
}

/// The columns that may become features.
fn candidates(
    profile: &Profile,
    options: &Options,
    expected_records: u64,
    remarks: &mut Vec<Remark>,
) -> Result<Vec<Candidate>, DraftError> {
    let named = [(&options.leave_out, "--leave-out"), (&options.categorical, "--categorical")];
    for (names, option) in named {
        for name in names {
            if !profile.columns().iter().any(|column| column.name() == name) {
                return Err(DraftError::UnknownColumn { column: name.clone(), option });
            }
        }
    }
    let asked = Asked { expected_records, categorical: &options.categorical };
    let wanted = profile.columns().iter().enumerate();
    let wanted = wanted.filter(|(_, column)| !options.leave_out.iter().any(|name| name == column.name()));
    Ok(wanted.filter_map(|(place, _)| guess(profile, place, asked, remarks)).collect())
}

/// Symbols that the schema may have: of the geometry that is asked for, or of the largest.
fn most_symbols(options: &Options) -> usize {
    options.geometry.unwrap_or(Geometry::LARGE).alphabet()
}

/// Bins for all candidates, within the budget and the alphabet.
fn rules(candidates: &[Candidate], free_bins: usize, alphabet: usize) -> Vec<Rule> {
    // Each feature has bins for other and for missing values, whether they occur or not; symbol 0 is padding.
    let spare = 2 * candidates.len() + 1;
    let room = alphabet.saturating_sub(spare).saturating_sub(candidates.len());
    let wants: Vec<_> = candidates
        .iter()
        .map(|candidate| match candidate.guess {
            Guess::Numeric { .. } => candidate.guess.bins().min(NUMERIC_BINS),
            Guess::Categorical { .. } => candidate.guess.bins(),
        })
        .collect();
    let mut total = free_bins.min(room);
    loop {
        let shared = budget::share(&wants, total);
        let made: Vec<_> =
            candidates.iter().zip(shared).map(|(candidate, bins)| rule(candidate, bins)).collect();
        let bytes: usize = made.iter().map(written).sum();
        if bytes <= LABEL_BYTES || total <= candidates.len() * LEAST_BINS {
            return made;
        }
        total /= 2;
    }
}

fn rule(candidate: &Candidate, bins: usize) -> Rule {
    match &candidate.guess {
        Guess::Numeric { values, range } => Rule::Numeric { edges: edges(values, *range, bins.max(2)) },
        Guess::Categorical { labels, others } => {
            // Where some are not listed, the bin of all others is one of those that occur.
            let listed = if *others || labels.len() > bins { bins.saturating_sub(1) } else { bins };
            Rule::Categorical { labels: labels.iter().take(listed.max(1)).cloned().collect() }
        }
    }
}

/// Bytes that the labels take in a policy, at most.
fn written(rule: &Rule) -> usize {
    match rule {
        Rule::Numeric { edges } => 24 * edges.len(),
        // A control character takes six.
        Rule::Categorical { labels } => labels.iter().map(|label| 6 * label.len() + 4).sum(),
    }
}

fn columns(candidates: &[Candidate], rules: &[Rule]) -> Vec<Column> {
    let of =
        |(candidate, rule): (&Candidate, &Rule)| Column { name: candidate.name.clone(), rule: rule.clone() };
    candidates.iter().zip(rules).map(of).collect()
}

/// The smallest geometry in which the schema and the rounds fit, and whose segments are not too many.
fn geometry(options: &Options, columns: &[Column], cells: u64) -> Result<Geometry, DraftError> {
    let needed = columns.iter().map(Column::bins).sum::<usize>() + 1;
    let rounds = options.terms.rounds.map_or(2, |(_, count)| count);
    let fits = |geometry: Geometry| needed <= geometry.alphabet();
    let covers = |geometry: Geometry| {
        rounds >= 2 && usize::try_from(rounds).is_ok_and(|rounds| rounds <= geometry.rounds())
    };
    let few = |geometry: Geometry| {
        let segment = u64::try_from(geometry.largest_segment().symbols()).unwrap_or(u64::MAX);
        cells / segment.max(1) < SEGMENTS
    };
    let candidates: Vec<_> = match options.geometry {
        Some(geometry) => vec![geometry],
        None => Geometry::ALL.into_iter().filter(|geometry| fits(*geometry) && covers(*geometry)).collect(),
    };
    let chosen = candidates.iter().copied().find(|geometry| few(*geometry));
    let geometry = chosen.or_else(|| candidates.last().copied()).unwrap_or(Geometry::LARGE);
    if !fits(geometry) {
        let (features, bound) = (columns.len(), geometry.alphabet());
        return Err(DraftError::TooManySymbols { features, needed, geometry, bound });
    }
    if !covers(geometry) {
        return Err(DraftError::Rounds { found: rounds, geometry, bound: geometry.rounds() });
    }
    Ok(geometry)
}

/// Which candidates are left out because they follow from others.
fn following(
    profile: &Profile,
    candidates: &[Candidate],
    rules: &[Rule],
    remarks: &mut Vec<Remark>,
) -> Vec<bool> {
    let mut dropped = vec![false; candidates.len()];
    let compared = candidates.len().min(MOST_COLUMNS);
    let different = pairs::different(profile.sample());
    let numbered: Vec<_> = candidates
        .iter()
        .zip(rules)
        .take(compared)
        .map(|(candidate, rule)| {
            let place = candidate.place;
            (Numbered::exact(profile.sample(), place), Numbered::binned(profile.sample(), place, rule))
        })
        .collect();
    // From the last one, so that of two that follow from each other the first stays.
    for second in (0..compared).rev() {
        let Some((exact, bins)) = numbered.get(second) else { continue };
        let is_kept = |place: usize| dropped.get(place).is_some_and(|dropped| !dropped);
        let found = numbered.iter().enumerate().find(|(first, (other, _))| {
            *first != second
                && is_kept(*first)
                && !other.identifies(different)
                && pairs::follows(other, exact)
        });
        let (Some((first, (other, other_bins))), Some(candidate)) = (found, candidates.get(second)) else {
            continue;
        };
        let drops = pairs::bins_follow(other_bins, bins);
        if let Some(dropped) = dropped.get_mut(second) {
            *dropped = drops;
        }
        let by = candidates.get(first).map_or("", |candidate| candidate.name.as_str());
        let finding = Finding::Determined { both: pairs::follows(exact, other), dropped: drops };
        remarks.push(Remark::on_both(&candidate.name, by, finding));
    }
    dropped
}

/// What a crossed feature may take.
#[derive(Clone, Copy)]
struct Bounds {
    alphabet: usize,
    expected_records: u64,
}

/// The pairs that depend on each other, and which of them could be crossed together.
fn depending(
    profile: &Profile,
    kept: &[Candidate],
    rules: &[Rule],
    schema: &Schema,
    bounds: Bounds,
) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = Vec::new();
    let mut symbols = schema.symbol_count();
    for (nats, first, second) in dependent(profile, kept, rules) {
        let (Some(a), Some(b)) = (schema.features().get(first), schema.features().get(second)) else {
            continue;
        };
        let bins = a.bins().saturating_mul(b.bins());
        let more = bins.saturating_sub(a.bins() + b.bins());
        let fits = symbols.saturating_add(more) <= bounds.alphabet
            && bins <= budget::free_bins(bounds.expected_records);
        let names = [a.name(), b.name()].map(str::to_owned);
        let mut crossed = pairs.iter().filter(|pair| pair.proposed);
        // A feature is crossed once.
        let is_free = !crossed.clone().flat_map(|pair| &pair.names).any(|name| names.contains(name));
        let proposed = fits && is_free && crossed.by_ref().count() < MOST_PROPOSED;
        if proposed {
            symbols += more;
        }
        if proposed || !fits {
            pairs.push(Pair { names, nats, bins, proposed });
        }
    }
    pairs
}

/// The pairs that depend on each other most, with the nats that they share.
fn dependent(profile: &Profile, kept: &[Candidate], rules: &[Rule]) -> Vec<(f64, usize, usize)> {
    let compared = kept.iter().zip(rules).take(MOST_COLUMNS);
    let bins: Vec<_> =
        compared.map(|(candidate, rule)| Numbered::binned(profile.sample(), candidate.place, rule)).collect();
    let mut pairs = Vec::new();
    for (second, b) in bins.iter().enumerate() {
        for (first, a) in bins.iter().enumerate().take(second) {
            if let Some(nats) = pairs::dependence(a, b) {
                pairs.push((nats, first, second));
            }
        }
    }
    pairs.sort_by(|(a, ..), (b, ..)| b.total_cmp(a));
    pairs.truncate(MOST_PAIRS);
    pairs
}
