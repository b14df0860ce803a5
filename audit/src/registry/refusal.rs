//! Why a registry does not take something.

use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::MAX_BUNDLE_BYTES;
use fairshare_formats::time::Moment;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Token;
use fairshare_params::registry::{NotTaken, UnsignedError};

use super::identity::Identity;

/// Most epochs that may wait to be settled before rules of another one stand.
pub const MAX_AHEAD: usize = 63;
/// Most segments of a dataset: a histogram's proof has 2 KiB and more, so a bundle of more segments is longer
/// than a ledger takes.
pub const MAX_SEGMENTS: usize = MAX_BUNDLE_BYTES / 2048;

/// Why a registry does not take something. Nothing was recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Another vault's rules.
    #[error(
        "the ledger is of {ledger}, but the policy is of {policy}; keep each vault in a ledger of its own"
    )]
    OtherVault {
        /// The ledger's.
        ledger: Box<Identity>,
        /// The policy's.
        policy: Box<Identity>,
    },
    /// An epoch that no ledger opens.
    #[error(
        "the policy of epoch {epoch} says `settlement = \"contract\"`: its rules stand on the chain, and \
         `fairshare chain sync` writes the ledger of what happens there; for a ledger that somebody keeps, \
         write \"claims\" or \"payments\""
    )]
    ContractSettles {
        /// The epoch.
        epoch: u64,
    },
    /// Rules that are not those of the next epoch.
    #[error("the policy is of epoch {found}, but the ledger's next is {expected}; epoch numbers rise by one")]
    EpochNumber {
        /// The policy's.
        found: u64,
        /// The next.
        expected: u64,
    },
    /// Rounds that leave some out, or come again.
    #[error(
        "the policy's rounds begin at {found}, but epoch {epoch}'s first round is {expected}: rounds go on \
         from the epoch before"
    )]
    FirstRound {
        /// The epoch.
        epoch: u64,
        /// The policy's first round.
        found: u64,
        /// What it has to be.
        expected: u64,
    },
    /// Amounts that would be read otherwise.
    #[error(
        "the policy of epoch {epoch} has amounts read in {given}, and other epochs' are in {others}; a vault \
         pays in one token: give the same `symbol` and `decimals`, or neither"
    )]
    OtherToken {
        /// The epoch.
        epoch: u64,
        /// The policy's.
        given: Box<Token>,
        /// The other epochs'.
        others: Box<Token>,
    },
    /// More epochs than are worked on at once.
    #[error(
        "epoch {epoch} is too far ahead: {MAX_AHEAD} epochs before it are not settled; settle some first"
    )]
    TooFarAhead {
        /// The epoch.
        epoch: u64,
    },
    /// Rules after their epoch has begun.
    #[error("the rules of epoch {epoch} stand: its first round has begun, and they never change after that")]
    RulesStand {
        /// The epoch.
        epoch: u64,
    },
    /// More than 128 bits of base units.
    #[error(
        "with this pool the vault's epochs would have more than 2^128 base units in all; use larger units"
    )]
    PoolsTooLarge,
    /// No rules for the next round.
    #[error(
        "no rules stand for round {round}, the next one; open its epoch with `fairshare vault init --policy \
         POLICY`"
    )]
    NoRules {
        /// The round.
        round: u64,
    },
    /// No rules at all.
    #[error("the ledger has no epoch yet; open one with `fairshare vault init --policy POLICY`")]
    NoEpoch,
    /// A round that is not ahead in this epoch.
    #[error("round {to} is not from {next} to {last}, the rounds of epoch {epoch} that have not begun")]
    RoundAhead {
        /// The round asked for.
        to: u64,
        /// The epoch.
        epoch: u64,
        /// The next round.
        next: u64,
        /// The epoch's last.
        last: u64,
    },
    /// The last round goes on.
    #[error("round {last} is the last of epoch {epoch}; end it with `fairshare vault round --end`")]
    NoRoundsLeft {
        /// The epoch.
        epoch: u64,
        /// Its last round.
        last: u64,
    },
    /// The epoch's rounds are not over.
    #[error(
        "round {round} of epoch {epoch} goes on, and its last is {last}; end its rounds with `fairshare \
         vault round --end`"
    )]
    RoundsGoOn {
        /// The epoch.
        epoch: u64,
        /// The round.
        round: u64,
        /// The epoch's last.
        last: u64,
    },
    /// Its rounds have not begun.
    #[error("epoch {epoch} has not begun; its first round is {first}")]
    NotBegun {
        /// The epoch.
        epoch: u64,
        /// Its first round.
        first: u64,
    },
    /// No round goes on.
    #[error(
        "no round goes on, and nothing is registered in between; begin one with `fairshare vault round \
         --next`"
    )]
    NoRound,
    /// The last round takes no data.
    #[error(
        "round {round} is the last of epoch {epoch}, which takes no data; register it when the next epoch \
         has begun"
    )]
    LastRound {
        /// The epoch.
        epoch: u64,
        /// The round.
        round: u64,
    },
    /// A registration that has become void.
    #[error(
        "it is void after round {last_round}, and round {round} goes on; ask its contributor to sign again"
    )]
    Void {
        /// Its last round.
        last_round: u64,
        /// The round.
        round: u64,
    },
    /// Signed for something else.
    #[error(transparent)]
    Elsewhere(#[from] UnsignedError),
    /// What the epoch's rules cannot take.
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
    /// More segments than one bundle can prove.
    #[error(
        "it has {found} segments, and a bundle of more than {MAX_SEGMENTS} is longer than a ledger takes; \
         divide the data into several datasets, or use a larger geometry"
    )]
    TooManySegments {
        /// Segments listed.
        found: usize,
    },
    /// A digest on record.
    #[error("digest {digest} is on record since round {round}; a dataset is registered once, for ever")]
    DigestKnown {
        /// The digest.
        digest: Digest,
        /// Its round.
        round: u64,
    },
    /// An upload on record.
    #[error(
        "its upload, of storage root {root}, is on record for digest {digest}; an upload is of one dataset"
    )]
    RootKnown {
        /// The storage root.
        root: Digest,
        /// Whose it is.
        digest: Digest,
    },
    /// Units before they can be complete.
    #[error(
        "round {round} of epoch {epoch} goes on; units are recorded in the epoch's last round, {last}, when \
         those of all rounds are known"
    )]
    UnitsEarly {
        /// The epoch.
        epoch: u64,
        /// The round.
        round: u64,
        /// The epoch's last.
        last: u64,
    },
    /// Units twice.
    #[error("units of epoch {epoch} are on record; they are recorded once, for all nodes, and never change")]
    UnitsKnown {
        /// The epoch.
        epoch: u64,
    },
    /// A digest that nobody has registered.
    #[error("digest {digest} is not on record; `fairshare vault audit --json` lists those that are")]
    UnknownDigest {
        /// The digest.
        digest: Digest,
    },
    /// Struck before.
    #[error("digest {digest} was struck before")]
    DataStruck {
        /// The digest.
        digest: Digest,
    },
    /// Struck before.
    #[error("node {node} was struck in epoch {epoch} before", node = checksummed(.node))]
    NodeStruck {
        /// The node.
        node: Address,
        /// The epoch.
        epoch: u64,
    },
    /// A node's strike without an epoch to strike it in.
    #[error("a node is struck in the epoch whose rounds go on, and none do; begin the next epoch first")]
    NoEpochToStrike,
    /// A note that is none.
    #[error(
        "the {what} must have 1 to {bound} bytes on one line, without control characters; it has {found}"
    )]
    Note {
        /// What it is for.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The most.
        bound: usize,
    },
    /// Proofs too late.
    #[error(
        "proofs of epoch {epoch} were taken until {deadline}; what was not proved by then weighs nothing"
    )]
    Deadline {
        /// The epoch.
        epoch: u64,
        /// Until when.
        deadline: Moment,
    },
    /// Nothing is added any more.
    #[error("epoch {epoch} is closed; nothing is added to it")]
    Closed {
        /// The epoch.
        epoch: u64,
    },
    /// Nodes without a proof.
    #[error(
        "nodes of epoch {epoch} without a compute proof on record: {missing}, {node} among them; `fairshare \
         vault close --params SRS` makes those that are missing",
        node = checksummed(.node)
    )]
    Unproved {
        /// The epoch.
        epoch: u64,
        /// How many.
        missing: usize,
        /// One of them.
        node: Address,
    },
    /// Somebody could still prove.
    #[error(
        "{contributor} has data in epoch {epoch} that is not proved, and may prove it until {deadline}; \
         close the epoch after that",
        contributor = checksummed(.contributor)
    )]
    ClosedEarly {
        /// The epoch.
        epoch: u64,
        /// One who could.
        contributor: Address,
        /// Until when.
        deadline: Moment,
    },
    /// Closed before the contract has.
    #[error(
        "epoch {epoch} cannot be closed yet: until {until} the contract takes proofs of it, or of an epoch \
         before it"
    )]
    ClosedUntil {
        /// The epoch.
        epoch: u64,
        /// Until when.
        until: Moment,
    },
    /// A pool that is named twice.
    #[error("the rules of epoch {epoch} name its pool, so nothing else does")]
    PoolNamed {
        /// The epoch.
        epoch: u64,
    },
    /// What was funded, said somewhere else.
    #[error("what epoch {epoch} was funded with is said once, by the entry after the end of its last round")]
    FundedElsewhere {
        /// The epoch.
        epoch: u64,
    },
    /// No pool.
    #[error("the rules of epoch {epoch} name no pool, and no entry says what was funded")]
    NotFunded {
        /// The epoch.
        epoch: u64,
    },
    /// Not closed yet.
    #[error("epoch {epoch} is not closed; close it first with `fairshare vault close`")]
    NotClosed {
        /// The epoch.
        epoch: u64,
    },
    /// Settled before.
    #[error("epoch {epoch} is settled; its amounts never change")]
    SettledBefore {
        /// The epoch.
        epoch: u64,
    },
    /// The epoch before is not settled.
    #[error("epoch {earlier} is not settled; what it leaves goes to epoch {epoch}, so settle it first")]
    EarlierUnsettled {
        /// The epoch.
        epoch: u64,
        /// The earlier one.
        earlier: u64,
    },
    /// No epoch of that number.
    #[error("the ledger has no epoch {epoch}; `fairshare vault status` lists those it has")]
    UnknownEpoch {
        /// The number.
        epoch: u64,
    },
}
