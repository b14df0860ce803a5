//! What an audit says of honest archives, and of what it cannot judge.

use fairshare_audit::audit::{
    AuditError, Auditor, DatasetReport, Expected, Fate, Finding, Line, MAX_DATASETS, MAX_FINDINGS, MAX_LINES,
    MEMORY, NoParameters, Report,
};
use fairshare_audit::registry::State;
use fairshare_audit::report;
use fairshare_formats::archive::{ArchiveError, Item};
use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::{Kind, Transfer};
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::ledger::first_head;
use fairshare_params::policy::NamedParameters;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_testkit::epochs::{BOB, FIRST, LISTED, VERIFIERS};
use fairshare_testkit::fixture;
use fairshare_verifier::{SetupError, Trust};

use crate::edits::{edit_earnings, edit_transfers};
use crate::history::*;
use crate::honest::{CLAIMS, CONTRACT, PAYMENTS, STRUCK};

fn audited(history: &History) -> Report {
    audit(&history.chained(), &Expected::default())
}

#[test]
fn honest_archives_are_clean_and_the_same_every_time() {
    let bytes = archived(&CLAIMS.chained());
    assert_eq!(bytes, archived(&CLAIMS.chained()));
    let found = audited(&CLAIMS);
    assert!(found.is_clean(), "{:?}", found.lines().collect::<Vec<_>>());
    assert_eq!((found.bundles, found.sent, found.confirmed), (6, (0, 0), 0));
    let text = report::text(&found);
    assert!(text.starts_with("Everything is as it should be: 6 bundles"), "{text}");
    let page = report::html(&found);
    assert!(page.contains("<svg") && page.contains("Epoch 5"), "{page}");
    let found = audited(&PAYMENTS);
    assert!(found.is_clean(), "{:?}", found.lines().collect::<Vec<_>>());
    assert_eq!((found.sent.1, found.confirmed), (4, 2));
    let found = audited(&CONTRACT);
    assert!(found.is_clean(), "{:?}", found.lines().collect::<Vec<_>>());
    assert_eq!((found.bundles, found.claimed.1, found.confirmed), (5, 3, 0));
    let earned: u128 = found.epochs.iter().map(|epoch| epoch.lines.values().map(total).sum::<u128>()).sum();
    assert_eq!(found.claimed.0, earned);
    let text = report::text(&found);
    assert!(text.contains("a pool of 1,001 units, "), "{text}");
    assert!(text.contains("3 claims of "), "{text}");
    let found = audited(&STRUCK);
    assert!(found.is_clean(), "{:?}", found.lines().collect::<Vec<_>>());
    let struck: Vec<_> = found.strikes.iter().map(|strike| strike.target.clone()).collect();
    let (dataset, node) = (FIRST.registrations[2].unsigned().request().digest(), checksummed(&BOB));
    assert_eq!(struck, [format!("dataset {dataset}"), format!("node {node} in epoch 4")]);
    assert!(found.datasets.iter().any(|dataset| matches!(dataset.fates[..], [(4, Fate::Ineligible(_))])));
}

fn total(line: &Line) -> u128 {
    line.payout.total()
}

/// What nobody has funded in time yet is not told as a pool of nothing.
#[test]
fn a_pool_that_is_not_known_yet_is_told_so() {
    let mut altered = CONTRACT.clone();
    altered.steps.truncate(altered.find(Kind::Ended, 1));
    let found = audited(&altered);
    assert!(found.is_clean(), "{:?}", found.lines().collect::<Vec<_>>());
    assert_eq!(found.epochs[1].pool, None);
    let text = report::text(&found);
    assert!(
        text.contains("Epoch 5 of subnet new-york-flights, open: a pool of whatever is funded"),
        "{text}"
    );
}

/// A contract lets any number of epochs wait: their policies are held up to a bound.
#[test]
fn policies_that_wait_are_held_up_to_a_bound() {
    let begun = |whose: &History| {
        let mut begun = whose.clone();
        begun.steps.truncate(1);
        auditor().with_memory(1).archive(&archived(&begun.chained())[..], &Expected::default())
    };
    let error = begun(&CONTRACT).unwrap_err();
    let is_it = matches!(error, AuditError::TooMany { what, most: 0 } if what.contains("policies"));
    assert!(is_it, "{error}");
    assert!(begun(&CLAIMS).unwrap().is_clean());
}

