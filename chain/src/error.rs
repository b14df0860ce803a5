//! What can go wrong between here and a chain.

use std::io;
use std::path::PathBuf;

use alloy_primitives::{Address, B256, U256};
use fairshare_contracts::artifact::ArtifactError;
use fairshare_contracts::recorded::RecordedError;
use fairshare_params::encoding::Digest;
use fairshare_params::role::Role;
use fairshare_prover::AccountError;
use fairshare_vault::VaultError;
use fairshare_verifier::BundleError;

use crate::refusal::Refusal;
use crate::root_error::RootError;

/// The result of asking a chain for something.
pub type Result<T> = std::result::Result<T, ChainError>;

/// Why something was not asked of a chain, or not done there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// Not a URL of a node.
    #[error("--rpc, or ETH_RPC_URL, is not the URL of a node: {reason}")]
    Url {
        /// Why not.
        reason: String,
    },
    /// The program cannot wait for anything.
    #[error("this program's own timer cannot be made")]
    Runtime(#[source] io::Error),
    /// No client of HTTP.
    #[error("the client of HTTP cannot be made: {reason}")]
    Tls {
        /// Why not.
        reason: String,
    },
    /// The node did not answer, or with an error.
    #[error("the node at {host} did not do `{method}`: {reason}")]
    Node {
        /// Where it is.
        host: String,
        /// What was asked.
        method: &'static str,
        /// What it said.
        reason: String,
    },
    /// Another chain.
    #[error("the node is of chain {found}, and this is for chain {expected}; give the --rpc of that chain")]
    OtherChain {
        /// The node's.
        found: u64,
        /// That of the policy.
        expected: u64,
    },
    /// Nothing stands there.
    #[error("no contract has the address {address}; is it one of another chain, or not deployed yet?")]
    NoContract {
        /// Where.
        address: Address,
    },
    /// Something else stands there.
    #[error("what stands at {address} does not answer `{function}` as the contract that it should be")]
    OtherContract {
        /// Where.
        address: Address,
        /// What was asked.
        function: &'static str,
    },
    /// The contract refuses it: nothing was sent.
    #[error("the contract {contract} refuses `{function}`: {refusal}")]
    Refused {
        /// What was asked.
        function: &'static str,
        /// Of whom.
        contract: Address,
        /// Why not.
        refusal: Box<Refusal>,
    },
    /// It was mined, and refused.
    #[error(
        "the transaction {hash} is in the chain, and was refused there: {}; see what changed meanwhile, and \
         run the command again",
        refusal.as_deref().map_or("no reason is known", |refusal| &refusal.text)
    )]
    Failed {
        /// The transaction.
        hash: B256,
        /// Why not, if that is known.
        refusal: Option<Box<Refusal>>,
    },
    /// More gas than a transaction may have.
    #[error("`{function}` takes more than the {most} gas that a transaction may have (EIP-7825)")]
    TooMuchGas {
        /// What.
        function: &'static str,
        /// The bound.
        most: u64,
    },
    /// The account cannot pay.
    #[error("{address} has {has} wei, and this may cost {needs} wei; send it some")]
    Poor {
        /// Whose money.
        address: Address,
        /// What it has.
        has: U256,
        /// What it may cost.
        needs: U256,
    },
    /// Gas costs more than may be paid.
    #[error("a gas costs {base} wei now, and at most {most} may be paid: wait, or allow more (--max-fee)")]
    Dear {
        /// What the last block asked for.
        base: u128,
        /// What may be paid.
        most: u128,
    },
    /// A chain without a base fee.
    #[error(
        "the chain's blocks have no base fee (EIP-1559); Fairshare's contracts need a chain of today (Cancun)"
    )]
    NoBaseFee,
    /// It takes long.
    #[error(
        "the transaction {hash} was sent, and is in no block after {seconds} seconds; run the same command \
         again: it waits for this one, with a higher fee if that is needed, and sends nothing twice"
    )]
    NotMined {
        /// The transaction.
        hash: B256,
        /// How long was waited.
        seconds: u64,
    },
    /// Another transaction came before it.
    #[error(
        "`{function}` was not done: another transaction of this account came before it; send from one \
         place at a time, and run the command again"
    )]
    Overtaken {
        /// What.
        function: String,
    },
    /// The rules are not of a vault that computes what it pays.
    #[error(
        "the policy's `settlement` is `{found}`, and this is for a vault that computes what it pays, of \
         settlement `contract`; for one that pays roots there are `chain fund`, `post`, `pay` and `watch`"
    )]
    OtherSettlement {
        /// The policy's.
        found: &'static str,
    },
    /// Vault and registry do not name each other.
    #[error("the vault {vault} and the registry {registry} are no pair: one of them names {named}")]
    NotAPair {
        /// The policy's vault.
        vault: Address,
        /// The policy's registry.
        registry: Address,
        /// Whom one of them names in place of the other.
        named: Address,
    },
    /// A vault of other parts.
    #[error("the vault {vault} names {named}, where {expected} was to be; deploy another one")]
    OtherParts {
        /// The vault.
        vault: Address,
        /// What it names.
        named: Address,
        /// What was asked for.
        expected: Address,
    },
    /// Other rules stand.
    #[error(
        "epoch {epoch} began under the rules hash {found}, and this policy has {expected}; take the policy \
         under which it began"
    )]
    OtherRules {
        /// The epoch.
        epoch: u64,
        /// What stands.
        found: B256,
        /// The policy's.
        expected: B256,
    },
    /// The verifier lacks what every bundle needs.
    #[error(
        "the verifier {verifier} does not know these rules' keys and openings, and would refuse every \
         bundle; register them first: `fairshare chain keys --params SRS --verifier {verifier}`"
    )]
    NoKeys {
        /// The verifier.
        verifier: Address,
    },
    /// Not begun.
    #[error("epoch {epoch} has not begun")]
    NotBegun {
        /// The epoch.
        epoch: u64,
    },
    /// Nobody is paid.
    #[error(
        "no bundle counts in epoch {epoch}, so nothing is due to anybody; what it had goes to the next one"
    )]
    NobodyWeighs {
        /// The epoch.
        epoch: u64,
    },
    /// Nothing is due yet.
    #[error("the rounds of epoch {epoch} are not over, so nothing is due to anybody yet")]
    NotOver {
        /// The epoch.
        epoch: u64,
    },
    /// The sender's tokens do not suffice.
    #[error("{address} has {has} base units of the token {token}, and this takes {needs}")]
    FewTokens {
        /// The token.
        token: Address,
        /// Whose.
        address: Address,
        /// What it has.
        has: U256,
        /// What it takes.
        needs: U256,
    },
    /// A registry of another kind.
    #[error(
        "the registry {registry} is a contract of its own kind: units come to it as its own code says, and \
         not by this command"
    )]
    OwnTask {
        /// The registry.
        registry: Address,
    },
    /// Not one of the epoch's.
    #[error("epoch {epoch} has the rounds {first} to {last}, not {round}")]
    NoSuchRound {
        /// The epoch.
        epoch: u64,
        /// The round that was given.
        round: u64,
        /// The first.
        first: u64,
        /// The last.
        last: u64,
    },
    /// Other units are on record.
    #[error(
        "round {round} has units on record that are not those of this table; what is recorded cannot be \
         changed"
    )]
    OtherUnits {
        /// The round.
        round: u64,
    },
    /// Units where there is no number of them.
    #[error(
        "round {round} has {units} units in the table, but the registry, of a task of fully homomorphic \
         encryption, records the round's node with 1; write 1"
    )]
    OneUnit {
        /// The round.
        round: u64,
        /// The table's.
        units: u32,
    },
    /// No point for a round.
    #[error("the parameters have no point for round {round}; please report")]
    NoPoint {
        /// The round.
        round: u64,
    },
    /// Too many nodes.
    #[error(
        "round {round} has {nodes} nodes with units, but the registry takes one node a round, of a task of \
         fully homomorphic encryption"
    )]
    ManyNodes {
        /// The round.
        round: u64,
        /// How many.
        nodes: usize,
    },
    /// Not a bundle.
    #[error("this is not a bundle")]
    Bundle {
        /// Why not.
        source: BundleError,
    },
    /// A bundle without the parts that its header speaks of.
    #[error("the bundle cannot be sent in parts")]
    Parts(#[from] RecordedError),
    /// Longer than transactions are.
    #[error("the data of this transaction is longer than nodes take; please report")]
    TooLong,
    /// A digest that is not on record.
    #[error("the dataset {digest} is not on record; register it first: `fairshare chain register`")]
    UnknownDigest {
        /// Its digest.
        digest: Digest,
    },
    /// What was mined did nothing.
    #[error("`{function}` is in the chain, and what it should have done is not; please report")]
    Vanished {
        /// What.
        function: &'static str,
    },
    /// Somebody else's share.
    #[error("only {contributor} can send its own share to {to}; without --to it is paid to the contributor")]
    NotOneself {
        /// Whose it is.
        contributor: Address,
        /// Where to.
        to: Address,
    },
    /// Nothing earned.
    #[error("no bundle of it counts in epoch {epoch}, so nothing is due: {contributor}")]
    NothingEarned {
        /// The epoch.
        epoch: u64,
        /// Whose.
        contributor: Address,
    },
    /// A file that says what is deployed cannot be read or written.
    #[error("{}: cannot be read or written", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is of another deployment.
    #[error(
        "{}: this is of another deployment: of another chain, account, token, subnet, task or role; name \
         another file, or repeat the command as it was given",
        path.display()
    )]
    OtherDeployment {
        /// The file.
        path: PathBuf,
    },
    /// The account has sent something else.
    #[error(
        "{}: this deployment cannot go on: the account has sent something else since, so that no contract \
         will ever have the address {address}; remove the file and deploy anew",
        path.display()
    )]
    NonceUsed {
        /// The file.
        path: PathBuf,
        /// Of a contract that was to come.
        address: Address,
    },
    /// The contracts' bytecode.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// Not a development chain.
    #[error(
        "the node at {host} is not that of a development chain, which this needs ({reason}); start Foundry's \
         anvil in another terminal"
    )]
    NoDevelopment {
        /// Where it is.
        host: String,
        /// What it said.
        reason: String,
    },
    /// A ledger's block is not the chain's.
    #[error(
        "block {number} was {recorded} when it was read, and is {found} now: what the chain called final was \
         not, or this node is of another chain. Nothing was changed. If the chain itself changed, this \
         ledger is of the one that was given up: begin another ledger"
    )]
    Reorganised {
        /// The block.
        number: u64,
        /// As the ledger has it.
        recorded: Digest,
        /// As the chain has it.
        found: Digest,
    },
    /// The node is behind the ledger.
    #[error(
        "the node has no block {number}, its last one here is {last}: it is behind, or of another chain; \
         wait, or ask another node"
    )]
    Behind {
        /// The block.
        number: u64,
        /// The last final one.
        last: u64,
    },
    /// Not final yet.
    #[error(
        "no contract has the address {address} up to the last final block, {last}; wait until it is final"
    )]
    NotFinal {
        /// The vault.
        address: Address,
        /// The last final block.
        last: u64,
    },
    /// A log that a vault or registry does not emit.
    #[error(
        "a log of these contracts is not what they emit: the node alters logs, or these are other contracts"
    )]
    OddLog,
    /// Rules that no policy has.
    #[error(
        "epoch {epoch} began under the rules hash {hash}, which no --policy has; add the policy of the epoch"
    )]
    UnknownRules {
        /// The epoch.
        epoch: u64,
        /// What stands.
        hash: Digest,
    },
    /// A transaction that the node has not.
    #[error("the node does not know the transaction {hash}, which one of its logs names; ask another node")]
    NoTransaction {
        /// The transaction.
        hash: B256,
    },
    /// A bundle that stands nowhere.
    #[error(
        "the vault took a bundle of {contributor} for {role} in epoch {epoch}, and it is not in the \
         transaction {transaction}{}; ask its sender for it, and name it: --bundles FILE{}",
        if *is_in_parts { ", which has it in parts" } else { "" },
        if *is_in_parts { " with --params" } else { "" }
    )]
    NoBundle {
        /// The epoch.
        epoch: u64,
        /// For what.
        role: Role,
        /// Whose.
        contributor: Address,
        /// Where it was sent.
        transaction: B256,
        /// Whether its histogram proofs were recorded before.
        is_in_parts: bool,
    },
    /// The ledger refuses it.
    #[error("the ledger does not take what the chain says")]
    Ledger(#[from] Box<VaultError>),
    /// Another program sends from the account.
    #[error("{}: another command sends from this account; wait until it ended", path.display())]
    Busy {
        /// The file that it holds.
        path: PathBuf,
    },
    /// The outbox cannot be read or written.
    #[error("{}: the outbox, in which is kept what was sent, cannot be read or written", path.display())]
    Outbox {
        /// Its file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Others can write to it.
    #[error(
        "{}: others than you can write to this outbox; name another one, or take that from them",
        path.display()
    )]
    SharedOutbox {
        /// Its folder.
        path: PathBuf,
    },
    /// The outbox is none.
    #[error(
        "{}: this is no outbox; if the account has sent nothing that is not in a block, remove it",
        path.display()
    )]
    NoOutbox {
        /// Its file.
        path: PathBuf,
    },
    /// The command was to send nothing.
    #[error("nothing was sent: this was a dry run")]
    DryRun,
    /// Somebody else's to do.
    #[error("{found} is not the vault's {role}, which is {expected}; send it from there")]
    OtherRole {
        /// The role.
        role: &'static str,
        /// Who would send.
        found: Address,
        /// Who has the role.
        expected: Address,
    },
    /// The roots of a royalty vault say no.
    #[error(transparent)]
    Root(#[from] RootError),
    /// The account cannot sign.
    #[error(transparent)]
    Account(#[from] AccountError),
}

impl From<VaultError> for ChainError {
    fn from(error: VaultError) -> Self {
        Self::Ledger(Box::new(error))
    }
}
