//! One chain with one vault on it, and the parties who use it.

use alloy_primitives::{Address, Bytes, FixedBytes, U256};
use alloy_sol_types::SolCall;
use fairshare_audit::claims::{Claim, ClaimTree, Distribution};
use fairshare_contracts::artifact::{Deployment, ROYALTY_VAULT_JSON, bytecode};
use fairshare_contracts::calldata::{self, Posting, ProvedClaim};
use fairshare_contracts::interface::RoyaltyVault;
use fairshare_params::address::Address as Account;
use fairshare_params::encoding::Digest;

use super::artifact::artifact;
use super::chain::Chain;
pub use super::chain::{CHAIN_ID, Receipt, Sent, Token, ok, refused, reverted};

pub const PLAIN_TOKEN: &str = include_str!("../../artifacts/test/PlainToken.json");
pub const FEE_TOKEN: &str = include_str!("../../artifacts/test/FeeToken.json");
pub const FREEZING_TOKEN: &str = include_str!("../../artifacts/test/FreezingToken.json");
pub const REENTRANT_TOKEN: &str = include_str!("../../artifacts/test/ReentrantToken.json");
pub const SILENT_TOKEN: &str = include_str!("../../artifacts/test/SilentToken.json");

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

pub struct World {
    pub chain: Chain,
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
        let none = Account([0; 20]);
        let chain = Chain::new(1_700_000_000);
        let mut world = Self { chain, chain_id: CHAIN_ID, token: none, vault: none, runtime: Bytes::new() };
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
        self.chain.deploy(evm(STRANGER), code).map(|(address, code)| (Account(address.0.0), code))
    }

    /// Sends a transaction; refused ones change nothing.
    pub fn send(&mut self, from: Account, to: Account, data: Vec<u8>) -> Sent {
        self.chain.send(evm(from), evm(to), data)
    }

    /// Sends a call that must succeed, and returns what it answers.
    pub fn call<C: SolCall>(&mut self, from: Account, to: Account, call: &C) -> C::Return {
        C::abi_decode_returns(&ok(self.send(from, to, call.abi_encode())).output).unwrap()
    }

    /// Asks without changing anything.
    pub fn ask<C: SolCall>(&mut self, to: Account, call: &C) -> C::Return {
        self.chain.ask(evm(to), call)
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
        self.chain.pass(WINDOW);
        assert!(self.activate());
        tree
    }

    pub fn tree(&self, epoch: u64, claims: &[(Account, u128)]) -> ClaimTree {
        tree_for(self.distribution(epoch), claims)
    }

    pub fn distribution(&self, epoch: u64) -> Distribution {
        Distribution { chain_id: self.chain_id, vault: self.vault, epoch, rules_hash: RULES }
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

/// The functions, events and errors of the committed artifact, each as its JSON.
pub fn artifact_abi() -> Vec<serde_json::Value> {
    let artifact: serde_json::Value = serde_json::from_str(ROYALTY_VAULT_JSON).unwrap();
    artifact["abi"].as_array().unwrap().clone()
}
