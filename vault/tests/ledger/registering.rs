//! Registrations: signed, for this registry, of a round that goes on, once for ever.

use fairshare_audit::registry::{MAX_SEGMENTS, Refusal};
use fairshare_formats::registry::{SignedError, SignedRegistration};
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::registry::{Domain, NotTaken, Request, RequestError, Unsigned, UnsignedError};
use fairshare_vault::Ledger;
use fairshare_vault::database::Access;

use crate::world::*;

/// Carol's dataset of the first epoch.
fn carols() -> &'static SignedRegistration {
    &FIRST.registrations[2]
}

fn request() -> Request {
    carols().unsigned().request().clone()
}

/// Carol's, of other segments: a dataset that nobody has registered.
fn fresh(byte: u8) -> Request {
    let (schema, own) = (*request().schema_hash(), request());
    Request::new(CAROL, own.geometry(), schema, own.records(), vec![Digest([byte; 32])]).unwrap()
}

fn signed_until(request: Request, last_round: u64) -> SignedRegistration {
    sign(&FIRST.policy, request, None, last_round)
}

/// What the ledger says to a registration that it does not take; nothing is changed by it.
fn refusal(ledger: &mut Ledger, signed: &SignedRegistration) -> Refusal {
    let before = items(ledger);
    let refusal = take(ledger, signed).expect_err("taken");
    assert_eq!(items(ledger), before);
    refusal
}

/// One file that is given in two rounds is on record once, of the first: as it is, signed again with another
/// last round, or with evidence.
#[test]
fn a_dataset_has_one_round() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        go_to(&mut ledger, 10);
        let first = register(&mut ledger, carols());
        assert_eq!(first.round, 10);
        for round in [11, 12] {
            go_to(&mut ledger, round);
            let again = take(&mut ledger, carols()).unwrap();
            assert_eq!((again.before, again.receipt), (true, first.clone()));
            let digest = *request().digest();
            let known = Refusal::DigestKnown { digest, round: 10 };
            assert_eq!(refusal(&mut ledger, &signed_until(request(), 13)), known);
            let evident = sign(&FIRST.policy, request(), Some(evidence(&digest)), 12);
            assert_eq!(refusal(&mut ledger, &evident), known);
        }
        // Nor does it have another in the next epoch; nor in between, where what is on record is told so.
        go_to(&mut ledger, 13);
        ledger.register_units(&FIRST.units, at(3_000)).unwrap();
        end(&mut ledger, &FIRST);
        assert_eq!(take(&mut ledger, carols()).unwrap().receipt, first);
        open_next(&mut ledger, &SECOND);
        go_to(&mut ledger, 14);
        assert_eq!(take(&mut ledger, carols()).unwrap().receipt, first);
        let digest = *request().digest();
        let later = signed_until(request(), 20);
        let refusal = refusal(&mut ledger, &later);
        assert_eq!(refusal, Refusal::DigestKnown { digest, round: 10 });
        audit(&mut ledger);
        mended("one file declared in rounds 0 and 700 was paid 1,097 times apart", refusal);
    });
}

/// A contributor names no round: the registry assigns the one that goes on, and every other is somebody's
/// wish.
#[test]
fn rounds_are_the_registrys() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        let mut fresh = (1..).map(fresh);
        for round in 10..=12 {
            go_to(&mut ledger, round);
            // Whatever its last round, as long as it is not void.
            for last_round in [round, 12, 1 << 24, u64::MAX] {
                let signed = signed_until(fresh.next().unwrap(), last_round);
                assert_eq!(register(&mut ledger, &signed).round, round);
            }
        }
        let report = audit(&mut ledger);
        let rounds: Vec<_> = report.datasets.iter().map(|dataset| dataset.round).collect();
        assert_eq!(rounds, [[10; 4], [11; 4], [12; 4]].concat());
        let now =
            "whatever its last round is, a registration is of the round that goes on, as the audit finds";
        mended("round 2^24 + 1 (a block number, a Unix time) was taken and `settle` refused ever after", now);
    });
}

