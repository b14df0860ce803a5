//! Proving keys on disk.
//!
//! A file is named by the digest of the verifying key that belongs to it, which covers circuit,
//! geometry, SRS and library: a stale file is never found. It is hashed before it is parsed, and used only if
//! the verifying key inside it is the verifier's. What remains on trust are the polynomials of the proving
//! key: a wrong one can only make proofs that do not verify, and the prover verifies each.

use std::error::Error;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use fairshare_circuits::compute_score::ComputeScoreCircuit;
use fairshare_circuits::data_score::DataScoreCircuit;
use fairshare_circuits::histogram::HistogramCircuit;
use fairshare_params::encoding::SCALAR_BYTES;
use fairshare_params::keys::{CircuitKind, KeyError, ProvingKey, VerifyingKey};
use fairshare_params::srs::Srs;
use halo2_proofs::SerdeFormat;
use halo2_proofs::plonk;
use halo2curves::bn256::G1Affine;
use sha2::{Digest as _, Sha256};

use crate::files::{self, Access, OpenError, ReadError};

const MAGIC: [u8; 8] = *b"FSPKEY\0\x01";
const HEADER_BYTES: usize = MAGIC.len() + 32;
/// Bytes of a length within the body.
const LENGTH_BYTES: usize = 4;

/// Why a kept key is of no use. It is built again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The operating system refused.
    #[error("the kept key cannot be read")]
    Read(#[source] io::Error),
    /// Another key's length.
    #[error("{found} bytes, but this proving key has {expected}")]
    Length {
        /// Bytes found; a file that grew while it was read may have more.
        found: u64,
        /// Bytes of the key.
        expected: u64,
    },
    /// No key, or not as it was written.
    #[error("not a proving key, or altered")]
    Altered,
    /// A key that is not the circuit's.
    #[error("of another circuit")]
    OtherCircuit,
    /// The library's reader refused it.
    #[error("the proving key cannot be parsed")]
    Parse(#[source] io::Error),
}

/// A folder of proving keys.
#[derive(Clone, Debug)]
pub struct KeyCache {
    folder: PathBuf,
}

impl KeyCache {
    /// A cache in `folder`, which is created when the first key is kept.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The proving key that belongs to `verifying`, which is of the same parameters: from the cache if it is
    /// there and right, else rebuilt and kept. A cache that cannot be written to costs time, not correctness,
    /// and is only warned about.
    pub fn proving_key(&self, srs: &Srs, verifying: VerifyingKey) -> Result<ProvingKey, KeyError> {
        let path = self.path(&verifying);
        match self.find(&verifying) {
            Ok(Some(key)) => return Ok(key),
            Ok(None) => {}
            Err(error) => {
                let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
                tracing::warn!("{}: {error}{cause}; building the key again", path.display());
            }
        }
        let key = ProvingKey::from_verifying(srs, verifying)?;
        if let Err(error) = self.keep(&path, &key) {
            tracing::warn!("{}: the key cannot be kept: {error}", path.display());
        }
        Ok(key)
    }

    /// The key kept for `verifying`, if one is; an error says why what is kept is of no use.
    pub fn find(&self, verifying: &VerifyingKey) -> Result<Option<ProvingKey>, KeyFileError> {
        load(&self.path(verifying), verifying)
    }

    /// Where the key for `verifying` is kept.
    pub fn path(&self, verifying: &VerifyingKey) -> PathBuf {
        let digest = verifying.digest().to_string();
        self.folder.join(format!("{}-{}.key", verifying.id(), &digest[2..18]))
    }

    fn keep(&self, path: &Path, key: &ProvingKey) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let body = key.key().to_bytes(SerdeFormat::RawBytesUnchecked);
        let mut file = files::begin(path)?;
        file.write_all(&MAGIC)?;
        file.write_all(&Sha256::digest(&body))?;
        file.write_all(&body)?;
        files::publish(file, path, Access::Public)
    }
}

