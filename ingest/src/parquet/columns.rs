//! What a column of a Parquet file holds, and how the library is told of it.
//!
//! Whatever the file says of a column is reduced to one of a few forms. An annotation that only bounds the
//! numbers is not passed on: the library cuts an integer that is beyond its declared width, and so would read
//! another number. The cells are narrowed afterwards, where that is an error.

use std::sync::Arc;

use ::parquet::basic::{DecimalType, IntType, LogicalType, Repetition, Type as Physical};
use ::parquet::errors::Result as ParquetResult;
use ::parquet::schema::types::Type;
use arrow_schema::{DataType, Field, Fields, IntervalUnit, TimeUnit};

use super::deltas::Strings;

/// An element of the footer's schema, as it stands there.
#[derive(Default)]
pub(super) struct Element<'a> {
    pub(super) name: &'a [u8],
    pub(super) physical: Option<i32>,
    pub(super) length: i32,
    pub(super) repetition: Option<i32>,
    pub(super) children: i32,
    pub(super) converted: Option<i32>,
    pub(super) scale: i32,
    pub(super) precision: i32,
    pub(super) logical: Option<Logical>,
}

/// A logical type, by its number; what it says besides.
#[derive(Clone, Copy, Default, Debug, PartialEq)]
pub(super) struct Logical {
    pub(super) number: i16,
    pub(super) first: i32,
    pub(super) second: i32,
}

/// What a column holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    /// Values that are cells.
    Cells(Cells),
    /// Others.
    Other(Other),
}

/// Values that are cells, and how they are stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cells {
    pub(super) kind: Kind,
    pub(super) physical: Physical,
    /// Bytes of a value of fixed length.
    length: i32,
    pub(super) is_optional: bool,
    /// Whether the file says that no value is anything but null. Readers differ in what they make of values
    /// that are there all the same.
    pub(super) is_null: bool,
}

/// What values mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Text,
    /// Bytes that the file does not call text; whoever reads them as cells finds out.
    Bytes,
    Boolean,
    Integer {
        bits: u8,
        is_signed: bool,
    },
    Float,
    Decimal {
        precision: u8,
        scale: u8,
    },
    Date,
}

/// What is not read, and how to make cells of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Other {
    pub(super) what: &'static str,
    pub(super) remedy: &'static str,
    /// The nearest type of Arrow's.
    pub(super) nearest: DataType,
}

impl Other {
    fn form(what: &'static str, remedy: &'static str, nearest: DataType) -> Form {
        Form::Other(Self { what, remedy, nearest })
    }

    fn bytes(what: &'static str) -> Form {
        Self::form(what, "write it as text", DataType::Binary)
    }

    fn strange() -> Form {
        Self::form("of a type that the format does not have", "write the file anew", DataType::Binary)
    }

    fn timestamp() -> Form {
        // Writers of CSV have a dozen spellings of it.
        let remedy = "write it as text, as a date, or as the number that the policy is about";
        Self::form("a timestamp", remedy, DataType::Timestamp(TimeUnit::Microsecond, None))
    }

    fn time() -> Form {
        let remedy = "write it as text, or as the number that the policy is about";
        Self::form("a time of day", remedy, DataType::Time64(TimeUnit::Microsecond))
    }
}

impl Form {
    /// The number of the type in which values are stored.
    pub(super) fn physical(&self) -> Option<i32> {
        match self {
            Self::Cells(cells) => Some(cells.physical as i32),
            Self::Other(_) => None,
        }
    }

    /// Arrow's type.
    pub(super) fn data_type(&self) -> DataType {
        match self {
            Self::Cells(cells) => cells.data_type(),
            Self::Other(other) => other.nearest.clone(),
        }
    }
}

