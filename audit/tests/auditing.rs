//! Archives, and audits of snapshots in which one thing is not as it should be.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use fairshare_audit::archive::{self, ArchiveError};
use fairshare_audit::audit::{Auditor, Finding, NoParameters, Report};
use fairshare_audit::claims::{ClaimTree, Distribution};
use fairshare_audit::report;
use fairshare_audit::settlement::{Carry, Earned, settle};
use fairshare_audit::snapshot::{ClaimOnRecord, EpochSnapshot, LedgerSnapshot, Paid, State};
use fairshare_formats::eip55::checksummed;
use fairshare_formats::units::to_csv;
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::NamedParameters;
use fairshare_params::registration::Registration;
use fairshare_params::role::Role;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_testkit::epochs::{ALICE, BOB, CAROL, FIRST, SECOND, VERIFIERS, World};
use fairshare_testkit::fixture;
use fairshare_verifier::bundle::Header;
use fairshare_verifier::{SetupError, Trust, Verifier};
use num_bigint::BigUint;

/// Both epochs paid out, as a ledger would have them on record.
static PAID_OUT: LazyLock<LedgerSnapshot> = LazyLock::new(|| {
    let (mut carry, mut earned) = (Carry::default(), BTreeMap::new());
    let [first, second] = [(&FIRST, &VERIFIERS[0]), (&SECOND, &VERIFIERS[1])]
        .map(|(world, verifier)| epoch(world, verifier, &mut carry, &mut earned));
    let claims = vec![
        claim(&first, CAROL, Some("0xfeed".to_owned())),
        claim(&second, ALICE, None),
        claim(&first, BOB, None),
    ];
    LedgerSnapshot { epochs: vec![first, second], claims }
});

fn snapshot() -> LedgerSnapshot {
    PAID_OUT.clone()
}

/// One epoch, settled on what the verifier says of its bundles.
fn epoch(
    world: &World,
    verifier: &Verifier<'_>,
    carry: &mut Carry,
    earned: &mut BTreeMap<Address, u128>,
) -> EpochSnapshot {
    let scores: Vec<_> = world.bundles.iter().map(|bundle| score(world, verifier, &bundle.bytes)).collect();
    let settlement = settle(&world.policy, carry, &scores).unwrap();
    let brought = std::mem::replace(carry, settlement.carry.clone());
    let payouts = settlement.payouts.into_iter().filter(|(_, payout)| payout.total() > 0);
    let payouts = payouts.map(|(contributor, payout)| {
        let cumulative = earned.entry(contributor).or_default();
        *cumulative += payout.total();
        Paid { contributor, payout, cumulative: *cumulative }
    });
    let payouts: Vec<_> = payouts.collect();
    EpochSnapshot {
        number: world.policy.terms().epoch,
        state: State::PaidOut,
        rules_hash: world.verifier().rules_hash(),
        source: world.source.clone(),
        brought,
        left: Some(settlement.carry),
        root: ClaimTree::of_earned(Distribution::of(&world.policy), earned).map(|tree| tree.root()),
        registrations: world.registrations.clone(),
        units: Some(to_csv(&world.units).into_bytes()),
        bundles: world.bundles.iter().map(|bundle| bundle.bytes.clone()).collect(),
        payouts,
    }
}

fn score(world: &World, verifier: &Verifier<'_>, bytes: &[u8]) -> (Address, Earned) {
    let header = Header::read(bytes).unwrap();
    let own = world.registrations.iter().filter(|own| header.digests.contains(own.digest()));
    let own: Vec<_> = own.cloned().collect();
    let bundle = verifier.read(bytes, &own).unwrap();
    let score = verifier.verify(&bundle, &own).unwrap();
    (header.contributor, Earned::from(&score))
}

/// The claim of all that somebody had earned by then, who had claimed nothing before.
fn claim(epoch: &EpochSnapshot, contributor: Address, evidence: Option<String>) -> ClaimOnRecord {
    let paid = epoch.payouts.iter().find(|paid| paid.contributor == contributor).unwrap();
    let cumulative = paid.cumulative;
    ClaimOnRecord { contributor, epoch: epoch.number, amount: cumulative, cumulative, evidence }
}

