//! One chain with one vault on it, and the parties who use it.

use std::fmt::Debug;

use alloy_primitives::{Address, Bytes, FixedBytes, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent, SolInterface, sol};
use fairshare_audit::claims::{Claim, ClaimTree, Distribution};
use fairshare_contracts::artifact::{Deployment, ROYALTY_VAULT_JSON, bytecode};
use fairshare_contracts::calldata::{self, Posting, ProvedClaim};
use fairshare_contracts::interface::RoyaltyVault::{self, RoyaltyVaultErrors};
use fairshare_params::address::Address as Account;
use fairshare_params::encoding::Digest;
use revm::context::TxEnv;
use revm::context::result::{ExecutionResult, Output};
use revm::database::InMemoryDB;
use revm::handler::{MainnetContext, MainnetEvm};
use revm::primitives::TxKind;
use revm::primitives::hardfork::SpecId;
use revm::{Context, ExecuteCommitEvm, ExecuteEvm, MainBuilder, MainContext};

use super::artifact::artifact;

sol! {
    /// What all the test tokens have; `approve` and `transfer` are called for their effect alone.
    contract Token {
        function mint(address to, uint256 amount) external;
        function approve(address spender, uint256 amount) external;
        function transfer(address to, uint256 amount) external;
        function balanceOf(address account) external view returns (uint256);
    }
}

pub const PLAIN_TOKEN: &str = include_str!("../../artifacts/test/PlainToken.json");
pub const FEE_TOKEN: &str = include_str!("../../artifacts/test/FeeToken.json");
pub const FREEZING_TOKEN: &str = include_str!("../../artifacts/test/FreezingToken.json");
pub const REENTRANT_TOKEN: &str = include_str!("../../artifacts/test/ReentrantToken.json");
pub const SILENT_TOKEN: &str = include_str!("../../artifacts/test/SilentToken.json");

pub const CHAIN: u64 = 31_337;
pub const WINDOW: u64 = 86_400;
pub const FIRST_EPOCH: u64 = 5;
pub const RULES: Digest = Digest([0x90; 32]);
/// Hash and place of the archive that goes with every root.
pub const ARCHIVE: Digest = Digest([0xac; 32]);
pub const PLACE: &str = "https://archives.example/epoch.tar";

pub const OWNER: Account = Account([0xa1; 20]);
pub const OPERATOR: Account = Account([0xa2; 20]);
pub const GUARDIAN: Account = Account([0xa3; 20]);
pub const FUNDER: Account = Account([0xa4; 20]);
pub const STRANGER: Account = Account([0xa5; 20]);
pub const ALICE: Account = Account([0xb1; 20]);
pub const BOB: Account = Account([0xb2; 20]);
pub const CAROL: Account = Account([0xb3; 20]);

/// A transaction that was mined as successful.
pub struct Receipt {
    pub output: Bytes,
    pub gas: u64,
    events: Vec<alloy_primitives::Log>,
}

impl Receipt {
    /// The events of one type, in order, whoever emitted them.
    pub fn events<E: SolEvent>(&self) -> Vec<E> {
        self.events.iter().filter_map(|log| E::decode_log(log).ok()).map(|log| log.data).collect()
    }
}

/// What a transaction came to: a receipt, or the bytes it reverted with.
pub type Sent = Result<Receipt, Bytes>;

pub struct World {
    machine: MainnetEvm<MainnetContext<InMemoryDB>>,
    pub chain_id: u64,
    pub token: Account,
    pub vault: Account,
    /// Code at the vault's address after deployment.
    pub runtime: Bytes,
}

impl World {
    /// A vault for a well-behaved token, of which the funder has plenty and all of it approved.
    pub fn new() -> Self {
        Self::with_token(PLAIN_TOKEN)
    }

    pub fn with_token(token: &str) -> Self {
        let machine = Context::mainnet()
            .with_db(InMemoryDB::default())
            .modify_cfg_chained(|cfg| {
                cfg.set_spec_and_mainnet_gas_params(SpecId::CANCUN);
                cfg.chain_id = CHAIN;
                cfg.disable_nonce_check = true;
                cfg.tx_chain_id_check = false;
            })
            .modify_block_chained(|block| {
                block.timestamp = U256::from(1_700_000_000);
                block.gas_limit = u64::MAX;
            })
            .build_mainnet();
        let none = Account([0; 20]);
        let mut world = Self { machine, chain_id: CHAIN, token: none, vault: none, runtime: Bytes::new() };
        (world.token, _) = world.deploy(bytecode(token).unwrap()).unwrap();
        (world.vault, world.runtime) = world.deploy_vault(|_| {}).unwrap();
        world.call(FUNDER, world.token, &Token::mintCall { to: evm(FUNDER), amount: U256::from(u128::MAX) });
        world.call(FUNDER, world.token, &Token::approveCall { spender: evm(world.vault), amount: U256::MAX });
        world
    }

