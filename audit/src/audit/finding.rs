//! What an audit may find.

use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::{AmountsError, Earning, FilesError, Tenths};
use fairshare_formats::policy::PolicyErrors;
use fairshare_formats::registry::RegistryFileError;
use fairshare_formats::time::Moment;
use fairshare_formats::units::UnitsError;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::role::Role;
use fairshare_verifier::{BundleError, SetupError, VerifyError};
use num_bigint::BigUint;

use crate::registry::{NotCovered, Refusal};
use crate::settlement::{Payout, SettlementError};

/// Something that is not as it should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each field is named in its variant's message")]
pub enum Finding {
    // The chain.
    #[error("it names the head {recorded}, but with the entries before it it leads to {computed}")]
    Head { computed: Digest, recorded: Digest },
    #[error("the archive names the head {recorded}, but its entries lead to {computed}")]
    LastHead { computed: Digest, recorded: Digest },
    #[error("its time is {found}, before that of the entry before it, {before}")]
    Time { found: Moment, before: Moment },
    #[error("its files are not those that it names")]
    Files(#[source] FilesError),
    #[error("the archive is of another vault than its rules: {found}")]
    Heading { found: String },
    // What the registry would not have taken.
    #[error("the registry does not take it")]
    Refused(#[source] Refusal),
    #[error("the policy is refused")]
    Policy(#[source] Box<PolicyErrors>),
    #[error("the rules have the hash {found}, but {recorded} is on record")]
    RulesHash { found: Digest, recorded: Digest },
    #[error("the policy is of epoch {policy}")]
    EpochNumber { policy: u64 },
    #[error("what is registered cannot be read")]
    Registration(#[source] Box<RegistryFileError>),
    #[error("it is not what its file says: {found}")]
    RegistrationOtherwise { found: String },
    #[error("it names round {recorded}, but round {round} went on")]
    Round { recorded: u64, round: u64 },
    #[error("its units cannot be read: no compute score was verified")]
    Units(#[source] UnitsError),
    // Proofs.
    #[error("nothing of the epoch was verified")]
    Setup(#[source] SetupError),
    #[error("the bundle cannot be read")]
    BundleBytes(#[source] BundleError),
    #[error("the bundle is {contributor}'s for {role}", contributor = checksummed(.contributor))]
    BundleOtherwise { contributor: Address, role: Role },
    #[error("the bundle covers what it must not")]
    NotCovered(#[source] NotCovered),
    #[error("the bundle does not verify")]
    Bundle(#[source] Box<VerifyError>),
    #[error("the bundle shows a score of {found}, but {recorded} is on record")]
    Score { found: u64, recorded: u64 },
    #[error("the bundle weighs no more than the one that it replaces")]
    NoHeavier,
    // Amounts.
    #[error("its list of amounts cannot be read")]
    Amounts(#[source] AmountsError),
    #[error("its scores cannot be weighed")]
    Settlement(#[source] SettlementError),
    #[error(
        "it brings {} from the epoch before, but that one leaves {}",
        tenths(.recorded),
        tenths(.computed)
    )]
    Brought { computed: Tenths, recorded: Tenths },
    #[error(
        "{contributor} earns {} for computing power and {} for data, {cumulative} in all with earlier \
         epochs; on record: {}",
        .computed.compute, .computed.data, on_record(.recorded),
        contributor = checksummed(.contributor)
    )]
    Payout { contributor: Address, computed: Payout, cumulative: u128, recorded: Option<Earning> },
    #[error(
        "{contributor} would have earned more than 2^128 base units in all",
        contributor = checksummed(.contributor)
    )]
    TooMuch { contributor: Address },
    #[error("it leaves {}, but {} is on record", tenths(.computed), tenths(.recorded))]
    Left { computed: Tenths, recorded: Tenths },
    #[error("the root of its claims is {}, but {} is on record", optional(.computed), optional(.recorded))]
    Root { computed: Option<Digest>, recorded: Option<Digest> },
    #[error("it pays {computed} in all, but {recorded} is on record")]
    Total { computed: u128, recorded: u128 },
    #[error("what it pays and leaves is more than its pool and what it brings, whatever was proved")]
    Overpaid,
    // Payments.
    #[error("its rules pay by `{found}`, which knows no lists of payments")]
    OtherRail { found: &'static str },
    #[error("epoch {epoch} is not settled, and nobody is paid before that")]
    PaidEarly { epoch: u64 },
    #[error(
        "it pays {contributor} {recorded}, but {due} was due",
        contributor = checksummed(.contributor)
    )]
    Payment { contributor: Address, recorded: u128, due: u128 },
    #[error(
        "it confirms that {contributor} was paid {cumulative} in all, which no list says, or confirms it \
         twice",
        contributor = checksummed(.contributor)
    )]
    Confirmed { contributor: Address, cumulative: u128 },
    #[error(
        "it says that the contract has paid {contributor} {cumulative} in all, {amount} of it by this claim, \
         which is no share that was settled and not claimed yet",
        contributor = checksummed(.contributor)
    )]
    Claimed { contributor: Address, cumulative: u128, amount: u128 },
    #[error("table `{table}` has other rows of it than it gives: something else has written to the database")]
    Beside { table: &'static str },
    // What the auditor was told.
    #[error("the rules hash is {}, but {expected} was to be expected", optional(.found))]
    OtherRules { found: Option<Digest>, expected: Digest },
    #[error("the root of the claims is {}, but {expected} was to be expected", optional(.found))]
    OtherRoot { found: Option<Digest>, expected: Digest },
    #[error("the claims are {found} in all, but {expected} was to be expected")]
    OtherTotal { found: u128, expected: u128 },
    #[error(
        "the receipt of entry {index} is of another entry: of another ledger, or this one was changed after \
         it was given"
    )]
    Receipt { index: u64 },
}