/// The digest names its contributor: whoever copies the segments has another one, whoever copies the digest
/// has no registration, and the owner is kept out by neither.
#[test]
fn a_copied_digest_keeps_its_owner_out_of_nothing() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        go_to(&mut ledger, 10);
        let own = request();
        let copied =
            Request::new(BOB, own.geometry(), *own.schema_hash(), own.records(), own.segments().to_vec());
        let copied = copied.unwrap();
        let error = copied.clone().with_digest(*own.digest()).unwrap_err();
        assert!(matches!(error, RequestError::Digest { .. }), "{error}");
        let (domain, vault) = (FIRST.policy.domain(), FIRST.policy.terms().vault);
        let unsigned = Unsigned::new(own, None, domain, vault, 12).unwrap();
        let as_bob =
            SignedRegistration::new(unsigned, *sign(&FIRST.policy, copied.clone(), None, 12).signature());
        assert!(matches!(as_bob, Err(SignedError::Signer { .. })), "{as_bob:?}");
        register(&mut ledger, &sign(&FIRST.policy, copied, None, 12));
        assert!(!take(&mut ledger, carols()).unwrap().before);
        audit(&mut ledger);
        mended("whoever registered a copied digest first kept its owner out", error);
    });
}

#[test]
fn a_registration_is_void_after_its_last_round() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        go_to(&mut ledger, 10);
        let early = NotTaken::Void { found: 9, first: 10 };
        assert_eq!(refusal(&mut ledger, &signed_until(fresh(1), 9)), Refusal::NotTaken(early));
        register(&mut ledger, &signed_until(fresh(2), 10));
        go_to(&mut ledger, 11);
        let void = Refusal::Void { last_round: 10, round: 11 };
        assert_eq!(refusal(&mut ledger, &signed_until(fresh(1), 10)), void);
        register(&mut ledger, &signed_until(fresh(1), 11));
        audit(&mut ledger);
    });
}

#[test]
fn a_registration_is_for_this_chain_registry_and_vault() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        go_to(&mut ledger, 10);
        let (own, own_vault) = (FIRST.policy.domain(), FIRST.policy.terms().vault);
        let other = Address([0x77; 20]);
        let chain = Domain { chain_id: 1, ..own };
        let registry = Domain { registry: other, ..own };
        for (domain, vault, expected) in [
            (chain, own_vault, UnsignedError::Chain { found: 1, expected: own.chain_id }),
            (registry, own_vault, UnsignedError::Registry { found: other, expected: own.registry }),
            (own, other, UnsignedError::Vault { found: other, expected: own_vault }),
        ] {
            let unsigned = Unsigned::new(request(), None, domain, vault, 12).unwrap();
            let signed = account(CAROL).register(unsigned).unwrap();
            assert_eq!(refusal(&mut ledger, &signed), Refusal::Elsewhere(expected));
        }
        register(&mut ledger, carols());
        audit(&mut ledger);
    });
}

/// What could never be proved or paid under the rules is refused at once, by its own reason.
#[test]
fn a_registration_is_of_what_the_rules_take() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        go_to(&mut ledger, 10);
        let own = request();
        let with = |geometry, schema, segments: &[Digest]| {
            let request = Request::new(CAROL, geometry, schema, own.records(), segments.to_vec());
            signed_until(request.unwrap(), 12)
        };
        let (geometry, schema) = (own.geometry(), *own.schema_hash());
        let expected = NotTaken::Geometry { found: Geometry::STANDARD, expected: geometry };
        let signed = with(Geometry::STANDARD, schema, own.segments());
        assert_eq!(refusal(&mut ledger, &signed), Refusal::NotTaken(expected));
        let found = Digest([1; 32]);
        let signed = with(geometry, found, own.segments());
        let expected = NotTaken::Schema { found, expected: schema };
        assert_eq!(refusal(&mut ledger, &signed), Refusal::NotTaken(expected));
        let signed = with(geometry, schema, &[Digest([1; 32]), Digest([2; 32])]);
        let expected = NotTaken::Segments { found: 2, records: own.records(), needed: 1 };
        assert_eq!(refusal(&mut ledger, &signed), Refusal::NotTaken(expected));
        audit(&mut ledger);
    });
    on_each(|location| {
        let evident = otherwise(&FIRST, &[("evidence = false", "evidence = true")]);
        let mut ledger = Ledger::open(location, Access::Create).unwrap();
        open(&mut ledger, &evident).unwrap();
        go_to(&mut ledger, 10);
        assert_eq!(refusal(&mut ledger, carols()), Refusal::NotTaken(NotTaken::Evidence));
        let digest = *request().digest();
        register(&mut ledger, &sign(&FIRST.policy, request(), Some(evidence(&digest)), 12));
        audit(&mut ledger);
    });
}