impl Element<'_> {
    pub(super) fn name(&self) -> String {
        String::from_utf8_lossy(self.name).into_owned()
    }

    pub(super) fn is_leaf(&self) -> bool {
        self.physical.is_some() && self.children == 0
    }

    /// What a column of the root is.
    pub(super) fn form(&self) -> Form {
        let flatten = "write its parts as columns of their own";
        if !self.is_leaf() {
            return Other::form("a list, map or struct", flatten, DataType::Struct(Fields::empty()));
        }
        let is_optional = match self.repetition {
            Some(0) => false,
            Some(1) => true,
            Some(2) => {
                let item = Arc::new(Field::new_list_field(DataType::Null, true));
                return Other::form("a list", flatten, DataType::List(item));
            }
            _ => return Other::strange(),
        };
        match self.kind() {
            Ok((physical, kind)) => {
                let (length, is_null) = (self.length, matches!(self.meaning(), Meaning::Null));
                Form::Cells(Cells { kind, physical, length, is_optional, is_null })
            }
            Err(other) => other,
        }
    }

    fn kind(&self) -> Result<(Physical, Kind), Form> {
        use Physical::{BOOLEAN, BYTE_ARRAY, DOUBLE, FIXED_LEN_BYTE_ARRAY, FLOAT, INT32, INT64, INT96};
        let physical = match self.physical {
            Some(0) => BOOLEAN,
            Some(1) => INT32,
            Some(2) => INT64,
            Some(3) => INT96,
            Some(4) => FLOAT,
            Some(5) => DOUBLE,
            Some(6) => BYTE_ARRAY,
            Some(7) => FIXED_LEN_BYTE_ARRAY,
            _ => return Err(Other::strange()),
        };
        let integer = |bits, is_signed| Ok(Kind::Integer { bits, is_signed });
        let kind = match (self.meaning(), physical) {
            // What is always null is read as what it is stored in: nulls of whatever type.
            (Meaning::None | Meaning::Null, BOOLEAN) => Ok(Kind::Boolean),
            (Meaning::None | Meaning::Null, INT32) => integer(32, true),
            (Meaning::None | Meaning::Null, INT64) => integer(64, true),
            (Meaning::None | Meaning::Null, FLOAT | DOUBLE) => Ok(Kind::Float),
            (Meaning::Null | Meaning::Text, BYTE_ARRAY) => Ok(Kind::Text),
            // Older writers of text say nothing.
            (Meaning::None, BYTE_ARRAY) => Ok(Kind::Bytes),
            (Meaning::None, INT96) | (Meaning::Timestamp, INT64) => Err(Other::timestamp()),
            (Meaning::None | Meaning::Null, FIXED_LEN_BYTE_ARRAY) => {
                Err(Other::bytes("bytes of a fixed length"))
            }
            (Meaning::Integer { bits: bits @ (8 | 16 | 32), is_signed }, INT32 | INT64) => {
                integer(bits, is_signed)
            }
            (Meaning::Integer { bits: 64, is_signed }, INT64) => integer(64, is_signed),
            (Meaning::Decimal { precision, scale }, INT32 | INT64 | BYTE_ARRAY | FIXED_LEN_BYTE_ARRAY) => {
                self.decimal(physical, precision, scale)
            }
            (Meaning::Date, INT32) => Ok(Kind::Date),
            (Meaning::Time, INT32 | INT64) => Err(Other::time()),
            (Meaning::Float16, FIXED_LEN_BYTE_ARRAY) if self.length == 2 => Ok(Kind::Float),
            (Meaning::Uuid, FIXED_LEN_BYTE_ARRAY) => Err(Other::bytes("a UUID")),
            (Meaning::Interval, FIXED_LEN_BYTE_ARRAY) => {
                let nearest = DataType::Interval(IntervalUnit::MonthDayNano);
                Err(Other::form("an interval", "write it as a number", nearest))
            }
            (Meaning::Bson, BYTE_ARRAY) => Err(Other::bytes("BSON")),
            (Meaning::Place, BYTE_ARRAY) => Err(Other::bytes("a geometry")),
            _ => Err(Other::strange()),
        };
        kind.map(|kind| (physical, kind))
    }

    /// Which of the format's two vocabularies of meanings says it: the newer one, where it says something
    /// that is known here.
    fn meaning(&self) -> Meaning {
        let newer = self.logical.and_then(Meaning::newer);
        newer.or_else(|| self.older()).unwrap_or(Meaning::None)
    }

    fn older(&self) -> Option<Meaning> {
        let integer = |bits, is_signed| Some(Meaning::Integer { bits, is_signed });
        match self.converted? {
            0 | 4 | 19 => Some(Meaning::Text),
            // Without a scale the scale is 0.
            5 => Some(Meaning::Decimal { precision: self.precision, scale: self.scale }),
            6 => Some(Meaning::Date),
            7 | 8 => Some(Meaning::Time),
            9 | 10 => Some(Meaning::Timestamp),
            11 => integer(8, false),
            12 => integer(16, false),
            13 => integer(32, false),
            14 => integer(64, false),
            15 => integer(8, true),
            16 => integer(16, true),
            17 => integer(32, true),
            18 => integer(64, true),
            20 => Some(Meaning::Bson),
            21 => Some(Meaning::Interval),
            _ => None,
        }
    }

    /// A decimal is its integer and its scale. Its precision bounds the integer, which its bytes do already:
    /// one that is missing or beyond them is theirs.
    fn decimal(&self, physical: Physical, precision: i32, scale: i32) -> Result<Kind, Form> {
        let most: u8 = match (physical, self.length) {
            (Physical::INT32, _) => 9,
            (Physical::INT64, _) => 18,
            (Physical::FIXED_LEN_BYTE_ARRAY, length @ 1..=16) => digits(length),
            (Physical::FIXED_LEN_BYTE_ARRAY, length @ 17..=32) => digits(length).min(76),
            (Physical::BYTE_ARRAY, _) => 76,
            _ => 0,
        };
        let precision = u8::try_from(precision).ok().filter(|own| (1..=most).contains(own)).unwrap_or(most);
        match u8::try_from(scale) {
            Ok(scale) if scale <= precision && precision > 0 => Ok(Kind::Decimal { precision, scale }),
            _ => Err(Other::form(
                "a decimal whose scale is negative or beyond its digits",
                "write it as text or as floats",
                DataType::Binary,
            )),
        }
    }
}

