//! Why the vault refuses.

use fairshare_audit::settlement::SettlementError;
use fairshare_audit::snapshot::{State, VaultIdentity};
use fairshare_formats::eip55::checksummed;
use fairshare_formats::policy::PolicyErrors;
use fairshare_formats::registration::RegistrationFileError;
use fairshare_params::address::Address;
use fairshare_params::context::ContextError;
use fairshare_params::encoding::Digest;
use fairshare_verifier::{BundleError, VerifyError};

use crate::database::DatabaseError;

/// Why a command on the ledger was refused. Nothing was changed, unless the variant says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A policy on record that cannot be read any more.
    #[error("the policy on record for epoch {epoch} is refused")]
    Policy {
        /// The epoch.
        epoch: u64,
        /// Why.
        source: Box<PolicyErrors>,
    },
    /// A registration on record that cannot be read any more.
    #[error("the ledger holds a registration that cannot be read; restore it from a backup or an archive")]
    Registration(#[source] RegistrationFileError),
    /// A policy on record that is not the one its epoch was opened with.
    #[error(
        "the policy on record for epoch {epoch} is not the one that the epoch was opened with (its text and \
         files hash to {found}, not to {expected}); restore the ledger from a backup"
    )]
    PolicyChanged {
        /// The epoch.
        epoch: u64,
        /// The hash of what is there.
        found: Digest,
        /// The hash recorded.
        expected: Digest,
    },
    /// No epoch at all.
    #[error("the ledger has no epoch yet; open one with `fairshare vault init --policy POLICY`")]
    NoEpoch,
    /// No epoch of that number.
    #[error("the ledger has no epoch {epoch}; `fairshare vault status` lists those it has")]
    UnknownEpoch {
        /// The number.
        epoch: u64,
    },
    /// Another vault's policy.
    #[error(
        "this ledger is of {ledger}, but the policy of {policy}; keep each vault and subnet in a ledger of \
         its own"
    )]
    OtherVault {
        /// The ledger's.
        ledger: Box<VaultIdentity>,
        /// The policy's.
        policy: Box<VaultIdentity>,
    },
    /// The same epoch under other rules.
    #[error("epoch {epoch} was opened under rules of hash {recorded}; they cannot change to {given}")]
    OtherRules {
        /// The epoch.
        epoch: u64,
        /// The rules hash on record.
        recorded: Digest,
        /// That of the policy and parameters given.
        given: Digest,
    },
    /// An epoch that does not follow.
    #[error("epoch {epoch} does not follow epoch {last}, the ledger's last; number epochs upwards")]
    NotAscending {
        /// The epoch.
        epoch: u64,
        /// The last one.
        last: u64,
    },
    /// The epoch before is not settled.
    #[error(
        "epoch {epoch} is {state}; settle it before the next one is opened, which takes over what it leaves"
    )]
    Unsettled {
        /// The epoch.
        epoch: u64,
        /// Its state.
        state: State,
    },
    /// Rounds that an earlier epoch has paid.
    #[error(
        "the policy's rounds begin at {first}, but epoch {epoch} has rounds up to {last}: work of one round \
         would be paid twice; number rounds on"
    )]
    RoundsAgain {
        /// The policy's first round.
        first: u64,
        /// The earlier epoch.
        epoch: u64,
        /// Its last round.
        last: u64,
    },
    /// An epoch that no ledger settles.
    #[error(
        "the policy of epoch {epoch} says `settlement = \"contract\"`: a contract computes what is paid, of \
         whatever it is funded with, and a ledger cannot; for a ledger, write \"claims\" or \"payments\""
    )]
    ContractSettles {
        /// The epoch.
        epoch: u64,
    },
    /// More than 128 bits of base units.
    #[error(
        "with this pool the vault's epochs would have more than 2^128 base units in all; use larger units"
    )]
    PoolsTooLarge,
    /// An epoch in another state.
    #[error("epoch {epoch} is {state}, and this command needs one that is {needed}")]
    State {
        /// The epoch.
        epoch: u64,
        /// Its state.
        state: State,
        /// What was needed.
        needed: State,
    },
    /// A batch of registrations that is not strictly ascending.
    #[error(
        "registration {index} of the batch repeats the one before it, or does not follow it, in the order of \
         digest and contributor; give every registration once, in that order"
    )]
    Order {
        /// Position in the batch, from 0.
        index: usize,
    },
    /// A registration that the policy does not admit.
    #[error(
        "{contributor}'s registration of {digest} does not fit the policy",
        contributor = checksummed(.contributor)
    )]
    Unfit {
        /// The contributor.
        contributor: Address,
        /// The digest.
        digest: Digest,
        /// Why.
        source: Box<ContextError>,
    },
    /// A digest registered before with other values.
    #[error(
        "{owner} registered {digest} in epoch {epoch} with other values; a registration never changes: \
         register that one, or other data",
        owner = checksummed(.owner)
    )]
    RegisteredOtherwise {
        /// The digest.
        digest: Digest,
        /// The epoch on record.
        epoch: u64,
        /// The contributor on record.
        owner: Address,
    },
    /// A dataset of a round in which this epoch takes no data.
    #[error(
        "{contributor}'s registration of {digest} is of round {round}, and the epoch takes data of rounds \
         {first} to {last}: it would weigh nothing, and whatever is covered with it; commit the data again, \
         in such a round",
        contributor = checksummed(.contributor)
    )]
    RoundOutside {
        /// The contributor.
        contributor: Address,
        /// The digest.
        digest: Digest,
        /// The round.
        round: u64,
        /// The epoch's first round.
        first: u64,
        /// The last one that takes data.
        last: u64,
    },
    /// A dataset that comes after the score.
    #[error(
        "{contributor}'s data has been scored in this epoch; what is registered after that belongs to the \
         next one",
        contributor = checksummed(.contributor)
    )]
    ScoredAlready {
        /// The contributor.
        contributor: Address,
    },
    /// Other units than those on record.
    #[error(
        "epoch {epoch} has other units on record; they are recorded once, for all nodes, and never change: \
         take those on record"
    )]
    UnitsOtherwise {
        /// The epoch.
        epoch: u64,
    },
    /// No evidence, which the rules require.
    #[error(
        "registration {digest} has no evidence of its upload, which the rules require; register it with \
         evidence"
    )]
    NoEvidence {
        /// The digest.
        digest: Digest,
    },
    /// A round before the epoch's, of data that was not on record then.
    #[error(
        "{contributor}'s registration of {digest} is of round {round}, before the epoch's first, {first}, \
         and no earlier epoch has it on record: data is of the round in which it was registered; commit it \
         again, in a round of this epoch",
        contributor = checksummed(.contributor)
    )]
    Backdated {
        /// The contributor.
        contributor: Address,
        /// The digest.
        digest: Digest,
        /// The round.
        round: u64,
        /// The epoch's first round.
        first: u64,
    },
    /// Scores that cannot be weighed.
    #[error(transparent)]
    Settlement(#[from] SettlementError),
    /// Someone who has earned nothing.
    #[error(
        "{contributor} has earned nothing in a settled epoch; `fairshare vault status` lists the epochs",
        contributor = checksummed(.contributor)
    )]
    NothingEarned {
        /// The contributor.
        contributor: Address,
    },
    /// A number on record that cannot be one.
    #[error(
        "the ledger holds a number that this program never writes; audit the ledger, and restore it from a \
         backup"
    )]
    Number,
}

/// Why a bundle was not accepted. The other bundles given with it have verdicts of their own.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// Bytes that are no bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// Longer than the ledger keeps.
    #[error(
        "the bundle has {bytes} bytes, and the ledger keeps at most {limit}; split the contribution over \
         epochs"
    )]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The most.
        limit: usize,
    },
    /// A digest that is not registered for the contributor in this epoch.
    #[error(
        "{contributor} has not registered {digest} in this epoch; register it first",
        contributor = checksummed(.contributor)
    )]
    Unregistered {
        /// The contributor.
        contributor: Address,
        /// The digest.
        digest: Digest,
    },
    /// A dataset left out: leaving data out could raise a score.
    #[error(
        "{contributor} has also registered {digest} in this epoch; prove all datasets of an epoch together",
        contributor = checksummed(.contributor)
    )]
    LeftOut {
        /// The contributor.
        contributor: Address,
        /// The digest left out.
        digest: Digest,
    },
    /// The proof.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}
