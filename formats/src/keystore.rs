//! Encrypted keys as wallets keep them: Web3 Secret Storage, version 3. Nothing is decrypted here.
//!
//! A file that is taken for a keystore may hold a bare key, so no error quotes anything of it.

use serde::Deserialize;

use crate::json;

/// Longest keystore, in bytes.
pub const MAX_KEYSTORE_BYTES: usize = 64 << 10;
/// Most memory that a key may take to derive, in bytes; wallets use 256 MiB.
pub const MAX_KEYSTORE_MEMORY: u64 = 1 << 30;
/// Most rounds of PBKDF2; wallets use 262,144.
pub const MAX_KEYSTORE_ROUNDS: u32 = 10_000_000;
/// Most repetitions of scrypt; wallets use 1 to 8.
const MAX_PARALLEL: u32 = 16;
/// Longest salt, in bytes; wallets use 32.
const MAX_SALT: usize = 64;

/// An encrypted key of 32 bytes, and how to derive what decrypts it from a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keystore {
    /// From the password to 32 bytes: the first 16 are the AES-128 key, the others that of the check.
    pub derivation: KeyDerivation,
    /// Salt of the derivation.
    pub salt: Vec<u8>,
    /// First counter of AES-128 in counter mode.
    pub iv: [u8; 16],
    /// The encrypted key.
    pub ciphertext: [u8; 32],
    /// Keccak-256 of the derived key's second half and the ciphertext.
    pub mac: [u8; 32],
}

/// How costly a password is to try, within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyDerivation {
    /// scrypt, `N = 2^log_n`.
    Scrypt {
        /// log2 N.
        log_n: u8,
        /// Block size.
        r: u32,
        /// Parallelisation.
        p: u32,
    },
    /// PBKDF2 with HMAC-SHA-256.
    Pbkdf2 {
        /// Rounds.
        rounds: u32,
    },
}

