//! `fairshare chain watch`: a posted root is compared with what its archive gives, and a false one is vetoed.

use std::fs::File;
use std::io::{self, BufReader, Seek};
use std::path::Path;
use std::time::{Duration, Instant};

use fairshare_audit::audit::{Auditor, Expected};
use fairshare_chain::fetch::{self, Fetcher, Unavailable};
use fairshare_chain::node::Node;
use fairshare_chain::royalty::{Posted, Vault};
use fairshare_chain::verdict::{Judgement, Subject, Verdict};
use fairshare_chain::{ChainError, RootError, block_time};
use fairshare_formats::excerpt::escaped;
use fairshare_params::encoding::Digest;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_storage::files::{self, Access};
use fairshare_verifier::Trust;
use schemars::JsonSchema;
use serde::Serialize;

use super::handing::CallLine;
use super::sending::{Planned, Transaction, as_sender, connect};
use crate::args::WatchArgs;
use crate::document::spelling::{Checksummed, Decimal, Hash, VerdictName};
use crate::error::{CliError, Status, one_line};
use crate::output::{Output, list, notice};
use crate::{interrupt, load, progress};

/// How often Ctrl-C is looked for while nothing is done.
const LOOK: Duration = Duration::from_millis(200);
/// How many looks at the vault there are between two attempts to judge a root that could not be judged.
const RARER: u32 = 10;

/// What is to be said of a vault's pending root.
#[derive(Serialize, JsonSchema)]
pub struct Watched {
    /// Whether the root is what its archive gives: `true`, `false`, `unknown` if that cannot be told, or
    /// `nothing-pending`; with the last, fields about a root are null.
    #[schemars(with = "VerdictName")]
    verdict: &'static str,
    /// The vault's chain.
    chain_id: u64,
    /// The vault.
    #[schemars(with = "Checksummed")]
    vault: String,
    /// The root's epoch.
    epoch: Option<u64>,
    /// The root that was posted.
    #[schemars(with = "Option<Hash>")]
    posted_root: Option<String>,
    /// The root that the archive gives; null if it gives none.
    #[schemars(with = "Option<Hash>")]
    found_root: Option<String>,
    /// The rules hash that was posted.
    #[schemars(with = "Option<Hash>")]
    posted_rules_hash: Option<String>,
    /// The rules hash that the archive gives; null if it gives none.
    #[schemars(with = "Option<Hash>")]
    found_rules_hash: Option<String>,
    /// The total that was posted, in base units.
    #[schemars(with = "Option<Decimal>")]
    posted_total: Option<String>,
    /// The total that the archive gives, in base units; null if it gives none.
    #[schemars(with = "Option<Decimal>")]
    found_total: Option<String>,
    /// Keccak-256 of the archive, as posted.
    #[schemars(with = "Option<Hash>")]
    archive_hash: Option<String>,
    /// Where the archive is, as posted.
    archive_place: Option<String>,
    /// When the window ends, in UTC.
    active_at: Option<String>,
    /// What differs, in words.
    differences: Vec<String>,
    /// Why it cannot be told whether the root is true, or why a false one was not vetoed, in words.
    reasons: Vec<String>,
    /// Whether the root is struck out now.
    vetoed: bool,
    /// What strikes the root out, for a guardian who sends it otherwise; null if it is true, or struck out.
    veto: Option<CallLine>,
    /// What would be sent next; null unless this was a dry run that would have sent something.
    next: Option<Planned>,
    /// The transactions that are in blocks now, in order. One that an earlier command left behind may be
    /// among them.
    transactions: Vec<Transaction>,
}

/// What was done about a root.
#[derive(Default)]
struct Done {
    vetoed: bool,
    reasons: Vec<String>,
    next: Option<Planned>,
    transactions: Vec<Transaction>,
}

/// What is followed, and by what it is judged.
struct Watch<'a> {
    args: &'a WatchArgs,
    output: Output,
    node: &'a Node,
    vault: &'a Vault<'a>,
    subject: Subject,
    parameters: &'a [VerifierParameters],
    fetcher: Fetcher,
}

pub fn run(args: &WatchArgs, output: Output) -> Result<Status, CliError> {
    watch(args, output).map_err(|error| match error.status() {
        // Status 1 says that a root is false, and nothing else.
        Status::Refused => CliError::NotWatched { source: Box::new(error) },
        _ => error,
    })
}

