//! Why the vault refuses.

use fairshare_audit::registry::{NotCovered, Refusal};
use fairshare_audit::settlement::{Payout, SettlementError};
use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::{FilesError, Tenths};
use fairshare_formats::policy::PolicyErrors;
use fairshare_formats::registry::RegistryFileError;
use fairshare_formats::time::MomentError;
use fairshare_formats::units::UnitsError;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::role::Role;
use fairshare_params::rules::Settlement;
use fairshare_verifier::{BundleError, VerifyError};

use crate::database::DatabaseError;

/// Why a command on the ledger was refused. Nothing was changed, unless the variant says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// What a registry does not take.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A policy on record that cannot be read any more.
    #[error("the policy on record for epoch {epoch} is refused")]
    Policy {
        /// The epoch.
        epoch: u64,
        /// Why.
        source: Box<PolicyErrors>,
    },
    /// A policy on record that is not the one its epoch was opened with.
    #[error(
        "the policy on record for epoch {epoch} is not the one that the epoch was opened with; restore the \
         ledger from a backup"
    )]
    PolicyChanged {
        /// The epoch.
        epoch: u64,
    },
    /// The same epoch under other rules.
    #[error("epoch {epoch} was opened under rules of hash {recorded}, not under {given}")]
    OtherRules {
        /// The epoch.
        epoch: u64,
        /// The rules hash on record.
        recorded: Digest,
        /// That of the policy and parameters given.
        given: Digest,
    },
    /// Other units than those on record.
    #[error("epoch {epoch} has other units on record; take those")]
    UnitsOtherwise {
        /// The epoch.
        epoch: u64,
    },
    /// Units of other rounds.
    #[error("the units are not of the rounds of epoch {epoch}, which are {first} to {last}")]
    OtherRounds {
        /// The epoch.
        epoch: u64,
        /// Its first round.
        first: u64,
        /// Its last round.
        last: u64,
    },
    /// Units of no node.
    #[error(
        "the units of epoch {epoch} name no node; if nobody gave computing power, end its rounds with \
         `fairshare vault round --end --without-units`"
    )]
    NobodysUnits {
        /// The epoch.
        epoch: u64,
    },
    /// Amounts beside the entries that are not those that a settlement fixed.
    #[error(
        "what stands in `earnings` up to epoch {epoch} is not what its settlement fixed: something else has \
         written to the database; `fairshare vault audit` names the entries, and nobody is paid until it is \
         put right from a backup"
    )]
    EarnedOtherwise {
        /// The epoch.
        epoch: u64,
    },
    /// A row that no entry gives, among those that amounts are computed from.
    #[error(
        "entry {entry} does not give what stands of it in table `{table}`: something else has written to the \
         database; `fairshare vault audit` names all, and nothing is closed, settled or paid until it is put \
         right from a backup"
    )]
    Beside {
        /// The entry that the row names.
        entry: u64,
        /// The table.
        table: &'static str,
    },
    /// An entry that does not go on from the one before it.
    #[error(
        "the head of entry {entry} does not follow from the entry before it: something else has written to \
         the database; nothing is recorded after it until it is put right from a backup"
    )]
    Unchained {
        /// The entry.
        entry: u64,
    },
    /// Files that nobody could read again: units of too many nodes or rounds, a policy with too much beside
    /// it, amounts of too many contributors.
    #[error("what is to be recorded is longer than a ledger keeps; divide it over several epochs or subnets")]
    TooLong(#[from] FilesError),
    /// Rounds that would end without units.
    #[error(
        "no units of epoch {epoch} are on record, and after its last round none are taken; record them \
         first (`fairshare vault register --units UNITS.csv`), or say `--without-units`: then nobody is paid \
         for computing power"
    )]
    NoUnits {
        /// The epoch.
        epoch: u64,
    },
    /// Somebody who gets nothing, and was not forfeited.
    #[error(
        "on record for epoch {epoch} and paid nothing: {count}, listed above; close it all the same with \
         `--forfeit`"
    )]
    Forfeits {
        /// The epoch.
        epoch: u64,
        /// How many.
        count: usize,
    },
    /// Scores that cannot be weighed.
    #[error(transparent)]
    Settlement(#[from] SettlementError),
    /// An epoch without amounts.
    #[error("epoch {epoch} is not settled; settle it first with `fairshare vault settle`")]
    Unsettled {
        /// The epoch.
        epoch: u64,
    },
    /// No epoch with amounts.
    #[error("no epoch is settled yet, so nothing is due; `fairshare vault status` says where each stands")]
    NothingSettled,
    /// A ledger that pays otherwise.
    #[error(
        "this ledger's rules pay by `{settlement}`: contributors claim from the vault's contract, by the \
         claims that `fairshare vault export --claims` writes; a list would pay them twice"
    )]
    OtherRail {
        /// How it pays.
        settlement: Settlement,
    },
    /// Claims of a ledger that pays by lists.
    #[error(
        "this ledger's rules pay by `{settlement}`: `fairshare vault claim` writes the lists; claims on a \
         contract would pay everybody twice",
        settlement = Settlement::Payments
    )]
    PaysByLists,
    /// Someone who has earned nothing.
    #[error(
        "{contributor} has earned nothing in a settled epoch; `fairshare vault status` lists the epochs",
        contributor = checksummed(.contributor)
    )]
    NothingEarned {
        /// The contributor.
        contributor: Address,
    },
    /// Someone who is not on a list.
    #[error(
        "the list does not pay {contributor}: nothing was confirmed; give the list that does",
        contributor = checksummed(.contributor)
    )]
    NotListed {
        /// The contributor.
        contributor: Address,
    },
    /// A list that is not on record, of which nothing can be confirmed.
    #[error(
        "the list of payments up to epoch {epoch} is not on record; `fairshare vault claim` records what \
         stands in the folder of lists"
    )]
    UnknownList {
        /// The list's epoch.
        epoch: u64,
    },
    /// Other evidence of a payment that is confirmed.
    #[error(
        "the payment to {contributor} was confirmed before, by entry {entry}, with the evidence \
         {evidence:?}; nothing was confirmed; name the contributors that were paid by the new evidence, or \
         keep it elsewhere: a ledger has one for each payment",
        contributor = checksummed(.contributor)
    )]
    ConfirmedBefore {
        /// The contributor.
        contributor: Address,
        /// The entry.
        entry: u64,
        /// The evidence on record.
        evidence: String,
    },
    /// Another vault's list.
    #[error(
        "a list of payments is of vault {vault} on chain {chain_id}, not of this ledger's; keep the lists of \
         each vault in a folder of their own",
        vault = checksummed(.vault)
    )]
    OtherList {
        /// The list's vault.
        vault: Address,
        /// Its chain.
        chain_id: u64,
    },
    /// A list of nothing.
    #[error("the list pays nobody: there is nothing to record as sent")]
    EmptyList,
    /// A list that does not follow from the ledger.
    #[error(
        "the list of payments up to epoch {epoch} pays {contributor} {amount} base units, {cumulative} in \
         all, but this ledger has {earned} earned and {sent} listed: it lacks settlements or lists that the \
         list rests on; restore a newer copy, or settle the epochs up to {epoch}, and run this again; if \
         neither can be done, `--record-unfounded FILE` records the list as it is, and every audit names it",
        contributor = checksummed(.contributor)
    )]
    ListAhead {
        /// Who is paid.
        contributor: Address,
        /// The list's epoch.
        epoch: u64,
        /// What the list pays, in base units.
        amount: u128,
        /// What it says to have been paid in all.
        cumulative: u128,
        /// What was listed to be paid before, by this ledger.
        sent: u128,
        /// What was earned, by this ledger.
        earned: u128,
    },
    /// A list that pays what lists on record pay.
    #[error(
        "the list pays {contributor} up to {cumulative} base units in all, and lists on record pay {sent}: \
         whoever was paid by both was paid twice; see who was paid by this one, then take its file out of \
         the folder",
        contributor = checksummed(.contributor)
    )]
    ListTwice {
        /// Who is paid.
        contributor: Address,
        /// What the list says to have been paid in all.
        cumulative: u128,
        /// What was listed to be paid before, by this ledger.
        sent: u128,
    },
    /// Lists of more than there can be.
    #[error(
        "with the list of payments up to epoch {epoch} all lists would pay more base units than any pools \
         have; it was altered: take its file out of the folder"
    )]
    ListTooMuch {
        /// The list's epoch.
        epoch: u64,
    },
    /// A command on a ledger that nobody operates.
    #[error(
        "this ledger follows a contract on a chain: `fairshare chain sync` writes it, from what happens \
         there, and no other command does"
    )]
    FollowsChain,
    /// No epoch on the chain.
    #[error("no epoch has begun on the chain, as far as `fairshare chain sync` has followed it")]
    NoneBegan,
    /// What a chain's events say does not go together with what is on record.
    #[error(transparent)]
    Mirror(#[from] Box<MirrorError>),
    /// A gap in the chain.
    #[error("entry {index} is missing from the ledger; restore it from a backup or an archive")]
    MissingEntry {
        /// Its place.
        index: u64,
    },
    /// A clock that is wrong.
    #[error(transparent)]
    Clock(#[from] MomentError),
    /// A number on record that cannot be one.
    #[error(
        "the ledger holds a number that this program never writes; audit the ledger, and restore it from a \
         backup"
    )]
    Number,
}