fn auditor() -> Auditor<'static> {
    Auditor::new(std::slice::from_ref(&*fixture::PARAMETERS), Trust::AllowInsecure, &|_, _| {})
}

fn audit(snapshot: &LedgerSnapshot) -> Report {
    auditor().audit(snapshot)
}

#[test]
fn an_archive_holds_the_snapshot_and_is_the_same_every_time() {
    let snapshot = snapshot();
    let mut bytes = Vec::new();
    archive::write(&snapshot, &mut bytes).unwrap();
    let mut again = Vec::new();
    archive::write(&snapshot, &mut again).unwrap();
    assert_eq!(bytes, again);
    let read = archive::read(&bytes[..]).unwrap();
    assert_eq!(read, snapshot);
    let found = audit(&read);
    assert!(found.is_clean(), "{:?}", found.findings);
    assert_eq!((found.bundles, found.claims), (6, 3));
    // Nothing of an opening is in it: an opening begins with its own magic, and a seed stands nowhere else.
    let text = report::text(&found);
    assert!(text.starts_with("Everything is as it should be: 6 bundles"), "{text}");
    let page = report::html(&found);
    assert!(page.contains("<svg") && page.contains("Epoch 5"), "{page}");
}

#[test]
fn an_archive_cut_short_or_with_entries_of_its_own_is_refused() {
    let mut bytes = Vec::new();
    archive::write(&snapshot(), &mut bytes).unwrap();
    for end in [0, 100, 512, 5_000, bytes.len() / 2, bytes.len() - 1_100] {
        assert!(archive::read(&bytes[..end]).is_err(), "{end}");
    }
    let with = |name: &str, content: &[u8]| {
        let mut archive = tar::Builder::new(bytes[..bytes.len() - 1024].to_vec());
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, name, content).unwrap();
        archive::read(&archive.into_inner().unwrap()[..]).unwrap_err()
    };
    for name in [
        "readme.txt",
        "epochs/4/secrets/0",
        "epochs/9/policy.toml",
        "epochs/4/bundles/4.bundle",
        "ledger.json",
    ] {
        let error = with(name, b"x");
        assert!(matches!(error, ArchiveError::Unexpected { .. }), "{name}: {error}");
    }
    let error = with("epochs/4/registrations/99.json", &vec![0; 70_000]);
    assert!(matches!(error, ArchiveError::TooLong { bound: 65_536, .. }), "{error}");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(text.contains("\"fairshare_archive\": 2"));
    let other = text.replacen("\"fairshare_archive\": 2", "\"fairshare_archive\": 1", 1);
    // Only where the archive is text throughout can it be edited as one.
    if other.len() == bytes.len() {
        assert!(archive::read(other.as_bytes()).is_err());
    }
}

fn edit_units(snapshot: &mut LedgerSnapshot, from: &str, to: &str) {
    let units = snapshot.epochs[0].units.take().map(|units| String::from_utf8(units).unwrap()).unwrap();
    assert_eq!(units.matches(from).count(), 1, "{from} in {units}");
    snapshot.epochs[0].units = Some(units.replace(from, to).into_bytes());
}

fn edit_policy(snapshot: &mut LedgerSnapshot, epoch: usize, from: &str, to: &str) {
    let text = &mut snapshot.epochs[epoch].source.text;
    assert_eq!(text.matches(from).count(), 1, "{from} in {text}");
    *text = text.replace(from, to);
}

