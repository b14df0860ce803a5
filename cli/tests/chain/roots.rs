//! A vault that pays roots, at a chain of its own, and a ledger whose claims it pays.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use alloy_primitives::{Address, U256, address};
use alloy_sol_types::{SolCall, SolEvent};
use fairshare_audit::claims::{Claim, ClaimTree, Distribution};
use fairshare_contracts::artifact::{Deployment, bytecode};
use fairshare_contracts::calldata::{self, Posting};
use fairshare_contracts::interface::RoyaltyVault;
use fairshare_contracts::token::{DEVELOPMENT_TOKEN_JSON, Token};
use fairshare_params::encoding::Digest;
use serde_json::{Value, json};

use super::anvil::Anvil;
use super::support::*;
use super::vaults::*;

/// The vault of the example's policies.
pub const VAULT: Address = address!("00000000000000000000000000000000f11e4755");
/// The epoch of the prepared ledger.
pub const EPOCH: u64 = 2013;
/// Seconds of the challenge window.
pub const WINDOW: u64 = 86_400;
/// Keys of 32 such bytes: the vault's operator, who is the ledger's, too, and its guardian.
pub const OPERATOR_KEY: &str = "c2";
pub const GUARDIAN_KEY: &str = "d7";
/// Nobody that the vault knows.
pub const STRANGER_KEY: &str = "e1";

/// The address of the account whose key is 32 such bytes.
pub fn account(byte: &str) -> Address {
    let account = fairshare_prover::Account::from_text(key(byte).as_bytes()).expect("a key");
    Address::from(account.address().0)
}

/// An address of Ethereum's as the ledger's.
pub fn ours(address: Address) -> fairshare_params::address::Address {
    fairshare_params::address::Address(address.into())
}

/// A vault, its token, and a settled ledger with its archive.
pub struct Roots {
    pub anvil: Anvil,
    pub token: Address,
    pub books: Vault,
    pub archive: String,
    /// What the ledger says of its epoch.
    pub root: Digest,
    pub rules_hash: Digest,
    pub total: u128,
}

impl Roots {
    /// One that nothing was sent to.
    pub fn new() -> Self {
        Self::with_token(DEVELOPMENT_TOKEN_JSON)
    }

    /// The same with another token.
    pub fn with_token(token: &str) -> Self {
        let anvil = Anvil::start();
        let token = anvil.deploy(&bytecode(token).expect("an artifact"));
        let deployment = Deployment {
            token: ours(token),
            owner: ours(Address::repeat_byte(0xa1)),
            operator: ours(account(OPERATOR_KEY)),
            guardian: ours(account(GUARDIAN_KEY)),
            challenge_window: WINDOW,
            first_epoch: EPOCH,
        };
        let deployed = anvil.deploy(&deployment.creation_code().expect("an artifact"));
        move_contract(&anvil, deployed, VAULT);
        for byte in [OPERATOR_KEY, GUARDIAN_KEY, STRANGER_KEY] {
            anvil.endow(account(byte));
        }
        let books = Vault::at(Step::Settled);
        let archive = books.archive();
        let claims = books.path("claims.json");
        let exported = books.json(&format!("export --claims {claims}"));
        let hash = |name: &str| exported[name].as_str().expect("text").parse().expect("a hash");
        let (root, rules_hash, total) = (hash("root"), hash("rules_hash"), number(&exported["total"]));
        Self { anvil, token, books, archive, root, rules_hash, total }
    }

    /// The program, with the node and an outbox of this test's own.
    pub fn program(&self, byte: &str) -> Command {
        let mut program = program();
        program.env(KEY_VARIABLE, key(byte)).env("ETH_RPC_URL", self.anvil.url());
        program.env("XDG_STATE_HOME", self.books.folder.join("state"));
        program
    }

    /// Runs a line as the account of this key.
    pub fn run_as(&self, byte: &str, line: &str) -> Ran {
        run(self.program(byte), line)
    }

    /// Runs a command about the ledger as its operator.
    pub fn chain(&self, line: &str) -> Ran {
        self.run_as(OPERATOR_KEY, &self.line(line))
    }

    /// The whole line of a command about the ledger.
    pub fn line(&self, line: &str) -> String {
        format!("chain {line} --ledger {} --json", self.books.ledger)
    }

    /// `post …` of the archive.
    pub fn post(&self) -> String {
        format!("post --archive {} --archive-place https://archives.example/vault.tar", self.archive)
    }

    /// Gives an account tokens.
    pub fn mint(&self, to: Address, amount: u128) {
        let call = Token::mintCall { to, amount: U256::from(amount) };
        self.anvil.send_as(to, Some(self.token), &call.abi_encode());
    }

