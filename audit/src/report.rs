//! An audit's report on one page, as text and as a web page that needs nothing but itself.

use std::fmt::Write;

use fairshare_circuits::numeric::fixed::to_decimal;
use fairshare_formats::eip55::checksummed;
use fairshare_formats::excerpt::excerpt;
use fairshare_params::address::Address;
use fairshare_params::policy::Token;
use num_bigint::BigUint;

use crate::audit::{Basis, DatasetReport, EpochReport, Line, Report};
use crate::registry::State;
use crate::settlement::pools;

/// This program's version.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Contributors shown of an epoch; the others are one line.
const SHOWN: usize = 25;
/// Findings shown; a report of more is not read to its end.
const FINDINGS: usize = 50;

/// The report as text.
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}", verdict(report));
    for line in whose(report) {
        let _ = writeln!(text, "{line}");
    }
    for epoch in &report.epochs {
        let _ = writeln!(text, "\n{}", heading(epoch));
        let Some(basis) = &epoch.basis else {
            let _ = writeln!(text, "  {}", unverified(epoch));
            continue;
        };
        for line in under(basis, epoch) {
            let _ = writeln!(text, "  {line}");
        }
        let _ = writeln!(
            text,
            "  {:<42} {:>12} {:>12} {:>12} {:>20} {:>20}",
            "contributor", "records", "nats/record", "compute", "for data", "for computing"
        );
        for row in rows(epoch) {
            let [name, records, data, compute, for_data, for_compute] = row.cells;
            let _ = writeln!(
                text,
                "  {name:<42} {records:>12} {data:>12} {compute:>12} {for_data:>20} {for_compute:>20}"
            );
        }
        for line in [unlisted(epoch), Some(carries(epoch))].into_iter().flatten() {
            let _ = writeln!(text, "  {line}");
        }
    }
    text.push('\n');
    for line in datasets(report).chain(strikes(report)).chain(payments(report)) {
        let _ = writeln!(text, "{line}");
    }
    for epoch in &report.unaudited {
        let _ = writeln!(text, "NOT AUDITED {epoch}");
    }
    for line in report.lines().take(FINDINGS) {
        let _ = writeln!(text, "DIFFERENCE {line}");
    }
    text + &more(report)
}

/// The report as a web page.
pub fn html(report: &Report) -> String {
    let mut page = String::from(HEAD);
    let class = if report.is_clean() { "good" } else { "bad" };
    let _ = write!(
        page,
        "<h1>Audit of a royalty vault</h1><p class=\"{class}\">{}</p>",
        escape(&verdict(report))
    );
    whose(report).iter().for_each(|line| paragraph(&mut page, line));
    if !report.unaudited.is_empty() {
        page.push_str("<h2>What was not audited</h2><ul>");
        for epoch in &report.unaudited {
            let _ = write!(page, "<li>{}</li>", escape(&epoch.to_string()));
        }
        page.push_str("</ul>");
    }
    if !report.findings.is_empty() {
        page.push_str("<h2>What is not as it should be</h2><ul>");
        for line in report.lines().take(FINDINGS) {
            let _ = write!(page, "<li>{}</li>", escape(&line));
        }
        let _ = write!(page, "</ul><p>{}</p>", escape(&more(report)));
    }
    for epoch in &report.epochs {
        let _ = write!(page, "<h2>{}</h2>", escape(&heading(epoch)));
        let Some(basis) = &epoch.basis else {
            paragraph(&mut page, &unverified(epoch));
            continue;
        };
        for line in under(basis, epoch) {
            let _ = write!(page, "<p>{}</p>", escape(&line));
        }
        page.push_str(&plot(epoch));
        page.push_str(
            "<table><tr><th>contributor<th>records<th>nats per record<th>compute score<th>for data<th>for \
             computing",
        );
        for row in rows(epoch) {
            page.push_str("<tr>");
            for cell in row.cells {
                let _ = write!(page, "<td>{}", escape(&cell));
            }
        }
        page.push_str("</table>");
        [unlisted(epoch), Some(carries(epoch))].iter().flatten().for_each(|line| paragraph(&mut page, line));
    }
    page.push_str("<h2>What was registered</h2>");
    let lines = datasets(report).chain(strikes(report)).chain(payments(report));
    lines.for_each(|line| paragraph(&mut page, &line));
    page.push_str("</main>");
    page
}