#[test]
fn an_archive_that_is_cut_is_no_archive() {
    let bytes = archived(&CLAIMS.chained());
    for end in [0, 100, 512, 5_000, bytes.len() / 2, bytes.len() - 1_100] {
        let error = auditor().archive(&bytes[..end], &Expected::default()).unwrap_err();
        assert!(matches!(error, AuditError::Archive(_)), "{end}: {error}");
    }
    // Nor is one with something behind it, which a reader of archives does not look at.
    let with = |more: &[u8]| auditor().archive(&[&bytes, more].concat()[..], &Expected::default());
    assert!(with(&[0; 10_240]).unwrap().is_clean());
    for more in [&[1][..], &[&[0; 512][..], b"x"].concat(), &vec![0; 2 << 20]] {
        let error = with(more).unwrap_err();
        assert!(matches!(error, AuditError::Archive(ArchiveError::Behind)), "{error}");
    }
    let mut items = CLAIMS.chained();
    items.pop();
    let error = auditor().archive(&archived(&items)[..], &Expected::default()).unwrap_err();
    assert!(matches!(error, AuditError::Archive(ArchiveError::Entries { .. })), "{error}");
}

/// Names parameters that nobody has.
fn name_others(history: &mut History, nth: usize) -> NamedParameters {
    let digest = format!("0x{}", "de".repeat(32));
    history.step(Kind::Rules, nth).edit_policy("insecure-development", &digest);
    NamedParameters::Digest(Digest([0xde; 32]))
}

#[test]
fn an_audit_without_the_right_parameters_says_that_nothing_was_verified() {
    let bytes = archived(&CLAIMS.chained());
    let named = NamedParameters::InsecureDevelopment;
    let expected = [4, 5].map(|epoch| NoParameters { epoch, geometry: Geometry::COMPACT, named });
    // Nor is what somebody wrote down believed, for the rules hashes are the word of the one who is audited.
    let encoded = fixture::PARAMETERS.encode();
    let stated = [VerifierParameters::decode(Geometry::COMPACT, &encoded).expect("whole")];
    for parameters in [&[][..], &stated] {
        let auditor = Auditor::new(parameters, Trust::AllowInsecure, &|_, _| {});
        let found = auditor.archive(&bytes[..], &Expected::default()).unwrap();
        assert!(found.findings.is_empty() && !found.is_clean(), "{:?}", found.lines().collect::<Vec<_>>());
        assert_eq!((&found.unaudited[..], found.bundles), (&expected[..], 0));
    }
    let message = expected[0].to_string();
    assert!(message.contains("epoch 4 names the parameters insecure-development"), "{message}");
}

/// Whoever is audited writes the policies: an epoch that nobody can audit must hide nothing.
#[test]
fn an_epoch_of_unknown_parameters_hides_no_other() {
    for (unknown, other) in [(1, 0), (0, 1)] {
        let mut altered = CLAIMS.clone();
        let named = name_others(&mut altered, unknown);
        let epoch = [4, 5][unknown];
        let expected = [NoParameters { epoch, geometry: Geometry::COMPACT, named }];
        // By itself it makes no difference of anything else.
        let found = audited(&altered);
        assert!(found.findings.is_empty() && !found.is_clean(), "{:?}", found.lines().collect::<Vec<_>>());
        assert_eq!(found.unaudited, expected);
        let (text, page) = (report::text(&found), report::html(&found));
        for told in [&text, &page] {
            assert!(told.contains(&named.to_string()), "{told}");
            assert!(told.contains("Nothing of it was verified"), "{told}");
            let recorded = found.epochs[unknown].recorded_rules_hash.to_string();
            assert!(told.contains(&recorded), "{told}");
            assert_eq!(told.contains("is unchecked"), unknown == 0, "{told}");
        }
        assert!(!text.contains("Everything is as it should be"), "{text}");
        assert_eq!(found.epochs[1].unverified_before, (unknown == 0).then_some(epoch));

        edit_earnings(&mut altered, other, |earnings| earnings[0].compute += 1);
        let found = audited(&altered);
        let findings: Vec<_> = found.findings.iter().map(|found| (found.epoch, &found.finding)).collect();
        let [(Some(epoch), Finding::Payout { .. })] = findings[..] else { panic!("{findings:?}") };
        assert_eq!((epoch, &found.unaudited[..]), ([4, 5][other], &expected[..]));
    }
}

