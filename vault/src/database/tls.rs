//! TLS to a server: what is asked of it, in libpq's words and with libpq's meaning.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use ::postgres::config::SslMode;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::Source;
use super::{DatabaseError, Environment, Result};

/// `sslmode`, from the weakest to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// No TLS.
    Disable,
    /// TLS where the server has it, with whatever certificate.
    Prefer,
    /// TLS, with whatever certificate; with `sslrootcert`, one of that authority.
    Require,
    /// A certificate of a trusted authority, for whatever host.
    VerifyCa,
    /// A certificate of a trusted authority for the host that the URL names.
    VerifyFull,
}

impl FromStr for Mode {
    type Err = DatabaseError;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text {
            "disable" => Self::Disable,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => return Err(DatabaseError::SslMode),
        })
    }
}

/// What a URL says of TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// `sslmode`.
    pub mode: Option<Mode>,
    /// `sslrootcert`: certificates of the authorities to trust, in place of those that Mozilla trusts.
    pub roots: Option<PathBuf>,
}

impl Tls {
    /// Whoever names an authority wants it asked.
    pub fn check(&self) -> Result<()> {
        if self.roots.is_some() && self.mode.is_none_or(|mode| mode < Mode::Require) {
            return Err(DatabaseError::Url {
                why: "`sslrootcert` needs sslmode=verify-full (or verify-ca, or require) beside it",
            });
        }
        Ok(())
    }

    /// With what the environment says where the URL says nothing.
    pub fn with_defaults(&self, environment: Environment<'_>) -> Result<Settled> {
        let given = |name| environment(name).filter(|value| !value.is_empty());
        let mode = match (self.mode, given("PGSSLMODE")) {
            (Some(mode), _) => mode,
            (None, Some(mode)) => mode.parse()?,
            (None, None) => Mode::Prefer,
        };
        let roots = self.roots.clone().or_else(|| given("PGSSLROOTCERT").map(PathBuf::from));
        Ok(Settled { mode, roots: roots.filter(|_| mode >= Mode::Require) })
    }
}

/// What is asked of TLS, with defaults.
#[derive(Debug, PartialEq, Eq)]
pub struct Settled {
    mode: Mode,
    roots: Option<PathBuf>,
}

impl Settled {
    /// What the client has to know: the rest is the connector's.
    pub fn client_mode(&self) -> SslMode {
        match self.mode {
            Mode::Disable => SslMode::Disable,
            Mode::Prefer => SslMode::Prefer,
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => SslMode::Require,
        }
    }

    /// What makes the connections.
    pub fn connector(&self) -> Result<MakeRustlsConnect> {
        let provider = Arc::new(ring::default_provider());
        let algorithms = provider.signature_verification_algorithms;
        let lenient = |roots| Arc::new(Lenient { roots, algorithms });
        let builder = self.builder(&provider)?;
        let builder = match self.mode {
            Mode::VerifyFull => builder.with_root_certificates(self.trusted()?),
            Mode::VerifyCa => {
                builder.dangerous().with_custom_certificate_verifier(lenient(Some(self.trusted()?)))
            }
            Mode::Require if self.roots.is_some() => {
                builder.dangerous().with_custom_certificate_verifier(lenient(Some(self.trusted()?)))
            }
            Mode::Require | Mode::Prefer | Mode::Disable => {
                builder.dangerous().with_custom_certificate_verifier(lenient(None))
            }
        };
        Ok(MakeRustlsConnect::new(builder.with_no_client_auth()))
    }

    fn builder(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>> {
        ClientConfig::builder_with_provider(Arc::clone(provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| DatabaseError::TlsSetup(error.into()))
    }

    fn trusted(&self) -> Result<RootCertStore> {
        match &self.roots {
            None => Ok(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }),
            Some(path) => read_roots(path)
                .map_err(|source| DatabaseError::RootCertificates { path: path.clone(), source }),
        }
    }
}

fn read_roots(path: &Path) -> std::result::Result<RootCertStore, Source> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path)? {
        roots.add(certificate?)?;
    }
    if roots.is_empty() { Err("it holds no certificate".into()) } else { Ok(roots) }
}

/// Asks less of a certificate than the host's name: that one of `roots` signed it, or nothing at all.
#[derive(Debug)]
struct Lenient {
    roots: Option<RootCertStore>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            let certificate = ParsedCertificate::try_from(certificate)?;
            let algorithms = self.algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&certificate, roots, intermediates, now, algorithms)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        match &self.roots {
            Some(_) => rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.algorithms),
            // Who may show any certificate may show one whose key it has: the signature says nothing more.
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        match &self.roots {
            Some(_) => rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.algorithms),
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        match name {
            "PGSSLMODE" => Some("verify-ca".to_owned()),
            "PGSSLROOTCERT" => Some("env.pem".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn a_url_comes_before_the_environment() {
        let settled = |mode, roots: Option<&str>, environment: Environment<'_>| {
            let settled = Tls { mode, roots: roots.map(PathBuf::from) }.with_defaults(environment).unwrap();
            (settled.mode, settled.roots.map(|path| path.display().to_string()))
        };
        assert_eq!(settled(None, None, &|_| None), (Mode::Prefer, None));
        assert_eq!(settled(None, None, &environment), (Mode::VerifyCa, Some("env.pem".to_owned())));
        assert_eq!(settled(Some(Mode::Disable), None, &environment), (Mode::Disable, None));
        assert_eq!(
            settled(Some(Mode::VerifyFull), Some("url.pem"), &environment),
            (Mode::VerifyFull, Some("url.pem".to_owned()))
        );
        let wrong = Tls::default().with_defaults(&|_| Some("verify".to_owned())).unwrap_err();
        assert!(matches!(wrong, DatabaseError::SslMode), "{wrong}");
    }
}