fn paragraph(page: &mut String, line: &str) {
    let _ = write!(page, "<p>{}</p>", escape(line));
}

const HEAD: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
<title>Audit of a royalty vault</title><style>
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:0}\
main{max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:13px}
th,td{text-align:right;padding:.2rem .5rem;border-bottom:1px solid #8884}\
th:first-child,td:first-child{text-align:left;font-family:ui-monospace,monospace}
.good,.bad{padding:.6rem .9rem;border-radius:.3rem;font-weight:600}.good{background:#2a7d4f;color:#fff}\
.bad{background:#b3261e;color:#fff}
svg{width:100%;height:auto;margin:.5rem 0}svg text{font:12px ui-monospace,monospace;fill:currentColor}
</style><main>";

fn verdict(report: &Report) -> String {
    let (epochs, bundles) = (report.epochs.len() as u64, report.bundles);
    if report.is_clean() {
        let open = report.epochs.iter().filter(|epoch| epoch.state < State::Settled).count() as u64;
        let still = match open {
            0 => String::new(),
            open => format!(" {} without amounts yet: not settled.", count(open, "epoch")),
        };
        return format!(
            "Everything is as it should be: {} verified again, and every amount of {} computed again to the \
             unit.{still}",
            count(bundles, "bundle"),
            count(epochs.saturating_sub(open), "epoch")
        );
    }
    let verified = format!(
        "{} found in {} with {} verified again.",
        count(report.finding_count(), "difference"),
        count(epochs, "epoch"),
        count(bundles, "bundle")
    );
    match report.unaudited.len() as u64 {
        0 => verified,
        more => format!("{verified} NOT AUDITED: {}.", count(more, "epoch")),
    }
}

/// In place of what an epoch earns.
fn unverified(epoch: &EpochReport) -> String {
    format!(
        "Nothing of it was verified: what it pays and leaves is the record's word, and so is its rules hash, \
         {}.",
        epoch.recorded_rules_hash
    )
}

/// What an epoch was verified under, and what it builds on.
fn under(basis: &Basis, epoch: &EpochReport) -> Vec<String> {
    let insecure = if basis.insecure { ", INSECURE: everybody knows their trapdoor" } else { "" };
    let mut lines = vec![
        format!("Rules hash {}", basis.rules_hash),
        format!("Parameters of fingerprint {}{insecure}", basis.srs),
    ];
    lines.extend(epoch.root.map(|root| {
        format!("Root of the claims {root}, {} in all", units(epoch.claims_total, epoch.token.as_ref()))
    }));
    lines.extend(epoch.unverified_before.map(|earlier| {
        format!(
            "Epoch {earlier} was not verified: what this one brings, and what was earned before it, is \
             unchecked."
        )
    }));
    lines
}

fn more(report: &Report) -> String {
    match report.finding_count().saturating_sub(FINDINGS as u64) {
        0 => String::new(),
        more => format!("and {} more\n", count(more, "difference")),
    }
}

/// Whose ledger it is, and as of when.
fn whose(report: &Report) -> Vec<String> {
    let heading = &report.heading;
    let (vault, registry) = (checksummed(&heading.vault), checksummed(&heading.registry));
    let subnet = report
        .identity
        .as_ref()
        .map(|identity| format!(", subnet {}, settlement {}", identity.subnet, identity.settlement));
    vec![
        format!("Vault {vault} on chain {}{}", heading.chain_id, subnet.unwrap_or_default()),
        format!("Registry {registry}, {}, head {}", count(heading.entries, "entry"), report.head),
        format!("Written by {}, audited by fairshare {VERSION}", excerpt(&heading.software)),
    ]
}

/// Every dataset and what became of it, however many there are: whoever looks for hers finds it.
fn datasets(report: &Report) -> impl Iterator<Item = String> {
    report.datasets.iter().map(dataset)
}

fn dataset(dataset: &DatasetReport) -> String {
    let DatasetReport { index, digest, contributor, round, records, fates } = dataset;
    let fates: Vec<_> = fates.iter().map(|(epoch, fate)| format!("epoch {epoch}: {fate}")).collect();
    let fates =
        if fates.is_empty() { "in no closed epoch that was verified".to_owned() } else { fates.join("; ") };
    let (contributor, records) = (checksummed(contributor), count(u64::from(*records), "record"));
    format!("Entry {index}, round {round}: {contributor} registered {records} as {digest}; {fates}")
}

fn strikes(report: &Report) -> impl Iterator<Item = String> {
    report
        .strikes
        .iter()
        .map(|strike| format!("Entry {}: STRUCK {}: {}", strike.index, strike.target, strike.reason))
}

fn payments(report: &Report) -> impl Iterator<Item = String> {
    let (sum, transfers) = report.sent;
    // Of epochs in different tokens no sum is told in one of them.
    let mut tokens: Vec<_> = report.epochs.iter().map(|epoch| epoch.token.as_ref()).collect();
    tokens.dedup();
    let token = if let [token] = tokens[..] { token } else { None };
    let listed = (transfers > 0).then(|| {
        format!(
            "{} of {} in all listed, {} confirmed.",
            count(transfers, "payment"),
            units(sum, token),
            report.confirmed
        )
    });
    let (due, contributors) = report.due;
    let unlisted = (contributors > 0).then(|| {
        format!("On no list yet: {}, of {}.", units(due, token), count(contributors, "contributor"))
    });
    let (sum, claims) = report.claimed;
    let claimed = (claims > 0)
        .then(|| format!("{} of {} in all paid by the contract.", count(claims, "claim"), units(sum, token)));
    listed.into_iter().chain(unlisted).chain(claimed)
}

fn heading(epoch: &EpochReport) -> String {
    let terms = &epoch.terms;
    let (number, subnet, state) = (epoch.number, &terms.subnet, epoch.state);
    let Some(pool) = epoch.pool else {
        return format!("Epoch {number} of subnet {subnet}, {state}: a pool of whatever is funded in time");
    };
    let [compute, data] = pools(pool, &epoch.brought);
    format!(
        "Epoch {number} of subnet {subnet}, {state}: a pool of {}, {} units for computing power and {} for \
         data",
        units(pool, epoch.token.as_ref()),
        tenths(&compute),
        tenths(&data),
    )
}

/// Whose lines were given up.
fn unlisted(epoch: &EpochReport) -> Option<String> {
    let contributors = (epoch.unlisted > 0).then(|| count(epoch.unlisted, "contributor"))?;
    Some(format!("{contributors} audited and not listed: a report holds lines of the latest epochs only."))
}

fn carries(epoch: &EpochReport) -> String {
    if epoch.state < State::Settled {
        return "Not settled yet: these are the amounts that the bundles so far would give.".to_owned();
    }
    format!(
        "Carried to the next epoch: {} units for computing power, {} for data. Kept in the vault by \
         rounding: {} \
         and {}.",
        tenths(&epoch.left.compute),
        tenths(&epoch.left.data),
        tenths(&epoch.rounding.compute),
        tenths(&epoch.rounding.data)
    )
}

/// One line of the table and of the plot.
struct TableRow {
    cells: [String; 6],
    name: String,
    data: u128,
    compute: u128,
}

/// The contributors by what they earn, most first; those beyond [`SHOWN`] together.
fn rows(epoch: &EpochReport) -> Vec<TableRow> {
    let mut lines: Vec<(&Address, &Line)> = epoch.lines.iter().collect();
    lines.sort_by_key(|(contributor, line)| (std::cmp::Reverse(line.payout.total()), **contributor));
    let others = lines.split_off(lines.len().min(SHOWN));
    let mut rows: Vec<_> = lines
        .into_iter()
        .map(|(contributor, line)| {
            let records = line.data.map(|_| grouped(&line.records.to_string())).unwrap_or_default();
            let divergence = line.divergence().map(|score| to_decimal(score, 6));
            let compute = line.compute.map(|score| to_decimal(score, 6));
            let scores = [divergence.unwrap_or_default(), compute.unwrap_or_default()];
            row(checksummed(contributor).to_string(), records, scores, line.payout.data, line.payout.compute)
        })
        .collect();
    if !others.is_empty() {
        let sum = |amount: fn(&Line) -> u128| {
            others.iter().fold(0u128, |sum, (_, line)| sum.saturating_add(amount(line)))
        };
        let (data, compute) = (sum(|line| line.payout.data), sum(|line| line.payout.compute));
        let name = format!("{} others", grouped(&others.len().to_string()));
        rows.push(row(name, String::new(), Default::default(), data, compute));
    }
    rows
}

fn row(
    name: String,
    records: String,
    [data_score, compute_score]: [String; 2],
    data: u128,
    compute: u128,
) -> TableRow {
    let amounts = [data, compute].map(|amount| grouped(&amount.to_string()));
    let [for_data, for_compute] = amounts;
    let cells = [name.clone(), records, data_score, compute_score, for_data, for_compute];
    TableRow { cells, name, data, compute }
}

/// A bar for each line: computing power, then data.
fn plot(epoch: &EpochReport) -> String {
    const LEFT: f64 = 130.0;
    const WIDTH: f64 = 560.0;
    const STEP: usize = 22;
    let rows = rows(epoch);
    let most = rows.iter().map(|row| row.data.saturating_add(row.compute)).max().unwrap_or(0);
    if most == 0 {
        return String::new();
    }
    let scale = |amount: u128| amount as f64 / most as f64 * WIDTH;
    let height = (rows.len() + 1) * STEP;
    let mut svg =
        format!("<svg viewBox=\"0 0 800 {height}\" role=\"img\" aria-label=\"what each contributor earns\">");
    for (index, row) in rows.iter().enumerate() {
        let (top, middle) = (index * STEP, index * STEP + 15);
        let (compute, data) = (scale(row.compute), scale(row.data));
        let name = match row.name.strip_prefix("0x") {
            Some(digits) => format!("0x{}…{}", &digits[..4], &digits[digits.len() - 4..]),
            None => row.name.clone(),
        };
        let total = grouped(&row.data.saturating_add(row.compute).to_string());
        let _ = write!(
            svg,
            "<text x=\"0\" y=\"{middle}\">{}</text>\
             <rect x=\"{LEFT}\" y=\"{top}\" width=\"{compute:.1}\" height=\"16\" fill=\"#3b6ea8\"/>\
             <rect x=\"{:.1}\" y=\"{top}\" width=\"{data:.1}\" height=\"16\" fill=\"#d98e2b\"/>\
             <text x=\"{:.1}\" y=\"{middle}\">{total}</text>",
            escape(&name),
            LEFT + compute,
            LEFT + compute + data + 6.0,
        );
    }
    let (top, middle) = (rows.len() * STEP + 4, rows.len() * STEP + 15);
    let _ = write!(
        svg,
        "<rect x=\"{LEFT}\" y=\"{top}\" width=\"12\" height=\"12\" fill=\"#3b6ea8\"/>\
         <text x=\"{}\" y=\"{middle}\">for computing power</text>\
         <rect x=\"{}\" y=\"{top}\" width=\"12\" height=\"12\" fill=\"#d98e2b\"/>\
         <text x=\"{}\" y=\"{middle}\">for data</text></svg>",
        LEFT + 18.0,
        LEFT + 190.0,
        LEFT + 208.0,
    );
    svg
}

/// An amount of base units, and in tokens where the policy says how.
fn units(amount: u128, token: Option<&Token>) -> String {
    let units = format!("{} units", grouped(&amount.to_string()));
    match token {
        Some(token) => format!("{units} ({})", token.amount(amount)),
        None => units,
    }
}

/// Tenths of units, as units.
fn tenths(tenths: &BigUint) -> String {
    let (units, tenth) = (tenths / 10u32, tenths % 10u32);
    let units = grouped(&units.to_string());
    if tenth == BigUint::ZERO { units } else { format!("{units}.{tenth}") }
}

/// Digits in groups of three.
fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn count(number: u64, thing: &str) -> String {
    let things = match thing.strip_suffix('y') {
        _ if number == 1 => thing.to_owned(),
        Some(stem) => format!("{stem}ies"),
        None => format!("{thing}s"),
    };
    format!("{} {things}", grouped(&number.to_string()))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(grouped("1234567"), "1,234,567");
        assert_eq!(grouped("123"), "123");
        let usdc = Token::new("USDC", 6).expect("a token");
        assert_eq!(units(1_234_567, Some(&usdc)), "1,234,567 units (1.234567 USDC)");
        assert_eq!(units(1_234_567, None), "1,234,567 units");
        assert_eq!(tenths(&BigUint::from(12_345u32)), "1,234.5");
        assert_eq!(tenths(&BigUint::from(70u32)), "7");
        assert_eq!(escape("<a & \"b\">"), "&lt;a &amp; &quot;b&quot;&gt;");
    }
}
