//! What happens on a chain, event by event, and how it is cut into batches.

use fairshare_audit::registry::Identity;
use fairshare_audit::settlement::{Earned, Settlement, settle_pool};
use fairshare_formats::ledger::Tenths;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::role::Role;
use fairshare_vault::database::{Access, Location};
use fairshare_vault::ledger::{Batch, ChainEvent, ChainRegistration, Cursor, Happened, Mirrored};
use fairshare_vault::{Ledger, VaultError};

use crate::world::*;

/// What was funded before the second epoch's last round ended: its rules name no pool.
pub const FUNDED: u128 = 1_001;

pub fn happened(seconds: u64, event: ChainEvent) -> Happened {
    Happened { time: at(seconds), event }
}

pub fn began(world: &World) -> ChainEvent {
    let (source, rules_hash) = (world.source.clone(), world.verifier().rules_hash());
    ChainEvent::EpochBegan { source, rules_hash }
}

pub fn round(world: &World, round: u64) -> ChainEvent {
    ChainEvent::RoundBegan { epoch: world.policy.terms().epoch, round }
}

/// What the registry says of one of a world's registrations.
pub fn registration(world: &World, index: usize) -> ChainRegistration {
    let unsigned = world.registrations[index].unsigned();
    let request = unsigned.request();
    ChainRegistration {
        contributor: *request.contributor(),
        records: request.records(),
        digest: *request.digest(),
        segments: request.segments().to_vec(),
        root: Digest([0; 32]),
        length: 0,
        upload_tx: Digest([0; 32]),
        path: Vec::new(),
        last_round: unsigned.last_round(),
    }
}

pub fn data_came(world: &World, index: usize, signature: &[u8]) -> ChainEvent {
    let (round, registration) = (world.rounds[index], registration(world, index));
    ChainEvent::DataRegistered { round, registration, signature: signature.to_vec() }
}

pub fn units(world: &World, round: u64, units: &[(Address, u32)]) -> ChainEvent {
    ChainEvent::UnitsRecorded { epoch: world.policy.terms().epoch, round, units: units.to_vec() }
}

pub fn ended(world: &World, pool: u128, closed_until: u64) -> ChainEvent {
    let (epoch, last_round) = (world.policy.terms().epoch, world.policy.terms().last_round());
    ChainEvent::EpochEnded { epoch, last_round, pool, closed_until: at(closed_until).unix_seconds() }
}

/// That a bundle counts, as the contract says it.
pub fn taken(world: &World, index: usize) -> ChainEvent {
    let bundle = world.read(index);
    let (records, latest) = covered(world, index);
    ChainEvent::BundleTaken {
        epoch: world.policy.terms().epoch,
        role: bundle.role(),
        contributor: bundle.contributor(),
        score: bundle.claimed_score(),
        records,
        latest,
        bytes: world.bundles[index].bytes.clone(),
    }
}

/// Records and latest round of what a bundle covers; zeros of computing power.
fn covered(world: &World, index: usize) -> (u32, u64) {
    let digests = world.read(index).header().digests;
    let own: Vec<_> = world
        .on_record()
        .into_iter()
        .zip(&world.rounds)
        .filter(|(own, _)| digests.contains(own.digest()))
        .collect();
    let latest = own.iter().map(|(_, round)| **round).max();
    (own.iter().map(|(own, _)| own.records()).sum(), latest.unwrap_or_default())
}

/// What these of a world's bundles earn of a pool.
pub fn shares(world: &World, pool: u128, brought: &Tenths, bundles: &[usize]) -> Settlement {
    let earned = |index: &usize| {
        let bundle = world.read(*index);
        let (records, latest) = covered(world, *index);
        let score = bundle.claimed_score();
        let earned = match bundle.role() {
            Role::Compute => Earned::Compute { score },
            Role::Data => Earned::Data { score, records: records.try_into().expect("records"), latest },
        };
        (bundle.contributor(), earned)
    };
    let scores: Vec<_> = bundles.iter().map(earned).collect();
    settle_pool(&world.policy, pool, brought, &scores).expect("scores")
}

/// That an epoch's pools were divided, nothing being carried.
pub fn divided(epoch: u64, pool: u128) -> ChainEvent {
    let divided = Tenths { compute: (pool * 7).into(), data: (pool * 3).into() };
    ChainEvent::EpochSettled { epoch, divided, carried: Tenths::default() }
}

pub fn claimed(epoch: u64, contributor: Address, settlement: &Settlement) -> ChainEvent {
    let share = settlement.payouts[&contributor];
    let transaction = Digest([u8::try_from(epoch).expect("small"); 32]);
    ChainEvent::Claimed { epoch, contributor, compute: share.compute, data: share.data, transaction }
}

/// When the two epochs' claims open: the second one's rounds end while the first one is proved.
pub const OPEN: [u64; 2] = [10_000 + PROVING, 20_000 + PROVING];

