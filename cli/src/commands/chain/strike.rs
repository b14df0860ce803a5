//! `fairshare chain strike`.

use fairshare_audit::registry::check_note;
use fairshare_chain::proving::{Done, Pair};
use fairshare_formats::eip55::checksummed;
use fairshare_vault::VaultError;
use fairshare_vault::ledger::Target;
use schemars::JsonSchema;
use serde::Serialize;

use super::sending::{as_sender, connect, when};
use crate::args::ChainStrikeArgs;
use crate::error::{CliError, Status};
use crate::load;
use crate::output::{Output, list};

/// What was struck.
#[derive(Serialize, JsonSchema)]
pub struct Struck {
    /// The dataset's digest, or the node's address.
    target: String,
    /// Whether it was struck before.
    before: bool,
}

pub fn run(args: &ChainStrikeArgs, output: Output) -> Result<Status, CliError> {
    let policy = load::policy(&args.policy)?;
    check_note("reason", &args.why).map_err(VaultError::from)?;
    let node = connect(&args.send.rpc)?;
    let pair = Pair::of(&node, &policy)?;
    let sent = as_sender(&args.send, output, &node, |sender| {
        let (target, done) = match &args.target {
            Target::Data(digest) => (digest.to_string(), pair.strike_data(sender, digest, &args.why)?),
            Target::Node(node) => (checksummed(node).to_string(), pair.strike_node(sender, node, &args.why)?),
        };
        Ok(Struck { target, before: done == Done::Before })
    })?;
    sent.print(output, |struck| {
        let done = if struck.before { Done::Before } else { Done::Now };
        list(&[("struck", format!("{}{}", struck.target, when(done)))])
    })?;
    Ok(Status::Done)
}
