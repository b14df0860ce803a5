//! The contributor's account: a key that signs registrations, and is wiped when it is dropped.
//!
//! The key comes from a keystore or as text, and leaves by its signatures only: it is in no error and in no
//! `Debug`. Signatures are deterministic (RFC 6979): the same registration has one signature of one key.

use std::fmt;

use aes::Aes128;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use fairshare_formats::eip55::checksummed;
use fairshare_formats::keystore::{KeyDerivation, Keystore};
use fairshare_formats::ledger::{Receipt, ReceiptError, SignedReceipt};
use fairshare_formats::registry::{Signature, SignatureError, SignedError, SignedRegistration, address_of};
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::registry::Unsigned;
use k256::ecdsa::SigningKey;
use sha2::Sha256;
use sha3::{Digest as _, Keccak256};
use zeroize::Zeroizing;

/// An account whose key is known.
pub struct Account {
    /// Wiped by its own crate when it is dropped.
    key: SigningKey,
    address: Address,
}

/// Why there is no account, or no signature. None of these shows the key or the password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// Not the text of a key.
    #[error("the private key is not 64 hexadecimal digits, with or without `0x`; it is not shown here")]
    Text,
    /// Not a key of the group.
    #[error("the private key is zero, or not below the order of secp256k1; it is not shown here")]
    Range,
    /// The password does not open the keystore.
    #[error("the password does not open this keystore, or the keystore was altered")]
    Password,
    /// The keystore's own figures are refused by the function that they are for.
    #[error("the keystore's `kdfparams` are refused; export the key again with a wallet of today")]
    Derivation,
    /// Signing failed.
    #[error("the registration cannot be signed with this key; please report")]
    Sign(#[source] k256::ecdsa::Error),
    /// What was signed has no canonical form.
    #[error("internal invariant violated: the signature is not canonical; please report")]
    Form(#[source] SignatureError),
    /// The account is not the operator's.
    #[error("no receipt was signed")]
    Receipt(#[from] ReceiptError),
    /// The account is not the contributor's.
    #[error("nothing was signed")]
    Signed(#[from] SignedError),
}

type Result<T> = std::result::Result<T, AccountError>;

impl Account {
    /// The account of a key in hexadecimal, with or without `0x`, and with spaces or a newline around it.
    pub fn from_text(text: &[u8]) -> Result<Self> {
        let text = text.trim_ascii();
        let digits = text.strip_prefix(b"0x").unwrap_or(text);
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(digits, key.as_mut_slice()).map_err(|_| AccountError::Text)?;
        Self::from_bytes(&key)
    }

    /// The account of an encrypted key.
    pub fn from_keystore(keystore: &Keystore, password: &[u8]) -> Result<Self> {
        let derived = derive(keystore, password)?;
        let (encryption, check) = derived.split_at(16);
        let mac = Keccak256::new().chain_update(check).chain_update(keystore.ciphertext).finalize();
        if mac.as_slice() != keystore.mac {
            return Err(AccountError::Password);
        }
        let mut key = Zeroizing::new(keystore.ciphertext);
        let mut cipher = Ctr128BE::<Aes128>::new_from_slices(encryption, &keystore.iv)
            .map_err(|_| AccountError::Derivation)?;
        cipher.apply_keystream(key.as_mut_slice());
        Self::from_bytes(&key)
    }

    fn from_bytes(bytes: &[u8; 32]) -> Result<Self> {
        let key = SigningKey::from_bytes(bytes.into()).map_err(|_| AccountError::Range)?;
        let address = address_of(key.verifying_key());
        Ok(Self { key, address })
    }

    /// The account's address.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Signs a registration whose contributor this is; of anybody else's nothing is signed.
    pub fn register(&self, unsigned: Unsigned) -> Result<SignedRegistration> {
        let contributor = *unsigned.request().contributor();
        if contributor != self.address {
            let (found, contributor) = (checksummed(&self.address), checksummed(&contributor));
            return Err(SignedError::Signer { found, contributor }.into());
        }
        let signature = self.sign(&unsigned.hash())?;
        Ok(SignedRegistration::new(unsigned, signature)?)
    }

    /// Signs a receipt of the ledger whose operator this is.
    pub fn receipt(&self, receipt: Receipt) -> Result<SignedReceipt> {
        let signature = self.sign(&receipt.hash())?;
        Ok(SignedReceipt::new(receipt, signature)?)
    }

    /// Signs a transaction, whose signing hash this is. What it does is for the caller to have shown.
    pub fn sign_transaction(&self, hash: &Digest) -> Result<Signature> {
        self.sign(hash)
    }

    fn sign(&self, hash: &Digest) -> Result<Signature> {
        let (signature, recovery) = self.key.sign_prehash_recoverable(&hash.0).map_err(AccountError::Sign)?;
        Signature::new(signature, recovery).map_err(AccountError::Form)
    }
}

/// The key is left out.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("address", &self.address).finish_non_exhaustive()
    }
}

/// What a password gives with a keystore's salt. The functions' own working memory is theirs to wipe.
fn derive(keystore: &Keystore, password: &[u8]) -> Result<Zeroizing<[u8; 32]>> {
    let mut derived = Zeroizing::new([0; 32]);
    match keystore.derivation {
        KeyDerivation::Scrypt { log_n, r, p } => {
            let params = scrypt::Params::new(log_n, r, p, derived.len());
            let params = params.map_err(|_| AccountError::Derivation)?;
            scrypt::scrypt(password, &keystore.salt, &params, derived.as_mut_slice())
                .map_err(|_| AccountError::Derivation)?;
        }
        KeyDerivation::Pbkdf2 { rounds } => {
            pbkdf2::pbkdf2_hmac::<Sha256>(password, &keystore.salt, rounds, derived.as_mut_slice());
        }
    }
    Ok(derived)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The two test vectors of the Web3 Secret Storage definition. The `N` of its scrypt is above what RFC
    /// 7914 allows with its `r`, so no wallet writes such a file.
    /// <https://ethereum.org/developers/docs/data-structures-and-encoding/web3-secret-storage/>
    const PASSWORD: &[u8] = b"testpassword";
    const SECRET: &str = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";
    const PBKDF2: &str = r#"{
        "crypto": {
            "cipher": "aes-128-ctr",
            "cipherparams": { "iv": "6087dab2f9fdbbfaddc31a909735c1e6" },
            "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
            "kdf": "pbkdf2",
            "kdfparams": {
                "c": 262144, "dklen": 32, "prf": "hmac-sha256",
                "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"
            },
            "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"
        },
        "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
        "version": 3
    }"#;
    const SCRYPT: &str = r#"{
        "crypto": {
            "cipher": "aes-128-ctr",
            "cipherparams": { "iv": "83dbcc02d8ccb40e466191a123791e0e" },
            "ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
            "kdf": "scrypt",
            "kdfparams": {
                "dklen": 32, "n": 262144, "p": 8, "r": 1,
                "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"
            },
            "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"
        },
        "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
        "version": 3
    }"#;

    /// What ethers 6.17.0 writes, with a cheap derivation.
    const ETHERS: &str = r#"{
        "version": 3,
        "Crypto": {
            "cipher": "aes-128-ctr",
            "cipherparams": { "iv": "22222222222222222222222222222222" },
            "ciphertext": "6d6909ea49604e8a63dd1eee0f80e6a105a2cca42776e0a2b1999108a4849d5b",
            "kdf": "scrypt",
            "kdfparams": {
                "dklen": 32, "n": 1024, "p": 1, "r": 8,
                "salt": "3333333333333333333333333333333333333333333333333333333333333333"
            },
            "mac": "0da85eaf1dfb4948e6eb85ecb5a72de0028b2b79ea202a5a471ed8638edcb932"
        }
    }"#;

    fn keystore(text: &str) -> Keystore {
        fairshare_formats::keystore::from_json(text.as_bytes()).unwrap()
    }

    #[test]
    fn keystores_are_opened_by_their_password_only() {
        let published = Account::from_text(SECRET.as_bytes()).unwrap();
        assert_eq!(format!("{:?}", published.address()), "0x008aeeda4d805471df9b2a5b0f38a0c3bcba786b");
        let ethers = "0xB64eF26D4E2619187511998a24E4D24E0910A348";
        let ethers = fairshare_formats::eip55::parse(ethers).unwrap();
        for (text, password, address) in
            [(PBKDF2, PASSWORD, *published.address()), (ETHERS, b"a password of tests".as_slice(), ethers)]
        {
            let opened = Account::from_keystore(&keystore(text), password).unwrap();
            assert_eq!(opened.address(), &address);
            let error = Account::from_keystore(&keystore(text), b"testpassworD").unwrap_err();
            assert!(matches!(error, AccountError::Password), "{error}");
        }
        let error = Account::from_keystore(&keystore(SCRYPT), PASSWORD).unwrap_err();
        assert!(matches!(error, AccountError::Derivation), "{error}");
    }

    /// RFC 6979 leaves no choice: ethers and this make the same bytes.
    #[test]
    fn signatures_are_those_of_ethers() {
        let text = include_str!("../../contracts/tests/vectors/registrations.json");
        // One vector a line, of texts that need no escapes.
        let field = |line: &str, name: &str| {
            let (_, rest) = line.split_once(&format!("\"{name}\":\"")).unwrap();
            rest.split_once('"').unwrap().0.to_owned()
        };
        let mut count = 0;
        for line in text.lines().filter(|line| line.starts_with('{')) {
            let account = Account::from_text(field(line, "key").as_bytes()).unwrap();
            assert_eq!(checksummed(account.address()).to_string(), field(line, "contributor"));
            let signature = account.sign(&field(line, "hash").parse().unwrap()).unwrap();
            assert_eq!(signature.to_string(), field(line, "signature"));
            count += 1;
        }
        assert_eq!(count, 20);
    }

    #[test]
    fn nothing_is_signed_for_somebody_else() {
        use fairshare_params::Geometry;
        use fairshare_params::registry::{Domain, Request};

        let domain = Domain { chain_id: 1, registry: Address([1; 20]) };
        let account = Account::from_text(SECRET.as_bytes()).unwrap();
        let unsigned = |contributor| {
            let segments = vec![Digest([3; 32])];
            let request = Request::new(contributor, Geometry::COMPACT, Digest([2; 32]), 1, segments);
            Unsigned::new(request.unwrap(), None, domain, Address([4; 20]), 5).unwrap()
        };
        let signed = account.register(unsigned(*account.address())).unwrap();
        assert_eq!(signed.signature().signer(&signed.unsigned().hash()), Ok(*account.address()));
        let error = account.register(unsigned(Address([9; 20]))).unwrap_err();
        assert!(matches!(error, AccountError::Signed(SignedError::Signer { .. })), "{error}");
    }

    #[test]
    fn a_key_is_64_digits_below_the_order_and_never_shown() {
        let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
        let padded = format!(" 0x{SECRET}\n");
        assert_eq!(
            Account::from_text(padded.as_bytes()).unwrap().address(),
            Account::from_text(SECRET.as_bytes()).unwrap().address()
        );
        for (text, range) in [
            (format!("{SECRET}0"), false),
            (SECRET[..62].to_owned(), false),
            (format!("0x0x{SECRET}"), false),
            (SECRET.replace('7', "g"), false),
            (String::new(), false),
            ("0".repeat(64), true),
            (order.to_owned(), true),
        ] {
            let error = Account::from_text(text.as_bytes()).unwrap_err();
            assert_eq!(matches!(error, AccountError::Range), range, "{text}: {error}");
            assert!(text.len() < 8 || !format!("{error} {error:?}").contains(&text[..8]), "{error:?}");
        }
        let account = Account::from_text(SECRET.as_bytes()).unwrap();
        let shown = format!("{account:?}");
        assert!(!shown.contains(&SECRET[..8]) && !shown.contains("key"), "{shown}");
    }
}