/// What no bundle that a ledger takes can prove is refused, and what is taken can be read again: the longest
/// registration goes into an archive and through an audit.
#[test]
fn a_dataset_is_no_longer_than_a_bundle_proves() {
    let own = request();
    let (policy, features) = (&FIRST.policy, FIRST.policy.schema().len() as u64);
    let needed = |records: u32| own.geometry().cut(u64::from(records) * features).segments();
    // The first number of records that fills so many segments.
    let filling = |segments: usize| {
        let (mut low, mut high) = (1, u32::MAX);
        while low < high {
            let middle = low + (high - low) / 2;
            if needed(middle) < segments as u64 { low = middle + 1 } else { high = middle }
        }
        let listed = (0..segments as u32).map(|index| {
            let mut hash = [0; 32];
            hash[28..].copy_from_slice(&index.to_be_bytes());
            Digest(hash)
        });
        let request = Request::new(CAROL, own.geometry(), *own.schema_hash(), low, listed.collect());
        sign(policy, request.unwrap(), None, 12)
    };
    let [longest, longer] = [MAX_SEGMENTS, MAX_SEGMENTS + 1].map(filling);
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        go_to(&mut ledger, 10);
        let expected = Refusal::TooManySegments { found: MAX_SEGMENTS + 1 };
        assert_eq!(refusal(&mut ledger, &longer), expected);
        register(&mut ledger, &longest);
        audit(&mut ledger);
    });
}

/// An upload begins with its digest's own chunk: it serves no other, and so no root comes twice.
#[test]
fn an_upload_is_of_one_dataset() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        go_to(&mut ledger, 10);
        let digest = *request().digest();
        let upload = evidence(&digest);
        register(&mut ledger, &sign(&FIRST.policy, request(), Some(upload.clone()), 12));
        let (domain, vault) = (FIRST.policy.domain(), FIRST.policy.terms().vault);
        let error = Unsigned::new(fresh(1), Some(upload), domain, vault, 12).unwrap_err();
        assert!(matches!(error, UnsignedError::Evidence { .. }), "{error}");
        audit(&mut ledger);
        mended("one upload committed twice took all 30,000,000", error);
    });
}

#[test]
fn a_bad_entry_of_a_batch_names_itself_and_the_others_are_taken() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        go_to(&mut ledger, 10);
        let elsewhere = Unsigned::new(fresh(1), None, FIRST.policy.domain(), Address([7; 20]), 12).unwrap();
        let batch = [
            FIRST.registrations[0].clone(),
            account(CAROL).register(elsewhere).unwrap(),
            carols().clone(),
            signed_until(fresh(2), 9),
            // The same once more, and once more signed otherwise.
            FIRST.registrations[0].clone(),
            signed_until(request(), 13),
            FIRST.registrations[1].clone(),
        ];
        let taken = ledger.register(&batch, at(2_000)).unwrap();
        let indices: Vec<_> = taken
            .iter()
            .map(|taken| taken.as_ref().ok().map(|taken| (taken.receipt.index, taken.before)))
            .collect();
        let (first, last) = (taken[0].as_ref().unwrap().receipt.index, 2);
        let expected = [
            Some((first, false)),
            None,
            Some((first + 1, false)),
            None,
            Some((first, true)),
            None,
            Some((first + last, false)),
        ];
        assert_eq!(indices, expected);
        assert!(matches!(taken[1], Err(Refusal::Elsewhere(UnsignedError::Vault { .. }))), "{:?}", taken[1]);
        assert!(matches!(taken[3], Err(Refusal::NotTaken(NotTaken::Void { .. }))), "{:?}", taken[3]);
        let digest = *request().digest();
        assert_eq!(taken[5], Err(Refusal::DigestKnown { digest, round: 10 }));
        audit(&mut ledger);
        let now = format!(
            "4 of 7 entries taken; of the others, each by itself: {}",
            taken[5].as_ref().unwrap_err()
        );
        mended("`UNIQUE constraint failed`, and the batch was lost", now);
    });
}

#[test]
fn data_is_registered_while_a_round_goes_on_that_takes_it() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        let until = |ledger: &mut Ledger| refusal(ledger, &signed_until(fresh(1), u64::MAX));
        assert_eq!(until(&mut ledger), Refusal::NoRound);
        go_to(&mut ledger, 12);
        register(&mut ledger, carols());
        go_to(&mut ledger, 13);
        assert_eq!(until(&mut ledger), Refusal::LastRound { epoch: 4, round: 13 });
        ledger.register_units(&FIRST.units, at(3_000)).unwrap();
        end(&mut ledger, &FIRST);
        assert_eq!(until(&mut ledger), Refusal::NoRound);
        open_next(&mut ledger, &SECOND);
        assert_eq!(until(&mut ledger), Refusal::NoRound);
        go_to(&mut ledger, 14);
        assert_eq!(register(&mut ledger, &signed_until(fresh(1), u64::MAX)).round, 14);
        audit(&mut ledger);
    });
}