fn watch(args: &WatchArgs, output: Output) -> Result<Status, CliError> {
    let (chain_id, address) = place(args)?;
    if let Some(folder) = &args.archives {
        files::create_folder(folder).map_err(|source| CliError::File { path: folder.clone(), source })?;
    }
    let node = connect(&args.send.rpc)?;
    node.require_chain(chain_id)?;
    let vault = Vault::at(&node, &address)?;
    let parameters = args.params.iter().map(|path| load::derive(&load::params(path)?));
    let parameters = parameters.collect::<Result<Vec<_>, _>>()?;
    // Else every root under these rules would look false, for a flag that was forgotten.
    if !args.allow_insecure_params && parameters.iter().any(VerifierParameters::is_insecure) {
        return Err(CliError::InsecureWatch);
    }
    let watch = Watch {
        args,
        output,
        node: &node,
        vault: &vault,
        subject: Subject { chain_id, vault: address, rules_hash: args.rules_hash },
        parameters: &parameters,
        fetcher: Fetcher::new(args.max_archive, args.private_archives)?,
    };
    let mut left = watch.begin()?;
    if args.once { watch.once(&mut left) } else { watch.follow(&mut left) }
}

/// The vault and its chain.
fn place(args: &WatchArgs) -> Result<(u64, fairshare_params::address::Address), CliError> {
    if let Some(policy) = &args.policy {
        let policy = load::policy(policy)?;
        return Ok((policy.terms().chain_id, policy.terms().vault));
    }
    args.chain_id.zip(args.vault).ok_or(CliError::NoRoyaltyVault)
}

/// A veto that an earlier command left behind, and that is in a block now.
struct Left {
    epoch: u64,
    root: Digest,
    transactions: Vec<Transaction>,
}

