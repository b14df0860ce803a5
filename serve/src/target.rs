//! The URL that is told, and the secret that bodies are signed with. Neither is ever shown.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ureq::http::Uri;
use zeroize::Zeroizing;

use crate::error::TargetError;

/// Shortest secret, in bytes: as many as the hash has.
pub const MIN_SECRET_BYTES: usize = 32;
/// Longest secret, in bytes.
pub const MAX_SECRET_BYTES: usize = 4 << 10;

/// A URL of which only the host is shown: path and query may hold a token.
#[derive(Clone)]
pub struct Target(Uri);

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        // A fragment is never sent; where one is, something else was meant.
        let uri: Uri = text.parse().map_err(|_| TargetError::Form)?;
        let authority = uri.authority().ok_or(TargetError::Form)?;
        if authority.as_str().contains('@') {
            return Err(TargetError::UserInfo);
        }
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        if !is_http || authority.host().is_empty() || text.contains('#') {
            return Err(TargetError::Form);
        }
        Ok(Self(uri))
    }
}

impl Target {
    /// The whole URL, to be asked and not to be shown.
    pub(crate) fn uri(&self) -> &Uri {
        &self.0
    }

    /// Whether others on the way can read what is sent.
    pub fn is_exposed(&self) -> bool {
        let host = self.0.host().unwrap_or_default().trim_matches(['[', ']']);
        let is_loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|host| host.is_loopback());
        self.0.scheme_str() != Some("https") && !is_loopback
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = self.0.authority().map(ureq::http::uri::Authority::as_str).unwrap_or_default();
        write!(f, "{}://{authority}", self.0.scheme_str().unwrap_or_default())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

/// What bodies are signed with, wiped when dropped.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// A secret that cannot be guessed, as far as its length tells.
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Result<Self, TargetError> {
        if bytes.len() < MIN_SECRET_BYTES {
            return Err(TargetError::ShortSecret { found: bytes.len(), least: MIN_SECRET_BYTES });
        }
        Ok(Self(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_host_of_a_url_is_shown() {
        let target: Target = "https://example.org:8443/hooks/T0KEN?key=SECRET".parse().unwrap();
        assert_eq!(target.to_string(), "https://example.org:8443");
        assert!(!format!("{target:?}").contains("T0KEN") && !target.is_exposed());
    }

    #[test]
    fn what_is_not_a_url_to_deliver_to_is_refused() {
        for url in
            ["", "example.org", "/hook", "ftp://example.org/", "https://", "https://a b/", "https://a/#b"]
        {
            assert_eq!(url.parse::<Target>().unwrap_err(), TargetError::Form, "{url}");
        }
        for url in ["https://user:SECRET@example.org/", "https://user@example.org/", "http://@example.org/"] {
            let error = url.parse::<Target>().unwrap_err();
            assert_eq!(error, TargetError::UserInfo, "{url}");
            assert!(!error.to_string().contains("SECRET"));
        }
    }

    #[test]
    fn plain_http_leaves_the_machine_exposed() {
        for (url, exposed) in [
            ("http://example.org/", true),
            ("http://192.0.2.1/", true),
            ("https://example.org/", false),
            ("http://127.0.0.1:8000/", false),
            ("http://[::1]:8000/", false),
            ("http://localhost/", false),
        ] {
            assert_eq!(url.parse::<Target>().unwrap().is_exposed(), exposed, "{url}");
        }
    }

    #[test]
    fn a_short_secret_is_refused_and_none_is_shown() {
        let secret = |length| Secret::new(Zeroizing::new(vec![b'x'; length]));
        assert!(matches!(secret(31), Err(TargetError::ShortSecret { found: 31, least: 32 })));
        assert_eq!(format!("{:?}", secret(32).unwrap()), "Secret(..)");
    }
}
