//! What is brought to a ledger: registrations, units and bundles, good ones and others.

use std::collections::BTreeMap;

use fairshare_formats::registry::{SignedRegistration, signed_from_json, signed_to_json};
use fairshare_formats::units::{Rounds, from_csv, to_csv};
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::registry::{CHUNK_BYTES, Domain, Evidence, Request, Tree, Unsigned, first_chunk};
use fairshare_params::units::Units;

use crate::acts::{Altered, BadTable, Forgery, Item, Record, Thing, Wrong};
use crate::cast::{ACTORS, COPIER, DATA, HONEST, NODES, RULES, units};
use crate::pool::POOL;

/// What is asked to be recorded.
fn request(thing: Thing) -> Request {
    let of = |owner: usize, segments: Vec<Digest>, of: usize| {
        let request = &POOL.requests[of];
        let (geometry, schema) = (request.geometry(), *request.schema_hash());
        let who = ACTORS[owner].address;
        Request::new(who, geometry, schema, request.records(), segments).expect("a request")
    };
    match thing {
        Thing::Data(data) => POOL.requests[data].clone(),
        Thing::Copy(data) => of(COPIER, POOL.requests[data].segments().to_vec(), data),
        Thing::Junk(owner, byte) => of(owner, vec![Digest([byte; 32])], 0),
    }
}

/// The digest of a thing.
pub fn digest(thing: Thing) -> Digest {
    *request(thing).digest()
}

fn account(thing: Thing) -> usize {
    match thing {
        Thing::Data(data) => DATA[data].owner,
        Thing::Copy(_) => COPIER,
        Thing::Junk(owner, _) => owner,
    }
}

/// An upload of two chunks, of a digest.
fn evidence(digest: &Digest) -> Evidence {
    let mut tree = Tree::new();
    tree.push(&first_chunk(digest));
    tree.push(&[7; CHUNK_BYTES]);
    let (storage_root, path) = tree.finish();
    Evidence { storage_root, byte_length: 400, path, transaction_hash: Digest([9; 32]) }
}

fn unsigned(item: &Item) -> Unsigned {
    let policy = &RULES[0].policy;
    let own = request(item.thing);
    let with = |geometry, schema, segments: &[Digest]| {
        let request = Request::new(*own.contributor(), geometry, schema, own.records(), segments.to_vec());
        request.expect("a request")
    };
    let (schema, segments) = (*own.schema_hash(), own.segments());
    let request = match item.wrong {
        Some(Wrong::Geometry) => with(Geometry::STANDARD, schema, segments),
        Some(Wrong::Schema) => with(own.geometry(), Digest([1; 32]), segments),
        Some(Wrong::Segments) => with(own.geometry(), schema, &[Digest([1; 32]), Digest([2; 32])]),
        _ => own,
    };
    let other = Address([0x77; 20]);
    let (mut domain, mut vault) = (policy.domain(), policy.terms().vault);
    match item.wrong {
        Some(Wrong::Chain) => domain = Domain { chain_id: 1, ..domain },
        Some(Wrong::Registry) => domain = Domain { registry: other, ..domain },
        Some(Wrong::Vault) => vault = other,
        _ => {}
    }
    let evidence = item.evidence.then(|| evidence(request.digest()));
    Unsigned::new(request, evidence, domain, vault, item.last_round).expect("a registration")
}

/// A registration, signed by its contributor.
pub fn signed(item: &Item) -> SignedRegistration {
    ACTORS[account(item.thing)].account.register(unsigned(item)).expect("a signature")
}

/// Whether no reader takes the file of a registration that was tampered with.
pub fn forge(item: &Item, how: Forgery) -> Result<(), String> {
    let item = Item { wrong: None, evidence: true, ..*item };
    let text = signed_to_json(&signed(&item));
    let other = Item { thing: Thing::Junk(HONEST, 3), ..item };
    let other_text = signed_to_json(&signed(&other));
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.contains(&format!("\"{name}\"")));
        line.expect("a field").to_owned()
    };
    let name = match how {
        Forgery::Signer => "signature",
        Forgery::Contributor => "contributor",
        Forgery::Upload => "storageRoot",
        Forgery::LastRound | Forgery::Records => "",
    };
    let forged = match how {
        Forgery::LastRound => {
            let later =
                signed_to_json(&signed(&Item { last_round: item.last_round.wrapping_add(1), ..item }));
            text.replace(&field(&text, "signature"), &field(&later, "signature"))
        }
        Forgery::Records => {
            let line = field(&text, "records");
            text.replace(&line, &line.replace(|c: char| c.is_ascii_digit(), "3"))
        }
        _ => {
            let (own, others) = (text.lines(), other_text.lines());
            let swap =
                |(own, other): (&str, &str)| if own.contains(name) { other } else { own }.to_owned() + "\n";
            own.zip(others).map(swap).collect()
        }
    };
    // Of the other's own there is nothing to be forged.
    if forged == text {
        return Ok(());
    }
    match signed_from_json(forged.as_bytes()) {
        Err(_) => Ok(()),
        Ok(_) => Err(format!("a forged registration is read: {forged}")),
    }
}

/// What is recorded as units.
pub fn recorded(rules: usize, record: Record) -> Units {
    let plain = &RULES[rules].plain;
    let nodes = |count: u64| [(NODES[0], vec![1; count as usize])].into();
    let units = match record {
        Record::Own(record) => return units(rules, record).clone(),
        Record::Shifted => Units::new(plain.first + 1, plain.count as usize, nodes(plain.count)),
        Record::Short => Units::new(plain.first, plain.count as usize - 1, nodes(plain.count - 1)),
        Record::Empty => Units::new(plain.first, plain.count as usize, BTreeMap::new()),
    };
    units.expect("units")
}

/// Whether no reader takes a table that is none.
pub fn bad_table(rules: usize, how: BadTable) -> Result<(), String> {
    let policy = &RULES[rules].policy;
    let good = to_csv(units(rules, 0));
    let mut lines: Vec<_> = good.lines().map(str::to_owned).collect();
    let last = lines.len() - 1;
    match how {
        BadTable::Missing => drop(lines.remove(1)),
        BadTable::Doubled => lines.insert(last, lines[last].clone()),
        BadTable::Spellings => {
            let spelled = lines[0].split(',').nth(1).expect("a node").to_lowercase();
            lines[0] += &format!(",{spelled}");
            lines[1..].iter_mut().for_each(|line| *line += ",1");
        }
        BadTable::Column => {
            lines[0] += ",total";
            lines[1..].iter_mut().for_each(|line| *line += ",1");
        }
        BadTable::Overflow => {
            let (before, _) = lines[last].rsplit_once(',').expect("a cell");
            lines[last] = format!("{before},{}", u32::MAX);
            lines[0] += &format!(",0x{:040x}", 7);
            lines[1..].iter_mut().for_each(|line| *line += ",4294967295");
        }
    }
    let table = lines.join("\n") + "\n";
    match from_csv(table.as_bytes(), Rounds::of(policy)) {
        Err(_) => Ok(()),
        Ok(_) => Err(format!("units are read that are none: {table}")),
    }
}

/// A bundle's bytes, altered.
pub fn alter(mut bytes: Vec<u8>, altered: Option<Altered>) -> Vec<u8> {
    match altered {
        None => {}
        Some(Altered::Bit(place)) => {
            let bit = place % (8 * bytes.len());
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        Some(Altered::Cut(place)) => bytes.truncate(place % bytes.len()),
        Some(Altered::Longer) => bytes.push(0),
        Some(Altered::As(actor)) => bytes[44..64].copy_from_slice(&ACTORS[actor].address.0),
    }
    bytes
}
