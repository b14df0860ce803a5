//! What a contributor gives the registry, as JSON: a request, what wrapping an upload said, and a
//! registration with its signature.

mod recorded;
mod signature;
mod signed;

use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::registration::Registration;
use fairshare_params::registry::{
    Domain, Evidence, MAX_UPLOAD_BYTES, Request, RequestError, Unsigned, UnsignedError, path_nodes,
};
use serde::de::{DeserializeOwned, Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::eip55::{self, checksummed};
use crate::excerpt::excerpt;
use crate::json::{self, JsonError};

pub use recorded::{MAX_SIGNATURE_BYTES, RecordedError, RecordedRegistration};
pub use signature::{SIGNATURE_BYTES, Signature, SignatureError, address_of};
pub use signed::{SignedError, SignedRegistration};

/// The version of all these files.
pub const REGISTRY_VERSION: u32 = 2;
/// Longest request or signed registration, in bytes: enough for 900,000 segments.
pub const MAX_REQUEST_BYTES: usize = 64 << 20;
/// Longest description of an upload, in bytes.
pub const MAX_UPLOAD_FILE_BYTES: usize = 64 << 10;

/// Why one of these files is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryFileError {
    /// Longer than is read; nothing of it was parsed.
    #[error("the file has {found} bytes; at most {bound} are read; is this another file?")]
    TooLarge {
        /// Its length.
        found: usize,
        /// The most that is read.
        bound: usize,
    },
    /// Not the JSON that it should be.
    #[error("this is not {what}")]
    Json {
        /// What it should be.
        what: &'static str,
        /// What was wrong, with line and column.
        source: JsonError,
    },
    /// Of another version.
    #[error(
        "`version` is {found}, not {REGISTRY_VERSION}; give {what}, not a `registration.json` of version 1"
    )]
    Version {
        /// The version found.
        found: u64,
        /// What it should be.
        what: &'static str,
    },
    /// The request is refused.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Longer or shorter than any upload.
    #[error("`byte_length`: an upload has 257 to {MAX_UPLOAD_BYTES} bytes, not {found}; wrap it again")]
    Length {
        /// The length found.
        found: u64,
    },
    /// A length and a path that are not of one file.
    #[error(
        "`path` has {found} nodes, but that of a file of {bytes} bytes has {expected}; one of them was \
         altered, so wrap the upload again"
    )]
    Nodes {
        /// How many were found.
        found: usize,
        /// The file's length.
        bytes: u64,
        /// How many it has.
        expected: u32,
    },
    /// What is signed is refused.
    #[error(transparent)]
    Unsigned(#[from] UnsignedError),
    /// The signature is refused.
    #[error(transparent)]
    Signed(#[from] SignedError),
    /// What a contract has recorded is refused.
    #[error(transparent)]
    Recorded(#[from] RecordedError),
}

type Result<T> = std::result::Result<T, RegistryFileError>;

/// An upload as `fairshare upload wrap` describes it: evidence without the transaction, which comes later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The digest that its first chunk names.
    pub digest: Digest,
    /// Root of the file as stored.
    pub storage_root: Digest,
    /// Its length in bytes.
    pub byte_length: u64,
    /// The siblings of its first chunk, from the lowest to the highest.
    pub path: Vec<Digest>,
}

impl Upload {
    /// Evidence, once the upload's transaction is known.
    pub fn into_evidence(self, transaction_hash: Digest) -> Evidence {
        let Self { storage_root, byte_length, path, .. } = self;
        Evidence { storage_root, byte_length, path, transaction_hash }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestFile {
    version: u32,
    contributor: Spelled,
    #[serde(deserialize_with = "geometry", serialize_with = "geometry_name")]
    geometry: Geometry,
    schema_hash: Digest,
    records: u32,
    segments: Vec<Digest>,
    digest: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UploadFile {
    version: u32,
    digest: Digest,
    storage_root: Digest,
    byte_length: u64,
    path: Vec<Digest>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EvidenceFile {
    storage_root: Digest,
    byte_length: u64,
    path: Vec<Digest>,
    transaction_hash: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedFile<S> {
    version: u32,
    chain_id: u64,
    registry: Spelled,
    vault: Spelled,
    last_round: u64,
    contributor: Spelled,
    #[serde(deserialize_with = "geometry", serialize_with = "geometry_name")]
    geometry: Geometry,
    schema_hash: Digest,
    records: u32,
    segments: Vec<Digest>,
    digest: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    evidence: Option<EvidenceFile>,
    signature: S,
}

/// An address as it is written.
struct Spelled(Address);

/// A request as `request.json` has it.
pub fn request_to_json(request: &Request) -> String {
    pretty(&RequestFile {
        version: REGISTRY_VERSION,
        contributor: Spelled(*request.contributor()),
        geometry: request.geometry(),
        schema_hash: *request.schema_hash(),
        records: request.records(),
        segments: request.segments().to_vec(),
        digest: *request.digest(),
    })
}

/// Reads a request, and checks its digest.
pub fn request_from_json(bytes: &[u8]) -> Result<Request> {
    request_of(bytes, "a request, which `fairshare commit data` writes as `request.json`")
}

fn request_of(bytes: &[u8], what: &'static str) -> Result<Request> {
    let file: RequestFile = read(bytes, MAX_REQUEST_BYTES, what)?;
    let RequestFile { contributor, geometry, schema_hash, records, segments, digest, .. } = file;
    Ok(Request::new(contributor.0, geometry, schema_hash, records, segments)?.with_digest(digest)?)
}

/// Reads what a proof is about from a request or from a signed registration, and checks either as
/// [`request_from_json`] and [`signed_from_json`] do.
pub fn registration_from_json(bytes: &[u8]) -> Result<Registration> {
    #[derive(Deserialize)]
    struct Kind {
        signature: Option<IgnoredAny>,
    }
    let what = "a request, which `fairshare commit data` writes as `request.json`, or a signed registration, \
                which `fairshare register sign` writes";
    let Kind { signature } = read(bytes, MAX_REQUEST_BYTES, what)?;
    Ok(match signature {
        None => Registration::from(&request_of(bytes, what)?),
        Some(_) => Registration::from(signed_of(bytes, what)?.unsigned().request()),
    })
}

/// The description of a wrapped upload.
pub fn upload_to_json(upload: &Upload) -> String {
    let Upload { digest, storage_root, byte_length, path } = upload.clone();
    pretty(&UploadFile { version: REGISTRY_VERSION, digest, storage_root, byte_length, path })
}

/// Reads the description of a wrapped upload, and checks that length and path are of one file.
pub fn upload_from_json(bytes: &[u8]) -> Result<Upload> {
    let what = "the description of an upload, which `fairshare upload wrap` writes beside it";
    let file: UploadFile = read(bytes, MAX_UPLOAD_FILE_BYTES, what)?;
    let UploadFile { digest, storage_root, byte_length, path, .. } = file;
    if !(257..=MAX_UPLOAD_BYTES).contains(&byte_length) {
        return Err(RegistryFileError::Length { found: byte_length });
    }
    let (found, expected) = (path.len(), path_nodes(byte_length));
    if u32::try_from(found) != Ok(expected) {
        return Err(RegistryFileError::Nodes { found, bytes: byte_length, expected });
    }
    Ok(Upload { digest, storage_root, byte_length, path })
}

/// A registration with its signature.
pub fn signed_to_json(signed: &SignedRegistration) -> String {
    pretty(&file_of(signed.unsigned(), *signed.signature()))
}

fn file_of<S>(unsigned: &Unsigned, signature: S) -> SignedFile<S> {
    let request = unsigned.request();
    SignedFile {
        version: REGISTRY_VERSION,
        chain_id: unsigned.domain().chain_id,
        registry: Spelled(unsigned.domain().registry),
        vault: Spelled(*unsigned.vault()),
        last_round: unsigned.last_round(),
        contributor: Spelled(*request.contributor()),
        geometry: request.geometry(),
        schema_hash: *request.schema_hash(),
        records: request.records(),
        segments: request.segments().to_vec(),
        digest: *request.digest(),
        evidence: unsigned.evidence().cloned().map(
            |Evidence { storage_root, byte_length, path, transaction_hash }| EvidenceFile {
                storage_root,
                byte_length,
                path,
                transaction_hash,
            },
        ),
        signature,
    }
}

/// Reads a registration, and checks its digest, its evidence and whose signature it has. Where it counts is
/// for [`Unsigned::check`] to say.
pub fn signed_from_json(bytes: &[u8]) -> Result<SignedRegistration> {
    signed_of(bytes, "a signed registration, which `fairshare register sign` writes")
}

fn signed_of(bytes: &[u8], what: &'static str) -> Result<SignedRegistration> {
    let (unsigned, signature) = read_file(bytes, what)?;
    Ok(SignedRegistration::new(unsigned, signature)?)
}

/// A registration as a ledger keeps it that follows a contract's.
pub fn recorded_to_json(recorded: &RecordedRegistration) -> String {
    pretty(&file_of(recorded.unsigned(), recorded::Hex(recorded.signature().to_vec())))
}

/// Reads a registration that a contract has recorded, and checks its digest and its evidence. Whether it was
/// its contributor who signed or sent it is the contract's word.
pub fn recorded_from_json(bytes: &[u8]) -> Result<RecordedRegistration> {
    let (unsigned, signature) = read_file::<recorded::Hex>(bytes, "a registration that a contract recorded")?;
    Ok(RecordedRegistration::new(unsigned, signature.0)?)
}

fn read_file<S: DeserializeOwned>(bytes: &[u8], what: &'static str) -> Result<(Unsigned, S)> {
    let file: SignedFile<S> = read(bytes, MAX_REQUEST_BYTES, what)?;
    let request =
        Request::new(file.contributor.0, file.geometry, file.schema_hash, file.records, file.segments)?
            .with_digest(file.digest)?;
    let evidence = file.evidence.map(|EvidenceFile { storage_root, byte_length, path, transaction_hash }| {
        Evidence { storage_root, byte_length, path, transaction_hash }
    });
    let domain = Domain { chain_id: file.chain_id, registry: file.registry.0 };
    let unsigned = Unsigned::new(request, evidence, domain, file.vault.0, file.last_round)?;
    Ok((unsigned, file.signature))
}

/// The version first: another one has other fields.
fn read<T: DeserializeOwned>(bytes: &[u8], bound: usize, what: &'static str) -> Result<T> {
    #[derive(Deserialize)]
    struct Version {
        version: u64,
    }
    if bytes.len() > bound {
        return Err(RegistryFileError::TooLarge { found: bytes.len(), bound });
    }
    let wrong = |source| RegistryFileError::Json { what, source };
    let Version { version } = json::from_slice(bytes).map_err(wrong)?;
    if version != u64::from(REGISTRY_VERSION) {
        return Err(RegistryFileError::Version { found: version, what });
    }
    json::from_slice(bytes).map_err(wrong)
}

/// Two spaces a level, a newline at the end. A value that cannot be written would be a defect in this file:
/// every key is a text, and no value fails.
fn pretty(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

impl Serialize for Spelled {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        checksummed(&self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Spelled {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        eip55::parse(&text).map(Self).map_err(D::Error::custom)
    }
}

fn geometry<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Geometry, D::Error> {
    let name = String::deserialize(deserializer)?;
    Geometry::from_name(&name).ok_or_else(|| {
        let shown = excerpt(&name);
        D::Error::custom(format_args!("`{shown}` is not the name of a geometry"))
    })
}

fn geometry_name<S: Serializer>(geometry: &Geometry, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(geometry.name())
}
