//! What all clients of HTTP here have in common: TLS by the roots that Mozilla trusts, and no redirects.

use reqwest::{ClientBuilder, redirect};

use crate::error::{ChainError, Result};

/// A client that is still to be told how long it may take.
pub fn builder() -> Result<ClientBuilder> {
    let roots = rustls::RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|source| ChainError::Tls { reason: source.to_string() })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(reqwest::Client::builder().tls_backend_preconfigured(tls).redirect(redirect::Policy::none()))
}

/// An error with its causes, in one line.
pub fn in_one_line(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}