/// Decimal digits that every integer of that many has room for in so many bytes.
fn digits(bytes: i32) -> u8 {
    (2f64.powi(8 * bytes - 1) - 1.0).log10().floor() as u8
}

/// What an annotation says.
enum Meaning {
    None,
    Text,
    Decimal { precision: i32, scale: i32 },
    Date,
    Time,
    Timestamp,
    Integer { bits: u8, is_signed: bool },
    Null,
    Bson,
    Uuid,
    Float16,
    Interval,
    Place,
}

impl Meaning {
    fn newer(logical: Logical) -> Option<Self> {
        Some(match logical.number {
            1 | 4 | 12 => Self::Text,
            5 => Self::Decimal { scale: logical.first, precision: logical.second },
            6 => Self::Date,
            7 => Self::Time,
            8 => Self::Timestamp,
            10 => Self::Integer {
                bits: u8::try_from(logical.first).unwrap_or(0),
                is_signed: logical.second != 0,
            },
            11 => Self::Null,
            13 => Self::Bson,
            14 => Self::Uuid,
            15 => Self::Float16,
            17 | 18 => Self::Place,
            _ => return None,
        })
    }
}

impl Cells {
    /// Arrow's type, once the cells are narrowed.
    pub(super) fn data_type(&self) -> DataType {
        match (self.kind, self.physical) {
            (Kind::Text | Kind::Bytes, _) => DataType::Utf8View,
            (Kind::Boolean, _) => DataType::Boolean,
            (Kind::Integer { bits: 8, is_signed: true }, _) => DataType::Int8,
            (Kind::Integer { bits: 16, is_signed: true }, _) => DataType::Int16,
            (Kind::Integer { bits: 32, is_signed: true }, _) => DataType::Int32,
            (Kind::Integer { is_signed: true, .. }, _) => DataType::Int64,
            (Kind::Integer { bits: 8, .. }, _) => DataType::UInt8,
            (Kind::Integer { bits: 16, .. }, _) => DataType::UInt16,
            (Kind::Integer { bits: 32, .. }, _) => DataType::UInt32,
            (Kind::Integer { .. }, _) => DataType::UInt64,
            (Kind::Float, Physical::FLOAT) => DataType::Float32,
            (Kind::Float, Physical::DOUBLE) => DataType::Float64,
            (Kind::Float, _) => DataType::Float16,
            (Kind::Decimal { precision, scale }, physical) => {
                let is_wide = match physical {
                    Physical::FIXED_LEN_BYTE_ARRAY => self.length > 16,
                    _ => precision > 38,
                };
                let scale = i8::try_from(scale).unwrap_or(i8::MAX);
                if is_wide {
                    DataType::Decimal256(precision, scale)
                } else {
                    DataType::Decimal128(precision, scale)
                }
            }
            (Kind::Date, _) => DataType::Date32,
        }
    }

