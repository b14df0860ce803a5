//! Records that are read where they are, on their way to who commits to them.
//!
//! ```text
//! magic "FSRECS" · version u16 · schema 32 · range 16 · batch u32 · last u8 · records u32
//!     · encapsulated key 32 · ciphertext · tag 16
//! ```
//!
//! What is encrypted are the records' symbols, `u16` each. Whoever commits to data that is spread over
//! machines makes a [`RecordsKey`]; each machine reads a range of records and seals it, batch by batch
//! ([`SealedRecords`]); the batches, in the order of the records, are committed to as if they had been read
//! there ([`Opened`]).
//!
//! **Whose word it is.** Anybody can seal to the key, and whoever reads records can read others: a reader's
//! word is taken for what its range holds, as the contributor's own is. What opens is a record under the
//! committer's schema all the same, each symbol one of its feature's. A range has a name, random unless who
//! asks for it has given one, and its batches have numbers: none of them is taken twice, left out or out of
//! its order, and no range is taken twice. That every range comes, and in what order, is for the engine that
//! carries them.

use std::collections::HashSet;

use fairshare_ingest::{BATCH_RECORDS, Data, IngestError, Records};
use fairshare_params::encoding::Digest;
use fairshare_params::schema::Schema;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::SYMBOL_BYTES;
use super::envelope::{self, EnvelopeError, KeyPair, WorkerKey, sealed_bytes};
use crate::commit::{Lost, SourceError, SymbolSource};
use crate::secret::fresh_seed;

const MAGIC: [u8; 6] = *b"FSRECS";
const VERSION: u16 = 1;
/// Bytes of a range's name.
pub const RANGE_BYTES: usize = 16;
const HEADER_BYTES: usize = 6 + 2 + 32 + RANGE_BYTES + 4 + 1 + 4;
/// Of the protocol's version, and of this use alone.
const CONTEXT: &[u8] = b"fairshare/v2/records";

/// The most records that are sealed together.
pub const SEALED_RECORDS: usize = 8 * BATCH_RECORDS;

/// Why a batch of sealed records was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealedRecordsError {
    /// Not bytes that records are sealed into.
    #[error("not sealed records, or those of another version: use the same version on all machines")]
    Format,
    /// Read under another schema.
    #[error("its records were read under schema {found}, and the policy has {expected}")]
    OtherSchema {
        /// What they were read under.
        found: Digest,
        /// The policy's.
        expected: Digest,
    },
    /// More records than are sealed together, or none.
    #[error("it says that it has {found} records, and 1 to {SEALED_RECORDS} are sealed together")]
    Records {
        /// How many it says.
        found: u32,
    },
    /// More or fewer bytes than it says.
    #[error("it has {found} bytes, and its header says {expected}: it was cut short, or added to")]
    Length {
        /// Bytes that there are.
        found: usize,
        /// Bytes of a batch with such a header.
        expected: usize,
    },
    /// Not the batch that comes next in its range.
    #[error(
        "it is batch {found} of its range, and batch {expected} comes next: batches of a range are to be \
         given one after the other, each once"
    )]
    Order {
        /// Its number within its range, from 0.
        found: u32,
        /// The one that comes next.
        expected: u32,
    },
    /// Of another range than the one that is not at its end.
    #[error(
        "it is of another range, and batch {expected} of the one before comes next: give the batches of a \
         range one after the other"
    )]
    Between {
        /// The one that comes next.
        expected: u32,
    },
    /// A range that was taken before.
    #[error("its range was taken before: give each range once")]
    Repeated,
    /// No batch follows, and the last range is not at its end.
    #[error("it does not come: the last range ends with batch {last}, which is not its last one")]
    Unfinished {
        /// The last that came.
        last: u32,
    },
    /// It does not open.
    #[error("it does not open: it was sealed to another key, or altered; have its records read again")]
    Opening,
    /// A number where no bin of its feature is.
    #[error("record {record} of it is no record of this schema: whoever sealed it did not follow the format")]
    Content {
        /// Its number within the batch, from 0.
        record: usize,
    },
}

