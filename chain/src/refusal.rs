//! Why a contract refused a call: any of the errors of the contracts here, by name and with its values.
//!
//! A call may end in an error of vault, registry, verifier or token: whichever it was, it is named.

use std::fmt;

use alloy_sol_types::{Panic, Revert, SolError, SolInterface, sol};
use fairshare_contracts::interface::RoyaltyVault::RoyaltyVaultErrors;
use fairshare_contracts::solidity::BundleVerifier::BundleVerifierErrors;
use fairshare_contracts::solidity::FederatedTask::FederatedTaskErrors;
use fairshare_contracts::solidity::FheTask::FheTaskErrors;
use fairshare_contracts::solidity::ProvingVault::ProvingVaultErrors;
use fairshare_contracts::solidity::TaskRegistry::TaskRegistryErrors;
use fairshare_formats::excerpt::escaped;

sol! {
    /// ERC-6093, which OpenZeppelin's tokens keep to.
    #[derive(Debug, PartialEq, Eq)]
    interface Erc20Errors {
        error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);
        error ERC20InvalidSender(address sender);
        error ERC20InvalidReceiver(address receiver);
        error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed);
        error ERC20InvalidApprover(address approver);
        error ERC20InvalidSpender(address spender);
    }
}

/// A contract's reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The error's name; empty where there is none.
    pub name: String,
    /// The error with its values, for people.
    pub text: String,
    /// As it came.
    pub data: Vec<u8>,
}

impl Refusal {
    /// Reads a contract's reason.
    pub fn decode(data: &[u8]) -> Self {
        let (name, text) = read(data);
        // Its texts are a stranger's: they write no lines of their own.
        Self { name, text: escaped(&text), data: data.to_vec() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn read(data: &[u8]) -> (String, String) {
    if data.is_empty() {
        return (String::new(), "no reason given".to_owned());
    }
    if let Ok(Revert { reason }) = Revert::abi_decode(data) {
        return ("Error".to_owned(), reason);
    }
    if let Ok(panic) = Panic::abi_decode(data) {
        return ("Panic".to_owned(), format!("{panic}; please report"));
    }
    let known = named::<ProvingVaultErrors>(data)
        .or_else(|| named::<TaskRegistryErrors>(data))
        .or_else(|| named::<FheTaskErrors>(data))
        .or_else(|| named::<FederatedTaskErrors>(data))
        .or_else(|| named::<BundleVerifierErrors>(data))
        .or_else(|| named::<RoyaltyVaultErrors>(data))
        .or_else(|| named::<Erc20Errors::Erc20ErrorsErrors>(data));
    known.unwrap_or_else(|| {
        let shown = data.get(..data.len().min(64)).unwrap_or(data);
        (String::new(), format!("an error that is none of these contracts': 0x{}", hex::encode(shown)))
    })
}

/// An error of this set. Its `Debug` is the set's variant around the error: the error alone is told.
fn named<E: SolInterface + fmt::Debug>(data: &[u8]) -> Option<(String, String)> {
    let whole = format!("{:?}", E::abi_decode(data).ok()?);
    let inner = whole.split_once('(').map_or(whole.as_str(), |(_, inner)| inner);
    let inner = inner.strip_suffix(')').unwrap_or(inner);
    let name = inner.split([' ', '(', '{']).next().unwrap_or(inner);
    let text = match meaning(name) {
        Some(meaning) => format!("{meaning} ({inner})"),
        None => inner.to_owned(),
    };
    Some((name.to_owned(), text))
}

/// What an error means, and what to do, where its name does not say so.
fn meaning(name: &str) -> Option<&'static str> {
    Some(match name {
        "DataOutOfOrder" => "a bundle names each dataset once, in order of registration: prove it again",
        "DataStruck" => "the dataset is struck: leave it out",
        "DeadlineOver" => "the time for bundles is over",
        "DigestKnown" => "the data is on record already",
        "DigestRefused" => "the digest is not that of this contributor's data",
        "EpochGoesOn" => "the rounds of an epoch go on: end them first",
        "EvidenceMissing" => "the rules take no data without evidence of its upload",
        "InsecureParameters" => "the verifier takes no development parameters",
        "LinkRefused" | "ProofRefused" | "ScoreRefused" => {
            "the proof is not one of this epoch, or was altered"
        }
        "NoDataInLastRound" => "an epoch's last round takes no data: register in the next epoch",
        "NoEpoch" => "no epoch's rounds go on",
        "NotCoordinator" => "only the registry's coordinator may do this: send it from that account",
        "NotOpen" => "claims are paid after `closedUntil`, in Unix seconds: wait until then",
        "NotOperator" => "only the vault's operator may do this: send it from that account",
        "NotTheNextEpoch" => "epochs and rounds follow each other: this one does not come next",
        "NotTheRules" => {
            "these are not the rules that stand: open them first, or take the policy that was opened"
        }
        "NoUnits" => "the node has no units on record in this epoch",
        "PublicColumnRefused" => "the proof is of other units than those on record: prove it again with them",
        "RegistrationVoid" => "the registration counted up to an earlier round: sign it again",
        "RootKnown" | "RootRefused" => "the upload is not this dataset's",
        "RoundsNotOver" => "bundles are taken once the epoch's rounds are over",
        "RuleRefused" => "the vault does not take this word of the rules",
        "SignatureRefused" => "the signature is not the contributor's for this vault and registry",
        "TooEarly" => "until `endsBy`, in Unix seconds, only the coordinator ends rounds",
        "TooLate" => "the rules' `ends_by` is over: open others",
        "Unfunded" => "the pool is not there: fund it first (`fairshare chain open --fund`)",
        "UnknownKeys" | "UnknownOpenings" => {
            "the verifier lacks the rules' keys: `fairshare chain keys --verifier`"
        }
        "WeighsNoMore" => "a bundle that weighs as much or more counts already, or this one weighs nothing",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Address, B256};
    use fairshare_contracts::solidity::{ProvingVault, TaskRegistry};

    use super::*;

    #[test]
    fn errors_of_every_contract_are_named_with_their_values() {
        let refusal = Refusal::decode(
            &TaskRegistry::DigestKnown { digest: B256::repeat_byte(7), round: 3 }.abi_encode(),
        );
        assert_eq!(refusal.name, "DigestKnown");
        assert!(refusal.text.contains("0x0707") && refusal.text.contains("round: 3"), "{refusal}");
        let refusal = Refusal::decode(&ProvingVault::NoEpoch {}.abi_encode());
        assert_eq!(
            (refusal.name.as_str(), refusal.text.as_str()),
            ("NoEpoch", "no epoch's rounds go on (NoEpoch)")
        );
        let owed = Erc20Errors::ERC20InsufficientBalance {
            sender: Address::repeat_byte(1),
            balance: alloy_primitives::U256::from(5),
            needed: alloy_primitives::U256::from(9),
        };
        let refusal = Refusal::decode(&owed.abi_encode());
        assert_eq!(refusal.name, "ERC20InsufficientBalance");
        assert!(refusal.text.contains("needed: 9"), "{refusal}");
    }

    #[test]
    fn what_is_no_error_of_theirs_is_shown_as_it_came() {
        assert_eq!(Refusal::decode(&[]).text, "no reason given");
        assert_eq!(Refusal::decode(&Revert::from("why").abi_encode()).text, "why");
        let long = Refusal::decode(&[0xab; 100_000]);
        assert!(long.text.ends_with(&"ab".repeat(64)) && long.text.len() < 300, "{long}");
    }
}
