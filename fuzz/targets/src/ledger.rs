//! Archives, and the files that stand beside a ledger: receipts, lists of payments and files of weights.

use std::collections::BTreeMap;

use fairshare_audit::audit::{Auditor, Expected, MAX_FINDINGS};
use fairshare_audit::report;
use fairshare_formats::archive::{ArchiveError, Heading, Item, Writer, read};
use fairshare_formats::ledger::{
    Entry, Event, Files, Kind, Receipt, Settled, SignedReceipt, Stored, Tenths, Transfer, file_hash,
};
use fairshare_formats::payments::{ListHeading, PaymentList};
use fairshare_formats::policy::PolicySource;
use fairshare_formats::time::Moment;
use fairshare_formats::weights;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::ledger::first_head;
use fairshare_params::registry::Domain;
use fairshare_params::role::Role;
use fairshare_verifier::Trust;

use crate::fixture::{self, POLICY};
use crate::script::Script;
use crate::{refused, said};

pub const TOKENS: &[&str] = &[
    "ledger.json",
    "000000001-rules.json",
    "ustar",
    "\"kind\":",
    "fairshare_payments",
    "signature",
    "contributor,weight",
];

/// An archive, a receipt, a list of payments or a file of weights. What is accepted of the first three is
/// written the same way again; whatever an archive says, an audit ends, says so much and no more, and prints
/// no control character.
pub fn ledger(data: &[u8]) -> bool {
    match data.split_first() {
        Some((b'{', _)) => return small(data),
        Some((b'c', _)) => return weighed(data),
        Some((b'S', script)) => {
            audited(&archive(edited(Script::new(script))));
            return true;
        }
        _ => {}
    }
    let mut items = Vec::new();
    let whole = read(data, |item| {
        items.push(item);
        Ok::<_, ArchiveError>(())
    });
    match whole {
        Err(error) => refused(&error),
        Ok(()) => {
            again(&items);
            audited(data);
            true
        }
    }
}

/// The short history with edits to one of its files, whose hash is made right.
fn edited(mut script: Script<'_>) -> Vec<(Event, Files)> {
    let mut history = history();
    let at = script.below(history.len()).unwrap_or_default();
    let (event, files) = &mut history[at];
    let mut bytes = files.single().to_vec();
    script.edit(&mut bytes);
    let hash = file_hash(&bytes);
    *files = Files::one(event.kind(), bytes);
    match event {
        Event::Rules { policy, .. } => *policy = files.policy().map_or(hash, |source| source.hash()),
        Event::Registration { file, .. }
        | Event::Units { file, .. }
        | Event::Bundle { file, .. }
        | Event::Settled(Settled { file, .. })
        | Event::Sent { file, .. } => *file = hash,
        _ => *files = Files::none(),
    }
    history
}

/// A receipt, or a list of payments.
fn small(data: &[u8]) -> bool {
    match (SignedReceipt::from_json(data), PaymentList::from_json(data)) {
        (Ok(receipt), _) => {
            let again = SignedReceipt::from_json(receipt.to_json().as_bytes()).expect("what was written");
            assert_eq!(again, receipt);
            true
        }
        (_, Ok(list)) => {
            assert_eq!(PaymentList::from_json(list.to_json().as_bytes()).expect("what was written"), list);
            true
        }
        (Err(receipt), Err(list)) => {
            said(&receipt);
            refused(&list)
        }
    }
}

/// A file of weights: what is accepted is so much and no more.
fn weighed(data: &[u8]) -> bool {
    match weights::from_csv(data) {
        Ok(weights) => {
            assert!(weights.len() <= weights::MAX_WEIGHTS);
            assert!(weights.values().all(|weight| weight.bits() <= 226));
            true
        }
        Err(error) => refused(&error),
    }
}

fn again(items: &[Item]) {
    let Some((Item::Heading(heading), entries)) = items.split_first() else {
        panic!("an archive without a heading")
    };
    let mut bytes = Vec::new();
    let mut writer = Writer::begin(&mut bytes, heading).expect("memory");
    for item in entries {
        let Item::Entry(stored, files) = item else { panic!("two headings") };
        writer.entry(stored, files).expect("memory");
    }
    writer.finish().expect("memory");
    let mut found = Vec::new();
    let read = read(&bytes[..], |item| {
        found.push(item);
        Ok::<_, ArchiveError>(())
    });
    read.expect("what was written");
    assert_eq!(found, items);
}

fn audited(data: &[u8]) {
    let parameters = std::slice::from_ref(&*fixture::PARAMETERS);
    let auditor = Auditor::new(parameters, Trust::AllowInsecure, &|_, _| {});
    let found = match auditor.archive(data, &Expected::default()) {
        Ok(found) => found,
        Err(error) => {
            said(&error);
            return;
        }
    };
    assert!(found.findings.len() <= MAX_FINDINGS);
    for line in found.lines().take(100) {
        assert!(line.len() <= 2_100, "{line:.200}");
    }
    let text = report::text(&found);
    assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n'), "{text:?}");
    let _ = report::html(&found);
}

