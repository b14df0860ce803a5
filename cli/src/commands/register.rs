//! `fairshare register`: a contributor's signature on a request.

use std::env;
use std::path::{Path, PathBuf};

use fairshare_formats::eip55::checksummed;
use fairshare_formats::keystore::{self, MAX_KEYSTORE_BYTES};
use fairshare_formats::registry::{SignedRegistration, signed_to_json};
use fairshare_params::address::Address;
use fairshare_params::policy::Policy;
use fairshare_params::registry::{Domain, Evidence, Request, Unsigned};
use fairshare_prover::{Account, AccountError};
use fairshare_storage::files::{self, Access};
use schemars::JsonSchema;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::args::{CheckArgs, PlaceArgs, RegisterCommand, SignArgs};
use crate::document::spelling::{Checksummed, Hash, Signature};
use crate::error::{CliError, Status};
use crate::load;
use crate::output::{Output, list};

/// Where a key may stand, and the password of a keystore.
const KEY: &str = "FAIRSHARE_PRIVATE_KEY";
const PASSWORD: &str = "FAIRSHARE_KEYSTORE_PASSWORD";
/// Longest file with a password, in bytes.
const MAX_PASSWORD_BYTES: u64 = 4 << 10;

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
    let optional = [&args.upload, &args.keystore, &args.password_file, &args.place.policy];
    let inputs = optional.into_iter().flatten().chain([&args.request]).map(PathBuf::as_path);
    load::check_output(&args.out, inputs)?;
    let signed = account(args)?.register(unsigned)?;
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

/// The contributor's account, from the keystore if one is named, else from the environment.
fn account(args: &SignArgs) -> Result<Account, CliError> {
    let Some(path) = &args.keystore else {
        let key = environment(KEY).ok_or(CliError::NoKey)?;
        return Account::from_text(&key).map_err(|source| CliError::KeyVariable { source: Box::new(source) });
    };
    refuse_bare_key(path)?;
    let bytes = load::bytes(path, MAX_KEYSTORE_BYTES as u64)?;
    let keystore =
        keystore::from_json(&bytes).map_err(|source| CliError::Keystore { path: path.clone(), source })?;
    let password = match &args.password_file {
        Some(file) => password_of(file)?,
        None => environment(PASSWORD).ok_or(CliError::NoPassword)?,
    };
    Account::from_keystore(&keystore, &password).map_err(|source| match source {
        AccountError::Password | AccountError::Derivation | AccountError::Range => {
            CliError::KeystoreKey { path: path.clone(), source: Box::new(source) }
        }
        other => other.into(),
    })
}

/// A key in place of a file's name would be shown by every error that names the file.
fn refuse_bare_key(path: &Path) -> Result<(), CliError> {
    let name = path.as_os_str().as_encoded_bytes();
    let digits = name.strip_prefix(b"0x").unwrap_or(name);
    if digits.len() == 64 && digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(CliError::KeyAsArgument);
    }
    Ok(())
}

/// A secret variable's value, wiped when dropped. The environment itself keeps its copy.
fn environment(name: &str) -> Option<Zeroizing<Vec<u8>>> {
    env::var_os(name).map(|value| Zeroizing::new(value.into_encoded_bytes()))
}

/// The password in a file, without the newline at its end.
fn password_of(path: &Path) -> Result<Zeroizing<Vec<u8>>, CliError> {
    let mut bytes = load::secret(path, MAX_PASSWORD_BYTES)?;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
    Ok(bytes)
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
