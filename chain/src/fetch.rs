//! Fetching the archive of a posted root: a file of so many bytes at most, of the hash that was posted.
//!
//! The place is the operator's word, and whoever follows a vault asks whatever it says. So it is asked
//! without redirects, and not on this machine or in its private networks, unless that is allowed: a vault's
//! operator could otherwise have requests made where nobody outside can.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::Keccak256;
use fairshare_params::encoding::Digest;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Response, Url};
use tokio::runtime::{Builder, Runtime};

use crate::error::ChainError;
use crate::http;

/// How long an archive may take in all: a server that gives it byte by byte must not hide the next root until
/// its window, an hour at least, is over.
const TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// How long a server may be silent.
const SILENCE: Duration = Duration::from_secs(60);

/// Why an archive is not to be had. It says nothing about the root: the fault may be on the way.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unavailable {
    /// Not a place that is asked here.
    #[error(
        "its place is not an http:// or https:// URL without a password; fetch it yourself, and put it into \
         the folder of --archives as `{file}`"
    )]
    Place {
        /// The name that it needs.
        file: String,
    },
    /// On this machine or in its networks.
    #[error("its place is in a private network or on this machine; --private-archives allows that")]
    Private,
    /// The server has no such file.
    #[error("the server answers with status {status}")]
    Status {
        /// The status.
        status: u16,
    },
    /// Too long.
    #[error("it has more than {bound} bytes; --max-archive allows more")]
    TooLong {
        /// The bound.
        bound: u64,
    },
    /// Other bytes than were posted.
    #[error(
        "what is there has the hash {found}, and the archive was posted with {posted}: these are other bytes"
    )]
    OtherBytes {
        /// Of what was found.
        found: Digest,
        /// Of the archive.
        posted: Digest,
    },
    /// The server does not answer.
    #[error("it cannot be fetched: {reason}")]
    Fetch {
        /// Why not.
        reason: String,
    },
    /// The file that it is written to, or read from.
    #[error("it cannot be kept in a file")]
    Io(#[from] io::Error),
}

/// The name of an archive's file in a folder of archives.
pub fn file_name(hash: &Digest) -> String {
    format!("{hash}.tar")
}

/// Checks the bytes of a file against the hash that was posted.
pub fn check(mut file: impl Read, posted: &Digest) -> Result<(), Unavailable> {
    let found = hash_of(&mut file)?;
    if found == *posted { Ok(()) } else { Err(Unavailable::OtherBytes { found, posted: *posted }) }
}

/// Keccak-256 of all bytes.
pub fn hash_of(mut file: impl Read) -> io::Result<Digest> {
    let (mut hasher, mut buffer) = (Keccak256::new(), vec![0; 64 << 10]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(Digest(hasher.finalize().0)),
            read => hasher.update(buffer.get(..read).unwrap_or_default()),
        }
    }
}

/// Fetches archives.
pub struct Fetcher {
    runtime: Runtime,
    client: Client,
    bound: u64,
    is_private_allowed: bool,
}

impl Fetcher {
    /// One that takes so many bytes at most.
    pub fn new(bound: u64, is_private_allowed: bool) -> Result<Self, ChainError> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(ChainError::Runtime)?;
        let mut builder = http::builder()?.timeout(TIMEOUT).read_timeout(SILENCE).no_proxy();
        if !is_private_allowed {
            builder = builder.dns_resolver(Arc::new(Public));
        }
        let client = builder.build().map_err(|source| ChainError::Tls { reason: source.to_string() })?;
        Ok(Self { runtime, client, bound, is_private_allowed })
    }

    /// Writes the archive that a place has into a file, if it is the one that was posted.
    pub fn fetch(&self, place: &str, posted: &Digest, to: impl Write) -> Result<(), Unavailable> {
        let url = self.url(place, posted)?;
        self.runtime.block_on(self.download(url, posted, to))
    }

    fn url(&self, place: &str, posted: &Digest) -> Result<Url, Unavailable> {
        let elsewhere = || Unavailable::Place { file: file_name(posted) };
        let url = Url::parse(place).map_err(|_| elsewhere())?;
        let has_password = !url.username().is_empty() || url.password().is_some();
        if !matches!(url.scheme(), "http" | "https") || has_password {
            return Err(elsewhere());
        }
        // A name is looked up by the client, and its addresses are looked at there.
        let literal = url.host_str().unwrap_or_default().trim_matches(['[', ']']).parse::<IpAddr>();
        match literal {
            Ok(address) if !self.is_private_allowed && !is_public(address) => Err(Unavailable::Private),
            _ => Ok(url),
        }
    }

    async fn download(&self, url: Url, posted: &Digest, mut to: impl Write) -> Result<(), Unavailable> {
        let mut response = self.client.get(url).send().await.map_err(failed)?;
        let status = response.status();
        if status != reqwest::StatusCode::OK {
            return Err(Unavailable::Status { status: status.as_u16() });
        }
        let bound = self.bound;
        if response.content_length().is_some_and(|length| length > bound) {
            return Err(Unavailable::TooLong { bound });
        }
        let (mut hasher, mut length) = (Keccak256::new(), 0u64);
        while let Some(chunk) = next(&mut response).await? {
            length = length.saturating_add(chunk.len() as u64);
            if length > bound {
                return Err(Unavailable::TooLong { bound });
            }
            hasher.update(&chunk);
            to.write_all(&chunk)?;
        }
        to.flush()?;
        let found = Digest(hasher.finalize().0);
        if found == *posted { Ok(()) } else { Err(Unavailable::OtherBytes { found, posted: *posted }) }
    }
}