/// What an epoch pays and leaves is at most what there was, whatever its bundles show.
#[test]
fn an_epoch_of_unknown_parameters_pays_no_more_than_its_pool() {
    let mut altered = CLAIMS.clone();
    name_others(&mut altered, 1);
    let pool = LISTED[0].policy.terms().pool;
    edit_earnings(&mut altered, 1, |earnings| earnings[0].compute += pool);
    let found = audited(&altered);
    let overpaid = found.findings.iter().filter(|found| matches!(found.finding, Finding::Overpaid));
    assert_eq!(overpaid.map(|found| found.epoch).collect::<Vec<_>>(), [Some(5)]);
}

/// Whoever looks for a dataset of hers finds it and its fate, as text and on the page.
#[test]
fn every_registration_is_told_with_its_fate() {
    let mut found = audited(&STRUCK);
    let first = found.datasets[0].clone();
    found.datasets.extend((1_000..4_000).map(|index| DatasetReport { index, ..first.clone() }));
    for told in [report::text(&found), report::html(&found)] {
        for DatasetReport { index, digest, fates, .. } in &found.datasets {
            let line = told.lines().flat_map(|line| line.split("<p>"));
            let line =
                line.filter(|line| line.starts_with(&format!("Entry {index}, round "))).collect::<Vec<_>>();
            let [line] = line[..] else { panic!("{index}: {line:?}") };
            let is_told = |(epoch, fate): &(u64, Fate)| line.contains(&format!("epoch {epoch}: {fate}"));
            assert!(line.contains(&digest.to_string()) && fates.iter().all(is_told), "{line}");
        }
    }
}

/// Of a ledger with more lines than are held the latest epochs' are told, and of the others how many there
/// were; all are audited.
#[test]
fn lines_of_the_latest_epochs_are_kept() {
    let mut history = CLAIMS.clone();
    history.take(Kind::StrikeData, 0);
    let (bytes, whole) = (archived(&history.chained()), audited(&history));
    let lines: Vec<_> = whole.epochs.iter().map(|epoch| epoch.lines.len()).collect();
    let [earlier, latest] = lines[..] else { panic!("{lines:?}") };
    // Enough for the datasets, and not for all lines.
    let memory = (whole.datasets.len() as u64 * MEMORY).div_ceil(MAX_DATASETS as u64);
    assert!(u128::from(memory) * MAX_LINES as u128 / u128::from(MEMORY) < (earlier + latest) as u128);
    let parameters = std::slice::from_ref(&*fixture::PARAMETERS);
    let auditor = Auditor::new(parameters, Trust::AllowInsecure, &|_, _| {}).with_memory(memory);
    let found = auditor.archive(&bytes[..], &Expected::default()).expect("an archive");
    assert!(found.is_clean(), "{:?}", found.lines().collect::<Vec<_>>());
    let kept: Vec<_> = found.epochs.iter().map(|epoch| (epoch.lines.len(), epoch.unlisted)).collect();
    assert_eq!(kept, [(0, earlier as u64), (latest, 0)]);
    let told = format!("{earlier} contributors audited and not listed");
    for page in [report::text(&found), report::html(&found)] {
        assert!(page.contains(&told), "{page}");
    }
}

/// Rules that others have replaced before their first round hide nothing either.
#[test]
fn unknown_parameters_of_replaced_rules_are_nothing_to_audit() {
    let mut altered = CLAIMS.clone();
    let rules = altered.steps[0].clone();
    altered.steps.insert(0, rules);
    name_others(&mut altered, 0);
    let found = audited(&altered);
    assert!(found.is_clean(), "{:?} {:?}", found.unaudited, found.lines().collect::<Vec<_>>());
}

/// What is held is bounded, and the bound is the auditor's to choose.
#[test]
fn a_ledger_that_is_too_large_is_told_and_audited_with_more_memory() {
    let bytes = archived(&STRUCK.chained());
    let parameters = std::slice::from_ref(&*fixture::PARAMETERS);
    let of = |memory: u64| {
        let auditor = Auditor::new(parameters, Trust::AllowInsecure, &|_, _| {}).with_memory(memory);
        auditor.archive(&bytes[..], &Expected::default())
    };
    // So little that a dozen datasets are not held.
    let error = of(1_000).expect_err("too much");
    assert!(matches!(error, AuditError::TooMany { most: 1, .. }), "{error}");
    assert!(of(1 << 20).expect("enough").is_clean());
}