    /// Funds the epoch, by nobody in particular.
    pub fn fund(&self, amount: u128) {
        let funder = Address::repeat_byte(0xf0);
        self.mint(funder, amount);
        let approve = Token::approveCall { spender: VAULT, amount: U256::from(amount) };
        self.anvil.send_as(funder, Some(self.token), &approve.abi_encode());
        self.anvil.send_as(funder, Some(VAULT), &calldata::fund(EPOCH, amount));
    }

    /// Posts a root as the operator, whatever it is.
    pub fn post_as(&self, root: Digest, total: u128, archive: &[u8], place: &str) {
        let posting = Posting {
            epoch: EPOCH,
            root,
            rules_hash: self.rules_hash,
            total,
            archive_hash: Digest(alloy_primitives::keccak256(archive).0),
            archive_place: place,
        };
        self.anvil.send_as(account(OPERATOR_KEY), Some(VAULT), &calldata::post(&posting));
    }

    /// The claims of the ledger, as `vault export` wrote them.
    pub fn tree(&self) -> ClaimTree {
        let (distribution, claims) = self.claims();
        ClaimTree::new(distribution, claims).expect("a tree")
    }

    /// The same with one leaf raised by 1.
    pub fn raised(&self) -> ClaimTree {
        let (distribution, mut claims) = self.claims();
        claims[0].cumulative += 1;
        ClaimTree::new(distribution, claims).expect("a tree")
    }

    fn claims(&self) -> (Distribution, Vec<Claim>) {
        let text = fs::read_to_string(self.books.path("claims.json")).expect("the claims");
        let dump: Value = serde_json::from_str(&text).expect("JSON");
        let claim = |value: &Value| {
            let contributor: Address = value["value"][4].as_str().expect("text").parse().expect("an address");
            Claim { contributor: ours(contributor), cumulative: number(&value["value"][5]) }
        };
        let claims = dump["values"].as_array().expect("claims").iter().map(claim).collect();
        let (chain_id, vault, rules_hash) = (31_337, ours(VAULT), self.rules_hash);
        (Distribution { chain_id, vault, epoch: EPOCH, rules_hash }, claims)
    }

    /// The pending root, and when its window ends.
    pub fn pending(&self) -> RoyaltyVault::PendingRoot {
        self.anvil.read(VAULT, RoyaltyVault::pendingRootCall {})
    }

    /// Everything that transactions of the epoch change, but the times.
    pub fn state(&self) -> Value {
        let active = self.anvil.read(VAULT, RoyaltyVault::activeRootCall { epoch: EPOCH });
        let pending = self.pending();
        let who: Vec<_> =
            self.tree().claims().iter().map(|claim| Address::from(claim.contributor.0)).collect();
        let paid = |contributor: &Address| {
            let claimed = self.anvil.read(VAULT, RoyaltyVault::claimedCall { contributor: *contributor });
            format!("{contributor}: {claimed} booked, {} there", self.balance(*contributor))
        };
        json!({
            "pending": [pending.root.to_string(), pending.rulesHash.to_string(), pending.total.to_string()],
            "active": format!("{active:?}"),
            "funded": self.anvil.read(VAULT, RoyaltyVault::totalFundedCall {}).to_string(),
            "claimed": self.anvil.read(VAULT, RoyaltyVault::totalClaimedCall {}).to_string(),
            "vault": self.balance(VAULT).to_string(),
            "paid": who.iter().map(paid).collect::<Vec<_>>(),
        })
    }

    /// What an account has of the token.
    pub fn balance(&self, account: Address) -> U256 {
        self.anvil.read(self.token, Token::balanceOfCall { account })
    }

    /// How many roots were struck out.
    pub fn vetoes(&self) -> usize {
        self.anvil.events(VAULT, RoyaltyVault::RootVetoed::SIGNATURE_HASH)
    }

    /// A file in the test's folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.books.folder.join(name)
    }
}

/// Gives a contract the address that the policies name: its code, and all of its first slots.
fn move_contract(anvil: &Anvil, from: Address, to: Address) {
    let code = anvil.rpc("eth_getCode", json!([from, "latest"]));
    anvil.rpc("anvil_setCode", json!([to, code]));
    for slot in 0..24u64 {
        let slot = format!("0x{slot:x}");
        let value = anvil.rpc("eth_getStorageAt", json!([from, slot, "latest"]));
        let slot = format!("0x{:0>64}", slot.trim_start_matches("0x"));
        anvil.rpc("anvil_setStorageAt", json!([to, slot, value]));
    }
}
