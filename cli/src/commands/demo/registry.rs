//! The demonstration's registrations: encrypted records, wrapped with their digest in front, and a
//! contributor's signature that the registry checks.
//!
//! Nothing is stored anywhere: the upload is what a storage network would be given.

use std::fs;
use std::path::Path;
use std::time::Instant;

use aes::Aes256;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use fairshare_formats::registry::{SignedRegistration, signed_from_json, signed_to_json};
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::registry::Unsigned;
use fairshare_prover::REQUEST_FILE;
use fairshare_storage::upload::wrap;
use rand_core::{OsRng, RngCore};
use zeroize::Zeroizing;

use super::{Airport, data_folder, say, short};
use crate::error::CliError;
use crate::load;
use crate::output::{Output, thousands};

/// For how many rounds after its own the registry may take a registration.
const PATIENCE: u64 = 7;

/// Encrypts an airport's records, wraps and signs; the registry looks at all of it and takes it.
pub fn register(
    output: Output,
    root: &Path,
    policy: &Policy,
    airport: &Airport,
) -> Result<SignedRegistration, CliError> {
    let begun = Instant::now();
    let request = load::request(&data_folder(root, airport).join(REQUEST_FILE))?;
    let ciphertext = root.join(format!("{}.enc", airport.name));
    encrypt(&root.join(format!("{}.parquet", airport.name)), &ciphertext)?;
    let upload = wrap(&ciphertext, request.digest(), &ciphertext.with_extension("upload"))?;
    let (stored, bytes) = (upload.storage_root, upload.byte_length);
    // No chain has seen it.
    let evidence = Some(upload.into_evidence(Digest([0; 32])));
    let (vault, last_round) = (policy.terms().vault, airport.round.saturating_add(PATIENCE));
    let unsigned = Unsigned::new(request, evidence, policy.domain(), vault, last_round)?;
    let signed = signed_to_json(&airport.account.register(unsigned)?);
    let what = format!("{} encrypts, wraps {} bytes of upload, and signs", airport.name, thousands(bytes));
    say(output, &what, begun.elapsed())?;

    let begun = Instant::now();
    let taken = take(&signed, policy, airport)?;
    let what = format!("    the registry takes it in round {}: root {}", airport.round, short(&stored));
    say(output, &what, begun.elapsed())?;
    Ok(taken)
}

/// What a registry does with a text that anybody may bring.
pub fn take(text: &str, policy: &Policy, airport: &Airport) -> Result<SignedRegistration, CliError> {
    let signed = signed_from_json(text.as_bytes())
        .map_err(|source| CliError::RegistryFile { path: airport.name.into(), source: Box::new(source) })?;
    signed.unsigned().check(&policy.domain(), &policy.terms().vault)?;
    signed.unsigned().check_policy(policy)?;
    Ok(signed)
}

/// AES-256 in counter mode under a key that is used once and kept by nobody: the demonstration hands no data
/// over.
fn encrypt(from: &Path, to: &Path) -> Result<(), CliError> {
    let file = |path: &Path, source| CliError::File { path: path.to_owned(), source };
    let mut bytes = fs::read(from).map_err(|source| file(from, source))?;
    let mut key = Zeroizing::new([0; 32]);
    OsRng
        .try_fill_bytes(key.as_mut_slice())
        .map_err(|_| CliError::Demo("there is no randomness for a key"))?;
    let mut cipher = Ctr128BE::<Aes256>::new((&*key).into(), &[0; 16].into());
    cipher.apply_keystream(&mut bytes);
    fs::write(to, bytes).map_err(|source| file(to, source))
}
