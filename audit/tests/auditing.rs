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
use fairshare_params::policy::NamedParameters;
use fairshare_params::role::Role;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_testkit::epochs::{ALICE, BOB, CAROL, FIRST, SECOND, VERIFIERS, World};
use fairshare_testkit::fixture;
use fairshare_verifier::bundle::Header;
use fairshare_verifier::{Trust, Verifier};
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
    auditor().audit(snapshot).expect("the parameters")
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

/// An alteration of the snapshot, and the finding that names it.
type Case = (&'static str, fn(&mut LedgerSnapshot), fn(&Finding) -> bool);

const CASES: [Case; 29] = [
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
        |snapshot| {
            snapshot.epochs[0].source.text =
                snapshot.epochs[0].source.text.replace("cap = \"0.05\"", "cap = \"0.06\"")
        },
        |f| matches!(f, Finding::RulesHash { .. }),
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
        let found = auditor.audit(&altered).expect("the parameters");
        let named = found.findings.values().flatten().any(is_found);
        assert!(named, "{name}: {:?}", found.findings);
        assert!(report::text(&found).contains("DIFFERENCE epoch"), "{name}");
    }
}

#[test]
fn an_audit_without_the_right_parameters_says_that_nothing_was_verified() {
    let snapshot = snapshot();
    let auditor = |parameters, trust| Auditor::new(parameters, trust, &|_, _| {});
    let named = NamedParameters::InsecureDevelopment;
    let expected = NoParameters { epoch: 4, geometry: Geometry::COMPACT, named };
    let missing = auditor(&[], Trust::AllowInsecure).audit(&snapshot).expect_err("none");
    assert_eq!(missing, expected);
    // Nor is what somebody wrote down believed, for the rules hashes are the word of the one who is audited.
    let encoded = fixture::PARAMETERS.encode();
    let stated = [VerifierParameters::decode(Geometry::COMPACT, &encoded).expect("whole")];
    assert_eq!(auditor(&stated, Trust::AllowInsecure).audit(&snapshot).expect_err("stated"), expected);
    let insecure = std::slice::from_ref(&*fixture::PARAMETERS);
    let found = auditor(insecure, Trust::CeremonyOnly).audit(&snapshot).expect("the parameters");
    assert!(
        found.findings.values().flatten().any(|f| matches!(f, Finding::Setup(_))),
        "{:?}",
        found.findings
    );
}
