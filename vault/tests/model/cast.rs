//! Who takes part: rules, contributors and their data, nodes and their units. All of it follows from this
//! file, so that a history is its seed.
//!
//! The model reads [`Plain`] alone. The policies that the ledger reads are written from it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{LazyLock, Mutex};

use fairshare_formats::policy::PolicySource;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::units::Units;
use fairshare_prover::Account;
use fairshare_testkit::fixture;
use fairshare_verifier::Verifier;

/// How long data is proved after an epoch's last round, in seconds.
pub const PROVING: u64 = 1_000;
/// The vault of every ledger.
pub const VAULT: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
/// Another one.
pub const OTHER_VAULT: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";

/// Rules as the model sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plain {
    /// The epoch's number.
    pub epoch: u64,
    /// Its first round.
    pub first: u64,
    /// How many rounds it has.
    pub count: u64,
    /// The first round of the data window.
    pub window: u64,
    /// What it pays, in base units.
    pub pool: u128,
    /// `claims`, `payments` or `contract`.
    pub settlement: &'static str,
    /// The subnet.
    pub subnet: &'static str,
    /// The vault.
    pub vault: &'static str,
    /// Whether uploads are shown.
    pub evidence: bool,
    /// The cap of `records-divergence` in thousandths of a nat; none for `divergence`.
    pub cap: Option<u64>,
    /// λ of data and of computing power, in thousandths.
    pub lambda: [u64; 2],
}

impl Plain {
    /// Its last round.
    pub fn last(&self) -> u64 {
        self.first + self.count - 1
    }

    fn text(&self) -> String {
        let weighting = match self.cap {
            None => "\"divergence\"".to_owned(),
            Some(cap) => format!("\"records-divergence\"\ncap = \"0.{cap:03}\""),
        };
        let window = match self.window == self.first {
            true => String::new(),
            false => format!("\nfirst_round = {}", self.window),
        };
        let [data, compute] =
            self.lambda.map(|lambda| format!("\"{}.{:03}\"", lambda / 1_000, lambda % 1_000));
        let edits = [
            ("epoch = 4".to_owned(), format!("epoch = {}", self.epoch)),
            ("pool = \"1000000000000000000000000\"".to_owned(), format!("pool = \"{}\"", self.pool)),
            ("\"claims\"".to_owned(), format!("\"{}\"", self.settlement)),
            ("new-york-flights".to_owned(), self.subnet.to_owned()),
            (VAULT.to_owned(), self.vault.to_owned()),
            ("evidence = false".to_owned(), format!("evidence = {}{window}", self.evidence)),
            ("\"records-divergence\"\ncap = \"0.05\"".to_owned(), weighting),
            ("lambda = \"0.1\"".to_owned(), format!("lambda = {data}")),
            ("lambda = \"0.01\"".to_owned(), format!("lambda = {compute}")),
            ("first = 10".to_owned(), format!("first = {}", self.first)),
            ("count = 4".to_owned(), format!("count = {}", self.count)),
            ("86400".to_owned(), PROVING.to_string()),
        ];
        edits.iter().fold(fixture::POLICY.to_owned(), |text, (from, to)| {
            assert_eq!(text.matches(from).count(), 1, "{from}");
            text.replace(from, to)
        })
    }
}

/// Rules, ready for a ledger.
pub struct Rules {
    /// What the model sees.
    pub plain: Plain,
    /// The policy as written.
    pub source: PolicySource,
    /// The policy as read.
    pub policy: Policy,
    /// Whether the pool has bundles of them.
    pub is_standard: bool,
}

impl Rules {
    fn of(plain: Plain, is_standard: bool) -> Self {
        let source = PolicySource { text: plain.text(), files: Default::default() };
        let policy = source.policy().expect("a good policy");
        Self { plain, source, policy, is_standard }
    }
}

/// Epochs that follow each other: what one ledger is opened with. The last line is of many epochs, of which
/// the pool has no bundles.
pub const LINES: [usize; 4] = [3, 2, 2, MANY];
/// More epochs than may stand ahead.
pub const MANY: usize = 66;

/// The first rules of each line; then, for each of those with bundles, [`ALTERATIONS`] others.
fn line_start(line: usize) -> usize {
    LINES[..line].iter().sum()
}

/// How many rules have bundles.
pub const STANDARD: usize = LINES[0] + LINES[1] + LINES[2];
/// How many rules differ from one with bundles in one thing.
pub const ALTERATIONS: usize = 8;

/// The rules of a line, in order.
pub fn line(line: usize) -> std::ops::Range<usize> {
    line_start(line)..line_start(line) + LINES[line]
}