fn tenths(tenths: &Tenths) -> String {
    let units = |tenths: &BigUint| format!("{}.{}", tenths / 10u32, tenths % 10u32);
    format!("{} units for computing power and {} for data", units(&tenths.compute), units(&tenths.data))
}

fn on_record(earning: &Option<Earning>) -> String {
    match earning {
        Some(earning) => format!("{} and {}, {} in all", earning.compute, earning.data, earning.cumulative),
        None => "nothing".to_owned(),
    }
}

fn optional(root: &Option<Digest>) -> String {
    root.map_or_else(|| "none".to_owned(), |root| root.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_told_as_computed_and_as_on_record() {
        let computed = Tenths { compute: 7_007u32.into(), data: 3u32.into() };
        let left = Finding::Left { computed, recorded: Tenths::default() };
        let told = "it leaves 700.7 units for computing power and 0.3 for data, but 0.0 units for computing \
                    power and 0.0 for data is on record";
        assert_eq!(left.to_string(), told);
        let contributor = Address([1; 20]);
        let computed = Payout { compute: 7, data: 3 };
        let earning = Earning { contributor, compute: 7, data: 4, cumulative: 12 };
        for (recorded, told) in
            [(None, "on record: nothing"), (Some(earning), "on record: 7 and 4, 12 in all")]
        {
            let found = Finding::Payout { contributor, computed, cumulative: 11, recorded }.to_string();
            assert!(found.ends_with(told), "{found}");
        }
    }

    #[test]
    fn a_root_that_there_is_not_is_told_as_none() {
        let expected = Digest([1; 32]);
        let other = Finding::OtherRoot { found: Some(Digest([2; 32])), expected };
        let told = |found| format!("the root of the claims is {found}, but {expected} was to be expected");
        assert_eq!(other.to_string(), told(Digest([2; 32]).to_string()));
        assert_eq!(Finding::OtherRoot { found: None, expected }.to_string(), told("none".to_owned()));
    }
}