    /// Deploys one more vault, with the usual arguments altered; this world's own stays the one that is used.
    pub fn deploy_vault(&mut self, alter: impl FnOnce(&mut Deployment)) -> Result<(Account, Bytes), Bytes> {
        let mut deployment = Deployment {
            token: self.token,
            owner: OWNER,
            operator: OPERATOR,
            guardian: GUARDIAN,
            challenge_window: WINDOW,
            first_epoch: FIRST_EPOCH,
        };
        alter(&mut deployment);
        let code = deployment.creation_code().unwrap();
        let (_, arguments) = code.split_at(bytecode(ROYALTY_VAULT_JSON).unwrap().len());
        self.deploy([&bytecode(&artifact("RoyaltyVault")).unwrap(), arguments].concat())
    }

    fn deploy(&mut self, code: Vec<u8>) -> Result<(Account, Bytes), Bytes> {
        // The address depends on the nonce, which transactions otherwise leave to the EVM.
        let result = self.machine.transact_commit(transaction(STRANGER, TxKind::Create, code)).unwrap();
        match result {
            ExecutionResult::Success { output: Output::Create(code, Some(address)), .. } => {
                Ok((Account(address.0.0), code))
            }
            ExecutionResult::Revert { output, .. } => Err(output),
            other => panic!("deployment ended with {other:?}"),
        }
    }

    /// Sends a transaction; refused ones change nothing.
    pub fn send(&mut self, from: Account, to: Account, data: Vec<u8>) -> Sent {
        let result = self.machine.transact_commit(transaction(from, TxKind::Call(evm(to)), data)).unwrap();
        receipt(result)
    }

    /// Sends a call that must succeed, and returns what it answers.
    pub fn call<C: SolCall>(&mut self, from: Account, to: Account, call: &C) -> C::Return {
        let sent =
            self.send(from, to, call.abi_encode()).unwrap_or_else(|revert| panic!("{}", explain(&revert)));
        C::abi_decode_returns(&sent.output).unwrap()
    }

    /// Asks without changing anything.
    pub fn ask<C: SolCall>(&mut self, to: Account, call: &C) -> C::Return {
        let transaction = transaction(STRANGER, TxKind::Call(evm(to)), call.abi_encode());
        let sent = receipt(self.machine.transact(transaction).unwrap().result);
        C::abi_decode_returns(&sent.unwrap_or_else(|revert| panic!("{}", explain(&revert))).output).unwrap()
    }

    /// Asks this world's vault.
    pub fn view<C: SolCall>(&mut self, call: C) -> C::Return {
        self.ask(self.vault, &call)
    }

    /// Sends a call to this world's vault.
    pub fn vault<C: SolCall>(&mut self, from: Account, call: C) -> Sent {
        self.send(from, self.vault, call.abi_encode())
    }

    pub fn fund(&mut self, epoch: u64, amount: u128) -> Sent {
        self.send(FUNDER, self.vault, calldata::fund(epoch, amount))
    }

    pub fn post(&mut self, epoch: u64, root: Digest, total: u128) -> Sent {
        self.send(OPERATOR, self.vault, calldata::post(&posting(epoch, root, total)))
    }

    pub fn veto(&mut self, epoch: u64, root: Digest) -> Sent {
        self.send(GUARDIAN, self.vault, calldata::veto(epoch, &root))
    }

    pub fn activate(&mut self) -> bool {
        self.call(STRANGER, self.vault, &RoyaltyVault::activateCall {})
    }

    /// Submits the claim that a tree holds for a contributor, by someone who has nothing to gain from it.
    pub fn claim(&mut self, epoch: u64, tree: &ClaimTree, who: Account) -> Sent {
        let cumulative = tree.claim(&who).unwrap().cumulative;
        self.claim_with(epoch, who, cumulative, &tree.proof(&who).unwrap())
    }

    pub fn claim_with(&mut self, epoch: u64, who: Account, cumulative: u128, proof: &[Digest]) -> Sent {
        self.send(STRANGER, self.vault, calldata::claim(epoch, &who, cumulative, proof))
    }

    /// Submits the claims that a tree holds for these contributors, in one transaction.
    pub fn claim_many(&mut self, epoch: u64, tree: &ClaimTree, who: &[Account]) -> Sent {
        let claims: Vec<_> = who.iter().map(|who| proved(tree, *who)).collect();
        self.claim_many_with(epoch, &claims)
    }

    pub fn claim_many_with(&mut self, epoch: u64, claims: &[ProvedClaim]) -> Sent {
        self.send(STRANGER, self.vault, calldata::claim_many(epoch, claims))
    }

