//! `fairshare chain post`.

use std::io::{BufReader, Seek};
use std::path::Path;

use fairshare_audit::claims::ClaimTree;
use fairshare_audit::registry::Identity;
use fairshare_chain::block_time;
use fairshare_chain::fetch;
use fairshare_chain::royalty::{Archive, Root, Standing};
use fairshare_formats::archive::{self, ArchiveError, Heading, Item};
use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::{Event, Files, Stored};
use fairshare_params::encoding::Digest;
use fairshare_params::ledger::first_head;
use fairshare_storage::files;
use fairshare_vault::Ledger;
use schemars::JsonSchema;
use serde::Serialize;

use super::handing::{Books, hand};
use super::sending::connect;
use crate::args::PostArgs;
use crate::document::spelling::{Checksummed, Decimal, Hash};
use crate::error::{CliError, Status, one_line};
use crate::output::{Output, list, thousands};
use crate::progress;

/// An epoch's root, and where it stands.
#[derive(Serialize, JsonSchema)]
pub struct Posted {
    /// The vault's chain.
    chain_id: u64,
    /// The vault.
    #[schemars(with = "Checksummed")]
    vault: String,
    /// The epoch.
    epoch: u64,
    /// The root of its claims.
    #[schemars(with = "Hash")]
    root: String,
    /// The hash of its rules.
    #[schemars(with = "Hash")]
    rules_hash: String,
    /// The sum of all its claims, in base units.
    #[schemars(with = "Decimal")]
    total: String,
    /// Keccak-256 of the archive.
    #[schemars(with = "Hash")]
    archive_hash: String,
    /// Where the archive can be fetched.
    archive_place: String,
    /// Whether it is posted.
    posted: bool,
    /// When its window ends, in UTC; null if it is not posted, or pays already.
    active_at: Option<String>,
}

pub fn run(args: &PostArgs, output: Output) -> Result<Status, CliError> {
    let mut books = Books::open(&args.books)?;
    let root = Root::of(&books.tree);
    if !["http://", "https://"].iter().any(|scheme| args.archive_place.starts_with(scheme)) {
        return Err(CliError::ArchivePlace { place: args.archive_place.clone() });
    }
    let archive = Archive { hash: check(&args.archive, &mut books)?, place: args.archive_place.clone() };
    let node = connect(&args.hand.sending.rpc)?;
    let vault = books.vault(&node)?;
    let name = format!("Root of epoch {}", root.epoch);
    let purpose = format!(
        "Posts the root {} of the claims of epoch {}, {} base units in all, at the vault {}.",
        root.root,
        root.epoch,
        root.total,
        vault.address()
    );
    let hand = hand(&args.hand, output, (&node, &vault), [&name, &purpose], |from| {
        vault.post(&root, &archive, from, args.replace)
    })?;
    let (posted, active_at) = match vault.standing(root.epoch)? {
        Standing::Pending { root: found, active_at } if found == root => (true, Some(active_at)),
        Standing::Active(found) => (found == root, None),
        _ => (false, None),
    };
    let posted = Posted {
        chain_id: node.chain_id(),
        vault: vault.address().to_checksum(None),
        epoch: root.epoch,
        root: root.root.to_string(),
        rules_hash: root.rules_hash.to_string(),
        total: root.total.to_string(),
        archive_hash: archive.hash.to_string(),
        archive_place: archive.place,
        posted,
        active_at: active_at.map(block_time),
    };
    hand.about(posted).print(output, |posted| text(posted, root.total))
}

fn text(posted: &Posted, total: u128) -> String {
    let window = match (&posted.active_at, posted.posted) {
        (Some(time), _) => format!("posted; its window ends {time}"),
        (None, true) => "posted, and its window is over: it pays".to_owned(),
        (None, false) => "not posted yet".to_owned(),
    };
    list(&[
        ("epoch", posted.epoch.to_string()),
        ("root", posted.root.clone()),
        ("rules hash", posted.rules_hash.clone()),
        ("total", format!("{} base units", thousands(total))),
        ("archive", posted.archive_hash.clone()),
        ("place", posted.archive_place.clone()),
        ("vault", posted.vault.clone()),
        ("", window),
    ])
}