/// Rules that differ from these in one thing.
pub fn altered(rules: usize, how: usize) -> usize {
    line_start(LINES.len()) + rules * ALTERATIONS + how
}

fn plain(epoch: u64, first: u64, count: u64, pool: u128) -> Plain {
    Plain {
        epoch,
        first,
        count,
        window: first,
        pool,
        settlement: "claims",
        subnet: "model",
        vault: VAULT,
        evidence: false,
        cap: Some(50),
        lambda: [100, 10],
    }
}

/// All rules.
pub static RULES: LazyLock<Vec<Rules>> = LazyLock::new(|| {
    let lists = |epoch, first, count, pool| Plain {
        settlement: "payments",
        subnet: "lists",
        evidence: true,
        cap: None,
        lambda: [300, 250],
        ..plain(epoch, first, count, pool)
    };
    let wide = |epoch, first, count, pool| Plain {
        settlement: "payments",
        subnet: "wide",
        window: 0,
        cap: Some(120),
        lambda: [700, 1],
        ..plain(epoch, first, count, pool)
    };
    let standard = [
        plain(4, 10, 4, 1_000_000_000_000_000_000_000_000),
        plain(5, 14, 3, 1_001),
        plain(6, 17, 2, 7),
        lists(1, 1, 3, 999_999_937),
        lists(2, 4, 4, 3),
        wide(0, 0, 4, 12_345_678_901_234_567_890),
        wide(1, 4, 3, 99),
    ];
    let many = (0..MANY as u64).map(|epoch| Plain { subnet: "many", ..plain(epoch, 2 * epoch, 2, 10) });
    let altered = standard.iter().flat_map(alterations);
    let with = |is_standard| move |plain| Rules::of(plain, is_standard);
    let all = standard.iter().cloned().map(with(true));
    all.chain(many.map(with(false))).chain(altered.map(with(false))).collect()
});

/// Rules that a ledger may be given instead of these.
fn alterations(plain: &Plain) -> [Plain; ALTERATIONS] {
    let shifted = |by: u64| {
        let window = if plain.window == plain.first { plain.first + by } else { plain.window };
        Plain { first: plain.first + by, window, ..plain.clone() }
    };
    let other_rail = if plain.settlement == "claims" { "payments" } else { "claims" };
    [
        Plain { pool: plain.pool + 1, ..plain.clone() },
        Plain { lambda: [plain.lambda[0] + 1, plain.lambda[1]], ..plain.clone() },
        Plain { epoch: plain.epoch + 1, ..plain.clone() },
        shifted(1),
        Plain { vault: OTHER_VAULT, ..plain.clone() },
        Plain { settlement: other_rail, ..plain.clone() },
        Plain { settlement: "contract", ..plain.clone() },
        Plain { pool: u128::MAX, ..plain.clone() },
    ]
}

/// Somebody who gives data.
pub struct Actor {
    /// Its account.
    pub account: Account,
    /// Its address.
    pub address: Address,
}

/// Contributors of data. The first is honest: nobody else signs for it, and it does nothing that it should
/// not. The last one has nothing of its own and copies the others'.
pub static ACTORS: LazyLock<Vec<Actor>> = LazyLock::new(|| {
    let actor = |byte: u8| {
        let account = Account::from_text(format!("{byte:02x}").repeat(32).as_bytes()).expect("a key");
        Actor { address: *account.address(), account }
    };
    (0x31..=0x36).map(actor).collect()
});

/// The one whose acts are all honest.
pub const HONEST: usize = 0;
/// The one who copies.
pub const COPIER: usize = 5;

/// Nodes. The first two give data too.
pub static NODES: LazyLock<Vec<Address>> = LazyLock::new(|| {
    // By address the first of these comes first, and by the spelling of text the other.
    let alone = [0xa7, 0xb0].map(|byte| Address([byte; 20]));
    [ACTORS[0].address, ACTORS[1].address].into_iter().chain(alone).collect()
});

/// A dataset.
pub struct Data {
    /// Whose it is.
    pub owner: usize,
    /// Its records, as a file has them.
    pub text: String,
}

/// Records of each dataset, by owner. The third of the first owner has too few to be proved alone.
const RECORDS: [&[usize]; 5] =
    [&[150, 250, 60], &[120, 400, 300], &[500, 100, 222], &[101, 333, 180], &[280, 140]];