/// A batch of sealed records was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("batch {batch} of them is refused")]
pub struct SealedBatchError {
    /// Its number among all that came, from 0.
    pub batch: u64,
    /// Why.
    pub source: SealedRecordsError,
}

/// What records are sealed to, and the only key that opens them: made by who commits to them, and kept in
/// memory.
pub struct RecordsKey(KeyPair);

/// All that is secret in it is overwritten.
impl ZeroizeOnDrop for RecordsKey {}

impl std::fmt::Debug for RecordsKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RecordsKey({:?}, redacted)", self.public().to_bytes())
    }
}

impl RecordsKey {
    /// A key that nobody has used.
    pub fn fresh() -> Result<Self, EnvelopeError> {
        Ok(Self(KeyPair::fresh()?))
    }

    /// What records are to be sealed to.
    pub fn public(&self) -> &WorkerKey {
        self.0.public()
    }

    /// The symbols of a sealed batch, which may be anybody's bytes, with its place.
    fn open(&self, schema: &Schema, sealed: &[u8]) -> Result<(Place, Symbols), SealedRecordsError> {
        let (bytes, rest) = sealed.split_first_chunk::<HEADER_BYTES>().ok_or(SealedRecordsError::Format)?;
        let header = Header::read(bytes).ok_or(SealedRecordsError::Format)?;
        let (found, expected) = (header.schema, schema.hash());
        if found != expected {
            return Err(SealedRecordsError::OtherSchema { found, expected });
        }
        let records = usize::try_from(header.records).ok();
        let records = records.filter(|records| (1..=SEALED_RECORDS).contains(records));
        let records = records.ok_or(SealedRecordsError::Records { found: header.records })?;
        let expected = HEADER_BYTES + sealed_bytes(records * schema.len() * SYMBOL_BYTES);
        if sealed.len() != expected {
            return Err(SealedRecordsError::Length { found: sealed.len(), expected });
        }
        let opened = self.0.open(CONTEXT, bytes, rest).ok_or(SealedRecordsError::Opening)?;
        let (symbols, _) = opened.as_chunks::<SYMBOL_BYTES>();
        let symbols: Symbols = Zeroizing::new(symbols.iter().copied().map(u16::from_be_bytes).collect());
        let places: Vec<_> = (0..schema.len()).map(|feature| schema.symbols(feature)).collect();
        let fits = |record: &[u16]| {
            record.iter().zip(&places).all(|(symbol, place)| place.contains(&usize::from(*symbol)))
        };
        match symbols.chunks(schema.len()).position(|record| !fits(record)) {
            Some(record) => Err(SealedRecordsError::Content { record }),
            None => Ok((header.place, symbols)),
        }
    }
}

type Symbols = Zeroizing<Vec<u16>>;

/// Where a batch belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    range: [u8; RANGE_BYTES],
    batch: u32,
    is_last: bool,
}

/// What stands before the ciphertext.
struct Header {
    schema: Digest,
    place: Place,
    records: u32,
}

impl Header {
    fn to_bytes(&self) -> Vec<u8> {
        let Place { range, batch, is_last } = self.place;
        let parts: [&[u8]; 7] = [
            &MAGIC,
            &VERSION.to_be_bytes(),
            &self.schema.0,
            &range,
            &batch.to_be_bytes(),
            &[u8::from(is_last)],
            &self.records.to_be_bytes(),
        ];
        parts.concat()
    }

    fn read(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let (magic, bytes) = bytes.split_first_chunk::<6>()?;
        let (version, bytes) = bytes.split_first_chunk::<2>()?;
        let (schema, bytes) = bytes.split_first_chunk::<32>()?;
        let (range, bytes) = bytes.split_first_chunk::<RANGE_BYTES>()?;
        let (batch, bytes) = bytes.split_first_chunk::<4>()?;
        let (last, records) = bytes.split_first()?;
        let is_ours = *magic == MAGIC && u16::from_be_bytes(*version) == VERSION && *last <= 1;
        let place = Place { range: *range, batch: u32::from_be_bytes(*batch), is_last: *last == 1 };
        let records = u32::from_be_bytes(records.try_into().ok()?);
        is_ours.then_some(Self { schema: Digest(*schema), place, records })
    }
}