/// A short history: rules, rounds, units, a strike, an end, and what follows, none of it proved.
fn history() -> Vec<(Event, Files)> {
    let source = PolicySource { text: POLICY.to_owned(), files: BTreeMap::new() };
    let [one, two] = [0xa1, 0xb0].map(|byte| Address([byte; 20]));
    let rules = Event::Rules { epoch: 4, rules_hash: Digest([1; 32]), policy: source.hash() };
    let file = |bytes: &str| file_hash(bytes.as_bytes());
    let (units, earnings, payments) = (
        format!("round,{}\n10,1\n11,2\n12,0\n13,7\n", fairshare_formats::eip55::checksummed(&one)),
        "contributor,compute,data,cumulative\n".to_owned(),
        "contributor,amount,cumulative\n".to_owned(),
    );
    let one_file = |kind, text: &str| Files::one(kind, text.as_bytes().to_vec());
    let settled = Settled {
        epoch: 4,
        brought: Tenths::default(),
        left: Tenths { compute: 7u8.into(), data: 3u8.into() },
        total: 0,
        root: None,
        file: file(&earnings),
    };
    let reason = "seen twice".to_owned();
    let bundle = Event::Bundle {
        epoch: 4,
        role: Role::Compute,
        contributor: one,
        score: 5,
        file: file("not a bundle"),
    };
    let registration =
        Event::Registration { round: 10, contributor: two, digest: Digest([2; 32]), file: file("{}") };
    let confirmed = Event::Confirmed { contributor: one, cumulative: 5, evidence: "0x5c50".to_owned() };
    vec![
        (rules, Files::of_policy(&source)),
        (Event::Rounds { first: 10, last: 10 }, Files::none()),
        (registration, one_file(Kind::Registration, "{}")),
        (Event::Rounds { first: 11, last: 13 }, Files::none()),
        (Event::Units { epoch: 4, file: file(&units) }, one_file(Kind::Units, &units)),
        (Event::StrikeNode { epoch: 4, node: two, reason: reason.clone() }, Files::none()),
        (Event::StrikeData { digest: Digest([2; 32]), reason }, Files::none()),
        (Event::Ended { epoch: 4 }, Files::none()),
        (Event::Funded { epoch: 4, pool: 7 }, Files::none()),
        (bundle, one_file(Kind::Bundle, "not a bundle")),
        (Event::Closed { epoch: 4 }, Files::none()),
        (Event::Settled(settled), one_file(Kind::Settled, &earnings)),
        (Event::Sent { epoch: 4, file: file(&payments) }, one_file(Kind::Sent, &payments)),
        (confirmed, Files::none()),
    ]
}

/// The history as an archive, with a right chain.
fn archive(history: Vec<(Event, Files)>) -> Vec<u8> {
    let (entries, heading, _) = chained(history);
    let mut archive = Vec::new();
    let mut writer = Writer::begin(&mut archive, &heading).expect("memory");
    for (stored, files) in &entries {
        writer.entry(stored, files).expect("memory");
    }
    writer.finish().expect("memory");
    archive
}

/// Entries with their heads, the heading, and the receipts that an operator would give.
fn chained(history: Vec<(Event, Files)>) -> (Vec<(Stored, Files)>, Heading, Vec<Receipt>) {
    let policy = PolicySource { text: POLICY.to_owned(), files: BTreeMap::new() }.policy().expect("a policy");
    let terms = policy.terms();
    let (chain_id, vault, registry) = (terms.chain_id, terms.vault, terms.registry);
    let (mut head, mut entries, mut receipts) =
        (first_head(chain_id, &vault, &registry), Vec::new(), Vec::new());
    for (index, (event, files)) in (1..).zip(history) {
        let time = Moment::from_unix_seconds(1_800_000_000).expect("a moment");
        let entry = Entry { time, event: event.clone() };
        let domain = Domain { chain_id, registry };
        receipts.push(Receipt { domain, index, round: 10, entry: entry.clone(), before: head });
        head = entry.follow(&head);
        entries.push((Stored { index, time, event, head }, files));
    }
    let heading = Heading::new("fairshare", chain_id, vault, registry, entries.len() as u64, head);
    (entries, heading, receipts)
}

pub fn seeds() -> Vec<Vec<u8>> {
    let operator = fixture::operator();
    let (_, heading, receipts) = chained(history());
    let signed = receipts
        .into_iter()
        .take(3)
        .map(|receipt| operator.receipt(receipt).expect("the operator's").to_json().into_bytes());
    let Heading { chain_id, vault, registry, entries, head, .. } = heading;
    let payments = vec![Transfer { contributor: Address([7; 20]), amount: 5, cumulative: 9 }];
    let heading = ListHeading { chain_id, vault, registry, epoch: 4, number: 1, entries, head };
    let list = PaymentList::new(heading, payments).expect("a list");
    let scripts = (0..history().len()).map(|at| vec![b'S', 0, 0, 0, at as u8]);
    let weights = format!("{}\n0x{},12345678901234567890\n", weights::HEADER, "07".repeat(20)).into_bytes();
    let whole = [archive(history()), list.to_json().into_bytes(), weights];
    whole.into_iter().chain(signed).chain(scripts).collect()
}
