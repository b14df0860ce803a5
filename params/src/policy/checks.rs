//! What a policy must hold, beyond the domains of its words.

use std::cmp::Ordering;

use fairshare_circuits::numeric::decay::{Decay, FadedOut};

use super::Draft;
use crate::reference::{ReferenceError, SmoothedReference};
use crate::rules::{DomainError, Terms, Weighting};
use crate::schema::SchemaError;

/// Why rules are refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// A word outside its domain.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// Nothing to smooth with.
    #[error("the pseudo-count must be a whole number from 1 to 4294967295, found 0")]
    PseudoCount,
    /// Computing power must fade more slowly than data.
    #[error(
        "{} is not below `data.lambda`, {}; lower it, or raise `data.lambda`",
        compute.lambda(), data.lambda()
    )]
    DecayOrder {
        /// λ of compute.
        compute: Box<Decay>,
        /// λ of data.
        data: Box<Decay>,
    },
    /// Computing power of the last round would be paid by rounding.
    #[error(transparent)]
    ComputeFaded(Box<FadedOut>),
    /// Data of the last round would be paid by rounding.
    #[error(transparent)]
    DataFaded(Box<FadedOut>),
    /// The fewest records that are paid for could never weigh anything.
    #[error(
        "{least} records at the cap are worth no more than what chance alone gives so few; ask for {needed} \
         at least, or raise the cap"
    )]
    NeverWeighs {
        /// The least number of records.
        least: u32,
        /// The fewest that could weigh something.
        needed: u64,
    },
    /// The schema does not fit the geometry.
    #[error("the schema does not fit the geometry")]
    Schema(#[from] SchemaError),
    /// The reference counts do not fit the schema or the numbers' range.
    #[error("the reference counts are refused")]
    Reference(#[from] ReferenceError),
}

/// The smoothed reference, if nothing is wrong.
pub(super) fn check(draft: &Draft) -> Result<SmoothedReference, Vec<RuleError>> {
    let Draft { terms, data_decay, compute_decay, pseudo_count, schema, .. } = draft;
    let mut errors: Vec<_> = terms.faults().into_iter().map(RuleError::Domain).collect();
    if compute_decay.compare(data_decay) != Ordering::Less {
        let [compute, data] = [compute_decay, data_decay].map(|decay| Box::new(decay.clone()));
        errors.push(RuleError::DecayOrder { compute, data });
    }
    let refused = |is: fn(&DomainError) -> bool| {
        errors.iter().any(|error| matches!(error, RuleError::Domain(error) if is(error)))
    };
    let are_rounds_wrong = refused(|error| {
        matches!(
            error,
            DomainError::Geometry { .. }
                | DomainError::Rounds { .. }
                | DomainError::LastRound { .. }
                | DomainError::DataFirstRound { .. }
        )
    });
    let is_weight_wrong = refused(|error| matches!(error, DomainError::MinRecords | DomainError::Cap { .. }));
    if !are_rounds_wrong {
        errors.extend(faded(terms, data_decay, compute_decay));
    }
    let (needed, alphabet) = (schema.symbol_count(), terms.geometry.alphabet());
    if needed > alphabet {
        errors.push(SchemaError::TooManySymbols { needed, alphabet }.into());
    }
    if *pseudo_count == 0 {
        errors.push(RuleError::PseudoCount);
        return Err(errors);
    }
    match draft.reference.smooth(schema, *pseudo_count, alphabet) {
        Err(error) => errors.push(error.into()),
        Ok(reference) => {
            if !is_weight_wrong {
                errors.extend(never_weighs(terms, reference.free_bins()));
            }
            if errors.is_empty() {
                return Ok(reference);
            }
        }
    }
    Err(errors)
}

/// That the last round counts for more than rounding (PROTOCOL section 7).
fn faded(terms: &Terms, data: &Decay, compute: &Decay) -> impl Iterator<Item = RuleError> + use<> {
    let last = terms.last_round();
    // The window begins with the epoch or before, and both have two rounds or more.
    let [epoch, window] = [terms.first_round, terms.data_first_round].map(|first| last.saturating_sub(first));
    let compute = compute.check_epoch(epoch).err().map(|error| RuleError::ComputeFaded(error.into()));
    let data = data.check_window(window).err().map(|error| RuleError::DataFaded(error.into()));
    compute.into_iter().chain(data)
}

/// That the least number of records, each at the cap, is worth more than the plug-in bias (PROTOCOL section
/// 10).
fn never_weighs(terms: &Terms, free_bins: u64) -> Option<RuleError> {
    let Weighting::RecordsDivergence { cap } = terms.weighting else { return None };
    // ⌊n·cap/2^40⌋ is above bins'·2^7 from n·cap ≥ (bins'·2^7 + 1)·2^40 on. No alphabet has more than 2^15
    // bins, so that is below 2^63.
    let more = free_bins.saturating_mul(1 << 7).saturating_add(1).saturating_mul(1 << 40);
    let needed = more.div_ceil(cap.max(1));
    let least = terms.min_records;
    (u64::from(least) < needed).then_some(RuleError::NeverWeighs { least, needed })
}
