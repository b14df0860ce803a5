//! The words.

use fairshare_params::policy::Token;

use super::{DataLine, ExampleLine, Explained, FadeLine};
use crate::commands::policy::span::{days, instant};
use crate::output::{align_right, amount, count, table, thousands};

/// How wide lines of words are.
const WIDTH: usize = 96;
/// Most features that text shows; JSON has all.
const SHOWN: usize = 20;

/// The whole explanation.
pub fn of(explained: &Explained, token: Option<&Token>) -> String {
    let mut parts = vec![
        title(explained),
        heading("What is paid", &pools(explained, token)),
        heading("What data is paid for", &data(&explained.data)),
        heading("What computing power is paid for", &compute(&explained.compute)),
        heading("Who may do what, and when", &roles(explained)),
        heading("What is refused", &refused(explained)),
    ];
    parts.extend(
        explained
            .example
            .as_ref()
            .map(|example| heading("An example", &self::example(example, explained, token))),
    );
    parts.join("\n\n")
}

fn heading(title: &str, body: &str) -> String {
    format!("{title}\n\n{body}")
}

/// Words over as many lines as they need.
fn words(text: &str) -> String {
    let options = textwrap::Options::new(WIDTH).initial_indent("  ").subsequent_indent("  ");
    textwrap::fill(text, options.break_words(false).word_splitter(textwrap::WordSplitter::NoHyphenation))
}

fn sentences(sentences: &[String]) -> String {
    words(&sentences.join(" "))
}

fn title(explained: &Explained) -> String {
    let Explained { policy, subnet, epoch, vault, chain_id, .. } = explained;
    format!("{policy}: epoch {epoch} of subnet {subnet}, paid by {vault} on chain {chain_id}")
}

fn pools(explained: &Explained, token: Option<&Token>) -> String {
    let shares = match explained.pool.parse() {
        Ok(0u128) | Err(_) => "Whatever is funded before the last round ends.".to_owned(),
        Ok(pool) => format!(
            "{}: {} for computing power and {} for data.",
            amount(pool, token),
            grouped(&explained.compute_pool),
            grouped(&explained.data_pool)
        ),
    };
    sentences(&[
        shares,
        "Compute : data is always 7 : 3, and each pool is shared by its own scores alone.".to_owned(),
        "A pool that nobody earns goes whole to the next epoch's pool of the same kind.".to_owned(),
    ])
}

fn data(data: &DataLine) -> String {
    let intro = format!(
        "Records that differ from the reference, by the sum over {} ({} bins). A value is worth the more, \
         the more of your records have it and the fewer of the reference's: below, the nats per record if \
         all have the value that the reference has least. Which values go together counts in crossed \
         features only.",
        count(data.features.len(), "feature"),
        thousands(data.bins as u64)
    );
    format!("{}\n\n{}\n\n{}\n\n{}", words(&intro), features(data), weight(data), fade(&data.fade, DATA))
}

/// Base units with commas; of a tenth with its place.
fn grouped(units: &str) -> String {
    let (whole, tenth) = units.split_once('.').map_or((units, None), |(whole, tenth)| (whole, Some(tenth)));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), |whole: u128| thousands(whole));
    tenth.map_or(whole.clone(), |tenth| format!("{whole}.{tenth}"))
}