/// An alteration of the snapshot, and the finding that names it.
type Case = (&'static str, fn(&mut LedgerSnapshot), fn(&Finding) -> bool);

const CASES: [Case; 31] = [
    (
        "a unit more for computing",
        |snapshot| snapshot.epochs[0].payouts[0].payout.compute += 1,
        |f| matches!(f, Finding::Payout { .. }),
    ),
    (
        "a unit less for data",
        |snapshot| snapshot.epochs[0].payouts[2].payout.data -= 1,
        |f| matches!(f, Finding::Payout { .. }),
    ),
    (
        "another sum",
        |snapshot| snapshot.epochs[1].payouts[0].cumulative += 1,
        |f| matches!(f, Finding::Payout { .. }),
    ),
    (
        "a payout left out",
        |snapshot| {
            snapshot.epochs[0].payouts.remove(1);
        },
        |f| matches!(f, Finding::Payout { contributor: BOB, .. }),
    ),
    (
        "a payout twice",
        |snapshot| {
            let paid = snapshot.epochs[0].payouts[1];
            snapshot.epochs[0].payouts.push(paid);
        },
        |f| matches!(f, Finding::Payout { contributor: BOB, .. }),
    ),
    (
        "a payout to a stranger",
        |snapshot| {
            let mut paid = snapshot.epochs[0].payouts[1];
            paid.contributor.0 = [9; 20];
            snapshot.epochs[0].payouts.push(paid);
        },
        |f| matches!(f, Finding::Payout { .. }),
    ),
    (
        "more left",
        |snapshot| snapshot.epochs[0].left.as_mut().unwrap().data += BigUint::from(1u32),
        |f| matches!(f, Finding::Left { .. }),
    ),
    (
        "more brought",
        |snapshot| snapshot.epochs[1].brought.compute += BigUint::from(1u32),
        |f| matches!(f, Finding::Brought { .. }),
    ),
    (
        "another root",
        |snapshot| snapshot.epochs[0].root.as_mut().unwrap().0[31] ^= 1,
        |f| matches!(f, Finding::Root { .. }),
    ),
    (
        "a bundle left out",
        |snapshot| {
            snapshot.epochs[0].bundles.remove(1);
        },
        |f| matches!(f, Finding::Payout { contributor: CAROL, .. }),
    ),
    (
        "a bundle twice",
        |snapshot| {
            let bundle = snapshot.epochs[0].bundles[2].clone();
            snapshot.epochs[0].bundles.push(bundle);
        },
        |f| matches!(f, Finding::ScoredTwice { .. }),
    ),
    (
        "a bundle cut short",
        |snapshot| {
            snapshot.epochs[0].bundles[0].pop();
        },
        |f| matches!(f, Finding::Bundle { index: 0, .. }),
    ),
    (
        "a bundle that is none",
        |snapshot| snapshot.epochs[0].bundles[0][31] ^= 4,
        |f| matches!(f, Finding::BundleBytes { index: 0, .. }),
    ),
    (
        "a score raised",
        |snapshot| {
            // Role, contributor, score.
            snapshot.epochs[0].bundles[3][95] ^= 1;
        },
        |f| matches!(f, Finding::Bundle { index: 3, contributor: BOB, .. }),
    ),
    (
        "a registration left out",
        |snapshot| {
            snapshot.epochs[0].registrations.retain(|registration| *registration.contributor() != CAROL);
        },
        |f| matches!(f, Finding::Bundle { contributor: CAROL, .. }),
    ),
    (
        "a registration twice",
        |snapshot| {
            let one = snapshot.epochs[0].registrations[0].clone();
            snapshot.epochs[0].registrations.push(one);
        },
        |f| matches!(f, Finding::RegisteredTwice { .. }),
    ),
    (
        "a registration of another epoch's round",
        |snapshot| {
            let old = snapshot.epochs[0].registrations[0].clone();
            snapshot.epochs[1].registrations.push(old);
        },
        |f| matches!(f, Finding::RoundOutside { contributor: ALICE, round: 10, .. }),
    ),
    (
        "a unit less of one node",
        |snapshot| edit_units(snapshot, "537", "536"),
        |f| matches!(f, Finding::Bundle { contributor: BOB, role: Role::Compute, .. }),
    ),
    (
        "a unit less of another, which changes everybody's share",
        |snapshot| edit_units(snapshot, "305", "304"),
        |f| matches!(f, Finding::Bundle { contributor: BOB, role: Role::Compute, .. }),
    ),
    (
        "a node left out",
        |snapshot| {
            snapshot.epochs[0].units =
                Some(format!("round,{}\n10,305\n11,943\n12,0\n13,0\n", checksummed(&ALICE)).into())
        },
        |f| matches!(f, Finding::Bundle { contributor: BOB, role: Role::Compute, .. }),
    ),
    (
        "units left out",
        |snapshot| snapshot.epochs[0].units = None,
        |f| matches!(f, Finding::Bundle { contributor: ALICE, role: Role::Compute, .. }),
    ),
    ("a round left out", |snapshot| edit_units(snapshot, "12,0,0\n", ""), |f| matches!(f, Finding::Units(_))),
    (
        "a policy of other rules",
        |snapshot| edit_policy(snapshot, 0, "cap = \"0.05\"", "cap = \"0.06\""),
        |f| matches!(f, Finding::RulesHash { .. }),
    ),
    (
        "data without the evidence that the rules require",
        |snapshot| edit_policy(snapshot, 0, "evidence = false", "evidence = true"),
        |f| matches!(f, Finding::NoEvidence { contributor: CAROL, .. }),
    ),
    (
        "an epoch that a contract settles",
        |snapshot| edit_policy(snapshot, 1, "settlement = \"claims\"", "settlement = \"contract\""),
        |f| matches!(f, Finding::ContractSettles),
    ),
    ("no policy", |snapshot| snapshot.epochs[0].source.text.clear(), |f| matches!(f, Finding::Policy(_))),
    (
        "a claim of more",
        |snapshot| snapshot.claims[0].amount += 1,
        |f| matches!(f, Finding::Claim { index: 0, .. }),
    ),
    (
        "a claim twice",
        |snapshot| {
            let claim = snapshot.claims[0].clone();
            snapshot.claims.push(claim);
        },
        |f| matches!(f, Finding::Claim { index: 3, due: 0, .. }),
    ),
    (
        "a claim forgotten",
        |snapshot| {
            snapshot.claims.pop();
        },
        |f| matches!(f, Finding::PaidOut { state: State::PaidOut, open: 1 }),
    ),
    ("epochs exchanged", |snapshot| snapshot.epochs.reverse(), |f| matches!(f, Finding::NotAscending)),
    (
        "settled too early",
        |snapshot| snapshot.epochs[1].state = State::Closed,
        |f| matches!(f, Finding::SettledEarly),
    ),
];

#[test]
fn every_alteration_is_found_and_named() {
    let snapshot = snapshot();
    assert!(audit(&snapshot).is_clean());
    let auditor = auditor();
    for (name, alter, is_found) in CASES {
        let mut altered = snapshot.clone();
        alter(&mut altered);
        assert_ne!(altered, snapshot, "{name}");
        let found = auditor.audit(&altered);
        let named = found.findings.values().flatten().any(is_found);
        assert!(named, "{name}: {:?}", found.findings);
        assert!(report::text(&found).contains("DIFFERENCE epoch"), "{name}");
    }
}

/// Names parameters that nobody has.
fn name_others(snapshot: &mut LedgerSnapshot, epoch: usize) -> NamedParameters {
    let digest = format!("0x{}", "de".repeat(32));
    edit_policy(snapshot, epoch, "insecure-development", &digest);
    NamedParameters::Digest(Digest([0xde; 32]))
}

#[test]
fn an_audit_without_the_right_parameters_says_that_nothing_was_verified() {
    let snapshot = snapshot();
    let auditor = |parameters| Auditor::new(parameters, Trust::AllowInsecure, &|_, _| {});
    let named = NamedParameters::InsecureDevelopment;
    let expected = [4, 5].map(|epoch| NoParameters { epoch, geometry: Geometry::COMPACT, named });
    // Nor is what somebody wrote down believed, for the rules hashes are the word of the one who is audited.
    let encoded = fixture::PARAMETERS.encode();
    let stated = [VerifierParameters::decode(Geometry::COMPACT, &encoded).expect("whole")];
    for parameters in [&[][..], &stated] {
        let found = auditor(parameters).audit(&snapshot);
        assert!(found.findings.is_empty() && !found.is_clean(), "{:?}", found.findings);
        assert_eq!((&found.unaudited[..], found.bundles), (&expected[..], 0));
    }
    let message = expected[0].to_string();
    assert!(message.contains("epoch 4 names the parameters insecure-development"), "{message}");
}

/// Whoever is audited writes the policies: an epoch that nobody can audit must hide nothing.
#[test]
fn an_epoch_of_unknown_parameters_hides_no_other() {
    for (unknown, other) in [(1, 0), (0, 1)] {
        let mut altered = snapshot();
        let named = name_others(&mut altered, unknown);
        let epoch = altered.epochs[unknown].number;
        let expected = [NoParameters { epoch, geometry: Geometry::COMPACT, named }];
        // By itself it makes no difference of anything else.
        let found = audit(&altered);
        assert!(found.findings.is_empty() && !found.is_clean(), "{:?}", found.findings);
        assert_eq!(found.unaudited, expected);
        let (text, page) = (report::text(&found), report::html(&found));
        for told in [&text, &page] {
            assert!(told.contains(&named.to_string()), "{told}");
            assert!(told.contains("Nothing of it was verified"), "{told}");
            assert_eq!(told.contains("is unchecked"), unknown == 0, "{told}");
        }
        assert!(!text.contains("Everything is as it should be"), "{text}");
        assert_eq!(found.epochs[1].unverified_before, (unknown == 0).then_some(epoch));

        altered.epochs[other].payouts[0].payout.compute += 1;
        let found = audit(&altered);
        let number = altered.epochs[other].number;
        assert_eq!(found.findings.keys().collect::<Vec<_>>(), [&number]);
        assert!(matches!(found.findings[&number][..], [Finding::Payout { .. }]), "{:?}", found.findings);
        assert_eq!(found.unaudited, expected);
        assert!(report::text(&found).contains("DIFFERENCE epoch"));
    }
}

#[test]
fn insecure_parameters_that_were_not_allowed_are_all_that_differs() {
    let insecure = std::slice::from_ref(&*fixture::PARAMETERS);
    let found = Auditor::new(insecure, Trust::CeremonyOnly, &|_, _| {}).audit(&snapshot());
    assert_eq!(found.findings.len(), 2);
    for findings in found.findings.values() {
        assert!(matches!(findings[..], [Finding::Setup(SetupError::InsecureParameters)]), "{findings:?}");
    }
}

/// Nor does an epoch whose policy is refused make the next one differ.
#[test]
fn a_refused_policy_is_all_that_differs_and_stands_in_one_line() {
    let mut altered = snapshot();
    altered.epochs[0].source.text.push_str(&format!("[x]\n{}", "y = 1\n".repeat(2)));
    let line = audit(&altered).lines().collect::<Vec<_>>();
    assert_eq!(line.len(), 1, "{line:?}");
    altered.epochs[0].source.text = (0..90).map(|n| format!("k{n}{} = 1\n", "z".repeat(90))).collect();
    let found = audit(&altered);
    let lines: Vec<_> = found.lines().collect();
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert!(!line.contains('\n') && line.contains("; "), "{line}");
    assert!((1_900..2_010).contains(&line.len()) && line.ends_with('…'), "{}: {line}", line.len());
}

/// Under a wider window, data of an earlier round fades less.
#[test]
fn a_round_before_the_epoch_is_for_data_that_was_on_record_then() {
    let backdated = |registration: Registration| {
        let mut altered = snapshot();
        edit_policy(&mut altered, 1, "evidence = false", "evidence = false\nfirst_round = 10");
        altered.epochs[1].registrations.push(registration);
        let found = audit(&altered);
        let is_backdated = |f: &Finding| matches!(f, Finding::Backdated { round: 11, .. });
        found.findings.values().flatten().any(is_backdated)
    };
    let on_record = |own: &&Registration| *own.contributor() == CAROL;
    let known = snapshot().epochs[0].registrations.iter().find(on_record).expect("Carol's").clone();
    let text = fairshare_formats::registration::to_json(&known);
    let text = text.replace(&known.digest().to_string(), &format!("0x{}", "5a".repeat(32)));
    let new = fairshare_formats::registration::from_json(text.as_bytes()).expect("a registration");
    assert!(!backdated(known));
    assert!(backdated(new));
}

#[test]
fn a_report_says_what_it_was_verified_under() {
    let found = audit(&snapshot());
    let srs = fixture::PARAMETERS.words().srs;
    for (epoch, verifier) in found.epochs.iter().zip(&*VERIFIERS) {
        let basis = epoch.basis.expect("verified");
        assert_eq!((basis.rules_hash, basis.srs), (verifier.rules_hash(), srs));
        for told in [report::text(&found), report::html(&found)] {
            assert!(told.contains(&verifier.rules_hash().to_string()), "{told}");
            assert!(told.contains(&srs.to_string()), "{told}");
        }
    }
}