impl Watch<'_> {
    /// Whether the account is the guardian's is told before a root is false; and a veto that an earlier
    /// command left behind comes into a block.
    fn begin(&self) -> Result<Option<Left>, CliError> {
        if self.args.no_veto {
            return Ok(None);
        }
        let sent = as_sender(&self.args.send, self.output, self.node, |sender| {
            let (found, expected) = (sender.address(), self.vault.guardian()?);
            if found != expected {
                return Err(ChainError::OtherRole { role: "guardian", found, expected }.into());
            }
            let veto = sender.mined().iter().rfind(|mined| mined.function == "veto");
            let struck = veto.map(|veto| self.vault.struck_in(veto.block)).transpose()?;
            Ok(struck.and_then(|struck| struck.into_iter().next_back()))
        })?;
        let transactions = sent.transactions;
        Ok(sent.result.flatten().map(|(epoch, root)| Left { epoch, root, transactions }))
    }

    /// The root that is pending, as it was posted; before that, one whose veto an earlier command left
    /// behind.
    fn target(&self, left: &mut Option<Left>) -> Result<Option<(Posted, Done)>, CliError> {
        if let Some((epoch, root)) = left.as_ref().map(|left| (left.epoch, left.root)) {
            let posted = self.posting(epoch, &root)?;
            let Some(left) = left.take() else { return Ok(None) };
            let done = Done { vetoed: true, transactions: left.transactions, ..Done::default() };
            return Ok(Some((posted, done)));
        }
        let Some((root, _)) = self.vault.pending()? else { return Ok(None) };
        Ok(Some((self.posting(root.epoch, &root.root)?, Done::default())))
    }

    fn posting(&self, epoch: u64, root: &Digest) -> Result<Posted, CliError> {
        let posted = self.vault.posted(epoch, root)?;
        Ok(posted.ok_or(ChainError::from(RootError::NoPosting { epoch, root: *root }))?)
    }

    fn once(&self, left: &mut Option<Left>) -> Result<Status, CliError> {
        let Some((posted, done)) = self.target(left)? else {
            let nothing = self.nothing();
            self.output.result(&nothing, || "no root is pending".to_owned())?;
            return Ok(Status::Done);
        };
        let judgement = self.judge(&posted);
        let done = self.act(&posted, &judgement, done)?;
        self.print(&posted, &judgement, done)?;
        Ok(status(judgement.verdict))
    }

    /// Until Ctrl-C; the worst status, of which that of a false root is the worst.
    fn follow(&self, left: &mut Option<Left>) -> Result<Status, CliError> {
        interrupt::listen();
        let address = self.vault.address().to_checksum(None);
        if !self.output.is_json() {
            notice(&format!("following the vault {address} of chain {}", self.node.chain_id()));
        }
        let (mut followed, mut worst) = (Followed::default(), Status::Done);
        while !interrupt::is_asked() {
            match self.look(left, &mut followed) {
                Ok(verdict) => {
                    followed.error.clear();
                    worst = match (verdict, worst) {
                        (Some(Verdict::False), _) => Status::Refused,
                        (Some(Verdict::Unknown), Status::Done) => Status::Unusable,
                        _ => worst,
                    };
                }
                // The node may be back at the next look.
                Err(error) => {
                    let told = one_line(&error);
                    if worst == Status::Done {
                        worst = Status::Unusable;
                    }
                    if followed.error != told {
                        self.output.error(&error);
                        followed.error = told;
                    }
                }
            }
            self.rest();
        }
        Ok(worst)
    }

    fn rest(&self) {
        let until = Instant::now() + Duration::from_secs(self.args.every.into());
        while Instant::now() < until && !interrupt::is_asked() {
            self.node.pause(LOOK);
        }
    }

    /// Looks at the vault once; a verdict if there is a new one.
    fn look(&self, left: &mut Option<Left>, followed: &mut Followed) -> Result<Option<Verdict>, CliError> {
        let Some((posted, done)) = self.target(left)? else { return Ok(None) };
        if followed.posted.as_ref() != Some(&posted) {
            *followed = Followed { posted: Some(posted.clone()), ..Followed::default() };
        }
        // A veto may be taken back with its block: the root is pending again, and is vetoed again.
        let is_back = followed.said.as_ref().is_some_and(|(_, vetoed, _)| *vetoed) && !done.vetoed;
        if followed.is_done && !is_back || followed.again.is_some_and(|again| Instant::now() < again) {
            return Ok(None);
        }
        let judgement = match followed.judgement.take() {
            Some(judgement) => judgement,
            None => self.judge(&posted),
        };
        let verdict = judgement.verdict;
        if verdict == Verdict::Unknown {
            let rest = Duration::from_secs(self.args.every.into()).saturating_mul(RARER);
            followed.again = Some(Instant::now() + rest);
        } else {
            // Kept also if the veto fails: it is tried again without another audit.
            followed.judgement = Some(judgement.clone());
        }
        let done = self.act(&posted, &judgement, done)?;
        // A veto that failed is tried again for as long as the window runs.
        followed.is_done = match verdict {
            Verdict::True => true,
            Verdict::False => done.vetoed || self.args.no_veto || self.is_over()?,
            Verdict::Unknown => false,
        };
        let said = (judgement, done.vetoed, done.reasons.clone());
        if followed.said.as_ref() == Some(&said) {
            return Ok(None);
        }
        self.print(&posted, &said.0, done)?;
        followed.said = Some(said);
        Ok(Some(verdict))
    }

    /// Whether nobody can veto anything now.
    fn is_over(&self) -> Result<bool, CliError> {
        match self.vault.pending()? {
            Some((_, active_at)) => Ok(self.vault.is_over(active_at)?),
            None => Ok(true),
        }
    }

    /// What is to be said of a root.
    fn judge(&self, posted: &Posted) -> Judgement {
        let file = match self.archive(posted) {
            Ok(file) => file,
            Err(error) => {
                return Judgement::unknown(format!("the archive is not to be had: {}", one_line(&error)));
            }
        };
        let trust = if self.args.allow_insecure_params { Trust::AllowInsecure } else { Trust::CeremonyOnly };
        let bar = progress::counter("auditing the archive");
        let progress = |done: u64, total: u64| {
            let [done, total] = [done, total].map(|count| usize::try_from(count).unwrap_or(usize::MAX));
            bar.set(done, total);
        };
        let auditor = Auditor::new(self.parameters, trust, &progress).with_memory(self.args.memory);
        match auditor.archive(BufReader::new(file), &Expected::default()) {
            Ok(report) => Judgement::of(&posted.root, &self.subject, &report),
            Err(error) => Judgement::unread(&error),
        }
    }

    /// The archive that was posted, from the folder of archives or from its place.
    fn archive(&self, posted: &Posted) -> Result<File, Unavailable> {
        let Some(folder) = &self.args.archives else {
            let file = tempfile::tempfile()?;
            return self.fetch(posted, file);
        };
        let path = folder.join(fetch::file_name(&posted.archive.hash));
        match open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let file = files::begin(&path)?;
                self.fetch(posted, file.as_file())?;
                files::publish(file, &path, Access::Public)?;
                Ok(open(&path)?)
            }
            file => {
                let mut file = file?;
                fetch::check(&file, &posted.archive.hash)?;
                file.rewind()?;
                Ok(file)
            }
        }
    }

    /// Fetches the archive into a file, which can be read from its beginning then.
    fn fetch<F: io::Write + Seek>(&self, posted: &Posted, mut file: F) -> Result<F, Unavailable> {
        let spinner = progress::spinner("fetching the archive");
        self.fetcher.fetch(&posted.archive.place, &posted.archive.hash, &mut file)?;
        drop(spinner);
        file.rewind()?;
        Ok(file)
    }

    /// Strikes a false root out, unless that was done.
    fn act(&self, posted: &Posted, judgement: &Judgement, mut done: Done) -> Result<Done, CliError> {
        if judgement.verdict != Verdict::False || done.vetoed {
            return Ok(done);
        }
        if self.args.no_veto {
            done.reasons.push("--no-veto was given: whoever is the guardian has to veto it".to_owned());
            done.vetoed = self.vault.is_struck(posted)?;
            return Ok(done);
        }
        let sent = as_sender(&self.args.send, self.output, self.node, |sender| {
            // An audit takes its time: it may have been struck out, or replaced, meanwhile.
            let Some(call) = self.vault.veto(&posted.root)? else { return Ok(false) };
            sender.send("veto", &call)?;
            Ok(true)
        });
        match sent {
            Ok(sent) => {
                if sent.result == Some(false) {
                    done.reasons.push("it is not pending any more: nothing was sent".to_owned());
                }
                (done.next, done.transactions) = (sent.next, sent.transactions);
            }
            Err(CliError::Chain(error)) => {
                done.reasons.push(format!("it was not vetoed: {}", one_line(&*error)))
            }
            Err(error) => return Err(error),
        }
        // The node may be gone; what was found of the root is told all the same.
        match self.vault.is_struck(posted) {
            Ok(is_struck) => done.vetoed = is_struck,
            Err(error) => done.reasons.push(one_line(&error)),
        }
        Ok(done)
    }

    fn nothing(&self) -> Watched {
        Watched {
            verdict: "nothing-pending",
            chain_id: self.node.chain_id(),
            vault: self.vault.address().to_checksum(None),
            epoch: None,
            posted_root: None,
            found_root: None,
            posted_rules_hash: None,
            found_rules_hash: None,
            posted_total: None,
            found_total: None,
            archive_hash: None,
            archive_place: None,
            active_at: None,
            differences: Vec::new(),
            reasons: Vec::new(),
            vetoed: false,
            veto: None,
            next: None,
            transactions: Vec::new(),
        }
    }

    fn print(&self, posted: &Posted, judgement: &Judgement, done: Done) -> Result<(), CliError> {
        let Judgement { verdict, found, differences, reasons } = judgement;
        let hash = |digest: &Digest| digest.to_string();
        let (root, is_open) = (&posted.root, *verdict != Verdict::True && !done.vetoed);
        let watched = Watched {
            verdict: name(*verdict),
            epoch: Some(root.epoch),
            posted_root: Some(root.root.to_string()),
            found_root: found.root.as_ref().map(hash),
            posted_rules_hash: Some(root.rules_hash.to_string()),
            found_rules_hash: found.rules_hash.as_ref().map(hash),
            posted_total: Some(root.total.to_string()),
            found_total: found.total.map(|total| total.to_string()),
            archive_hash: Some(posted.archive.hash.to_string()),
            archive_place: Some(posted.archive.place.clone()),
            active_at: Some(block_time(posted.active_at)),
            differences: differences.clone(),
            reasons: reasons.iter().chain(&done.reasons).cloned().collect(),
            vetoed: done.vetoed,
            veto: is_open.then(|| CallLine::new("veto", &self.vault.veto_call(root), None)),
            next: done.next,
            transactions: done.transactions,
            ..self.nothing()
        };
        self.output.result(&watched, || text(&watched))
    }
}

