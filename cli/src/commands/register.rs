//! `fairshare register`: a contributor's signature on a request.

use std::path::{Path, PathBuf};

use fairshare_formats::eip55::checksummed;
use fairshare_formats::registry::{SignedRegistration, signed_to_json};
use fairshare_params::address::Address;
use fairshare_params::policy::Policy;
use fairshare_params::registry::{Domain, Evidence, Request, Unsigned};
use fairshare_storage::files::{self, Access};
use schemars::JsonSchema;
use serde::Serialize;

use super::account;
use crate::args::{CheckArgs, PlaceArgs, RegisterCommand, SignArgs};
use crate::document::spelling::{Checksummed, Hash, Signature};
use crate::error::{CliError, Status};
use crate::load;
use crate::output::{Output, list};

pub fn run(command: &RegisterCommand, output: Output) -> Result<Status, CliError> {
    match command {
        RegisterCommand::Sign(args) => sign(args, output),
        RegisterCommand::Check(args) => check(args, output),
    }
}

fn sign(args: &SignArgs, output: Output) -> Result<Status, CliError> {
    let place = Place::of(&args.place)?;
    let request = load::request(&args.request)?;
    let evidence = evidence(args, &request)?;
    let unsigned = Unsigned::new(request, evidence, place.domain, place.vault, args.last_round)?;
    place.check(&unsigned)?;
    let optional = [&args.upload, &args.key.keystore, &args.key.password_file, &args.place.policy];
    let inputs = optional.into_iter().flatten().chain([&args.request]).map(PathBuf::as_path);
    load::check_output(&args.out, inputs)?;
    let signed = account::read(&args.key)?.register(unsigned)?;
    files::write(&args.out, signed_to_json(&signed).as_bytes(), Access::Public)
        .map_err(|source| CliError::File { path: args.out.clone(), source })?;
    describe(&args.out, &signed, output)
}

fn check(args: &CheckArgs, output: Output) -> Result<Status, CliError> {
    let place = Place::of(&args.place)?;
    let signed = load::signed_registration(&args.file)?;
    place.check(signed.unsigned())?;
    describe(&args.file, &signed, output)
}

/// Where a registration counts, and the rules of that place if they are given.
struct Place {
    domain: Domain,
    vault: Address,
    policy: Option<Policy>,
}

impl Place {
    /// Registry, chain and vault, as given or as the policy has them.
    fn of(args: &PlaceArgs) -> Result<Self, CliError> {
        match (&args.policy, args.chain_id, args.vault, args.registry) {
            (None, Some(chain_id), Some(vault), Some(registry)) => {
                Ok(Self { domain: Domain { chain_id, registry }, vault, policy: None })
            }
            (Some(path), ..) => {
                let policy = load::policy(path)?;
                Ok(Self { domain: policy.domain(), vault: policy.terms().vault, policy: Some(policy) })
            }
            _ => Err(CliError::NoVault),
        }
    }

    fn check(&self, unsigned: &Unsigned) -> Result<(), CliError> {
        unsigned.check(&self.domain, &self.vault)?;
        if let Some(policy) = &self.policy {
            unsigned.check_policy(policy)?;
        }
        Ok(())
    }
}

/// Evidence of the upload, which must be for this request.
fn evidence(args: &SignArgs, request: &Request) -> Result<Option<Evidence>, CliError> {
    let (Some(path), Some(transaction)) = (&args.upload, args.upload_tx) else { return Ok(None) };
    let upload = load::upload(path)?;
    if upload.digest != *request.digest() {
        let (found, expected) = (upload.digest, *request.digest());
        return Err(CliError::OtherUpload { path: path.clone(), found, expected });
    }
    Ok(Some(upload.into_evidence(transaction)))
}

/// A registration with its contributor's signature, which is right.
#[derive(Serialize, JsonSchema)]
pub struct Described {
    /// The file.
    file: String,
    /// The contributor's address, who has signed it.
    #[schemars(with = "Checksummed")]
    contributor: String,
    /// The dataset's digest.
    #[schemars(with = "Hash")]
    digest: String,
    /// The registry's chain.
    chain_id: u64,
    /// The registry's address.
    #[schemars(with = "Checksummed")]
    registry: String,
    /// The address of the vault that is to pay.
    #[schemars(with = "Checksummed")]
    vault: String,
    /// The last round in which it counts.
    last_round: u64,
    /// The upload's storage root; null without evidence.
    #[schemars(with = "Option<Hash>")]
    storage_root: Option<String>,
    /// The upload's length in bytes; null without evidence.
    byte_length: Option<u64>,
    /// Hash of the upload's transaction; null without evidence.
    #[schemars(with = "Option<Hash>")]
    upload_tx: Option<String>,
    /// What is signed: the hash of the typed data (EIP-712).
    #[schemars(with = "Hash")]
    typed_data_hash: String,
    /// The signature.
    #[schemars(with = "Signature")]
    signature: String,
}

fn describe(file: &Path, signed: &SignedRegistration, output: Output) -> Result<Status, CliError> {
    let unsigned = signed.unsigned();
    let (request, domain, evidence) = (unsigned.request(), unsigned.domain(), unsigned.evidence());
    let described = Described {
        file: file.display().to_string(),
        contributor: checksummed(request.contributor()).to_string(),
        digest: request.digest().to_string(),
        chain_id: domain.chain_id,
        registry: checksummed(&domain.registry).to_string(),
        vault: checksummed(unsigned.vault()).to_string(),
        last_round: unsigned.last_round(),
        storage_root: evidence.map(|evidence| evidence.storage_root.to_string()),
        byte_length: evidence.map(|evidence| evidence.byte_length),
        upload_tx: evidence.map(|evidence| evidence.transaction_hash.to_string()),
        typed_data_hash: unsigned.hash().to_string(),
        signature: signed.signature().to_string(),
    };
    output.result(&described, || {
        list(&[
            ("registration", described.file.clone()),
            ("contributor", format!("{}, who has signed it", described.contributor)),
            ("digest", described.digest.clone()),
            ("registry", format!("{} on chain {}", described.registry, described.chain_id)),
            ("vault", described.vault.clone()),
            ("storage root", described.storage_root.clone().unwrap_or_else(|| "none given".to_owned())),
            ("void after", format!("round {}", described.last_round)),
        ])
    })?;
    Ok(Status::Done)
}