/// All datasets. The last one is spread as the reference is: it is worth nothing.
pub static DATA: LazyLock<Vec<Data>> = LazyLock::new(|| {
    let sizes =
        RECORDS.iter().enumerate().flat_map(|(owner, sizes)| sizes.iter().map(move |size| (owner, *size)));
    let mut data: Vec<_> = sizes
        .enumerate()
        .map(|(index, (owner, size))| Data { owner, text: fixture::records(size, 77 + index as u64) })
        .collect();
    data.last_mut().expect("datasets").text = dull();
    data
});

/// Smoothed by 2, the reference has 12, 22, 32 and 2 of `carrier`, and 3 to 7 of `delay`.
fn dull() -> String {
    let spread = |counts: &[(&'static str, usize)]| -> Vec<_> {
        counts.iter().flat_map(|(cell, count)| std::iter::repeat_n(*cell, *count)).collect()
    };
    let carriers = spread(&[("UA", 18), ("B6", 32), ("DL", 47), ("", 3)]);
    let delays = spread(&[("-9", 12), ("0", 16), ("9", 20), ("40", 24), ("", 28)]);
    let rows = delays.iter().zip(&carriers).map(|(delay, carrier)| format!("{delay},{carrier}\n"));
    format!("delay,carrier\n{}", rows.collect::<String>())
}

/// Datasets that a bundle covers, in its order.
pub fn sets(owner: usize) -> Vec<Vec<usize>> {
    let own: Vec<_> = (0..DATA.len()).filter(|data| DATA[*data].owner == owner).collect();
    match own[..] {
        // The first's third has too few records.
        [a, b, c] if owner == HONEST => {
            vec![vec![a], vec![b], vec![a, b], vec![a, c], vec![b, c], vec![a, b, c], vec![b, a]]
        }
        [a, b, c] => {
            let mut all = vec![vec![a], vec![b], vec![c], vec![a, b], vec![a, c], vec![b, c]];
            all.extend([vec![a, b, c], vec![b, a]]);
            all
        }
        [a, b] => vec![vec![a], vec![b], vec![a, b], vec![b, a]],
        _ => Vec::new(),
    }
}

/// How many records of units each standard rules have.
pub const RECORDS_OF_UNITS: usize = 3;

/// The units of a record, by node: of all nodes; of two, and of one that did nothing; of one alone.
pub fn units_of(rules: usize, record: usize) -> BTreeMap<Address, Vec<u32>> {
    let rounds = RULES[rules].plain.count as u32;
    let row = |node: u32| {
        let amount = |round: u32| match (node + round) % 4 {
            3 => 0,
            shift => (17 * node + 5 * round + 3 + rules as u32) << (9 * shift),
        };
        (0..rounds).map(amount).collect::<Vec<_>>()
    };
    let nodes: &[(usize, u32)] = match record {
        0 => &[(0, 1), (1, 2), (2, 3), (3, 4)],
        1 => &[(2, 6), (0, 8)],
        _ => &[(3, 9)],
    };
    let mut units: BTreeMap<_, _> = nodes.iter().map(|(node, seed)| (NODES[*node], row(*seed))).collect();
    if record == 1 {
        units.insert(NODES[1], vec![0; rounds as usize]);
    }
    units
}

/// The same, checked.
pub fn units(rules: usize, record: usize) -> &'static Units {
    static MADE: LazyLock<Vec<Units>> = LazyLock::new(|| {
        let all = (0..STANDARD).flat_map(|rules| (0..RECORDS_OF_UNITS).map(move |record| (rules, record)));
        let make = |(rules, record): (usize, usize)| {
            let plain = &RULES[rules].plain;
            Units::new(plain.first, plain.count as usize, units_of(rules, record)).expect("units")
        };
        all.map(make).collect()
    });
    &MADE[rules * RECORDS_OF_UNITS + record]
}

/// The verifier of these rules, with a record of units or without.
pub fn verifier(rules: usize, record: Option<usize>) -> &'static Verifier<'static> {
    type Key = (usize, Option<usize>);
    static MADE: LazyLock<Mutex<HashMap<Key, &'static Verifier<'static>>>> = LazyLock::new(Default::default);
    let mut made = MADE.lock().expect("no panic in here");
    made.entry((rules, record)).or_insert_with(|| {
        let verifier = fixture::verifier(&RULES[rules].policy);
        let units = record.map(|record| units(rules, record));
        // One for each rules and record, for as long as the program runs.
        Box::leak(Box::new(verifier.with_units(units).expect("units of its rounds")))
    })
}

/// The hash of these rules.
pub fn rules_hash(rules: usize) -> Digest {
    verifier(rules, None).rules_hash()
}
