//! `fairshare chain deploy`.

use fairshare_chain::deploy::{Order, deploy};
use fairshare_chain::proving::Done;
use fairshare_chain::rounds::TaskKind;
use fairshare_contracts::calldata::evm_address;
use schemars::JsonSchema;
use serde::Serialize;

use super::sending::{as_sender, connect, when};
use crate::args::{DeployArgs, Task};
use crate::document::spelling::Checksummed;
use crate::error::{CliError, Status};
use crate::load;
use crate::output::{Output, list, notice};

/// A vault that computes what it pays, with its registry and verifier, deployed.
#[derive(Serialize, JsonSchema)]
pub struct Deployed {
    /// The file that says so.
    file: String,
    /// Whether all of it was there before.
    before: bool,
    /// The chain.
    chain_id: u64,
    /// The kind of rounds that the registry records.
    task: String,
    /// The subnet's name.
    subnet: String,
    /// The token that is paid.
    #[schemars(with = "Checksummed")]
    token: String,
    /// The verifier of bundles.
    #[schemars(with = "Checksummed")]
    verifier: String,
    /// The vault.
    #[schemars(with = "Checksummed")]
    vault: String,
    /// The registry.
    #[schemars(with = "Checksummed")]
    registry: String,
    /// Who appoints the others.
    #[schemars(with = "Checksummed")]
    owner: String,
    /// Who opens rules.
    #[schemars(with = "Checksummed")]
    operator: String,
    /// Who sets the pace and records units.
    #[schemars(with = "Checksummed")]
    coordinator: String,
}

pub fn run(args: &DeployArgs, output: Output) -> Result<Status, CliError> {
    let inputs = [&args.send.key.keystore, &args.send.key.password_file];
    load::check_output(&args.out, inputs.into_iter().flatten().map(AsRef::as_ref))?;
    let node = connect(&args.send.rpc)?;
    if args.takes_insecure {
        notice("warning: this verifier takes development parameters, under which anyone can forge a proof");
    }
    let sent = as_sender(&args.send, output, &node, |sender| {
        let owner = args.owner.as_ref().map_or(sender.address(), evm_address);
        let order = Order {
            token: args.token.as_ref().map(evm_address),
            verifier: args.verifier.as_ref().map(evm_address),
            takes_insecure: args.takes_insecure,
            subnet: args.subnet.clone(),
            task: match args.task {
                Task::Fhe => TaskKind::Fhe,
                Task::Federated => TaskKind::Federated,
            },
            owner,
            operator: args.operator.as_ref().map_or(owner, evm_address),
            coordinator: args.coordinator.as_ref().map_or(owner, evm_address),
        };
        let (deployed, done) = deploy(sender, &order, &args.out)?;
        let text = |address: fairshare_chain::Address| address.to_checksum(None);
        Ok(Deployed {
            file: args.out.display().to_string(),
            before: done == Done::Before,
            chain_id: deployed.chain_id,
            task: deployed.task.clone(),
            subnet: deployed.subnet.clone(),
            token: text(deployed.token),
            verifier: text(deployed.verifier),
            vault: text(deployed.vault),
            registry: text(deployed.registry),
            owner: text(deployed.owner),
            operator: text(deployed.operator),
            coordinator: text(deployed.coordinator),
        })
    })?;
    sent.print(output, text)?;
    Ok(Status::Done)
}

fn text(deployed: &Deployed) -> String {
    let done = if deployed.before { Done::Before } else { Done::Now };
    list(&[
        ("deployed", format!("in {}{}", deployed.file, when(done))),
        ("chain", deployed.chain_id.to_string()),
        ("vault", deployed.vault.clone()),
        ("registry", format!("{}, of the kind {}", deployed.registry, deployed.task)),
        ("verifier", deployed.verifier.clone()),
        ("token", deployed.token.clone()),
        ("owner", deployed.owner.clone()),
        ("operator", deployed.operator.clone()),
        ("coordinator", deployed.coordinator.clone()),
        (
            "next",
            format!(
                "the policy's [vault]: chain_id = {}, address = \"{}\", registry = \"{}\", subnet = \"{}\", \
                 settlement = \"contract\"; then `fairshare chain keys --params SRS --verifier {}`",
                deployed.chain_id, deployed.vault, deployed.registry, deployed.subnet, deployed.verifier
            ),
        ),
    ])
}
