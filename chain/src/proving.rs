//! A vault that computes what it pays, and its registry: where they stand, and the steps of an epoch.
//!
//! Every step first asks the chain whether it is done: so whoever says the same twice, or was interrupted,
//! sends nothing twice. What nobody but its sender can know, a signed transaction in the outbox, is kept
//! there.

use alloy_primitives::{Address, B256, keccak256};
use fairshare_contracts::calldata::evm_address;
use fairshare_contracts::proving as calls;
use fairshare_contracts::solidity::ProvingVault::{self, Epoch, NextRules};
use fairshare_contracts::solidity::TaskRegistry::{self, Stage};
use fairshare_contracts::verification::{register_keys, register_openings};
use fairshare_params::policy::Policy;
use fairshare_params::rules::{Rules, Settlement, Terms};
use fairshare_params::verifier_parameters::VerifierParameters;

use crate::error::{ChainError, Result};
use crate::node::{Call, Node};
use crate::sender::Sender;
use crate::token::approvals;

/// Whether a step was done now or before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Now.
    Now,
    /// It was done before: nothing was sent.
    Before,
}

/// A vault and its registry, as a policy names them.
pub struct Pair<'a> {
    node: &'a Node,
    vault: Address,
    registry: Address,
}

/// What a vault and its registry say of themselves.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The registry's epoch and round.
    pub stage: Stage,
    /// The rules that are open for the next epoch; their hash is 0 where none are.
    pub next: NextRules,
    /// The token that is paid.
    pub token: Address,
    /// The verifier of bundles.
    pub verifier: Address,
    /// What was funded in all, in base units.
    pub funded: u128,
    /// What was paid in all.
    pub paid: u128,
    /// What was funded and belongs to no epoch yet.
    pub unassigned: u128,
}

impl<'a> Pair<'a> {
    /// Those of the policy, if the node is of their chain and the chain computes what they pay.
    pub fn of(node: &'a Node, policy: &Policy) -> Result<Self> {
        let Terms { chain_id, vault, registry, settlement, .. } = policy.terms();
        if *settlement != Settlement::Contract {
            return Err(ChainError::OtherSettlement { found: settlement.name() });
        }
        node.require_chain(*chain_id)?;
        let pair = Self { node, vault: evm_address(vault), registry: evm_address(registry) };
        let (vault_names, registry_names) = (
            node.read(pair.vault, &ProvingVault::registryCall {})?,
            node.read(pair.registry, &TaskRegistry::vaultCall {})?,
        );
        for (named, other) in [(vault_names, pair.registry), (registry_names, pair.vault)] {
            if named != other {
                return Err(ChainError::NotAPair { vault: pair.vault, registry: pair.registry, named });
            }
        }
        Ok(pair)
    }

