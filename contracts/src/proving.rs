//! What transactions to a proving vault and to its registry carry; their meaning stands in `ProvingVault.sol`
//! and `ITaskRegistry.sol`.

use alloy_primitives::{Bytes, FixedBytes};
use alloy_sol_types::{SolCall, SolConstructor};
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::lagrange_tree::LagrangeTree;
use fairshare_params::registry::Unsigned;
use fairshare_params::rules::Rules;
use halo2curves::bn256::G1Affine;

use crate::artifact::{ArtifactError, bytecode};
use crate::calldata::{evm_address, word};
use crate::solidity::{FederatedTask, FheTask, ProvingVault, TaskRegistry};
use crate::verification::{point, words};

/// The vault's artifact: interface, creation bytecode, compiler and its settings.
pub const PROVING_VAULT_JSON: &str = include_str!("../artifacts/ProvingVault.json");
/// The artifact of the registry of a task of fully homomorphic encryption.
pub const FHE_TASK_JSON: &str = include_str!("../artifacts/FheTask.json");
/// The artifact of the registry of a task of federated learning.
pub const FEDERATED_TASK_JSON: &str = include_str!("../artifacts/FederatedTask.json");

/// What a vault that computes what it pays is deployed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultDeployment {
    /// The token that is paid.
    pub token: Address,
    /// The registry, which may be deployed afterwards: it has to name this vault.
    pub registry: Address,
    /// The verifier of bundles.
    pub verifier: Address,
    /// The subnet's name.
    pub subnet: String,
    /// Who appoints the operator.
    pub owner: Address,
    /// Who opens rules.
    pub operator: Address,
}

impl VaultDeployment {
    /// Data of the transaction that deploys the vault.
    pub fn creation_code(&self) -> Result<Vec<u8>, ArtifactError> {
        let arguments = ProvingVault::constructorCall {
            token: evm_address(&self.token),
            registry: evm_address(&self.registry),
            verifier: evm_address(&self.verifier),
            name: self.subnet.clone(),
            owner: evm_address(&self.owner),
            operator: evm_address(&self.operator),
        };
        Ok([bytecode(PROVING_VAULT_JSON)?, arguments.abi_encode()].concat())
    }
}

/// What a registry is deployed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistryDeployment {
    /// The vault, which may be deployed afterwards.
    pub vault: Address,
    /// Who appoints the coordinator.
    pub owner: Address,
    /// Who sets the pace and records units.
    pub coordinator: Address,
}

impl RegistryDeployment {
    /// Data of the transaction that deploys a registry with one of the two artifacts.
    pub fn creation_code(&self, artifact: &str) -> Result<Vec<u8>, ArtifactError> {
        let arguments = TaskRegistry::constructorCall {
            vault: evm_address(&self.vault),
            owner: evm_address(&self.owner),
            coordinator: evm_address(&self.coordinator),
        };
        Ok([bytecode(artifact)?, arguments.abi_encode()].concat())
    }
}

/// Opens the rules of the epoch that begins next, in the vault.
pub fn open(rules: &Rules) -> Vec<u8> {
    ProvingVault::openCall { rules: words(rules) }.abi_encode()
}

/// Funds the vault with the sender's tokens, which the sender has approved on the token before.
pub fn fund(amount: u128) -> Vec<u8> {
    ProvingVault::fundCall { amount }.abi_encode()
}

/// Funds the epoch that goes on, whose rules name no pool, and no other.
pub fn fund_running(amount: u128, rules: &Rules) -> Vec<u8> {
    ProvingVault::fundRunningCall { amount, rulesHash: word(&rules.hash()) }.abi_encode()
}

/// Sends a bundle to the vault.
pub fn submit(rules: &Rules, bundle: Vec<u8>) -> Vec<u8> {
    ProvingVault::submitCall { rules: words(rules), bundle: Bytes::from(bundle) }.abi_encode()
}

/// Sends a data bundle to the vault whose histogram proofs the verifier recorded before (`crate::recorded`).
pub fn submit_recorded(rules: &Rules, bundle: Vec<u8>) -> Vec<u8> {
    ProvingVault::submitRecordedCall { rules: words(rules), bundle: Bytes::from(bundle) }.abi_encode()
}