/// What is known of the root that is followed.
#[derive(Default)]
struct Followed {
    posted: Option<Posted>,
    judgement: Option<Judgement>,
    /// When it is looked at again, if it could not be judged.
    again: Option<Instant>,
    is_done: bool,
    /// What was printed last.
    said: Option<(Judgement, bool, Vec<String>)>,
    /// What failed last.
    error: String,
}

fn open(path: &Path) -> io::Result<File> {
    files::open(path).map(|(file, _)| file).map_err(io::Error::from)
}

fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::True => "true",
        Verdict::False => "false",
        Verdict::Unknown => "unknown",
    }
}

fn status(verdict: Verdict) -> Status {
    match verdict {
        Verdict::True => Status::Done,
        Verdict::False => Status::Refused,
        Verdict::Unknown => Status::Unusable,
    }
}

fn text(watched: &Watched) -> String {
    let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    let epoch = watched.epoch.unwrap_or_default();
    let verdict = match (watched.verdict, watched.vetoed) {
        ("true", _) => "TRUE: the archive gives it, and nothing in it is wrong",
        ("false", true) => "FALSE, and vetoed",
        ("false", false) => "FALSE, and NOT vetoed",
        _ => "UNKNOWN: nothing was sent",
    };
    let mut lines = vec![
        ("root", format!("{}, of epoch {epoch}", word(&watched.posted_root))),
        ("", verdict.to_owned()),
        ("found", word(&watched.found_root)),
        ("archive", format!("{} at {}", word(&watched.archive_hash), escaped(&word(&watched.archive_place)))),
        ("window", format!("ends {}", word(&watched.active_at))),
    ];
    lines.extend(watched.differences.iter().take(20).map(|line| ("DIFFERENCE", escaped(line))));
    let more = watched.differences.len().saturating_sub(20);
    if more > 0 {
        lines.push(("", format!("and {more} more: --json has them")));
    }
    lines.extend(watched.reasons.iter().map(|line| ("because", escaped(line))));
    list(&lines)
}
