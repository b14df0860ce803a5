//! `fairshare chain sync`.

use fairshare_audit::registry::Identity;
use fairshare_chain::bundles::Bundles;
use fairshare_chain::proving::Pair;
use fairshare_chain::sync::Follower;
use fairshare_formats::ledger::MAX_BUNDLE_BYTES;
use fairshare_vault::VaultError;
use fairshare_vault::database::{Access, Location};
use fairshare_vault::ledger::Ledger;
use fairshare_verifier::{Trust, Verifier};
use schemars::JsonSchema;
use serde::Serialize;

use super::sending::connect;
use crate::args::SyncArgs;
use crate::document::spelling::Checksummed;
use crate::error::{CliError, Status};
use crate::load::{self, Parameters};
use crate::output::{Output, count, list, thousands};
use crate::progress;

/// How far a ledger followed the chain.
#[derive(Serialize, JsonSchema)]
pub struct Synced {
    /// Where the ledger is kept.
    ledger: String,
    /// The chain.
    chain_id: u64,
    /// The vault.
    #[schemars(with = "Checksummed")]
    vault: String,
    /// The last block that it had followed before; null of a new ledger.
    from_block: Option<u64>,
    /// The last block that it has followed now.
    to_block: u64,
    /// Entries that were appended.
    appended: u64,
    /// Epochs that were settled with them.
    settled: Vec<u64>,
}

pub fn run(args: &SyncArgs, output: Output) -> Result<Status, CliError> {
    let mut policies = Vec::new();
    for path in &args.policy {
        policies.push(fairshare_storage::policy::load_source(path)?);
    }
    let (_, policy) = policies.first().ok_or(CliError::NoVault)?;
    let policy = policy.clone();
    let parameters = args.params.as_deref().map(|path| Parameters::read(path, &policy)).transpose()?;
    let verifier = parameters.as_ref().map(|parameters| parameters.verifier(&policy, Trust::AllowInsecure));
    let verifier = verifier.transpose()?;
    let mut files = Vec::new();
    for path in load::expand(&args.bundles, "bundle")? {
        files.push(load::bytes(&path, MAX_BUNDLE_BYTES as u64)?);
    }
    let location: Location = args.ledger.parse().map_err(VaultError::from)?;
    let node = connect(&args.rpc)?;
    let pair = Pair::of(&node, &policy)?;
    let vault = pair.vault().to_checksum(None);
    let bundles = Bundles { files, parameters: verifier.as_ref().map(Verifier::parameters) };
    let follower = Follower { pair, identity: Identity::of(&policy), policies, bundles, blocks: args.blocks };
    let mut ledger = Ledger::open(&location, Access::Create)?;
    let counter = progress::counter("following the chain");
    let followed = follower.follow(&mut ledger, &|to, last| counter.set(to as usize, last as usize))?;
    drop(counter);
    let synced = Synced {
        ledger: location.to_string(),
        chain_id: node.chain_id(),
        vault,
        from_block: followed.from,
        to_block: followed.to,
        appended: followed.appended,
        settled: followed.settled,
    };
    output.result(&synced, || {
        let mut lines = vec![
            ("ledger", synced.ledger.clone()),
            ("vault", format!("{} on chain {}", synced.vault, synced.chain_id)),
            ("followed", format!("up to block {}, the last final one", thousands(synced.to_block))),
            (
                "appended",
                match synced.appended {
                    1 => "1 entry".to_owned(),
                    entries => format!("{} entries", thousands(entries)),
                },
            ),
        ];
        if !synced.settled.is_empty() {
            lines.push(("settled", count(synced.settled.len(), "epoch")));
        }
        list(&lines)
    })?;
    Ok(Status::Done)
}