/// Why records were not sealed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealRecordsError {
    /// They cannot be read.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// They cannot be sealed.
    #[error(transparent)]
    Seal(#[from] EnvelopeError),
}

/// The records of some files or tables, one range, read here and sealed batch by batch to who commits to
/// them. Memory does not grow with the data.
pub struct SealedRecords {
    records: Records,
    schema: Digest,
    to: WorkerKey,
    place: Place,
    /// What was read and is not sealed yet: whether a batch is the last is known when the next was read.
    ahead: Option<Symbols>,
    is_over: bool,
}

impl std::fmt::Debug for SealedRecords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedRecords({} records read, redacted)", self.records_read())
    }
}

impl SealedRecords {
    /// Opens the files or tables, as [`Records::open`] does.
    pub fn open<'a>(
        data: impl Into<Data<'a>>,
        schema: &Schema,
        to: &WorkerKey,
    ) -> Result<Self, SealRecordsError> {
        let records = Records::open(data, schema)?;
        let drawn = fresh_seed().map_err(EnvelopeError::Randomness)?;
        let range = std::array::from_fn(|byte| drawn[byte]);
        let place = Place { range, batch: 0, is_last: false };
        let (schema, to) = (schema.hash(), to.clone());
        Ok(Self { records, schema, to, place, ahead: None, is_over: false })
    }

    /// The same with a name that who asks for the range has given it: a reader that is begun again, in the
    /// place of one that died, goes on where that one stopped, if its records are the same.
    pub fn named(self, range: [u8; RANGE_BYTES]) -> Self {
        Self { place: Place { range, ..self.place }, ..self }
    }

    /// How many records were read.
    pub fn records_read(&self) -> u64 {
        self.records.records_read()
    }

    /// The next records; none at the end.
    fn read(&mut self) -> Result<Option<Symbols>, IngestError> {
        let features = self.records.features();
        // All the room that is ever needed: growing would leave copies of symbols behind.
        let mut symbols = Zeroizing::new(Vec::with_capacity(SEALED_RECORDS * features));
        while !self.is_over && symbols.len() + BATCH_RECORDS * features <= SEALED_RECORDS * features {
            self.is_over = self.records.next_batch(&mut symbols)? == 0;
        }
        Ok(Some(symbols).filter(|symbols| !symbols.is_empty()))
    }

    fn seal_next(&mut self) -> Result<Option<Vec<u8>>, SealRecordsError> {
        let symbols = match self.ahead.take() {
            Some(symbols) => symbols,
            None => match self.read()? {
                Some(symbols) => symbols,
                None => return Ok(None),
            },
        };
        self.ahead = self.read()?;
        let place = Place { is_last: self.ahead.is_none(), ..self.place };
        // Both far below 2^32.
        let records = (symbols.len() / self.records.features()) as u32;
        self.place.batch += 1;
        let header = Header { schema: self.schema, place, records }.to_bytes();
        let mut bytes = Zeroizing::new(Vec::with_capacity(symbols.len() * SYMBOL_BYTES));
        symbols.iter().for_each(|symbol| bytes.extend(symbol.to_be_bytes()));
        Ok(Some(envelope::seal(CONTEXT, &header, bytes, &self.to)?))
    }
}

/// Batches, each of 1 to [`SEALED_RECORDS`] records. After an error there are no more.
impl Iterator for SealedRecords {
    type Item = Result<Vec<u8>, SealRecordsError>;

    fn next(&mut self) -> Option<Self::Item> {
        let sealed = self.seal_next();
        if sealed.is_err() {
            (self.is_over, self.ahead) = (true, None);
        }
        sealed.transpose()
    }
}