    /// The chain's node.
    pub fn node(&self) -> &'a Node {
        self.node
    }

    /// The vault.
    pub fn vault(&self) -> Address {
        self.vault
    }

    /// The registry.
    pub fn registry(&self) -> Address {
        self.registry
    }

    /// Where both stand.
    pub fn overview(&self) -> Result<Overview> {
        let (node, vault) = (self.node, self.vault);
        Ok(Overview {
            stage: self.stage()?,
            next: node.read(vault, &ProvingVault::nextRulesCall {})?,
            token: node.read(vault, &ProvingVault::tokenCall {})?,
            verifier: self.verifier()?,
            funded: node.read(vault, &ProvingVault::totalFundedCall {})?,
            paid: node.read(vault, &ProvingVault::totalPaidCall {})?,
            unassigned: node.read(vault, &ProvingVault::unassignedCall {})?,
        })
    }

    /// The epoch and round that go on.
    pub fn stage(&self) -> Result<Stage> {
        self.node.read(self.registry, &TaskRegistry::stageCall {})
    }

    /// An epoch as the vault has it; its rules hash is 0 before it began.
    pub fn epoch(&self, epoch: u64) -> Result<Epoch> {
        self.node.read(self.vault, &ProvingVault::epochsCall { epoch })
    }

    /// The verifier of bundles.
    pub fn verifier(&self) -> Result<Address> {
        self.node.read(self.vault, &ProvingVault::verifierCall {})
    }

    /// Whether an epoch began under these rules; refused if it began under others.
    fn has_begun(&self, rules: &Rules) -> Result<bool> {
        let (number, expected) = (rules.terms.epoch, B256::from(rules.hash().0));
        let found = self.epoch(number)?.rulesHash;
        match found {
            B256::ZERO => Ok(false),
            found if found == expected => Ok(true),
            found => Err(ChainError::OtherRules { epoch: number, found, expected }),
        }
    }

    /// Opens the rules. Of what their verification needs the verifier has to have all: without it every
    /// bundle of the epoch would be refused.
    pub fn open(&self, sender: &mut Sender<'_>, rules: &Rules) -> Result<Done> {
        let verifier = self.verifier()?;
        let Known { keys, openings } = known(self.node, verifier, rules)?;
        if !keys || !openings {
            return Err(ChainError::NoKeys { verifier });
        }
        let next: NextRules = self.node.read(self.vault, &ProvingVault::nextRulesCall {})?;
        if self.has_begun(rules)? || next.rulesHash == B256::from(rules.hash().0) {
            return Ok(Done::Before);
        }
        sender.send("open", &Call::new(self.vault, calls::open(rules)))?;
        Ok(Done::Now)
    }

    /// Brings what the vault lacks of `amount` for the epoch of these rules; how much that was. What is there
    /// and belongs to no other epoch counts.
    pub fn fund(&self, sender: &mut Sender<'_>, rules: &Rules, amount: u128) -> Result<u128> {
        let has_begun = self.has_begun(rules)?;
        if has_begun && (rules.terms.pool != 0 || self.epoch(rules.terms.epoch)?.deadline != 0) {
            // Its pool was there when it began, or is fixed.
            return Ok(0);
        }
        let there = self.node.read(self.vault, &ProvingVault::unassignedCall {})?;
        let Some(missing) = amount.checked_sub(there).filter(|missing| *missing > 0) else { return Ok(0) };
        let token = self.node.read(self.vault, &ProvingVault::tokenCall {})?;
        for (function, call) in approvals(self.node, token, sender.address(), self.vault, missing)? {
            sender.send(function, &call)?;
        }
        let (function, input) = match has_begun {
            true => ("fundRunning", calls::fund_running(missing, rules)),
            false => ("fund", calls::fund(missing)),
        };
        sender.send(function, &Call::new(self.vault, input))?;
        Ok(missing)
    }

    /// Whether the sender has the tokens that [`Self::fund`] would bring at most.
    pub fn check_funds(&self, sender: &Sender<'_>, rules: &Rules, amount: u128) -> Result<()> {
        let there = self.node.read(self.vault, &ProvingVault::unassignedCall {})?;
        let missing = amount.saturating_sub(there);
        if missing == 0 || self.has_begun(rules)? {
            return Ok(());
        }
        let token = self.node.read(self.vault, &ProvingVault::tokenCall {})?;
        approvals(self.node, token, sender.address(), self.vault, missing).map(|_| ())
    }

    /// Begins the epoch's first round.
    pub fn begin(&self, sender: &mut Sender<'_>, rules: &Rules) -> Result<Done> {
        if self.has_begun(rules)? {
            return Ok(Done::Before);
        }
        sender.send("begin", &Call::new(self.registry, calls::begin(rules)))?;
        Ok(Done::Now)
    }

    /// Ends the epoch's rounds, once its time is over.
    pub fn finish(&self, sender: &mut Sender<'_>, rules: &Rules) -> Result<Done> {
        let number = rules.terms.epoch;
        if !self.has_begun(rules)? {
            return Err(ChainError::NotBegun { epoch: number });
        }
        if self.epoch(number)?.deadline != 0 {
            return Ok(Done::Before);
        }
        sender.send("finish", &Call::new(self.registry, calls::finish()))?;
        Ok(Done::Now)
    }
}

/// What of the rules' verification a verifier knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The verifying keys.
    pub keys: bool,
    /// The openings.
    pub openings: bool,
}

/// Whether a verifier has the keys and openings of these rules.
pub fn known(node: &Node, verifier: Address, rules: &Rules) -> Result<Known> {
    known_by(node, verifier, rules.parameters.keys.0.into(), rules.parameters.openings.0.into())
}

fn known_by(node: &Node, verifier: Address, keys: B256, openings: B256) -> Result<Known> {
    if node.code(verifier)?.is_empty() {
        return Err(ChainError::NoContract { address: verifier });
    }
    // The keys are named by their hash and their number; they come together (`VerifierParameters.sol`).
    let first_key = keccak256([keys.0, [0; 32]].concat());
    Ok(Known {
        keys: !node.code(locate(verifier, first_key))?.is_empty(),
        openings: !node.code(locate(verifier, openings))?.is_empty(),
    })
}

/// Registers keys and openings with a verifier, each if it is not there.
pub fn register_parameters(
    sender: &mut Sender<'_>,
    verifier: Address,
    parameters: &VerifierParameters,
) -> Result<Done> {
    let words = parameters.words();
    let known = known_by(sender.node(), verifier, words.keys.0.into(), words.openings.0.into())?;
    if !known.keys {
        sender.send("registerKeys", &Call::new(verifier, register_keys(parameters)))?;
    }
    if !known.openings {
        sender.send("registerOpenings", &Call::new(verifier, register_openings(parameters)))?;
    }
    Ok(if known.keys && known.openings { Done::Before } else { Done::Now })
}

/// Where a verifier keeps what has this name (`verifier/Named.sol`).
fn locate(verifier: Address, name: B256) -> Address {
    const CREATOR: [u8; 16] = alloy_primitives::hex!("67365f5f37365f5ff05f5260086018f3");
    verifier.create2_from_code(name, CREATOR).create(1)
}