    /// Funds, posts and activates an epoch of honest claims.
    pub fn settle(&mut self, epoch: u64, funding: u128, claims: &[(Account, u128)]) -> ClaimTree {
        let tree = self.tree(epoch, claims);
        ok(self.fund(epoch, funding));
        ok(self.post(epoch, tree.root(), total(claims)));
        self.pass(WINDOW);
        assert!(self.activate());
        tree
    }

    pub fn tree(&self, epoch: u64, claims: &[(Account, u128)]) -> ClaimTree {
        tree_for(self.distribution(epoch), claims)
    }

    pub fn distribution(&self, epoch: u64) -> Distribution {
        Distribution { chain_id: self.chain_id, vault: self.vault, epoch, rules_hash: RULES }
    }

    pub fn now(&self) -> u64 {
        self.machine.ctx.block.timestamp.to()
    }

    /// Lets time pass.
    pub fn pass(&mut self, seconds: u64) {
        self.machine.ctx.block.timestamp += U256::from(seconds);
    }

    /// The chain splits, and this is the branch with another identifier; its state is the same.
    pub fn fork(&mut self, chain_id: u64) {
        self.machine.ctx.cfg.chain_id = chain_id;
    }

    pub fn balance(&mut self, account: Account) -> u128 {
        self.ask(self.token, &Token::balanceOfCall { account: evm(account) }).to()
    }

    /// What the vault has paid a contributor, by its own books.
    pub fn claimed(&mut self, contributor: Account) -> u128 {
        self.view(RoyaltyVault::claimedCall { contributor: evm(contributor) })
    }
}

/// A root of the usual rules, with the usual archive.
pub fn posting(epoch: u64, root: Digest, total: u128) -> Posting<'static> {
    Posting { epoch, root, rules_hash: RULES, total, archive_hash: ARCHIVE, archive_place: PLACE }
}

/// The claim that a tree holds for a contributor.
pub fn proved(tree: &ClaimTree, contributor: Account) -> ProvedClaim {
    let cumulative = tree.claim(&contributor).unwrap().cumulative;
    ProvedClaim { contributor, cumulative, proof: tree.proof(&contributor).unwrap() }
}

/// The tree of a distribution.
pub fn tree_for(distribution: Distribution, claims: &[(Account, u128)]) -> ClaimTree {
    let claims = claims.iter().map(|&(contributor, cumulative)| Claim { contributor, cumulative }).collect();
    ClaimTree::new(distribution, claims).unwrap()
}

/// The sum of the cumulative amounts.
pub fn total(claims: &[(Account, u128)]) -> u128 {
    claims.iter().map(|(_, cumulative)| cumulative).sum()
}

pub fn evm(account: Account) -> Address {
    calldata::evm_address(&account)
}

pub fn word(digest: Digest) -> FixedBytes<32> {
    FixedBytes(digest.0)
}

/// A transaction that must succeed.
#[track_caller]
pub fn ok(sent: Sent) -> Receipt {
    sent.unwrap_or_else(|revert| panic!("refused: {}", explain(&revert)))
}

/// A transaction that must be refused, with exactly this error and these values.
#[track_caller]
pub fn refused(sent: Sent, expected: impl SolError + Debug) {
    match sent {
        Ok(_) => panic!("accepted, though it should fail with {expected:?}"),
        Err(revert) => reverted(&revert, expected),
    }
}

/// Bytes that must be exactly this error.
#[track_caller]
pub fn reverted(revert: &[u8], expected: impl SolError + Debug) {
    assert_eq!(revert, expected.abi_encode(), "{} where {expected:?} was due", explain(revert));
}

/// What a revert says.
pub fn explain(revert: &[u8]) -> String {
    RoyaltyVaultErrors::abi_decode(revert).map_or_else(|_| hex(revert), |error| format!("{error:?}"))
}

/// The functions, events and errors of the committed artifact, each as its JSON.
pub fn artifact_abi() -> Vec<serde_json::Value> {
    let artifact: serde_json::Value = serde_json::from_str(ROYALTY_VAULT_JSON).unwrap();
    artifact["abi"].as_array().unwrap().clone()
}

fn hex(bytes: &[u8]) -> String {
    format!("an unknown error, {}", Bytes::copy_from_slice(bytes))
}

fn transaction(from: Account, kind: TxKind, data: Vec<u8>) -> TxEnv {
    TxEnv {
        caller: evm(from),
        kind,
        data: data.into(),
        gas_limit: 30_000_000,
        chain_id: None,
        ..TxEnv::default()
    }
}

fn receipt(result: ExecutionResult) -> Sent {
    match result {
        ExecutionResult::Success { output, logs, gas, .. } => {
            Ok(Receipt { output: output.into_data(), gas: gas.tx_gas_used(), events: logs })
        }
        ExecutionResult::Revert { output, .. } => Err(output),
        // Neither the vault nor its tokens may run out of gas or into an invalid instruction.
        other @ ExecutionResult::Halt { .. } => panic!("{other:?}"),
    }
}
