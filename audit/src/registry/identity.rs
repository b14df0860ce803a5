//! Whose ledger it is.

use std::fmt;

use fairshare_formats::eip55::checksummed;
use fairshare_params::address::Address;
use fairshare_params::policy::Policy;
use fairshare_params::rules::{Settlement, Terms};

/// Whose ledger it is. One vault address serves one subnet, its registry one vault, and what is owed goes out
/// one way: none of this ever changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The vault's chain.
    pub chain_id: u64,
    /// The vault's contract.
    pub vault: Address,
    /// The registry: the operator's address.
    pub registry: Address,
    /// The subnet.
    pub subnet: String,
    /// How it pays.
    pub settlement: Settlement,
}

impl Identity {
    /// The policy's.
    pub fn of(policy: &Policy) -> Self {
        let Terms { chain_id, vault, registry, settlement, subnet, .. } = policy.terms().clone();
        Self { chain_id, vault, registry, subnet, settlement }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { chain_id, vault, registry, subnet, settlement } = self;
        let (vault, registry) = (checksummed(vault), checksummed(registry));
        write!(
            f,
            "vault {vault} on chain {chain_id}, registry {registry}, subnet `{subnet}`, settlement \
             `{settlement}`"
        )
    }
}

#[cfg(test)]
mod tests {
    use fairshare_testkit::fixture;

    use super::*;

    /// A ledger and a policy of two vaults are told by these words alone.
    #[test]
    fn an_identity_is_told_with_all_that_it_is() {
        let own = Identity::of(&fixture::policy(fixture::POLICY));
        let address = Address([0x11; 20]);
        let others = [
            Identity { chain_id: 5, ..own.clone() },
            Identity { vault: address, ..own.clone() },
            Identity { registry: address, ..own.clone() },
            Identity { subnet: "other".to_owned(), ..own.clone() },
            Identity { settlement: Settlement::Payments, ..own.clone() },
        ];
        for other in others {
            assert_ne!(other.to_string(), own.to_string());
        }
    }
}