#[test]
fn a_ledger_that_its_memory_just_holds_is_audited() {
    let bytes = archived(&PAYMENTS.chained());
    let parameters = std::slice::from_ref(&*fixture::PARAMETERS);
    // For four datasets, and for one less.
    let [enough, less] = [2_685, 2_684].map(|memory| {
        let auditor = Auditor::new(parameters, Trust::AllowInsecure, &|_, _| {}).with_memory(memory);
        auditor.archive(&bytes[..], &Expected::default())
    });
    assert!(enough.expect("enough").is_clean());
    assert!(matches!(less, Err(AuditError::TooMany { what: "datasets on record", most: 3 })), "{less:?}");
}

/// A list may name anybody, and somebody any number of times.
#[test]
fn payments_of_more_than_is_held_are_told() {
    let told = |history: &History| {
        let parameters = std::slice::from_ref(&*fixture::PARAMETERS);
        let auditor = Auditor::new(parameters, Trust::AllowInsecure, &|_, _| {}).with_memory(2_685);
        match auditor.archive(&archived(&history.chained())[..], &Expected::default()) {
            Err(AuditError::TooMany { what, most }) => (what, most),
            other => panic!("{other:?}"),
        }
    };
    let mut strangers = PAYMENTS.clone();
    edit_transfers(&mut strangers, 0, |transfers| {
        let one = transfers[0];
        *transfers = (1..=5).map(|byte| Transfer { contributor: Address([byte; 20]), ..one }).collect();
    });
    assert_eq!(told(&strangers), ("contributors that were told to be paid", 4));
    let mut again = PAYMENTS.clone();
    let list = again.step(Kind::Sent, 0).clone();
    for more in 1..=10 {
        again.put_after(Kind::Sent, 0, list.clone());
        edit_transfers(&mut again, 1, |transfers| transfers[0].cumulative += more);
    }
    assert_eq!(told(&again), ("payments that are not confirmed", 10));
}

/// The claims of an epoch that is not settled are nobody's word.
#[test]
fn what_was_published_is_of_the_last_settled_epoch() {
    let mut open = CLAIMS.clone();
    let settled = open.find(Kind::Settled, 1);
    open.steps.truncate(settled);
    let found = audited(&open);
    let last = found.last().expect("an epoch");
    assert_eq!((last.number, last.state), (4, State::Settled));
    let expected = Expected {
        rules_hash: Some(VERIFIERS[0].rules_hash()),
        root: last.root,
        total: Some(last.claims_total),
        receipts: Vec::new(),
    };
    let found = audit(&open.chained(), &expected);
    assert!(found.is_clean(), "{:?}", found.lines().collect::<Vec<_>>());
}

/// A ledger of nothing is not the one whose rules, claims and total were published.
#[test]
fn an_empty_ledger_is_not_what_was_published() {
    let [Item::Heading(heading), ..] = &CLAIMS.chained()[..] else { panic!() };
    let head = first_head(heading.chain_id, &heading.vault, &heading.registry);
    let mut heading = heading.clone();
    (heading.entries, heading.head) = (0, head);
    let empty = [Item::Heading(heading)];
    assert!(audit(&empty, &Expected::default()).is_clean());
    let other = Some(Digest([1; 32]));
    let expected = Expected { rules_hash: other, root: other, total: Some(5), receipts: Vec::new() };
    let found = audit(&empty, &expected);
    let found: Vec<_> = found.findings.iter().map(|found| &found.finding).collect();
    assert!(matches!(
        found[..],
        [
            Finding::OtherRules { found: None, .. },
            Finding::OtherRoot { found: None, .. },
            Finding::OtherTotal { found: 0, expected: 5 },
        ]
    ));
}

#[test]
fn insecure_parameters_that_were_not_allowed_are_all_that_differs() {
    let insecure = std::slice::from_ref(&*fixture::PARAMETERS);
    let auditor = Auditor::new(insecure, Trust::CeremonyOnly, &|_, _| {});
    let found = auditor.archive(&archived(&CLAIMS.chained())[..], &Expected::default()).unwrap();
    assert_eq!(found.findings.len(), 2);
    for found in found.findings {
        assert!(
            matches!(found.finding, Finding::Setup(SetupError::InsecureParameters)),
            "{:?}",
            found.finding
        );
    }
}

/// A policy may have a hundred errors: what is said of it is one line, without control characters.
#[test]
fn a_refused_policy_stands_in_one_line() {
    let mut altered = CLAIMS.clone();
    let step = altered.step(Kind::Rules, 0);
    let text: String = (0..90).map(|n| format!("k{n}{} = 1\n", "z".repeat(90))).collect();
    let mut source = step.files.policy().unwrap();
    source.text = text;
    step.refile(fairshare_formats::ledger::Files::of_policy(&source));
    let found = audited(&altered);
    let line = found.lines().next().unwrap();
    assert!(!line.contains('\n') && line.contains("; "), "{line}");
    assert!((1_900..2_010).contains(&line.len()) && line.ends_with('…'), "{}: {line}", line.len());
}