/// Has a contributor paid what an epoch owes.
pub fn claim(epoch: u64, contributor: &Address) -> Vec<u8> {
    ProvingVault::claimCall { epoch, contributor: evm_address(contributor) }.abi_encode()
}

/// Has the sender's own share of an epoch paid to another account.
pub fn claim_to(epoch: u64, recipient: &Address) -> Vec<u8> {
    ProvingVault::claimToCall { epoch, recipient: evm_address(recipient) }.abi_encode()
}

/// Begins the first round of the epoch whose rules stand, in the registry.
pub fn begin(rules: &Rules) -> Vec<u8> {
    TaskRegistry::beginCall { rules: words(rules) }.abi_encode()
}

/// Ends so many rounds, from the one that goes on.
pub fn end_rounds(count: u64) -> Vec<u8> {
    TaskRegistry::endRoundsCall { count }.abi_encode()
}

/// Ends the epoch's rounds, once its time is over.
pub fn finish() -> Vec<u8> {
    TaskRegistry::finishCall {}.abi_encode()
}

/// Strikes a dataset.
pub fn strike_data(digest: &Digest, reason: &str) -> Vec<u8> {
    TaskRegistry::strikeDataCall { digest: word(digest), reason: reason.to_owned() }.abi_encode()
}

/// Strikes a node, in the epoch that goes on.
pub fn strike_node(node: &Address, reason: &str) -> Vec<u8> {
    TaskRegistry::strikeNodeCall { node: evm_address(node), reason: reason.to_owned() }.abi_encode()
}

/// Registers data: its contributor's own, or with a signature anybody's.
pub fn register(unsigned: &Unsigned, signature: Option<&[u8]>) -> Vec<u8> {
    let registration = data_registration(unsigned);
    match signature {
        None => TaskRegistry::registerCall { registration }.abi_encode(),
        Some(signature) => {
            let signature = Bytes::copy_from_slice(signature);
            TaskRegistry::registerForCall { registration, signature }.abi_encode()
        }
    }
}

/// A registration as a registry takes it.
pub fn data_registration(unsigned: &Unsigned) -> TaskRegistry::DataRegistration {
    let (request, message) = (unsigned.request(), unsigned.message());
    let path = unsigned.evidence().map(|evidence| evidence.path.iter().map(word).collect());
    TaskRegistry::DataRegistration {
        contributor: evm_address(request.contributor()),
        records: request.records(),
        digest: word(&message.digest),
        segments: request.segments().iter().map(word).collect(),
        root: word(&message.root),
        length: message.length,
        uploadTx: word(&message.upload_tx),
        path: path.unwrap_or_default(),
        lastRound: message.last_round,
    }
}

/// The point that a round's units are committed with, and its path to the root that the rules name.
#[derive(Clone, Debug)]
pub struct RoundPoint {
    point: G1Affine,
    path: Vec<FixedBytes<32>>,
}

impl RoundPoint {
    /// That of round `index`, counted from the epoch's first; none if the tree has none. `points` and `tree`
    /// are those of the Lagrange points.
    pub fn new(points: &[G1Affine], tree: &LagrangeTree, index: u64) -> Option<Self> {
        let point = *points.get(usize::try_from(index).ok()?)?;
        Some(Self { point, path: tree.path(index)?.iter().map(word).collect() })
    }

    /// Records the node of a round of fully homomorphic encryption.
    pub fn record_node(&self, node: &Address) -> Vec<u8> {
        let (point, path) = (point(&self.point), self.path.clone());
        FheTask::recordNodeCall { node: evm_address(node), point, path }.abi_encode()
    }

    /// Records the units of a federated round, or some of them: nodes ascend, from one call to the next, too.
    pub fn record_units(&self, units: &[(Address, u32)]) -> Vec<u8> {
        FederatedTask::recordUnitsCall {
            nodes: units.iter().map(|(node, _)| evm_address(node)).collect(),
            units: units.iter().map(|(_, units)| *units).collect(),
            point: point(&self.point),
            path: self.path.clone(),
        }
        .abi_encode()
    }
}