/// Why events of a chain were not taken into a ledger. None of their batch was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MirrorError {
    /// A vault that does not compute what it pays.
    #[error("a vault that pays by `{settlement}` is not followed: an operator keeps its ledger")]
    Settlement {
        /// How it pays.
        settlement: Settlement,
    },
    /// Another cursor than the one that was expected.
    #[error(
        "the ledger has followed the chain up to {}, not up to {}: another `fairshare chain sync` works on \
         it, or the two are of different chains; nothing was recorded",
        block(.recorded),
        block(.expected)
    )]
    Cursor {
        /// The block that the batch goes on from.
        expected: Option<(u64, Digest)>,
        /// The one on record.
        recorded: Option<(u64, Digest)>,
    },
    /// A block or a time before the one that it follows.
    #[error("what happened at {found} follows what happened at {before}: blocks and their times ascend")]
    Backwards {
        /// Its block, or its time in Unix seconds.
        found: u64,
        /// Those of what was taken before it.
        before: u64,
    },
    /// A policy that cannot be read.
    #[error("the policy of an epoch that began is refused")]
    Policy(#[source] Box<PolicyErrors>),
    /// An event of rounds that do not go on.
    #[error("an event is of epoch {epoch}, whose rounds do not go on by this ledger")]
    NotRunning {
        /// The epoch.
        epoch: u64,
    },
    /// An event of another round.
    #[error("an event is of round {found}, but by this ledger it belongs to round {expected}")]
    Round {
        /// The event's.
        found: u64,
        /// The ledger's.
        expected: u64,
    },
    /// A registration that no registry takes.
    #[error("the registration of {digest} is not one that a registry takes")]
    Registration {
        /// Its digest.
        digest: Digest,
        /// Why.
        source: Box<RegistryFileError>,
    },
    /// Units that no ledger keeps.
    #[error("the units of epoch {epoch} are more than a ledger keeps of one epoch")]
    Units {
        /// The epoch.
        epoch: u64,
        /// Why.
        source: Box<UnitsError>,
    },
    /// Another pool than the rules'.
    #[error("epoch {epoch} pays {chain} on the chain, but its rules name a pool of {rules}")]
    Pool {
        /// The epoch.
        epoch: u64,
        /// What the contract says, in base units.
        chain: u128,
        /// What the rules say.
        rules: u128,
    },
    /// Another time from which claims are paid.
    #[error(
        "claims of epoch {epoch} are closed until {chain} on the chain, but by this ledger until {ledger}"
    )]
    ClosedUntil {
        /// The epoch.
        epoch: u64,
        /// What the contract says, in Unix seconds.
        chain: u64,
        /// What the ledger says.
        ledger: u64,
    },
    /// A bundle that is not the one that the contract took.
    #[error(
        "the bundle of {contributor} for {role} in epoch {epoch} is not of the datasets, records and rounds \
         that the contract took it for",
        contributor = checksummed(.contributor)
    )]
    Bundle {
        /// The epoch.
        epoch: u64,
        /// Whose.
        contributor: Address,
        /// For what.
        role: Role,
    },
    /// An event of an epoch that is not settled by this ledger.
    #[error(
        "the contract has settled epoch {epoch}, but by this ledger proofs of it, or of one before, go on"
    )]
    Unsettled {
        /// The epoch.
        epoch: u64,
    },
    /// Other pools than the ledger's.
    #[error(
        "epoch {epoch}: the contract divides {} tenths for computing power and {} for data, and carries {} \
         and {}; by this ledger it divides {} and {}, and carries {} and {}",
        .chain[0].compute, .chain[0].data, .chain[1].compute, .chain[1].data,
        .ledger[0].compute, .ledger[0].data, .ledger[1].compute, .ledger[1].data
    )]
    Pools {
        /// The epoch.
        epoch: u64,
        /// What the contract divides, and what it carries.
        chain: Box<[Tenths; 2]>,
        /// The same by the ledger.
        ledger: Box<[Tenths; 2]>,
    },
    /// Another share than the ledger's.
    #[error(
        "epoch {epoch}: the contract has paid {contributor} {} for computing power and {} for data; by this \
         ledger it owes {} and {}",
        .chain.compute, .chain.data, .ledger.compute, .ledger.data,
        contributor = checksummed(.contributor)
    )]
    Share {
        /// The epoch.
        epoch: u64,
        /// Who was paid.
        contributor: Address,
        /// What the contract has paid.
        chain: Payout,
        /// What the ledger says.
        ledger: Payout,
    },
    /// A share that was paid twice.
    #[error(
        "epoch {epoch}: the contract has paid {contributor} {amount}, but by this ledger each share of that \
         amount was claimed before",
        contributor = checksummed(.contributor)
    )]
    Twice {
        /// The epoch.
        epoch: u64,
        /// Who was paid.
        contributor: Address,
        /// What was paid, in base units.
        amount: u128,
    },
}

