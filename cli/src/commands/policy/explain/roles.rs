//! Who may do what, and when; and what is refused.

use fairshare_formats::eip55::checksummed;
use fairshare_params::policy::Policy;
use fairshare_params::rules::Settlement;
use schemars::JsonSchema;
use serde::Serialize;

use crate::commands::policy::span::{days, instant};
use crate::output::thousands;

/// When a ledger's epoch is closed.
const CLOSING: &str = "after the deadline, or once all data is proved";

/// What somebody may do.
#[derive(Serialize, JsonSchema)]
pub struct RoleLine {
    /// Who.
    pub who: String,
    /// What.
    pub may: String,
    /// When.
    pub when: String,
}

/// Who may do what under the policy's settlement, in the order of an epoch.
pub fn of(policy: &Policy) -> Vec<RoleLine> {
    let terms = policy.terms();
    let line = |who: &str, may: String, when: String| RoleLine { who: who.to_owned(), may, when };
    let is_contract = terms.settlement == Settlement::Contract;
    let (rounds, clerk) = (policy.data_rounds(), if is_contract { "coordinator" } else { "operator" });
    let (first, last) = (terms.first_round, terms.last_round());
    let proving = format!("after the last round, for {}", days(terms.proving_seconds));
    let mut lines = vec![
        line("operator", "replaces these rules by others".to_owned(), format!("until round {first} begins")),
        line(
            "contributor",
            "registers data, which is of the round that goes on".to_owned(),
            format!("rounds {} to {}", first.max(*rounds.start()), rounds.end()),
        ),
        line(
            clerk,
            "ends rounds, and records every node's units".to_owned(),
            units_when(terms.settlement, last),
        ),
        line(
            clerk,
            "strikes data and nodes, with a reason on record".to_owned(),
            format!("until round {last} ends"),
        ),
        ends_by(policy),
        line("anybody", "brings bundles".to_owned(), proving),
    ];
    lines.extend(
        payment(policy).into_iter().map(|(who, may, when)| line(who, may.to_owned(), when.to_owned())),
    );
    lines
}

/// When units go on record.
fn units_when(settlement: Settlement, last: u64) -> String {
    match settlement {
        Settlement::Contract => "each round's in that round".to_owned(),
        Settlement::Claims | Settlement::Payments => format!("all units in round {last}"),
    }
}

/// What becomes of rounds that nobody ends.
fn ends_by(policy: &Policy) -> RoleLine {
    let time = instant(policy.terms().ends_by);
    match policy.terms().settlement {
        Settlement::Contract => RoleLine {
            who: "anybody".to_owned(),
            may: "ends the rounds that are left, empty".to_owned(),
            when: format!("from {time} on"),
        },
        Settlement::Claims | Settlement::Payments => RoleLine {
            who: "operator".to_owned(),
            may: "has to have ended the rounds; the archive shows if not".to_owned(),
            when: format!("by {time}"),
        },
    }
}

/// How money comes to the vault, and leaves it.
fn payment(policy: &Policy) -> Vec<(&'static str, &'static str, &'static str)> {
    // The contract begins no epoch whose rules name a pool that is not there.
    let funding = match policy.terms().pool {
        0 => "before the last round ends",
        _ => "before the first round begins",
    };
    match policy.terms().settlement {
        Settlement::Contract => vec![
            ("anybody", "funds the pool", funding),
            ("anybody", "settles, and has claims paid to their contributors", "after the deadline"),
        ],
        Settlement::Claims => vec![
            ("operator", "closes and settles, and posts the root of all claims", CLOSING),
            ("guardian", "vetoes a root that is false", "in the vault's window"),
            ("anybody", "has claims paid to their contributors", "after the window"),
        ],
        Settlement::Payments => vec![
            ("operator", "closes and settles, and pays by lists", CLOSING),
            ("anybody", "audits the archive: every bundle, every amount", "at any time"),
        ],
    }
}

/// What is refused.
pub fn refused(policy: &Policy) -> Vec<String> {
    let terms = policy.terms();
    let mut refused = vec![
        format!("a bundle of fewer than {} records in all", thousands(terms.min_records)),
        format!(
            "data registered in round {}, the epoch's last, or for another registry than {}",
            terms.last_round(),
            checksummed(&terms.registry)
        ),
        "data committed to under another schema or geometry".to_owned(),
        "a digest or an upload that is on record already".to_owned(),
        "a cell of a numeric feature that is not a number; a label that is not listed counts as \"other\""
            .to_owned(),
        "a bundle after the deadline: what is not proved by then weighs nothing".to_owned(),
    ];
    if terms.evidence {
        refused.push("data without evidence of its upload (`fairshare upload wrap`)".to_owned());
    }
    refused
}
