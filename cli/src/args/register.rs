//! Uploading and registering data: their part of the command line.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use fairshare_formats::eip55;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;

use super::KeyArgs;

#[derive(Debug, Subcommand)]
pub enum UploadCommand {
    /// Put the chunk that names a dataset in front of its ciphertext, and compute the storage root
    #[command(after_help = "\
Example:
  fairshare upload wrap ewr.enc --for ewr-data/request.json --out ewr.upload

Store ewr.upload as it is: encrypting it again would hide the chunk. ewr.upload.json beside it has the \
storage root, the length and the Merkle path of the first chunk, which `fairshare register sign` takes. A \
ciphertext has at most 4,294,967,040 bytes.")]
    Wrap(WrapArgs),
}

#[derive(Debug, Args)]
pub struct WrapArgs {
    /// The encrypted data
    #[arg(value_name = "CIPHERTEXT")]
    pub ciphertext: PathBuf,
    /// The request whose dataset it holds
    #[arg(long = "for", value_name = "REQUEST")]
    pub request: PathBuf,
    /// Where to write the upload; its description is written beside it, with `.json` after its name
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(Debug, Subcommand)]
pub enum RegisterCommand {
    /// Sign a request, with the evidence of its upload, for one vault at one registry
    #[command(after_help = "\
Example:
  fairshare register sign --request ewr-data/request.json \\
      --upload ewr.upload.json --upload-tx 0x5c50… --policy policy.toml --last-round 40 \\
      --keystore key.json --password-file password --out ewr-data/signed.json

The key is that of the contributor. It is read from a keystore, as wallets write it, whose password is in a \
file or in the environment variable FAIRSHARE_KEYSTORE_PASSWORD; or, without a keystore, from the \
environment variable FAIRSHARE_PRIVATE_KEY. It is never an argument, and never printed. Anybody may bring \
the signed registration to the registry, up to its last round.")]
    Sign(SignArgs),
    /// Check a signed registration: its digest, its evidence, and whose signature it has
    #[command(after_help = "\
Example:
  fairshare register check ewr-data/signed.json --policy policy.toml")]
    Check(CheckArgs),
}

/// Where a registration counts.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("where").required(true).multiple(false))]
pub struct PlaceArgs {
    /// The policy: its registry, vault and chain, and what it takes
    #[arg(long, value_name = "POLICY", group = "where", conflicts_with_all = ["chain_id", "registry"])]
    pub policy: Option<PathBuf>,
    /// The vault that is to pay, without a policy
    #[arg(
        long,
        value_name = "0x…",
        value_parser = eip55::parse,
        group = "where",
        requires_all = ["chain_id", "registry"]
    )]
    pub vault: Option<Address>,
    /// The vault's chain, without a policy
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(u64).range(1..), requires = "vault")]
    pub chain_id: Option<u64>,
    /// The registry, a contract or a ledger operator's address, without a policy
    #[arg(long, value_name = "0x…", value_parser = eip55::parse, requires = "vault")]
    pub registry: Option<Address>,
}

#[derive(Debug, Args)]
pub struct SignArgs {
    /// What `fairshare commit data` wrote as request.json
    #[arg(long, value_name = "FILE")]
    pub request: PathBuf,
    /// What `fairshare upload wrap` wrote as JSON; needed where the rules require evidence
    #[arg(long, value_name = "FILE.json", requires = "upload_tx")]
    pub upload: Option<PathBuf>,
    /// Hash of the upload's transaction
    #[arg(long, value_name = "TX", requires = "upload")]
    pub upload_tx: Option<Digest>,
    #[command(flatten)]
    pub place: PlaceArgs,
    /// After this round the registration is void
    #[arg(long, value_name = "X")]
    pub last_round: u64,
    #[command(flatten)]
    pub key: KeyArgs,
    /// Where to write the signed registration
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The signed registration
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub place: PlaceArgs,
}