/// A number with so many places, without zeros at its end.
fn trimmed(number: f64, places: usize) -> String {
    let text = format!("{number:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A share of the whole, as people write it.
fn percent(share: f64) -> String {
    match share * 100.0 {
        percent if percent >= 10.0 => format!("{percent:.0} %"),
        percent if percent >= 0.1 => format!("{percent:.1} %"),
        percent if percent >= 0.001 => format!("{} %", trimmed(percent, 3)),
        _ => "below 0.001 %".to_owned(),
    }
}

fn nats(nats: f64) -> String {
    format!("{} nats", if nats >= 10.0 { trimmed(nats, 1) } else { trimmed(nats, 4) })
}

fn features(data: &DataLine) -> String {
    let mut shown = table(["feature", "kind", "bins", "most of the reference", "least of it", "nats"]);
    align_right(&mut shown, [2, 5]);
    for feature in data.features.iter().take(SHOWN) {
        let parts: Vec<_> = feature.columns.iter().map(|column| column.name.as_str()).collect();
        let name = match feature.kind {
            "crossed" => format!("{}: {}", feature.name, parts.join(" × ")),
            _ => feature.name.clone(),
        };
        shown.add_row([
            name,
            feature.kind.to_owned(),
            thousands(feature.bins as u64),
            format!("{} ({})", feature.most.bin, percent(feature.most.share)),
            format!("{} ({})", feature.least.bin, percent(feature.least.share)),
            nats(feature.least.nats),
        ]);
    }
    let more = match data.features.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("\nand {more} more; --json has all"),
    };
    format!("{shown}{more}")
}

fn weight(data: &DataLine) -> String {
    let least = thousands(data.min_records);
    let minimum = format!("A bundle of fewer than {least} records is refused.");
    let (Some(cap), Some(bias)) = (data.cap, data.bias) else {
        return sentences(&[
            "Data weighs its divergence in nats per record, however many records it has.".to_owned(),
            "Chance alone makes small data diverge, and nothing is taken off for it.".to_owned(),
            minimum,
        ]);
    };
    let reached = if cap >= data.reach {
        format!(" No record reaches the cap: {} is the most that these features can make.", nats(data.reach))
    } else {
        String::new()
    };
    sentences(&[
        format!(
            "Weight = min(divergence of all records, records × {}) − {}, and 0 if that is negative.",
            nats(cap),
            nats(bias)
        ),
        format!(
            "The cap limits what records weigh on average.{reached} What is taken off is what chance gives, \
             whatever the number of records: copies of the reference earn nothing, and {least} records earn \
             something from {} per record on.",
            nats(bias / f64::from(data.min_records.max(1)))
        ),
        minimum,
    ])
}

const DATA: &str = "Data registered";
const COMPUTE: &str = "Work";

fn fade(fade: &FadeLine, what: &str) -> String {
    let FadeLine { lambda, first_round, last_round, last_counts, half_life } = fade;
    let latest = match what {
        DATA => " The latest of a bundle's datasets counts for all of it.",
        _ => "",
    };
    words(&format!(
        "{what} in round {first_round} counts in full, in round {last_round} {} of that: λ = {lambda}, so \
         half is left after {} rounds.{latest}",
        percent(*last_counts),
        if *half_life >= 10.0 { format!("{half_life:.0}") } else { format!("{half_life:.1}") }
    ))
}

fn compute(decay: &FadeLine) -> String {
    let share = "A node's share of all units in each round. A round without units pays nobody.";
    format!("{}\n{}", words(share), fade(decay, COMPUTE))
}

fn roles(explained: &Explained) -> String {
    let mut shown = table(["who", "may", "when"]);
    for role in &explained.roles {
        shown.add_row([&role.who, &role.may, &role.when]);
    }
    let clerk = match explained.settlement {
        "contract" => format!("The registry is the contract {}.", explained.registry),
        _ => format!("The operator is whoever signs for {}.", explained.registry),
    };
    let silence = format!(
        "ends_by is {}; proofs are taken for {}.",
        instant(explained.ends_by),
        days(explained.proving_seconds)
    );
    format!("{shown}\n{}", sentences(&[clerk, silence]))
}

fn refused(explained: &Explained) -> String {
    let lines = explained.refused.iter().map(|line| {
        let options = textwrap::Options::new(WIDTH).initial_indent("  - ").subsequent_indent("    ");
        textwrap::fill(line, options.break_words(false))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn example(example: &ExampleLine, explained: &Explained, token: Option<&Token>) -> String {
    let paid = |units: &str| {
        units.parse().map_or_else(
            |_| units.to_owned(),
            |units| match token {
                Some(token) => token.amount(units),
                None => thousands(units),
            },
        )
    };
    let mut shown = table(["who", "what", "round", "nats per record", "paid"]);
    align_right(&mut shown, [2, 3, 4]);
    for case in &example.data {
        let what = match case.rarest_per_thousand {
            0 => "as the reference".to_owned(),
            odd => format!("{} % have the rarest values", f64::from(odd) / 10.0),
        };
        shown.add_row([
            case.name.to_owned(),
            format!("{} records, {what}", thousands(case.records)),
            case.round.to_string(),
            format!("{:.4}", case.nats_per_record),
            paid(&case.paid),
        ]);
    }
    for case in &example.nodes {
        let rounds = thousands(case.rounds as u64);
        let what = format!("a unit in each of the first {rounds} rounds");
        shown.add_row([case.name.to_owned(), what, String::new(), String::new(), paid(&case.paid)]);
    }
    let pool = match explained.pool.as_str() {
        "0" => format!("If {} is funded, and nobody else contributes:", paid(&example.pool)),
        _ => "If nobody else contributes:".to_owned(),
    };
    let carried = match example.carried.as_str() {
        "0" => String::new(),
        carried => {
            format!("\n{}", words(&format!("{carried} base units that nobody earns go to the next epoch.")))
        }
    };
    let told = "Ann and Ben have the same data, and Ben registers it late. Cat's differs by chance alone.";
    format!("{}\n\n{shown}\n{}{carried}", words(&pool), words(told))
}
