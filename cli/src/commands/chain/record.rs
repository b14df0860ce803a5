//! `fairshare chain record-round`.

use fairshare_chain::proving::{Done, Pair};
use fairshare_chain::rounds::Points;
use fairshare_formats::units::Rounds;
use fairshare_ingest::units::read_units;
use fairshare_params::lagrange_tree::LagrangeTree;
use fairshare_verifier::Trust;
use schemars::JsonSchema;
use serde::Serialize;

use super::sending::{as_sender, connect};
use crate::args::RecordRoundArgs;
use crate::error::{CliError, Status};
use crate::load::{self, Parameters};
use crate::output::{Output, list, thousands};
use crate::progress;

/// Where an epoch's rounds stand.
#[derive(Serialize, JsonSchema)]
pub struct Recorded {
    /// The epoch.
    epoch: u64,
    /// Whether all that was asked for was done before.
    before: bool,
    /// Rounds whose units were put on record.
    recorded: u64,
    /// Rounds that ended; null where they all ended at once.
    ended: Option<u64>,
    /// The round that goes on; null once the epoch's rounds are over.
    round: Option<u64>,
}

pub fn run(args: &RecordRoundArgs, output: Output) -> Result<Status, CliError> {
    let policy = load::policy(&args.rules.policy)?;
    let parameters = Parameters::read(&args.rules.params, &policy)?;
    let verifier = parameters.verifier(&policy, Trust::AllowInsecure)?;
    let rules = verifier.rules();
    let epoch = rules.terms.epoch;
    let units = args.units.as_deref().map(|path| read_units(path, Rounds::of(&policy))).transpose()?;
    // Units are committed to with the points of the whole parameters.
    let whole = match &units {
        None => None,
        Some(_) => {
            let srs = load::params(&args.rules.params)?;
            let spinner = progress::spinner("hashing the points of rounds");
            let points = srs.lagrange().get(..srs.geometry().alphabet()).unwrap_or_default();
            let tree = LagrangeTree::new(points).ok_or(CliError::OtherParameters)?;
            drop(spinner);
            if tree.root() != verifier.parameters().words().lagrange_root {
                return Err(CliError::OtherParameters);
            }
            Some((srs, tree))
        }
    };
    let points = whole.as_ref().map(|(srs, tree)| Points { points: srs.lagrange(), tree });
    if args.to.is_some() && args.units.is_none() && !args.without_units {
        return Err(CliError::RoundsWithoutUnits);
    }
    let node = connect(&args.send.rpc)?;
    let pair = Pair::of(&node, &policy)?;
    let sent = as_sender(&args.send, output, &node, |sender| {
        if args.begin {
            let before = pair.begin(sender, rules)? == Done::Before;
            let stage = pair.stage()?;
            let round = (stage.isOpen && stage.epoch == epoch).then_some(stage.round);
            return Ok(Recorded { epoch, before, recorded: 0, ended: Some(0), round });
        }
        let Some(to) = args.to else {
            let before = pair.finish(sender, rules)? == Done::Before;
            return Ok(Recorded { epoch, before, recorded: 0, ended: None, round: None });
        };
        let done = pair.record_to(sender, rules, units.as_ref().zip(points.as_ref()), to)?;
        let before = done.ended == 0;
        Ok(Recorded { epoch, before, recorded: done.recorded, ended: Some(done.ended), round: done.round })
    })?;
    sent.print(output, text)?;
    Ok(Status::Done)
}

fn text(recorded: &Recorded) -> String {
    let stands = match recorded.round {
        Some(round) => format!("epoch {}, round {round} goes on", recorded.epoch),
        None => format!("the rounds of epoch {} are over: bundles are taken", recorded.epoch),
    };
    let mut lines = vec![("rounds", stands)];
    if recorded.before {
        lines.push(("", "as it was before: nothing was sent".to_owned()));
    } else if let Some(ended) = recorded.ended {
        lines.push(("recorded", format!("units of {} rounds", thousands(recorded.recorded))));
        lines.push(("ended", format!("{} rounds", thousands(ended))));
    }
    list(&lines)
}
