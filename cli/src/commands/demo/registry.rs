//! The demonstration's registrations: encrypted records, wrapped with their digest in front, and a
//! contributor's signature that the ledger, or the registry on a chain, checks. It assigns the round.
//!
//! Nothing is stored anywhere: the upload is what a storage network would be given.

use std::fs;
use std::path::Path;
use std::time::Instant;

use aes::Aes256;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use fairshare_formats::registry::SignedRegistration;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::registry::Unsigned;
use fairshare_prover::REQUEST_FILE;
use fairshare_storage::upload::wrap;
use fairshare_vault::Ledger;
use fairshare_vault::ledger::To;
use rand_core::{OsRng, RngCore};
use zeroize::Zeroizing;

use super::{Airport, data_folder, operator, say};
use crate::commands::vault::now;
use crate::error::CliError;
use crate::load;
use crate::output::{Output, thousands};

/// For how many rounds after its own the registry may take a registration.
const PATIENCE: u64 = 7;

/// Encrypts an airport's records, wraps and signs.
pub fn sign(
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
    let bytes = upload.byte_length;
    // No chain has seen it.
    let evidence = Some(upload.into_evidence(Digest([0; 32])));
    let (vault, last_round) = (policy.terms().vault, airport.round.saturating_add(PATIENCE));
    let unsigned = Unsigned::new(request, evidence, policy.domain(), vault, last_round)?;
    let signed = airport.account.register(unsigned)?;
    let what = format!("{} encrypts, wraps {} bytes of upload, and signs", airport.name, thousands(bytes));
    say(output, &what, begun.elapsed())?;
    Ok(signed)
}

/// The ledger looks at all of what an airport signed, takes it, and gives a receipt.
pub fn register(
    output: Output,
    root: &Path,
    policy: &Policy,
    ledger: &mut Ledger,
    airport: &Airport,
) -> Result<SignedRegistration, CliError> {
    let signed = sign(output, root, policy, airport)?;
    let begun = Instant::now();
    ledger.advance(To::Round(airport.round), false, now()?)?;
    let taken = ledger.register(std::slice::from_ref(&signed), now()?)?;
    let taken = taken.into_iter().next().ok_or(CliError::Demo("a registration has no answer"))?;
    let receipt = operator()?.receipt(taken.map_err(fairshare_vault::VaultError::from)?.receipt)?;
    let round = receipt.receipt().round;
    let what = format!("    the ledger takes it in round {round} and signs a receipt");
    say(output, &what, begun.elapsed())?;
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