fn block(block: &Option<(u64, Digest)>) -> String {
    block.map_or_else(|| "no block".to_owned(), |(number, hash)| format!("block {number} ({hash})"))
}

impl From<MirrorError> for VaultError {
    fn from(error: MirrorError) -> Self {
        Self::Mirror(Box::new(error))
    }
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
    /// Not the time for it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Datasets that do not count.
    #[error(transparent)]
    NotCovered(#[from] NotCovered),
    /// A bundle that would change nothing.
    #[error(
        "it weighs no more than the bundle that {contributor} has on record, entry {entry}; that one stays",
        contributor = checksummed(.contributor)
    )]
    NoHeavier {
        /// The contributor.
        contributor: Address,
        /// The bundle on record.
        entry: u64,
    },
    /// More bundles than anybody needs.
    #[error(
        "{contributor} has {MAX_BUNDLES} bundles for this epoch on record, the most that a ledger keeps of \
         one; the last of them counts",
        contributor = checksummed(.contributor)
    )]
    TooMany {
        /// The contributor.
        contributor: Address,
    },
    /// The proof.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

/// Most bundles that a ledger keeps of a contributor for one epoch and role: each is kept, and verified again
/// in every audit, whatever one of many datasets weighs more than the one before.
pub const MAX_BUNDLES: u64 = 16;
