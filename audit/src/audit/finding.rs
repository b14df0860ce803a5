//! What an audit may find.

use fairshare_formats::eip55::checksummed;
use fairshare_formats::policy::PolicyErrors;
use fairshare_formats::units::UnitsError;
use fairshare_params::address::Address;
use fairshare_params::context::ContextError;
use fairshare_params::encoding::Digest;
use fairshare_params::role::Role;
use fairshare_verifier::{BundleError, SetupError, VerifyError};

use crate::settlement::{Carry, Payout, SettlementError};
use crate::snapshot::{Paid, State, VaultIdentity};

/// Something of an epoch that is not as it should be. Positions count from 0, in the snapshot's order.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each field is named in its variant's message")]
pub enum Finding {
    #[error("the policy is refused")]
    Policy(#[source] Box<PolicyErrors>),
    #[error("the rules have the hash {found}, but the epoch was opened under {recorded}")]
    RulesHash { found: Digest, recorded: Digest },
    #[error("the policy is of epoch {policy}")]
    EpochNumber { policy: u64 },
    #[error("the policy is of {found}, but the first epoch's of {first}")]
    OtherVault { found: VaultIdentity, first: VaultIdentity },
    #[error("it does not follow the epoch before it")]
    NotAscending,
    #[error("its rounds begin at {first}, within those of an earlier epoch: work would be paid twice")]
    RoundsAgain { first: u64 },
    #[error("{contributor} registered {digest} twice", contributor = checksummed(.contributor))]
    RegisteredTwice { contributor: Address, digest: Digest },
    #[error(
        "{contributor} registered {digest}, which {owner} had registered before with other values",
        contributor = checksummed(.contributor), owner = checksummed(.owner)
    )]
    RegisteredOtherwise { contributor: Address, digest: Digest, owner: Address },
    #[error(
        "{contributor}'s registration of {digest} does not fit the policy",
        contributor = checksummed(.contributor)
    )]
    Unfit { contributor: Address, digest: Digest, source: Box<ContextError> },
    #[error(
        "{contributor}'s registration of {digest} is of round {round}, in which it takes no data",
        contributor = checksummed(.contributor)
    )]
    RoundOutside { contributor: Address, digest: Digest, round: u64 },
    #[error(
        "{contributor}'s registration of {digest} has no evidence of its upload, which the rules require",
        contributor = checksummed(.contributor)
    )]
    NoEvidence { contributor: Address, digest: Digest },
    #[error(
        "{contributor}'s registration of {digest} is of round {round}, before the epoch's first, and no \
         earlier epoch has it on record: its data would fade less than it has to",
        contributor = checksummed(.contributor)
    )]
    Backdated { contributor: Address, digest: Digest, round: u64 },
    #[error("epoch {earlier} before it was never settled: its pool and its carry are passed over")]
    NotSettledBefore { earlier: u64 },
    #[error("its rules have a contract compute what is paid, so that no ledger can settle it")]
    ContractSettles,
    #[error("nothing of it was verified")]
    Setup(#[source] SetupError),
    #[error("bundle {index} cannot be read")]
    BundleBytes { index: usize, source: BundleError },
    #[error(
        "bundle {index}, {contributor}'s for {role}, does not verify",
        contributor = checksummed(.contributor)
    )]
    Bundle { index: usize, contributor: Address, role: Role, source: Box<VerifyError> },
    #[error(
        "bundle {index} leaves out {digest}, which {contributor} registered too",
        contributor = checksummed(.contributor)
    )]
    LeftOut { index: usize, contributor: Address, digest: Digest },
    #[error("bundle {index} is {contributor}'s second for {role}", contributor = checksummed(.contributor))]
    ScoredTwice { index: usize, contributor: Address, role: Role },
    #[error("its units cannot be read: no compute score was verified")]
    Units(#[source] UnitsError),
    #[error("its scores cannot be weighed")]
    Settlement(#[source] SettlementError),
    #[error(
        "it brings {} from the epoch before, but that one leaves {}",
        tenths(.recorded),
        tenths(.computed)
    )]
    Brought { computed: Carry, recorded: Carry },
    #[error("it has payouts, a carry or a root, although it is not settled")]
    SettledEarly,
    #[error(
        "{contributor} earns {} for computing power and {} for data, {cumulative} in all with earlier \
         epochs; on record: {}",
        .computed.compute, .computed.data, on_record(.recorded),
        contributor = checksummed(.contributor)
    )]
    Payout { contributor: Address, computed: Payout, cumulative: u128, recorded: Vec<Paid> },
    #[error(
        "{contributor} would have earned more than 2^128 base units in all",
        contributor = checksummed(.contributor)
    )]
    TooMuch { contributor: Address },
    #[error("it leaves {}, but {} is on record", tenths(.computed), tenths(.recorded))]
    Left { computed: Carry, recorded: Carry },
    #[error("the root of its claims is {}, but {} is on record", optional(.computed), optional(.recorded))]
    Root { computed: Option<Digest>, recorded: Option<Digest> },
    #[error(
        "claim {index} paid {contributor} {recorded}, but {due} was due",
        contributor = checksummed(.contributor)
    )]
    Claim { index: usize, contributor: Address, recorded: u128, due: u128 },
    #[error("it is {state}, but {open} of its contributors have not claimed")]
    PaidOut { state: State, open: usize },
}

fn tenths(carry: &Carry) -> String {
    format!("{} tenths of a unit for computing power and {} for data", carry.compute, carry.data)
}

fn on_record(paid: &[Paid]) -> String {
    let one =
        |paid: &Paid| format!("{} and {}, {} in all", paid.payout.compute, paid.payout.data, paid.cumulative);
    if paid.is_empty() {
        "nothing".to_owned()
    } else {
        paid.iter().map(one).collect::<Vec<_>>().join("; and again ")
    }
}

fn optional(root: &Option<Digest>) -> String {
    root.map_or_else(|| "none".to_owned(), |root| root.to_string())
}
