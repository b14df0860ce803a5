//! Deploying a vault that computes what it pays, its registry, and what they need.
//!
//! Vault and registry name each other for ever, and a contract's address follows from its deployer's nonce:
//! so all addresses are fixed, and written down, before anything is sent. A deployment that was interrupted
//! goes on where it stopped: what stands at its address is not sent again, and a nonce that was used for
//! something else ends it with an error.

use std::path::Path;

use alloy_primitives::Address;
use fairshare_contracts::artifact::ArtifactError;
use fairshare_contracts::proving::{RegistryDeployment, VaultDeployment};
use fairshare_contracts::solidity::{ProvingVault, TaskRegistry};
use fairshare_contracts::token;
use fairshare_contracts::verification;
use fairshare_formats::json;
use fairshare_params::address::Address as Account;
use fairshare_storage::files::{self, Access};
use serde::{Deserialize, Serialize};

use crate::error::{ChainError, Result};
use crate::node::{Call, Node};
use crate::proving::Done;
use crate::rounds::TaskKind;
use crate::sender::Sender;

/// Longest file that says what is deployed.
const MAX_BYTES: u64 = 64 << 10;

/// What the deployer gets of a token for development, in base units.
const DEVELOPMENT_TOKENS: u128 = 1_000_000_000_000_000_000_000_000;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The token; none where one for development is deployed.
    pub token: Option<Address>,
    /// The verifier; none where one is deployed.
    pub verifier: Option<Address>,
    /// Whether a verifier that is deployed takes development parameters.
    pub takes_insecure: bool,
    /// The subnet's name.
    pub subnet: String,
    /// The kind of the registry.
    pub task: TaskKind,
    /// Who appoints the others.
    pub owner: Address,
    /// Who opens rules.
    pub operator: Address,
    /// Who sets the pace.
    pub coordinator: Address,
}

/// What is deployed, or will be: fixed before anything is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// The chain.
    pub chain_id: u64,
    /// Who deploys.
    pub deployer: Address,
    /// The nonce of the first of its transactions.
    pub first_nonce: u64,
    /// Whether the token is one for development that is deployed here.
    pub is_development_token: bool,
    /// Whether the verifier is deployed here.
    pub is_own_verifier: bool,
    /// Whether that one takes development parameters.
    pub takes_insecure: bool,
    /// `fhe` or `federated`.
    pub task: String,
    /// The subnet's name.
    pub subnet: String,
    /// Who appoints the others.
    pub owner: Address,
    /// Who opens rules.
    pub operator: Address,
    /// Who sets the pace.
    pub coordinator: Address,
    /// The token.
    pub token: Address,
    /// The verifier.
    pub verifier: Address,
    /// The vault.
    pub vault: Address,
    /// The registry.
    pub registry: Address,
}