/// The key in the file, if there is a file; an error says why the file is of no use.
fn load(path: &Path, verifying: &VerifyingKey) -> Result<Option<ProvingKey>, KeyFileError> {
    let expected = (HEADER_BYTES + body_bytes(verifying)) as u64;
    let file = match files::open(path) {
        Err(OpenError::Io(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(KeyFileError::Read(error.into())),
        Ok((_, found)) if found != expected => return Err(KeyFileError::Length { found, expected }),
        Ok((file, _)) => file,
    };
    read(file, expected, verifying).map(Some)
}

/// The key in a file of as many bytes as such a key has.
fn read(file: impl Read, expected: u64, verifying: &VerifyingKey) -> Result<ProvingKey, KeyFileError> {
    let bytes = files::read_bounded(file, expected).map_err(|error| match error {
        ReadError::Io(error) => KeyFileError::Read(error),
        ReadError::TooLong { found, .. } => KeyFileError::Length { found, expected },
    })?;
    let (header, body) = bytes.split_at_checked(HEADER_BYTES).ok_or(KeyFileError::Altered)?;
    let (magic, hash) = header.split_at(MAGIC.len());
    if magic != MAGIC || Sha256::digest(body).as_slice() != hash {
        return Err(KeyFileError::Altered);
    }
    if !has_layout(body, verifying) {
        return Err(KeyFileError::OtherCircuit);
    }
    let key = parse(body, verifying).map_err(KeyFileError::Parse)?;
    ProvingKey::from_parts(verifying.clone(), key).ok_or(KeyFileError::OtherCircuit)
}

/// Whether the body is this circuit's verifying key, then as many polynomials as its proving key has, each of
/// its length.
///
/// The library's reader trusts every length that it reads: it panics where bytes are missing and allocates
/// whatever a length asks for. The hash says nothing here: whoever wrote the body could hash it.
fn has_layout(body: &[u8], verifying: &VerifyingKey) -> bool {
    let cs = verifying.key().cs();
    let (fixed, permuted) = (verifying.key().fixed_commitments().len(), cs.permutation().get_columns().len());
    let rows = verifying.id().geometry.rows();
    let verifying = verifying.key().to_bytes(SerdeFormat::RawBytesUnchecked);
    let Some(mut rest) = body.strip_prefix(verifying.as_slice()) else { return false };
    let single = (0..3).all(|_| take_polynomial(&mut rest, rows));
    let lists = [fixed, fixed, permuted, permuted].into_iter().all(|count| {
        take_length(&mut rest) == Some(count) && (0..count).all(|_| take_polynomial(&mut rest, rows))
    });
    single && lists && rest.is_empty()
}

/// Bytes of a body with [`has_layout`].
fn body_bytes(verifying: &VerifyingKey) -> usize {
    let cs = verifying.key().cs();
    let (fixed, permuted) = (verifying.key().fixed_commitments().len(), cs.permutation().get_columns().len());
    let polynomial = LENGTH_BYTES + verifying.id().geometry.rows() * SCALAR_BYTES;
    let polynomials = 3 + 2 * fixed + 2 * permuted;
    verifying.key().to_bytes(SerdeFormat::RawBytesUnchecked).len()
        + polynomials * polynomial
        + 4 * LENGTH_BYTES
}

fn take_polynomial(rest: &mut &[u8], rows: usize) -> bool {
    let values = (take_length(rest) == Some(rows)).then(|| rest.split_at_checked(rows * SCALAR_BYTES));
    values.flatten().map(|(_, tail)| *rest = tail).is_some()
}

fn take_length(rest: &mut &[u8]) -> Option<usize> {
    let (length, tail) = rest.split_first_chunk()?;
    *rest = tail;
    usize::try_from(u32::from_be_bytes(*length)).ok()
}

fn parse(mut body: &[u8], verifying: &VerifyingKey) -> io::Result<plonk::ProvingKey<G1Affine>> {
    let format = SerdeFormat::RawBytesUnchecked;
    let geometry = verifying.id().geometry;
    let body = &mut body;
    match verifying.id().kind {
        CircuitKind::Histogram(width) => {
            plonk::ProvingKey::read::<_, HistogramCircuit>(body, format, geometry.segment(width))
        }
        CircuitKind::DataScore => plonk::ProvingKey::read::<_, DataScoreCircuit>(body, format, geometry),
        CircuitKind::ComputeScore => {
            plonk::ProvingKey::read::<_, ComputeScoreCircuit>(body, format, geometry)
        }
    }
}

#[cfg(test)]
mod tests {
    use fairshare_params::Geometry;
    use fairshare_pinned::counting::reads_once;

    use super::*;

    #[test]
    fn a_key_is_read_once() {
        let srs = Srs::insecure(Geometry::COMPACT);
        let key = ProvingKey::build(&srs, CircuitKind::DataScore).expect("a key");
        let body = key.key().to_bytes(SerdeFormat::RawBytesUnchecked);
        let bytes = [MAGIC.as_slice(), &Sha256::digest(&body), &body].concat();
        let read = reads_once(&bytes, |file| read(file, bytes.len() as u64, key.verifying()));
        assert!(read.expect("a key").key().to_bytes(SerdeFormat::RawBytesUnchecked) == body);
    }
}
