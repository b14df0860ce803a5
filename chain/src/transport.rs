//! JSON-RPC over HTTP, as alloy's clients ask it, with a bound on what a node may answer.
//!
//! Nothing of it is logged: the URL may have a secret in it.

use std::task::{Context, Poll};

use alloy_json_rpc::{RequestPacket, ResponsePacket};
use alloy_transport::{TransportError, TransportErrorKind, TransportFut};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Url};
use tower::Service;

/// Longest answer, in bytes: the logs of 10,000 blocks are as long where every block is full of them.
const MAX_ANSWER: usize = 256 << 20;
/// As much of an answer that is no JSON is told.
const MAX_SHOWN: usize = 300;

/// An answer that is not held.
#[derive(Debug, thiserror::Error)]
#[error("its answer has more than {MAX_ANSWER} bytes")]
pub(crate) struct TooLong;

/// The transport.
#[derive(Clone)]
pub(crate) struct Bounded {
    client: Client,
    url: Url,
}

impl Bounded {
    /// To the node at this URL.
    pub(crate) fn new(client: Client, url: Url) -> Self {
        Self { client, url }
    }

    async fn ask(self, request: RequestPacket) -> Result<ResponsePacket, TransportError> {
        let body = serde_json::to_vec(&request).map_err(TransportError::ser_err)?;
        let request = self.client.post(self.url).header(CONTENT_TYPE, "application/json").body(body);
        let mut response = request.send().await.map_err(TransportErrorKind::custom)?;
        let (status, mut found) = (response.status(), Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(TransportErrorKind::custom)? {
            if chunk.len() > MAX_ANSWER.saturating_sub(found.len()) {
                return Err(TransportErrorKind::custom(TooLong));
            }
            found.extend_from_slice(&chunk);
        }
        let shown = || String::from_utf8_lossy(found.get(..MAX_SHOWN).unwrap_or(&found)).into_owned();
        match serde_json::from_slice(&found) {
            Ok(answer) => Ok(answer),
            // What is refused for its number is asked again after a while, by its status.
            Err(_) if !status.is_success() => Err(TransportErrorKind::http_error(status.as_u16(), shown())),
            Err(error) => Err(TransportError::deser_err(error, shown())),
        }
    }
}

impl Service<RequestPacket> for Bounded {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: RequestPacket) -> Self::Future {
        Box::pin(self.clone().ask(request))
    }
}
