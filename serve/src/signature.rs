//! How a receiver knows that a body comes from here, and is not an old one sent again.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::target::Secret;

/// The header's name.
pub const HEADER: &str = "Fairshare-Signature";

/// The header's value: `t=UNIX,v1=HEX`, where `HEX` is HMAC-SHA256, under the secret's bytes, of `UNIX`, a
/// full stop and the body. `unix_seconds` is when this attempt is made.
pub fn signature(secret: &Secret, unix_seconds: u64, body: &[u8]) -> String {
    // HMAC takes keys of any length: there is nothing that could fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.bytes()) else { return String::new() };
    mac.update(format!("{unix_seconds}.").as_bytes());
    mac.update(body);
    format!("t={unix_seconds},v1={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    /// Made with Python's `hmac`: `hmac.new(secret, b"1798761600." + body, hashlib.sha256).hexdigest()`.
    const VECTOR: &str = "91e17930b1154c2aa9a51f3f7afb187d35ab99b72fa6af6164f6626faf43a74a";

    #[test]
    fn the_signature_is_that_of_another_implementation() {
        let secret = Secret::new(Zeroizing::new(b"an example of a secret, 32 bytes".to_vec())).unwrap();
        let body = br#"{"id":"closed-8-0x00","kind":"closed"}"#;
        assert_eq!(signature(&secret, 1_798_761_600, body), format!("t=1798761600,v1={VECTOR}"));
        let page = include_str!("../../docs/vault.md");
        assert!(page.contains(VECTOR), "docs/vault.md has the same");
    }
}
