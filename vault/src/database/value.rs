//! Values in and out of either database: integers, text and bytes.

use std::error::Error;
use std::sync::Arc;

use ::postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use bytes::BytesMut;
use fairshare_formats::eip55::{self, checksummed};
use fairshare_params::address::Address;

use super::{DatabaseError, Result};

/// A parameter, or a column of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A 64-bit integer.
    Integer(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    /// What a server takes it for.
    pub(super) fn server_type(&self) -> Type {
        match self {
            // The server finds it from where the parameter stands.
            Self::Null => Type::UNKNOWN,
            Self::Integer(_) => Type::INT8,
            Self::Text(_) => Type::TEXT,
            Self::Bytes(_) => Type::BYTEA,
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

/// With its checksum: the one spelling in a ledger, by which rows are found.
impl From<&Address> for Value {
    fn from(value: &Address) -> Self {
        Self::Text(checksummed(value).to_string())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One row of an answer, its columns by name. Whoever reads a column knows its type; any other is a ledger
/// that something else wrote.
#[derive(Clone, Debug)]
pub struct Row {
    /// Of all rows of the answer.
    names: Arc<[String]>,
    values: Vec<Value>,
}

impl Row {
    pub(super) fn new(names: &Arc<[String]>, values: Vec<Value>) -> Self {
        Self { names: Arc::clone(names), values }
    }

    /// The value in this column. A name that stands for two columns stands for none.
    pub fn value(&self, column: &str) -> Result<&Value> {
        let mut found = self.names.iter().zip(&self.values).filter(|(name, _)| *name == column);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Ok(value),
            _ => Err(DatabaseError::NoColumn { column: column.to_owned() }),
        }
    }

    /// The integer in this column.
    pub fn integer(&self, column: &str) -> Result<i64> {
        match self.value(column)? {
            Value::Integer(value) => Ok(*value),
            _ => Err(wrong(column, "something else where an integer stands")),
        }
    }

    /// The integer in this column, which counts something.
    pub fn count(&self, column: &str) -> Result<u64> {
        u64::try_from(self.integer(column)?)
            .map_err(|_| wrong(column, "a negative number where a count stands"))
    }

    /// The text in this column.
    pub fn text(&self, column: &str) -> Result<&str> {
        self.optional_text(column)?.ok_or_else(|| wrong(column, "nothing where a text stands"))
    }

    /// The text in this column, or nothing.
    pub fn optional_text(&self, column: &str) -> Result<Option<&str>> {
        match self.value(column)? {
            Value::Text(value) => Ok(Some(value)),
            Value::Null => Ok(None),
            _ => Err(wrong(column, "something else where a text stands")),
        }
    }

    /// The bytes in this column.
    pub fn bytes(&self, column: &str) -> Result<&[u8]> {
        self.optional_bytes(column)?.ok_or_else(|| wrong(column, "nothing where bytes stand"))
    }

    /// The bytes in this column, or nothing.
    pub fn optional_bytes(&self, column: &str) -> Result<Option<&[u8]>> {
        match self.value(column)? {
            Value::Bytes(value) => Ok(Some(value)),
            Value::Null => Ok(None),
            _ => Err(wrong(column, "something else where bytes stand")),
        }
    }

    /// The value that the text in this column spells.
    pub fn parsed<T: std::str::FromStr>(&self, column: &str) -> Result<T> {
        self.text(column)?.parse().map_err(|_| wrong(column, "a number or digest that cannot be read"))
    }

    /// The address that the text in this column spells. It has one spelling here: rows are found by it.
    pub fn address(&self, column: &str) -> Result<Address> {
        let text = self.text(column)?;
        let address = eip55::parse(text).ok().filter(|address| checksummed(address).to_string() == text);
        address.ok_or_else(|| wrong(column, "an address that was not written here"))
    }
}

fn wrong(column: &str, what: &'static str) -> DatabaseError {
    DatabaseError::Column { column: column.to_owned(), what }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

impl rusqlite::types::FromSql for Value {
    fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
        use rusqlite::types::{FromSqlError, ValueRef};
        Ok(match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(value) => Self::Integer(value),
            ValueRef::Text(_) => Self::Text(value.as_str()?.to_owned()),
            ValueRef::Blob(value) => Self::Bytes(value.to_vec()),
            ValueRef::Real(_) => return Err(FromSqlError::InvalidType),
        })
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(value) => value.to_sql_checked(ty, out),
            Self::Text(value) => value.to_sql_checked(ty, out),
            Self::Bytes(value) => value.to_sql_checked(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        // Each variant checks for itself.
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> std::result::Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(match *ty {
            Type::INT8 => Self::Integer(i64::from_sql(ty, raw)?),
            Type::INT4 => Self::Integer(i32::from_sql(ty, raw)?.into()),
            Type::BYTEA => Self::Bytes(Vec::from_sql(ty, raw)?),
            _ => Self::Text(String::from_sql(ty, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> std::result::Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8 | Type::INT4 | Type::BYTEA | Type::TEXT)
    }
}
