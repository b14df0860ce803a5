//! From a score to money: each step by its name, with its figure and its formula.

use comfy_table::Cell;
use fairshare_audit::worth::Worth;
use fairshare_circuits::numeric::fixed::to_decimal;
use fairshare_params::policy::{Policy, Weighting};

use super::among::{Paid, tokens};
use crate::output::{align_right, decimal, table as new_table, thousands};

/// A step: its name, its figure, and how it comes about.
type Step = [String; 3];

fn step(name: &str, figure: impl Into<String>, formula: impl Into<String>) -> Step {
    [name.to_owned(), figure.into(), formula.into()]
}

/// All steps, in order.
pub fn table(policy: &Policy, worth: &Worth, paid: Option<&Paid>) -> String {
    let mut table = new_table(["step", "figure", "how it comes about"]);
    align_right(&mut table, 1..2);
    let steps = score(policy, worth).into_iter().chain(value(policy, worth)).chain(weight(policy, worth));
    for step in steps.chain(paid.map(|paid| share(policy, paid)).unwrap_or_default()) {
        table.add_row(step.map(Cell::new));
    }
    table.to_string()
}

/// Units of 1/256 nat, in nats.
fn nats(units: u128) -> String {
    format!("{} nats", to_decimal(units.saturating_mul(1 << 40), 2))
}

fn score(policy: &Policy, worth: &Worth) -> Vec<Step> {
    let features = crate::output::count(policy.schema().len(), "feature");
    vec![
        step(
            "records",
            thousands(worth.records.get()),
            format!("n; the policy asks for {} (min_records)", thousands(policy.terms().min_records)),
        ),
        step(
            "divergence",
            format!("{} nats per record", decimal(worth.per_record)),
            format!("D: Σ p · ln(p / q) over {features}; q: reference"),
        ),
        step("total", nats(worth.score.into()), format!("n · D; the score to prove: {} / 256", worth.score)),
    ]
}

fn value(policy: &Policy, worth: &Worth) -> Vec<Step> {
    let (value, bins) = (&worth.value, policy.free_bins());
    let bias = format!("bins' / 2, for {} free bins: what chance gives", thousands(bins));
    match policy.terms().weighting {
        Weighting::Divergence => vec![
            step("bias", nats(value.bias), format!("{bias}; not taken off (weighting divergence)")),
            step(
                "g",
                format!("{} nats per record", decimal(value.g)),
                "D: no cap, no bias (weighting divergence)",
            ),
        ],
        Weighting::RecordsDivergence { cap } => vec![
            step(
                "cap",
                nats(value.most.unwrap_or_default()),
                format!("n · cap, {} nats per record", to_decimal(cap, 6)),
            ),
            step("counted", nats(value.counted), "min(total, cap)"),
            step("bias", nats(value.bias), bias),
            step("g", nats(value.g), "max(0, counted − bias)"),
        ],
    }
}

fn weight(policy: &Policy, worth: &Worth) -> Vec<Step> {
    let (decay, first) = (policy.data_decay(), policy.data_window().start().to_owned());
    let fade = worth.fade.map_or_else(|| "0".to_owned(), |fade| to_decimal(fade >> 16, 6));
    let how = match worth.since {
        Some(since) => format!(
            "e^(−λ · rounds): λ = {}, {} rounds late (round {})",
            decay.lambda(),
            thousands(since),
            worth.round
        ),
        None => format!("round {} is before the data window, which begins with round {first}", worth.round),
    };
    let formula =
        if worth.nothing.is_empty() { "λ_q · g · fade" } else { "0: it earns nothing, as said above" };
    vec![step("fade", fade, how), step("weight", worth.weight.to_string(), formula)]
}

fn share(policy: &Policy, paid: &Paid) -> Vec<Step> {
    let mut steps = vec![step(
        "all weights",
        paid.share.total.to_string(),
        format!("this one and those of {}", paid.whom()),
    )];
    if let (Some(units), Some(pool)) = (&paid.units, paid.pool(policy)) {
        steps.push(step("data's pool", pool, "3 of 10 parts of the epoch's pool, and what is carried to it"));
        steps.push(step("share", tokens(units, policy), "pool · weight / all weights, rounded down"));
    }
    steps
}