/// From the first epoch's first round on to bundles of both: data of a sender and by signatures, units by
/// several calls, strikes, rounds that are passed over, and the second epoch's funds.
pub fn up_to_claims() -> Vec<Happened> {
    let [first, second] = &*CONTRACTS;
    let pool = first.policy.terms().pool;
    let carols = *first.registrations[2].unsigned().request().digest();
    let events = [
        (100, began(first)),
        (100, data_came(first, 0, &[0x1b; 65])),
        (110, units(first, 10, &[(ALICE, 305)])),
        (110, units(first, 10, &[(BOB, 537)])),
        (200, round(first, 11)),
        (210, data_came(first, 2, &[])),
        (220, units(first, 11, &[(ALICE, 943)])),
        (300, round(first, 12)),
        (310, data_came(first, 1, &[7; 1_000])),
        (320, ChainEvent::NodeStruck { epoch: 4, node: CAROL, reason: "never seen".to_owned() }),
        (400, round(first, 13)),
        (410, units(first, 13, &[(BOB, 7)])),
        (10_000, ended(first, pool, OPEN[0])),
        (10_100, ChainEvent::DataStruck { digest: carols, reason: "copied".to_owned() }),
        (10_200, taken(first, 0)),
        (11_000, began(second)),
        (11_100, taken(first, 3)),
        (11_200, data_came(second, 0, &[])),
        (11_300, units(second, 14, &[(ALICE, 4)])),
        (12_000, taken(first, 1)),
        (20_000, ended(second, FUNDED, OPEN[1])),
        (20_000, taken(second, 1)),
        // The last second for the first one's proofs.
        (OPEN[0], taken(first, 2)),
        (OPEN[0] + 1, taken(second, 0)),
    ];
    events.map(|(seconds, event)| happened(seconds, event)).to_vec()
}

/// All of both epochs. What each pays is computed here from its bundles.
pub fn both_epochs() -> Vec<Happened> {
    let [first, second] = &*CONTRACTS;
    let pool = first.policy.terms().pool;
    let one = shares(first, pool, &Tenths::default(), &[0, 1, 2, 3]);
    let two = shares(second, FUNDED, &one.carry, &[0, 1]);
    let claims = [
        (OPEN[0] + 2, divided(4, pool)),
        (OPEN[0] + 2, claimed(4, BOB, &one)),
        (OPEN[1] + 50, divided(5, FUNDED)),
        // In whatever order, and in one block.
        (OPEN[1] + 50, claimed(5, ALICE, &two)),
        (OPEN[1] + 50, claimed(4, ALICE, &one)),
    ];
    let mut events = up_to_claims();
    events.extend(claims.map(|(seconds, event)| happened(seconds, event)));
    events
}

/// The vault that is followed.
pub fn identity() -> Identity {
    Identity::of(&CONTRACTS[0].policy)
}

/// The block that was looked at last after so many events.
pub fn cursor(events: usize) -> Cursor {
    let number = events as u64 + 1;
    let mut hash = [0x5c; 32];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    Cursor { number, hash: Digest(hash) }
}

/// The events from one place to another, each in a block of its own.
pub fn batch(events: &[Happened], from: Option<usize>, to: usize) -> Batch {
    let own = &events[from.unwrap_or_default()..to];
    let time = events[..to].last().map_or(at(0), |happened| happened.time);
    Batch { identity: identity(), after: from.map(cursor), events: own.to_vec(), until: cursor(to), time }
}

/// The events cut at these places.
pub fn cut(events: &[Happened], places: &[usize]) -> Vec<Batch> {
    let ends = places.iter().copied().chain([events.len()]);
    let mut from = None;
    ends.map(|to| {
        let batch = batch(events, from, to);
        from = Some(to);
        batch
    })
    .collect()
}

pub fn mirror(ledger: &mut Ledger, batch: &Batch) -> Mirrored {
    ledger.mirror(batch).expect("a batch")
}

/// A ledger that has followed these events in one batch.
pub fn following(location: &Location, events: &[Happened]) -> Ledger {
    let mut ledger = Ledger::open(location, Access::Create).expect("a ledger");
    mirror(&mut ledger, &batch(events, None, events.len()));
    ledger
}

/// What is refused after so many events that were taken, with the ledger as it was.
pub fn refusal(location: &Location, before: &[Happened], next: Happened) -> VaultError {
    let mut ledger = Ledger::open(location, Access::Create).expect("a ledger");
    let mut events = before.to_vec();
    if !before.is_empty() {
        mirror(&mut ledger, &batch(&events, None, events.len()));
    }
    let from = (!before.is_empty()).then_some(before.len());
    events.push(next);
    let error = ledger.mirror(&batch(&events, from, events.len())).expect_err("a difference");
    assert_eq!(ledger.cursor().expect("the database works"), from.map(cursor));
    error
}
