//! Others' weights out of an archive: those that the audit computed again, and no others.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use fairshare_audit::among::{Among, AmongError};
use fairshare_audit::audit::{Auditor, Expected, Report};
use fairshare_audit::settlement::{DataWeights, pools};
use fairshare_audit::worth::{Worth, share};
use fairshare_formats::ledger::{Event, Kind};
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_testkit::epochs::{ALICE, CAROL, CONTRACTS, FIRST, SECOND, edited};
use fairshare_testkit::fixture;
use fairshare_verifier::Trust;
use num_bigint::BigUint;

use crate::history::*;
use crate::honest::{CLAIMS, CONTRACT};

fn audited(history: &History) -> Report {
    audit(&history.chained(), &Expected::default())
}

fn among(report: &Report, policy: &Policy, epoch: Option<u64>) -> Result<Among, AmongError> {
    Among::of(report, policy, &hash(policy), epoch)
}

/// A policy's rules hash, computed from the parameters.
fn hash(policy: &Policy) -> Digest {
    fixture::verifier(policy).rules().hash()
}

#[test]
fn the_weights_are_those_that_the_epoch_is_settled_by() {
    let report = audited(&CLAIMS);
    let among = among(&report, &FIRST.policy, None).expect("weights");
    assert!(among.is_own && !among.is_other_reference);
    assert_eq!((among.epoch, among.unproved.len()), (4, 0));
    assert_eq!(among.weights.keys().copied().collect::<Vec<_>>(), [ALICE, CAROL]);
    let rules = DataWeights::of(&FIRST.policy);
    for (who, latest) in [(ALICE, 12), (CAROL, 11)] {
        let line = &report.epochs[0].lines[&who];
        assert_eq!(line.latest, Some(latest));
        let (score, records) = (line.data.unwrap(), NonZeroU32::new(line.records as u32).unwrap());
        assert_eq!(among.weights[&who], rules.weight(score, records, latest));
        // What one's own data would have earned is what it did earn.
        let own = Worth::of(&FIRST.policy, score, records, latest).weight;
        let others: Vec<_> = among.weights.iter().filter(|(other, _)| **other != who).collect();
        let paid = share(among.pool.clone().expect("a pool"), &own, others.iter().map(|(_, weight)| *weight));
        assert_eq!(paid.units, BigUint::from(line.payout.data));
        assert!(line.payout.data > 0);
    }
}

#[test]
fn another_epochs_weights_are_an_example_of_equal_rules_only() {
    let report = audited(&CLAIMS);
    // A policy of an epoch that the ledger does not know: the last one with proofs of data stands for it.
    let later = |edits: &[(&str, &str)]| {
        let number = [("epoch = 4", "epoch = 6"), ("first = 10", "first = 16")];
        fixture::policy(&edited(fixture::POLICY, &[&number[..], edits].concat()))
    };
    let next = later(&[]);
    let found = among(&report, &next, None).expect("weights");
    assert_eq!((found.epoch, found.is_own, found.is_other_reference), (5, false, false));
    assert_eq!(found.weights.len(), 1);
    // What the epoch before leaves is brought to the pool, so far as the ledger knows it.
    let left = &report.epochs[1].left;
    let [_, pool] = pools(next.terms().pool, left);
    assert_eq!(found.pool, Some(pool));
    assert_eq!(among(&report, &next, Some(4)).expect("weights").weights.len(), 2);
    let other = later(&[("carrier = [10, 20, 30, 0]", "carrier = [30, 20, 10, 0]")]);
    assert!(among(&report, &other, None).expect("weights").is_other_reference);
    for (from, to, what) in [
        ("lambda = \"0.1\"", "lambda = \"0.2\"", "λ"),
        ("cap = \"0.05\"", "cap = \"0.06\"", "weighting or cap"),
    ] {
        let error = among(&report, &later(&[(from, to)]), None).unwrap_err();
        assert_eq!(error, AmongError::OtherWeighting { epoch: 5, what });
    }
    let error = among(&report, &next, Some(9)).unwrap_err();
    assert_eq!(error, AmongError::NoData { epoch: 9, known: vec![4, 5] });
    assert!(error.to_string().contains("epochs that have: 4, 5"), "{error}");
}