    /// Bytes that a value takes, where all take as many.
    pub(super) fn width(&self) -> Option<u64> {
        match self.physical {
            Physical::INT32 | Physical::FLOAT => Some(4),
            Physical::INT64 | Physical::DOUBLE => Some(8),
            Physical::INT96 => Some(12),
            Physical::FIXED_LEN_BYTE_ARRAY => u64::try_from(self.length).ok(),
            Physical::BOOLEAN | Physical::BYTE_ARRAY => None,
        }
    }

    /// What its values must be where each has its own length. The library copies a decimal once for every row
    /// that has it, so none may be longer than it can be.
    pub(super) fn strings(&self) -> Strings {
        match (self.kind, self.data_type()) {
            (_, DataType::Decimal128(..)) if self.physical == Physical::BYTE_ARRAY => Strings::AtMost(16),
            (_, DataType::Decimal256(..)) if self.physical == Physical::BYTE_ARRAY => Strings::AtMost(32),
            (Kind::Text | Kind::Bytes, _) => Strings::Text,
            _ => Strings::Fixed(self.width().unwrap_or(0)),
        }
    }

    /// How the library is told of it.
    pub(super) fn for_library(&self, name: &str) -> ParquetResult<Type> {
        let repetition = if self.is_optional { Repetition::OPTIONAL } else { Repetition::REQUIRED };
        let builder = Type::primitive_type_builder(name, self.physical).with_repetition(repetition);
        let builder = match self.kind {
            Kind::Text | Kind::Bytes => builder.with_logical_type(Some(LogicalType::String)),
            Kind::Boolean | Kind::Integer { is_signed: true, .. } => builder,
            Kind::Integer { .. } => {
                let bit_width = if self.physical == Physical::INT32 { 32 } else { 64 };
                builder.with_logical_type(Some(LogicalType::Integer(IntType { bit_width, is_signed: false })))
            }
            Kind::Float if self.physical == Physical::FIXED_LEN_BYTE_ARRAY => {
                builder.with_logical_type(Some(LogicalType::Float16))
            }
            Kind::Float => builder,
            Kind::Decimal { precision, scale } => {
                let (precision, scale) = (i32::from(precision), i32::from(scale));
                let decimal = LogicalType::Decimal(DecimalType { scale, precision });
                builder.with_logical_type(Some(decimal)).with_precision(precision).with_scale(scale)
            }
            Kind::Date => builder.with_logical_type(Some(LogicalType::Date)),
        };
        builder.with_length(self.length).build()
    }
}