/// Who can write into a ledger chooses how much is wrong with it.
#[test]
fn of_many_findings_a_thousand_are_kept_and_the_others_counted() {
    let mut altered = CLAIMS.clone();
    let closed = altered.step(Kind::Closed, 0).clone();
    for _ in 0..MAX_FINDINGS - 1 {
        altered.put_after(Kind::Closed, 0, closed.clone());
    }
    let mut found = audited(&altered);
    assert_eq!((found.findings.len(), found.more_findings), (MAX_FINDINGS - 1, 0));
    found.add_beside(7, "bundles");
    assert_eq!((found.findings.len(), found.more_findings), (MAX_FINDINGS, 0));
    let beside = found.findings.last().map(|found| (found.entry, &found.finding));
    assert!(matches!(beside, Some((Some(7), Finding::Beside { table: "bundles" }))), "{beside:?}");
    found.add_beside(8, "bundles");
    assert_eq!((found.findings.len(), found.more_findings), (MAX_FINDINGS, 1));

    altered.put_after(Kind::Closed, 0, closed.clone());
    altered.put_after(Kind::Closed, 0, closed);
    let found = audited(&altered);
    assert_eq!((found.findings.len(), found.more_findings), (MAX_FINDINGS, 1));
    assert_eq!(found.finding_count(), MAX_FINDINGS as u64 + 1);
}

#[test]
fn a_report_says_what_it_was_verified_under() {
    let found = audited(&CLAIMS);
    let srs = fixture::PARAMETERS.words().srs;
    let head = found.head.to_string();
    for (epoch, verifier) in found.epochs.iter().zip(&*VERIFIERS) {
        let basis = epoch.basis.expect("verified");
        assert_eq!((basis.rules_hash, basis.srs), (verifier.rules_hash(), srs));
        for told in [report::text(&found), report::html(&found)] {
            assert!(told.contains(&verifier.rules_hash().to_string()), "{told}");
            assert!(told.contains(&srs.to_string()) && told.contains(&head), "{told}");
        }
    }
}

/// What somebody has earned and is on no list is told: an archive alone shows who waits.
#[test]
fn what_is_on_no_list_is_told() {
    assert_eq!((audited(&PAYMENTS).due, audited(&CLAIMS).due), ((0, 0), (0, 0)));
    let mut waiting = PAYMENTS.clone();
    let last = waiting.find(Kind::Sent, 2);
    waiting.steps.truncate(last);
    let found = audited(&waiting);
    let left = found.epochs[1].claims_total - found.sent.0;
    assert!(found.is_clean() && left > 0, "{:?}", found.lines().collect::<Vec<_>>());
    assert_eq!(found.due, (left, 1));
    for told in [report::text(&found), report::html(&found)] {
        assert!(told.contains("On no list yet: ") && told.contains("of 1 contributor."), "{told}");
    }
}

/// An epoch that is not settled is shown with what its scores would give.
#[test]
fn an_open_epoch_is_shown_as_it_would_be_settled() {
    let mut open = PAYMENTS.clone();
    let settled = open.find(Kind::Settled, 0);
    open.steps.truncate(settled);
    let found = audited(&open);
    assert!(found.is_clean(), "{:?}", found.lines().collect::<Vec<_>>());
    let bob = found.epochs[0].lines[&BOB].payout.total();
    let whole = audited(&PAYMENTS);
    assert_eq!(bob, whole.epochs[0].lines[&BOB].payout.total());
    assert!(bob > 0 && found.epochs[0].root.is_none() && whole.epochs[0].root.is_some());
    assert_eq!(whole.identity.unwrap().settlement, LISTED[0].policy.terms().settlement);
}

/// A ledger is audited from wherever its entries come.
#[test]
fn entries_are_audited_as_they_come() {
    let items = PAYMENTS.chained();
    let [Item::Heading(heading), entries @ ..] = &items[..] else { panic!() };
    let auditor = auditor();
    let mut under_way = auditor.begin(heading.clone(), &Expected::default());
    for item in entries {
        let Item::Entry(stored, files) = item else { panic!() };
        under_way.entry(stored, files.clone()).unwrap();
    }
    assert!(under_way.finish().is_clean());
}
