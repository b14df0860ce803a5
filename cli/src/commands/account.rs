//! The account that signs, by a key that is in no argument.

use std::env;
use std::path::Path;

use fairshare_formats::BYTE_ORDER_MARK;
use fairshare_formats::keystore::{self, MAX_KEYSTORE_BYTES};
use fairshare_prover::{Account, AccountError};
use zeroize::Zeroizing;

use crate::args::KeyArgs;
use crate::error::CliError;
use crate::load;
use crate::output::notice;

/// Where a key may stand, and the password of a keystore.
const KEY: &str = "FAIRSHARE_PRIVATE_KEY";
const PASSWORD: &str = "FAIRSHARE_KEYSTORE_PASSWORD";
/// Longest file with a password, in bytes.
const MAX_PASSWORD_BYTES: u64 = 4 << 10;

/// The account of a key, from the keystore if one is named, else from the environment.
pub fn read(args: &KeyArgs) -> Result<Account, CliError> {
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
    load::trim_newline(&mut bytes);
    if bytes.starts_with(BYTE_ORDER_MARK) {
        // It may belong to the password: wallets keep it.
        notice(&format!(
            "warning: {} begins with a byte-order mark, which counts as part of the password; if the \
             password does not open the keystore, save the file without it",
            path.display()
        ));
    }
    Ok(bytes)
}