/// Sealed batches, opened one by one to be committed to: see [`commit_symbols`](crate::commit_symbols).
pub struct Opened<'a, I> {
    key: &'a RecordsKey,
    schema: &'a Schema,
    batches: I,
    taken: u64,
    records: u64,
    /// The last batch's place, and every range that began.
    last: Option<Place>,
    ranges: HashSet<[u8; RANGE_BYTES]>,
}

impl<I> std::fmt::Debug for Opened<'_, I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opened({} records, redacted)", self.records)
    }
}

impl<'a, I> Opened<'a, I> {
    /// The records of these batches, in their order.
    pub fn new(key: &'a RecordsKey, schema: &'a Schema, batches: I) -> Self {
        Self { key, schema, batches, taken: 0, records: 0, last: None, ranges: HashSet::new() }
    }

    /// Refuses a batch that is not the next one.
    fn follow(&mut self, place: Place) -> Result<(), SealedRecordsError> {
        let within = self.last.filter(|last| !last.is_last);
        let expected = within.map_or(0, |last| last.batch + 1);
        let is_new = within.is_none_or(|last| last.range != place.range);
        if is_new && self.ranges.contains(&place.range) {
            return Err(SealedRecordsError::Repeated);
        }
        if within.is_some() && is_new {
            return Err(SealedRecordsError::Between { expected });
        }
        if place.batch != expected {
            return Err(SealedRecordsError::Order { found: place.batch, expected });
        }
        self.ranges.insert(place.range);
        self.last = Some(place);
        Ok(())
    }

    /// Refuses an end within a range.
    fn end(&self) -> Result<(), SealedRecordsError> {
        match self.last {
            Some(Place { batch: last, is_last: false, .. }) => Err(SealedRecordsError::Unfinished { last }),
            _ => Ok(()),
        }
    }
}

impl<I: Iterator<Item = Result<Vec<u8>, Lost>>> SymbolSource for Opened<'_, I> {
    fn features(&self) -> usize {
        self.schema.len()
    }

    fn most(&self) -> usize {
        SEALED_RECORDS
    }

    fn next_batch(&mut self, out: &mut Vec<u16>) -> Result<usize, SourceError> {
        let batch = self.taken;
        let refused = |source| SourceError::Lost(Box::new(SealedBatchError { batch, source }));
        let Some(sealed) = self.batches.next() else {
            self.end().map_err(refused)?;
            return Ok(0);
        };
        let sealed = sealed.map_err(SourceError::Lost)?;
        let (place, symbols) = self.key.open(self.schema, &sealed).map_err(refused)?;
        self.follow(place).map_err(refused)?;
        let records = symbols.len() / self.schema.len();
        out.extend_from_slice(&symbols);
        self.taken += 1;
        self.records += records as u64;
        Ok(records)
    }

    fn records_read(&self) -> u64 {
        self.records
    }

    fn total(&self) -> u64 {
        0
    }

    fn done(&self) -> u64 {
        self.records
    }
}

#[cfg(test)]
mod tests {
    use fairshare_params::schema::{Column, Feature, Rule};

    use super::*;

    fn schema(labels: &[&str]) -> Schema {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        let column = |name: &str, rule| Feature::Column(Column { name: name.to_owned(), rule });
        let features = vec![
            column("carrier", Rule::Categorical { labels }),
            column("delay", Rule::Numeric { edges: vec![0.0] }),
        ];
        Schema::new(features, 1 << 10).expect("a schema")
    }

    fn header(schema: &Schema, records: u32) -> Vec<u8> {
        let place = Place { range: [7; RANGE_BYTES], batch: 3, is_last: true };
        Header { schema: schema.hash(), place, records }.to_bytes()
    }

    /// What somebody seals who follows the envelope and nothing else.
    fn sealed(key: &RecordsKey, header: &[u8], symbols: &[u16]) -> Vec<u8> {
        let bytes = symbols.iter().flat_map(|symbol| symbol.to_be_bytes()).collect();
        envelope::seal(CONTEXT, header, Zeroizing::new(bytes), key.public()).expect("sealed")
    }

