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
use crate::remark::{Crossing, Finding, Remark};

/// Most full segments of the largest part that a geometry is chosen for.
const SEGMENTS: u64 = 16;
/// Most pairs that are said to depend on each other, one by one.
const MOST_PAIRS: usize = 64;
/// Most bytes of all labels, as they are written: a policy has a megabyte.
const LABEL_BYTES: usize = 700 << 10;
/// Symbols that records can be counted by, more than any geometry has.
const COUNTED_SYMBOLS: usize = 1 << 16;

/// The columns that may be features, with their bins: what is counted before it is known which stay.
pub(crate) struct Choice {
    /// A feature for each column, in order. Those that follow from others are among them.
    pub schema: Schema,
    candidates: Vec<Candidate>,
    /// Their rules in the schema.
    rules: Vec<Rule>,
    /// Their rules if all of them were features. By these it is judged which follow from others.
    together: Vec<Rule>,
    sizes: Sizes,
    expected_records: u64,
    remarks: Vec<Remark>,
}

/// What a draft is made of.
pub(crate) struct Plan {
    /// The schema.
    pub schema: Schema,
    /// The places of its features among those of the choice.
    pub kept: Vec<usize>,
    /// The circuits' shape.
    pub geometry: Geometry,
    /// Columns that follow from others, and would be these features.
    pub dropped: Vec<Column>,
    /// Pairs of features that depend on each other, those first that do so most.
    pub pairs: Vec<Pair>,
    /// How many more pairs there are.
    pub more_pairs: usize,
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
    /// How many more these are than the two have apart.
    pub more: usize,
    /// Whether the draft proposes to cross them.
    pub crossing: Crossing,
}

/// How large the parts are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Records of the smallest.
    pub smallest: u64,
    /// Records of the largest.
    pub largest: u64,
}

impl Choice {
    pub(crate) fn new(profile: &Profile, options: &Options, sizes: Sizes) -> Result<Self, DraftError> {
        let expected_records = options.expected_records.unwrap_or(sizes.smallest).max(1);
        let mut remarks = Vec::new();
        let candidates = candidates(profile, options, expected_records, &mut remarks)?;
        if candidates.is_empty() {
            let why: Vec<_> = remarks.iter().take(3).map(Remark::to_string).collect();
            return Err(DraftError::NoFeatures { why: why.join(" ") });
        }
        let (budget, alphabet) = (budget::free_bins(expected_records), most_symbols(options));
        let together = rules(&candidates.iter().collect::<Vec<_>>(), budget, alphabet);
        let follow = following(profile, &ruled(&candidates, &together));
        let stays = |place: &usize| !follow.get(*place).is_some_and(Follows::drops);
        let kept: Vec<_> = (0..candidates.len()).filter(stays).collect();
        let of_kept: Vec<_> = kept.iter().filter_map(|place| candidates.get(*place)).collect();
        let mut rules_of_kept = rules(&of_kept, budget, alphabet).into_iter();
        let choose = |(place, rule): (usize, &Rule)| {
            if stays(&place) { rules_of_kept.next() } else { None }.unwrap_or_else(|| rule.clone())
        };
        let rules: Vec<_> = together.iter().enumerate().map(choose).collect();
        let ruled = ruled(&candidates, &rules);
        // What does not fit is refused before anything is counted.
        geometry(options, &columns(&pick(&ruled, &kept)), sizes)?;
        let schema = schema(columns(&ruled), COUNTED_SYMBOLS)?;
        Ok(Self { schema, candidates, rules, together, sizes, expected_records, remarks })
    }

    /// The plan without the features that these remarks leave out. Only then is it judged which columns
    /// follow from others, so that none is left out for one that is not there.
    pub(crate) fn plan(
        self,
        profile: &Profile,
        options: &Options,
        unfit: Vec<Remark>,
    ) -> Result<Plan, DraftError> {
        let mut remarks = self.remarks;
        let is_unfit = |candidate: &Candidate| unfit.iter().any(|it| it.columns.contains(&candidate.name));
        let all = ruled(&self.candidates, &self.rules);
        let fit: Vec<_> = (0..all.len())
            .filter(|place| self.candidates.get(*place).is_some_and(|candidate| !is_unfit(candidate)))
            .collect();
        if fit.is_empty() {
            let why = "most cells of every column are empty or have a label that is not frequent enough; \
                       give --accept-unmatched to have them all the same";
            return Err(DraftError::NoFeatures { why: why.to_owned() });
        }
        remarks.extend(pick(&all, &fit).iter().filter_map(|(candidate, rule)| candidate.remark(rule)));
        let together = pick(&ruled(&self.candidates, &self.together), &fit);
        let follow = following(profile, &together);
        remarks.extend(follow.iter().zip(&together).filter_map(|(follows, (candidate, _))| {
            let (by, _) = together.get(follows.by?)?;
            let finding = Finding::Determined { both: follows.both, dropped: follows.bins };
            Some(Remark::on_both(&candidate.name, &by.name, finding))
        }));
        remarks.extend(unfit);
        if let Some(columns @ 1..) = fit.len().checked_sub(MOST_COLUMNS) {
            remarks.push(Remark::on_all(Finding::NotCompared { columns, compared: MOST_COLUMNS }));
        }
        let those = |drops: bool| -> Vec<usize> {
            let those = fit.iter().zip(&follow).filter(|(_, follows)| follows.drops() == drops);
            those.map(|(place, _)| *place).collect()
        };
        let (kept, dropped) = (those(false), those(true));
        let features = pick(&all, &kept);
        let geometry = geometry(options, &columns(&features), self.sizes)?;
        let schema = schema(columns(&features), geometry.alphabet())?;
        let (pairs, more_pairs) = depending(profile, &features, &schema);
        let (dropped, expected_records) = (columns(&pick(&all, &dropped)), self.expected_records);
        Ok(Plan { schema, kept, geometry, dropped, pairs, more_pairs, expected_records, remarks })
    }
}

