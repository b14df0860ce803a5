//! `fairshare chain fund`.

use fairshare_chain::royalty::Root;
use schemars::JsonSchema;
use serde::Serialize;

use super::handing::{Books, hand};
use super::sending::connect;
use crate::args::FundArgs;
use crate::document::spelling::{Checksummed, Decimal};
use crate::error::{CliError, Status};
use crate::output::{Output, list, thousands};

/// What an epoch needs, and has.
#[derive(Serialize, JsonSchema)]
pub struct Funded {
    /// The vault's chain.
    chain_id: u64,
    /// The vault.
    #[schemars(with = "Checksummed")]
    vault: String,
    /// The token that it pays.
    #[schemars(with = "Checksummed")]
    token: String,
    /// The epoch.
    epoch: u64,
    /// The sum of all its claims, in base units.
    #[schemars(with = "Decimal")]
    total: String,
    /// What is funded for epochs up to it, in base units; null if the epoch is closed, because its root or a
    /// later one pays.
    #[schemars(with = "Option<Decimal>")]
    funded: Option<String>,
}

pub fn run(args: &FundArgs, output: Output) -> Result<Status, CliError> {
    let books = Books::open(&args.books)?;
    let Root { epoch, total, .. } = Root::of(&books.tree);
    let node = connect(&args.hand.sending.rpc)?;
    let vault = books.vault(&node)?;
    let name = format!("Funds of epoch {epoch}");
    let purpose = format!(
        "Funds epoch {epoch} of the vault {} up to {total} base units, which its claims are in all.",
        vault.address()
    );
    let hand =
        hand(&args.hand, output, (&node, &vault), [&name, &purpose], |from| vault.fund(epoch, total, from))?;
    let funded = if vault.is_closed(epoch)? { None } else { Some(vault.funded_through(epoch)?) };
    let result = Funded {
        chain_id: node.chain_id(),
        vault: vault.address().to_checksum(None),
        token: vault.token()?.to_checksum(None),
        epoch,
        total: total.to_string(),
        funded: funded.map(|funded| funded.to_string()),
    };
    hand.about(result).print(output, |result| {
        let funded = match funded {
            Some(funded) => format!("{} base units", thousands(funded)),
            None => "closed: its root, or a later one, pays".to_owned(),
        };
        list(&[
            ("epoch", epoch.to_string()),
            ("claims", format!("{} base units", thousands(total))),
            ("funded", funded),
            ("token", result.token.clone()),
            ("vault", result.vault.clone()),
        ])
    })
}