/// The hash of an archive, if it is one of this ledger, as it is now or was before, and has the settlement
/// from which the root follows. Its entries are compared by the ledger's chain of hashes; whether they are
/// right is for an audit to say.
fn check(path: &Path, books: &mut Books) -> Result<Digest, CliError> {
    let Books { ledger, identity, tree } = books;
    let spinner = progress::spinner("comparing the archive with the ledger");
    let refuse = |what: String| CliError::OtherArchive { path: path.to_owned(), what };
    let unread = |source| CliError::File { path: path.to_owned(), source };
    let (mut file, _) = files::open(path).map_err(|error| unread(error.into()))?;
    let hash = fetch::hash_of(&file).map_err(unread)?;
    file.rewind().map_err(unread)?;
    let mut follower = Follower { identity, tree, end: None, last: (0, Digest([0; 32])), has_root: false };
    archive::read(BufReader::new(file), |item| follower.item(item)).map_err(|error| match error {
        Unlike::Archive(source) => refuse(one_line(&source)),
        Unlike::Other(what) => refuse(what),
    })?;
    follower.check(ledger)?.map_or(Ok(()), |what| Err(refuse(what)))?;
    drop(spinner);
    Ok(hash)
}

/// Why an archive is not the ledger's.
enum Unlike {
    Archive(ArchiveError),
    Other(String),
}

impl From<ArchiveError> for Unlike {
    fn from(error: ArchiveError) -> Self {
        Self::Archive(error)
    }
}

/// Goes through an archive.
struct Follower<'a> {
    identity: &'a Identity,
    tree: &'a ClaimTree,
    /// How many entries it says to have, and the last head.
    end: Option<(u64, Digest)>,
    /// The last entry that was seen, and the head after it.
    last: (u64, Digest),
    /// Whether one of them settles the epoch with the root.
    has_root: bool,
}

impl Follower<'_> {
    fn item(&mut self, item: Item) -> Result<(), Unlike> {
        match item {
            Item::Heading(heading) => self.heading(&heading),
            Item::Entry(stored, files) => self.entry(&stored, &files),
        }
    }

    fn heading(&mut self, heading: &Heading) -> Result<(), Unlike> {
        let Identity { chain_id, vault, registry, .. } = self.identity;
        if (heading.chain_id, &heading.vault, &heading.registry) != (*chain_id, vault, registry) {
            let found = checksummed(&heading.vault);
            return Err(Unlike::Other(format!("it is of the vault {found} of chain {}", heading.chain_id)));
        }
        self.end = Some((heading.entries, heading.head));
        self.last = (0, first_head(*chain_id, vault, registry));
        Ok(())
    }

    fn entry(&mut self, stored: &Stored, files: &Files) -> Result<(), Unlike> {
        let altered = || Unlike::Other(format!("its entry {} was altered", stored.index));
        files.check(&stored.event).map_err(|_| altered())?;
        if stored.entry().follow(&self.last.1) != stored.head {
            return Err(altered());
        }
        self.last = (stored.index, stored.head);
        let distribution = self.tree.distribution();
        if let Event::Settled(settled) = &stored.event {
            let is_root = settled.root == Some(self.tree.root());
            self.has_root |= settled.epoch == distribution.epoch && is_root;
        }
        Ok(())
    }

    /// What differs from the ledger.
    fn check(&self, ledger: &mut Ledger) -> Result<Option<String>, CliError> {
        let (entries, head) = self.last;
        if self.end != Some(self.last) {
            return Ok(Some(format!("its last head is not the one of its {entries} entries")));
        }
        if ledger.follow(entries, 0)?.there != Some(head) {
            return Ok(Some(format!("its head {head} after {entries} entries is not the ledger's")));
        }
        let epoch = self.tree.distribution().epoch;
        Ok((!self.has_root).then(|| format!("it was written before epoch {epoch} was settled")))
    }
}