    /// A symbol of another feature, or none, would be counted where no cell can be.
    #[test]
    fn every_symbol_is_one_of_its_feature() {
        let (key, schema) = (RecordsKey::fresh().expect("a key"), schema(&["UA", "B6"]));
        let (carrier, delay) = (schema.symbols(0), schema.symbols(1));
        let honest = [carrier.start, delay.end - 1, carrier.end - 1, delay.start].map(|symbol| symbol as u16);
        let opened = key.open(&schema, &sealed(&key, &header(&schema, 2), &honest)).expect("records");
        assert_eq!(*opened.1, honest);
        assert_eq!(opened.0, Place { range: [7; RANGE_BYTES], batch: 3, is_last: true });
        for (place, symbol) in [
            (0, carrier.end as u16),
            (0, 0),
            (2, delay.start as u16),
            (3, carrier.start as u16),
            (3, delay.end as u16),
            (1, u16::MAX),
        ] {
            let mut symbols = honest;
            symbols[place] = symbol;
            let refused = key.open(&schema, &sealed(&key, &header(&schema, 2), &symbols));
            assert_eq!(refused.err(), Some(SealedRecordsError::Content { record: place / 2 }), "{place}");
        }
    }

    #[test]
    fn batches_open_for_their_key_whole_and_unaltered_or_not_at_all() {
        let (key, schema) = (RecordsKey::fresh().expect("a key"), schema(&["UA", "B6"]));
        let symbols = [schema.symbols(0).start as u16, schema.symbols(1).start as u16];
        let honest = sealed(&key, &header(&schema, 1), &symbols);
        let refused = |bytes: &[u8]| key.open(&schema, bytes).expect_err("refused");
        for length in [0, 1, HEADER_BYTES - 1] {
            assert_eq!(refused(&honest[..length]), SealedRecordsError::Format, "{length} bytes");
        }
        for (at, value) in [(0, b'G'), (7, 2), (HEADER_BYTES - 5, 2)] {
            let mut bytes = honest.clone();
            bytes[at] = value;
            assert_eq!(refused(&bytes), SealedRecordsError::Format, "byte {at}");
        }
        // Its place, too, is what it was sealed with.
        for at in [40, 59, HEADER_BYTES - 5, HEADER_BYTES, HEADER_BYTES + 32, honest.len() - 1] {
            let mut bytes = honest.clone();
            bytes[at] ^= 1;
            assert_eq!(refused(&bytes), SealedRecordsError::Opening, "byte {at}");
        }
        let expected = honest.len();
        for bytes in [honest[..expected - 1].to_vec(), [honest.as_slice(), &[0]].concat()] {
            assert_eq!(refused(&bytes), SealedRecordsError::Length { found: bytes.len(), expected });
        }
        // Nothing is made room for that the header only says.
        for count in [0, SEALED_RECORDS as u32 + 1, u32::MAX] {
            let bytes = [header(&schema, count).as_slice(), &honest[HEADER_BYTES..]].concat();
            assert_eq!(refused(&bytes), SealedRecordsError::Records { found: count });
        }
        let other = RecordsKey::fresh().expect("a key");
        assert_eq!(other.open(&schema, &honest).err(), Some(SealedRecordsError::Opening));
        let others = self::schema(&["UA", "AA"]);
        let (found, expected) = (schema.hash(), others.hash());
        let error = key.open(&others, &honest).expect_err("another schema");
        assert_eq!(error, SealedRecordsError::OtherSchema { found, expected });
        // Relabelled, it does not open: the header is part of what the keys are derived with.
        let bytes = [header(&others, 1).as_slice(), &honest[HEADER_BYTES..]].concat();
        assert_eq!(key.open(&others, &bytes).err(), Some(SealedRecordsError::Opening));
        // Nor does what was sealed for another use.
        let header = header(&schema, 1);
        let bytes = symbols.iter().flat_map(|symbol| symbol.to_be_bytes()).collect();
        let unit = envelope::seal(b"fairshare/v2/unit", &header, Zeroizing::new(bytes), key.public());
        assert_eq!(refused(&unit.expect("sealed")), SealedRecordsError::Opening);
    }
}