/// A contract that is created: what it is, its address, and its creation code.
type Step = (&'static str, Address, Vec<u8>);

impl Deployment {
    fn plan(order: &Order, chain_id: u64, deployer: Address, first_nonce: u64) -> Self {
        let mut nonce = first_nonce;
        let mut next = || {
            let address = deployer.create(nonce);
            nonce = nonce.saturating_add(1);
            address
        };
        let token = order.token.unwrap_or_else(&mut next);
        let verifier = order.verifier.unwrap_or_else(&mut next);
        let (vault, registry) = (next(), next());
        Self {
            chain_id,
            deployer,
            first_nonce,
            is_development_token: order.token.is_none(),
            is_own_verifier: order.verifier.is_none(),
            takes_insecure: order.takes_insecure,
            task: order.task.name().to_owned(),
            subnet: order.subnet.clone(),
            owner: order.owner,
            operator: order.operator,
            coordinator: order.coordinator,
            token,
            verifier,
            vault,
            registry,
        }
    }

    /// Each contract that is created, in order, with its address and its creation code.
    fn steps(&self, task: TaskKind) -> std::result::Result<Vec<Step>, ArtifactError> {
        let [token, verifier, vault, registry, owner, operator, coordinator] = [
            self.token,
            self.verifier,
            self.vault,
            self.registry,
            self.owner,
            self.operator,
            self.coordinator,
        ]
        .map(|address| Account(address.into()));
        let mut steps = Vec::new();
        if self.is_development_token {
            steps.push(("create the token", self.token, token::development_token()?));
        }
        if self.is_own_verifier {
            let code = verification::creation_code(self.takes_insecure)?;
            steps.push(("create the verifier", self.verifier, code));
        }
        let subnet = self.subnet.clone();
        let deployed = VaultDeployment { token, registry, verifier, subnet, owner, operator };
        steps.push(("create the vault", self.vault, deployed.creation_code()?));
        let deployed = RegistryDeployment { vault, owner, coordinator };
        steps.push(("create the registry", self.registry, deployed.creation_code(task.artifact())?));
        Ok(steps)
    }
}

/// Deploys what is ordered; the plan is in the file before anything is sent.
pub fn deploy(sender: &mut Sender<'_>, order: &Order, file: &Path) -> Result<(Deployment, Done)> {
    let (node, deployer) = (sender.node(), sender.address());
    let deployment = planned(sender, order, file)?;
    let mut done = Done::Before;
    let steps = deployment.steps(order.task)?;
    let count = steps.len() as u64;
    for (index, (what, address, code)) in steps.into_iter().enumerate() {
        if !node.code(address)?.is_empty() {
            continue;
        }
        let expected = deployment.first_nonce.saturating_add(index as u64);
        if node.nonce(deployer)? != expected {
            return Err(ChainError::NonceUsed { path: file.to_owned(), address });
        }
        sender.send(what, &Call::create(code))?;
        if node.code(address)?.is_empty() {
            return Err(ChainError::Vanished { function: what });
        }
        done = Done::Now;
    }
    // All contracts were created, and nothing was sent since.
    let created = deployment.first_nonce.saturating_add(count);
    if deployment.is_development_token && node.nonce(deployer)? == created {
        let input = token::mint(&Account(deployer.into()), DEVELOPMENT_TOKENS);
        sender.send("mint", &Call::new(deployment.token, input))?;
    }
    check(node, &deployment)?;
    Ok((deployment, done))
}

/// The plan in the file, if it is of this order, or a new one, which is in the file then.
fn planned(sender: &Sender<'_>, order: &Order, file: &Path) -> Result<Deployment> {
    let (node, deployer) = (sender.node(), sender.address());
    for given in order.token.into_iter().chain(order.verifier) {
        if node.code(given)?.is_empty() {
            return Err(ChainError::NoContract { address: given });
        }
    }
    Ok(match read(file)? {
        Some(found) => {
            let expected = Deployment::plan(order, node.chain_id(), deployer, found.first_nonce);
            if found != expected {
                return Err(ChainError::OtherDeployment { path: file.to_owned() });
            }
            found
        }
        None => {
            let planned = Deployment::plan(order, node.chain_id(), deployer, node.nonce(deployer)?);
            // On a dry run nothing is sent that would keep to it.
            if !sender.is_dry_run() {
                write(file, &planned)?;
            }
            planned
        }
    })
}

/// Whether vault and registry name each other, and the vault what else it was to name.
fn check(node: &Node, deployment: &Deployment) -> Result<()> {
    let named = [
        (node.read(deployment.vault, &ProvingVault::registryCall {})?, deployment.registry),
        (node.read(deployment.registry, &TaskRegistry::vaultCall {})?, deployment.vault),
    ];
    let parts = [
        (node.read(deployment.vault, &ProvingVault::verifierCall {})?, deployment.verifier),
        (node.read(deployment.vault, &ProvingVault::tokenCall {})?, deployment.token),
    ];
    for (named, expected) in parts {
        if named != expected {
            return Err(ChainError::OtherParts { vault: deployment.vault, named, expected });
        }
    }
    for (named, expected) in named {
        if named != expected {
            let Deployment { vault, registry, .. } = *deployment;
            return Err(ChainError::NotAPair { vault, registry, named });
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<Option<Deployment>> {
    let bytes = match files::read(file, MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(files::ReadError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let source = std::io::Error::other(error);
            return Err(ChainError::File { path: file.to_owned(), source });
        }
    };
    let other = |_| ChainError::OtherDeployment { path: file.to_owned() };
    json::from_slice(&bytes).map(Some).map_err(other)
}

fn write(file: &Path, deployment: &Deployment) -> Result<()> {
    // Every key is a text, and no value fails.
    let mut text = serde_json::to_string_pretty(deployment).unwrap_or_default();
    text.push('\n');
    files::write(file, text.as_bytes(), Access::Public)
        .map_err(|source| ChainError::File { path: file.to_owned(), source })
}