/// Why a keystore is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeystoreError {
    /// Longer than [`MAX_KEYSTORE_BYTES`].
    #[error("the file has {found} bytes; a keystore has at most {MAX_KEYSTORE_BYTES}; is this another file?")]
    TooLarge {
        /// Its length.
        found: usize,
    },
    /// Text of another encoding.
    #[error("the keystore's text is UTF-16, not UTF-8; save it as UTF-8")]
    Utf16,
    /// Not a keystore.
    #[error(
        "not a keystore of version 3 (JSON, as wallets and `geth account new` write it): line {line}, column \
         {column} is not as it should be; a file with a bare key is not a keystore"
    )]
    Json {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// Another version.
    #[error("`version` is not 3; export the key again with a wallet of today")]
    Version,
    /// Another cipher, or another function of PBKDF2.
    #[error("`{field}` is not `{expected}`; export the key again with a wallet of today")]
    Unsupported {
        /// The field.
        field: &'static str,
        /// What is supported.
        expected: &'static str,
    },
    /// Not bytes of the right number.
    #[error("`{field}` is not {expected} in hexadecimal")]
    Bytes {
        /// The field.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// More work or memory than any wallet asks for, or less than the functions are defined for.
    #[error("`kdfparams.{field}`: {found} is not {expected}; export the key again with a wallet of today")]
    Cost {
        /// The field.
        field: &'static str,
        /// The number found.
        found: u64,
        /// What it may be.
        expected: &'static str,
    },
}

type Result<T> = std::result::Result<T, KeystoreError>;

#[derive(Deserialize)]
struct File {
    version: u32,
    #[serde(alias = "Crypto")]
    crypto: Crypto,
}

#[derive(Deserialize)]
struct Crypto {
    cipher: String,
    cipherparams: CipherParams,
    ciphertext: String,
    kdf: String,
    kdfparams: KdfParams,
    mac: String,
}

#[derive(Deserialize)]
struct CipherParams {
    iv: String,
}

#[derive(Deserialize)]
struct KdfParams {
    dklen: u64,
    salt: String,
    n: Option<u64>,
    r: Option<u64>,
    p: Option<u64>,
    c: Option<u64>,
    prf: Option<String>,
}

/// Reads a keystore.
pub fn from_json(bytes: &[u8]) -> Result<Keystore> {
    if bytes.len() > MAX_KEYSTORE_BYTES {
        return Err(KeystoreError::TooLarge { found: bytes.len() });
    }
    if json::is_utf16(bytes) {
        return Err(KeystoreError::Utf16);
    }
    let File { version, crypto } = json::from_slice(bytes).map_err(|error| {
        let error = error.inner();
        KeystoreError::Json { line: error.line(), column: error.column() }
    })?;
    if version != 3 {
        return Err(KeystoreError::Version);
    }
    if crypto.cipher != "aes-128-ctr" {
        return Err(KeystoreError::Unsupported { field: "cipher", expected: "aes-128-ctr" });
    }
    let salt = hex::decode(&crypto.kdfparams.salt)
        .ok()
        .filter(|salt| salt.len() <= MAX_SALT)
        .ok_or(KeystoreError::Bytes { field: "salt", expected: "at most 64 bytes" })?;
    Ok(Keystore {
        derivation: derivation(&crypto)?,
        salt,
        iv: fixed("iv", "16 bytes", &crypto.cipherparams.iv)?,
        ciphertext: fixed("ciphertext", "32 bytes", &crypto.ciphertext)?,
        mac: fixed("mac", "32 bytes", &crypto.mac)?,
    })
}

fn derivation(crypto: &Crypto) -> Result<KeyDerivation> {
    let params = &crypto.kdfparams;
    number("dklen", Some(params.dklen), "32", |length| length == 32)?;
    match crypto.kdf.as_str() {
        "scrypt" => {
            let power = |n: u64| n.is_power_of_two() && (2..1 << 32).contains(&n);
            let n = number("n", params.n, "a power of two from 2 to 2^31", power)?;
            let p = number("p", params.p, "from 1 to 16", |p| (1..=u64::from(MAX_PARALLEL)).contains(&p))?;
            // The function holds `n` blocks, `p` of them beside, and one to work in.
            let blocks = n.saturating_add(p).saturating_add(1);
            let r = number("r", params.r, "from 1 to what takes 1 GiB with `n` and `p`", |r| {
                let memory = r.checked_mul(128).and_then(|block| block.checked_mul(blocks));
                r > 0 && memory.is_some_and(|memory| memory <= MAX_KEYSTORE_MEMORY)
            })?;
            // All three are far below 2^32.
            let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
            let log_n = u8::try_from(n.trailing_zeros()).unwrap_or(u8::MAX);
            Ok(KeyDerivation::Scrypt { log_n, r: small(r), p: small(p) })
        }
        "pbkdf2" => {
            if params.prf.as_deref() != Some("hmac-sha256") {
                return Err(KeystoreError::Unsupported { field: "kdfparams.prf", expected: "hmac-sha256" });
            }
            let bound = u64::from(MAX_KEYSTORE_ROUNDS);
            let c = number("c", params.c, "from 1 to 10000000", |c| (1..=bound).contains(&c))?;
            Ok(KeyDerivation::Pbkdf2 { rounds: u32::try_from(c).unwrap_or(MAX_KEYSTORE_ROUNDS) })
        }
        _ => Err(KeystoreError::Unsupported { field: "kdf", expected: "scrypt` or `pbkdf2" }),
    }
}

fn number(
    field: &'static str,
    found: Option<u64>,
    expected: &'static str,
    fits: impl FnOnce(u64) -> bool,
) -> Result<u64> {
    let found = found.unwrap_or(0);
    if fits(found) { Ok(found) } else { Err(KeystoreError::Cost { field, found, expected }) }
}

fn fixed<const N: usize>(field: &'static str, expected: &'static str, text: &str) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    match hex::decode_to_slice(text, &mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(KeystoreError::Bytes { field, expected }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(change: impl FnOnce(&mut serde_json::Value)) -> String {
        let mut value = serde_json::json!({
            "version": 3,
            "id": "ignored",
            "crypto": {
                "cipher": "aes-128-ctr",
                "cipherparams": { "iv": "00".repeat(16) },
                "ciphertext": "11".repeat(32),
                "kdf": "scrypt",
                "kdfparams": { "dklen": 32, "n": 262144, "r": 8, "p": 1, "salt": "22".repeat(32) },
                "mac": "33".repeat(32),
            },
        });
        change(&mut value);
        value.to_string()
    }

    #[test]
    fn a_keystore_is_read() {
        let keystore = from_json(text(|_| {}).as_bytes()).unwrap();
        assert_eq!(keystore.derivation, KeyDerivation::Scrypt { log_n: 18, r: 8, p: 1 });
        assert_eq!((keystore.iv, keystore.ciphertext, keystore.mac), ([0; 16], [0x11; 32], [0x33; 32]));
        assert_eq!(keystore.salt, [0x22; 32]);
    }

    #[test]
    fn each_field_is_checked() {
        use serde_json::json;
        for (pointer, value, name) in [
            ("/version", json!(1), "`version`"),
            ("/crypto/cipher", json!("aes-256-cbc"), "`cipher`"),
            ("/crypto/cipherparams/iv", json!("00"), "`iv`"),
            ("/crypto/ciphertext", json!("11".repeat(31)), "`ciphertext`"),
            ("/crypto/mac", json!("zz".repeat(32)), "`mac`"),
            ("/crypto/kdf", json!("argon2id"), "`kdf`"),
            ("/crypto/kdfparams/salt", json!("22".repeat(65)), "`salt`"),
            ("/crypto/kdfparams/dklen", json!(16), "dklen"),
            ("/crypto/kdfparams/n", json!(262_143), ".n`"),
            ("/crypto/kdfparams/n", json!(1u64 << 40), ".n`"),
            ("/crypto/kdfparams/n", json!(1 << 24), ".r`"),
            ("/crypto/kdfparams/r", json!(u64::MAX), ".r`"),
            ("/crypto/kdfparams/p", json!(17), ".p`"),
        ] {
            let text = text(|keystore| *keystore.pointer_mut(pointer).unwrap() = value);
            let error = from_json(text.as_bytes()).unwrap_err();
            assert!(error.to_string().contains(name), "{pointer}: {error}");
        }
        let pbkdf2 = |c: u64, prf: &str| {
            let params = json!({ "dklen": 32, "c": c, "prf": prf, "salt": "" });
            let text = text(|keystore| {
                keystore["crypto"]["kdf"] = "pbkdf2".into();
                keystore["crypto"]["kdfparams"] = params;
            });
            from_json(text.as_bytes()).map(|keystore| keystore.derivation)
        };
        assert_eq!(pbkdf2(1000, "hmac-sha256"), Ok(KeyDerivation::Pbkdf2 { rounds: 1000 }));
        assert!(pbkdf2(0, "hmac-sha256").unwrap_err().to_string().contains(".c`"));
        assert!(pbkdf2(1 << 40, "hmac-sha256").unwrap_err().to_string().contains(".c`"));
        assert!(pbkdf2(1000, "hmac-sha512").unwrap_err().to_string().contains("prf"));
    }

    /// Whatever is wrong with a file that holds a key, the error does not repeat it.
    #[test]
    fn no_error_quotes_the_file() {
        let key = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
        for text in [
            key.to_owned(),
            format!("\"{key}\""),
            format!("{{\"{key}\": 1}}"),
            format!("{{\"version\": \"{key}\"}}"),
            text(|keystore| keystore["crypto"]["cipher"] = key.into()),
            text(|keystore| keystore["crypto"]["kdf"] = key.into()),
            text(|keystore| keystore["crypto"]["mac"] = format!("{key}0").into()),
            text(|keystore| keystore["crypto"]["kdfparams"]["salt"] = format!("{key}0").into()),
            text(|keystore| keystore["crypto"]["kdfparams"]["n"] = key.into()),
        ] {
            let error = from_json(text.as_bytes()).unwrap_err();
            assert!(!format!("{error} {error:?}").contains(&key[..8]), "{error:?}");
        }
    }
}
