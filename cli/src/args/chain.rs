//! `fairshare chain`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum ChainCommand {
    /// Make the transactions that register verifying keys and openings with a verifier contract
    #[command(after_help = "\
Example:
  fairshare chain keys --params ceremony.srs --out register
  cast send $VERIFIER $(cat register/keys.hex) --rpc-url $RPC --account NAME
  cast send $VERIFIER $(cat register/openings.hex) --rpc-url $RPC --account NAME

VERIFIER is the address of a deployed BundleVerifier; cast is Foundry's. Anyone may send them, once for each \
contract, which keeps them under the hashes that this command prints: rules name the same ones. Of \
development parameters the openings say so in their code, and only a contract that was deployed to take such \
parameters takes them.")]
    Keys(KeysArgs),
}

#[derive(Debug, Args)]
pub struct KeysArgs {
    /// The parameters, whole
    #[arg(long, value_name = "SRS")]
    pub params: PathBuf,
    /// A folder for the data of the two transactions, as text; with --json they are in the result
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}
