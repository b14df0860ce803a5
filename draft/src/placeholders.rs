//! Terms that were not given: what stands in their place, and what to put there.

use std::fmt;

use fairshare_formats::eip55::checksummed;
use fairshare_params::address::Address;
use fairshare_params::policy::NamedParameters;
use fairshare_params::rules::Settlement;

use crate::options::Options;

/// An address that nobody has the key of.
const VAULT: Address = Address([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xf1, 0x1e, 0x47, 0x55]);
/// The operator of the examples; its key, 32 bytes `c2`, is public.
const REGISTRY: Address = Address([
    0x8b, 0xfa, 0x4e, 0xee, 0xdb, 0xaa, 0x73, 0x91, 0x3b, 0x82, 0x90, 0x77, 0x7d, 0x65, 0xa8, 0x4c, 0xb2,
    0x42, 0xfe, 0x67,
]);
const ROUNDS: (u64, u32) = (0, 30);
const POOL: u128 = 100_000_000;
/// Two weeks.
const PROVING_SECONDS: u64 = 14 * 86_400;

/// A key that has to be set before the policy is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    /// The key, dotted.
    pub key: &'static str,
    /// What to put there.
    pub remedy: &'static str,
    /// The option of the command that gives it.
    pub option: &'static str,
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({}): {}", self.key, self.option, self.remedy)
    }
}

/// All terms, given or not.
pub(crate) struct Set {
    pub chain_id: u64,
    pub vault: String,
    pub registry: String,
    pub settlement: Settlement,
    pub subnet: String,
    pub epoch: u64,
    pub pool: u128,
    pub rounds: (u64, u32),
    pub ends_by: u64,
    pub proving_seconds: u64,
}

impl Set {
    pub(crate) fn of(options: &Options) -> Self {
        let terms = &options.terms;
        Self {
            chain_id: terms.chain_id.unwrap_or(31_337),
            vault: checksummed(&terms.vault.unwrap_or(VAULT)).to_string(),
            registry: checksummed(&terms.registry.unwrap_or(REGISTRY)).to_string(),
            settlement: terms.settlement.unwrap_or(Settlement::Claims),
            subnet: terms.subnet.clone().unwrap_or_else(|| "development".to_owned()),
            epoch: terms.epoch.unwrap_or(1),
            pool: terms.pool.unwrap_or(POOL),
            rounds: terms.rounds.unwrap_or(ROUNDS),
            ends_by: terms.ends_by,
            proving_seconds: terms.proving_seconds.unwrap_or(PROVING_SECONDS),
        }
    }
}

/// What was not given.
pub(crate) fn missing(options: &Options) -> Vec<Placeholder> {
    let terms = &options.terms;
    let all = [
        (
            options.parameters == NamedParameters::InsecureDevelopment,
            "parameters",
            "the fingerprint of a ceremony's parameters; anybody can forge proofs under the development \
             ones.",
            "--params",
        ),
        (terms.chain_id.is_none(), "vault.chain_id", "the number of the vault's chain.", "--chain-id"),
        (terms.vault.is_none(), "vault.address", "the vault's contract.", "--vault"),
        (
            terms.registry.is_none(),
            "vault.registry",
            "the registry's contract, or the address of the ledger's operator. The one here is that of the \
             examples, and its key is public.",
            "--registry",
        ),
        (terms.subnet.is_none(), "vault.subnet", "the subnet's name.", "--subnet"),
        (terms.pool.is_none(), "vault.pool", "what the epoch pays, in the token's smallest unit.", "--pool"),
        (
            terms.rounds.is_none(),
            "rounds.first and rounds.count",
            "the epoch's rounds; a table of units says which they are.",
            "--units",
        ),
        (
            terms.ends_by_assumed,
            "rounds.ends_by",
            "a time soon after the last round should be over.",
            "--ends-by",
        ),
    ];
    let missing = all.into_iter().filter(|(is_missing, ..)| *is_missing);
    missing.map(|(_, key, remedy, option)| Placeholder { key, remedy, option }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_the_examples_operator() {
        assert_eq!(checksummed(&REGISTRY).to_string(), "0x8bfa4eEEdbaa73913B8290777d65A84CB242fE67");
        assert_eq!(
            checksummed(&VAULT).to_string().to_lowercase(),
            "0x00000000000000000000000000000000f11e4755"
        );
    }
}