#[test]
fn what_is_not_the_policys_own_is_refused() {
    let report = audited(&CLAIMS);
    let policy = |from: &str, to: &str| fixture::policy(&fixture::edit(from, to));
    let error = among(&report, &policy("chain_id = 16601", "chain_id = 16602"), None).unwrap_err();
    assert_eq!(error, AmongError::OtherVault);
    let error = among(&report, &policy("min_records = 100", "min_records = 101"), None).unwrap_err();
    assert!(matches!(error, AmongError::OtherRules { epoch: 4, .. }), "{error}");
}

/// An archive that was altered is not believed, nor one of which nothing could be verified.
#[test]
fn only_what_was_audited_and_is_right_is_believed() {
    let mut altered = CLAIMS.clone();
    altered.take(Kind::Bundle, 0);
    let error = among(&audited(&altered), &FIRST.policy, None).unwrap_err();
    assert!(matches!(error, AmongError::Differs { found: 1.., .. }), "{error}");
    let none = Auditor::new(&[], Trust::AllowInsecure, &|_, _| {});
    let report = none.archive(&archived(&CLAIMS.chained())[..], &Expected::default()).expect("an archive");
    for epoch in [None, Some(4)] {
        let error = among(&report, &FIRST.policy, epoch).unwrap_err();
        assert!(matches!(error, AmongError::Unaudited { source } if source.epoch == 4), "{error}");
    }
}

/// Before anybody has proved, nobody's weight is known; those who have data on record are counted.
#[test]
fn who_has_not_proved_yet_is_counted_and_has_no_weight() {
    let cut = |kind, nth| {
        let mut history = CLAIMS.clone();
        history.steps.truncate(history.find(kind, nth));
        audited(&history)
    };
    let error = among(&cut(Kind::Bundle, 0), &FIRST.policy, None).unwrap_err();
    assert_eq!(error, AmongError::Nobody);
    let error = among(&cut(Kind::Bundle, 0), &FIRST.policy, Some(4)).unwrap_err();
    assert!(error.to_string().contains("it has none of any epoch"), "{error}");
    let whole = audited(&CLAIMS);
    let nobody = BTreeSet::new();
    assert_eq!(among(&whole, &SECOND.policy, None).expect("weights").unproved, nobody);
    let report = cut(Kind::Closed, 0);
    assert_eq!(among(&report, &FIRST.policy, None).expect("weights").unproved, nobody);
    // Without Carol's bundle, her data is on record and not proved.
    let mut history = CLAIMS.clone();
    history.steps.truncate(history.find(Kind::Closed, 0));
    history
        .steps
        .retain(|step| !matches!(&step.event, Event::Bundle { contributor, .. } if *contributor == CAROL));
    let found = among(&audited(&history), &FIRST.policy, None).expect("weights");
    assert_eq!((found.unproved, found.weights.len()), (BTreeSet::from([CAROL]), 1));
    // Nobody has proved for the policy's own epoch: another one's weights are the example, and those who have
    // data on record for it are counted all the same.
    let later = fixture::policy(&edited(fixture::POLICY, &[("epoch = 4", "epoch = 6")]));
    let found = among(&whole, &later, None).expect("weights of another epoch");
    assert!(!found.is_own);
    assert_eq!(found.unproved, BTreeSet::from([ALICE, CAROL]));
}

/// An epoch that the audit gave up listing is never passed over for another one.
#[test]
fn an_epoch_with_contributors_that_are_not_listed_is_refused() {
    let mut report = audited(&CLAIMS);
    let own = report.epochs.iter_mut().find(|epoch| epoch.number == FIRST.policy.terms().epoch);
    let own = own.expect("the policy's epoch");
    own.lines.clear();
    own.unlisted = 3;
    for asked in [None, Some(4)] {
        let error = among(&report, &FIRST.policy, asked).unwrap_err();
        assert_eq!(error, AmongError::Unlisted { epoch: 4, missing: 3 });
    }
}

/// A pool that is funded in time, and one that nobody knows yet.
#[test]
fn rules_without_a_pool_pay_what_was_funded() {
    let policy = &CONTRACTS[1].policy;
    let report = audited(&CONTRACT);
    let found = Among::of(&report, policy, &hash(policy), None).expect("weights");
    assert_eq!((found.epoch, found.is_own), (5, true));
    let [_, pool] = pools(report.epochs[1].pool.expect("funded"), &report.epochs[1].brought);
    assert_eq!(found.pool, Some(pool));
    let mut early = CONTRACT.clone();
    early.steps.truncate(early.find(Kind::Ended, 1));
    let found = Among::of(&audited(&early), policy, &hash(policy), Some(4)).expect("weights of the first");
    assert_eq!((found.epoch, found.pool), (4, None));
}