async fn next(
    response: &mut Response,
) -> Result<Option<impl AsRef<[u8]> + std::ops::Deref<Target = [u8]>>, Unavailable> {
    response.chunk().await.map_err(failed)
}

fn failed(error: reqwest::Error) -> Unavailable {
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        if source.is::<PrivateHost>() {
            return Unavailable::Private;
        }
        cause = source;
    }
    Unavailable::Fetch { reason: http::in_one_line(&error) }
}

/// A host of which no address is public.
#[derive(Debug, thiserror::Error)]
#[error("no address of this host is public")]
struct PrivateHost;

/// Looks names up, and gives only addresses that are public.
struct Public;

impl Resolve for Public {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(PrivateHost.into());
            }
            let addresses: Addrs = Box::new(public.into_iter());
            Ok(addresses)
        })
    }
}

/// Whether an address is one of the Internet's, as the registries of special addresses have it
/// (RFC 6890 and its successors).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || first == 0
        || first >= 240
        || (first == 100 && (64..128).contains(&second))
        || (first, second, third) == (192, 0, 0)
        || (first == 198 && (18..20).contains(&second));
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    // 2000::/3 is what is assigned; of it, tunnels lead to addresses of IPv4, and 2001:db8::/32 is for
    // documents.
    let is_tunnel = first == 0x2002 || (first, second) == (0x2001, 0);
    first & 0xe000 == 0x2000 && !is_tunnel && (first, second) != (0x2001, 0xdb8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_not_of_the_internet_are_told() {
        for (address, public) in [
            ("1.1.1.1", true),
            ("192.0.1.1", true),
            ("100.128.0.1", true),
            ("127.0.0.1", false),
            ("0.0.0.0", false),
            ("10.0.0.1", false),
            ("172.16.0.1", false),
            ("192.168.1.1", false),
            ("100.64.0.1", false),
            ("169.254.169.254", false),
            ("192.0.0.8", false),
            ("198.19.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("2606:4700::1111", true),
            ("::1", false),
            ("::", false),
            ("fc00::1", false),
            ("fe80::1", false),
            ("ff02::1", false),
            ("::ffff:10.0.0.1", false),
            ("::ffff:1.1.1.1", true),
            ("64:ff9b::a00:1", false),
            ("2002:a00:1::", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }

    #[test]
    fn a_place_has_to_be_a_url_that_may_be_asked() {
        let public = Fetcher::new(1 << 20, false).unwrap();
        let any = Fetcher::new(1 << 20, true).unwrap();
        let hash = Digest([7; 32]);
        for place in
            ["", "vault.tar", "/etc/passwd", "file:///etc/passwd", "ipfs://x", "https://a:b@c.example/"]
        {
            for fetcher in [&public, &any] {
                let error = fetcher.url(place, &hash).unwrap_err();
                assert!(matches!(error, Unavailable::Place { .. }), "{place}: {error}");
            }
        }
        for place in ["http://127.0.0.1/x", "http://[::1]:8000/x", "http://0x7f.1/", "http://2130706433/"] {
            assert!(matches!(public.url(place, &hash), Err(Unavailable::Private)), "{place}");
            assert!(any.url(place, &hash).is_ok(), "{place}");
        }
        assert!(public.url("https://archives.example/vault.tar", &hash).is_ok());
    }

    #[test]
    fn a_name_of_this_machine_is_not_asked() {
        let public = Fetcher::new(1 << 20, false).unwrap();
        let error = public.fetch("http://localhost:9/x", &Digest([7; 32]), io::sink()).unwrap_err();
        assert!(matches!(error, Unavailable::Private), "{error}");
    }

    #[test]
    fn bytes_are_held_to_the_hash() {
        let hash = hash_of(&b""[..]).unwrap();
        assert!(hash.to_string().starts_with("0xc5d2460186f7233c"), "Keccak-256, not SHA3-256");
        assert!(check(&b""[..], &hash).is_ok());
        assert!(matches!(check(&b"x"[..], &hash), Err(Unavailable::OtherBytes { .. })));
    }
}