/// A column with its bins.
type Ruled<'a> = (&'a Candidate, &'a Rule);

fn ruled<'a>(candidates: &'a [Candidate], rules: &'a [Rule]) -> Vec<Ruled<'a>> {
    candidates.iter().zip(rules).collect()
}

fn pick<'a>(all: &[Ruled<'a>], places: &[usize]) -> Vec<Ruled<'a>> {
    places.iter().filter_map(|place| all.get(*place).copied()).collect()
}

fn columns(ruled: &[Ruled<'_>]) -> Vec<Column> {
    ruled
        .iter()
        .map(|(candidate, rule)| Column { name: candidate.name.clone(), rule: (*rule).clone() })
        .collect()
}

fn schema(columns: Vec<Column>, alphabet: usize) -> Result<Schema, DraftError> {
    Ok(Schema::new(columns.into_iter().map(Feature::Column).collect(), alphabet)?)
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
fn rules(candidates: &[&Candidate], free_bins: usize, alphabet: usize) -> Vec<Rule> {
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

/// The smallest geometry in which the schema and the rounds fit, and whose segments are not too many.
fn geometry(options: &Options, columns: &[Column], sizes: Sizes) -> Result<Geometry, DraftError> {
    let cells = sizes.largest.saturating_mul(u64::try_from(columns.len()).unwrap_or(u64::MAX));
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

/// What a column follows from.
#[derive(Clone, Copy, Default)]
struct Follows {
    /// The place of the column that it follows from, if it does.
    by: Option<usize>,
    /// Whether each follows from the other.
    both: bool,
    /// Whether its bins follow from the other's bins, so that it tells nothing more.
    bins: bool,
}

impl Follows {
    /// Whether it is left out for that.
    fn drops(&self) -> bool {
        self.by.is_some() && self.bins
    }
}

/// Which columns follow from others, and are left out for it.
fn following(profile: &Profile, columns: &[Ruled<'_>]) -> Vec<Follows> {
    let mut found = vec![Follows::default(); columns.len()];
    let sample = profile.sample();
    let different = pairs::different(sample);
    let number = |(candidate, rule): &Ruled<'_>| {
        (Numbered::exact(sample, candidate.place), Numbered::binned(sample, candidate.place, rule))
    };
    let numbered: Vec<_> = columns.iter().take(MOST_COLUMNS).map(number).collect();
    // From the last one, so that of two that follow from each other the first stays.
    for (second, (exact, bins)) in numbered.iter().enumerate().rev() {
        let is_kept = |place: usize| found.get(place).is_some_and(|follows| !follows.drops());
        let by = numbered.iter().enumerate().find(|(first, (other, _))| {
            *first != second
                && is_kept(*first)
                && !other.identifies(different)
                && pairs::follows(other, exact)
        });
        if let (Some((first, (other, other_bins))), Some(follows)) = (by, found.get_mut(second)) {
            let bins = pairs::bins_follow(other_bins, bins);
            *follows = Follows { by: Some(first), both: pairs::follows(exact, other), bins };
        }
    }
    found
}

/// The pairs of features that depend on each other, those first that do so most, and how many more there are.
fn depending(profile: &Profile, features: &[Ruled<'_>], schema: &Schema) -> (Vec<Pair>, usize) {
    let mut found = dependent(profile, features);
    let more = found.len().saturating_sub(MOST_PAIRS);
    found.truncate(MOST_PAIRS);
    let pair = |(nats, first, second): (f64, usize, usize)| {
        let (a, b) = (schema.features().get(first)?, schema.features().get(second)?);
        let bins = a.bins().saturating_mul(b.bins());
        let names = [a.name(), b.name()].map(str::to_owned);
        // Which are proposed is decided with the cap, on which it depends how many bins there may be.
        let (more, crossing) = (bins.saturating_sub(a.bins() + b.bins()), Crossing::TooManyBins);
        Some(Pair { names, nats, bins, more, crossing })
    };
    (found.into_iter().filter_map(pair).collect(), more)
}

/// The pairs that depend on each other, with the nats that they share.
fn dependent(profile: &Profile, features: &[Ruled<'_>]) -> Vec<(f64, usize, usize)> {
    let compared = features.iter().take(MOST_COLUMNS);
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
    pairs
}
