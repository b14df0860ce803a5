//! A flat JSON object whose fields are taken by name, so that every error can name its field.

use std::collections::BTreeMap;
use std::fmt;

use fairshare_params::encoding::Digest;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{RegistrationFileError, Result};
use crate::json::{self, JsonError};

/// The fields not yet taken, and the prefix of their names (`evidence.`).
#[derive(Debug)]
pub(super) struct Fields {
    prefix: &'static str,
    values: Object,
}

impl Fields {
    /// Parses an object. A key that stands twice is refused: readers would differ in which one counts.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        Self::read(json::reader(bytes))
    }

    fn read<'de>(text: serde_json::Deserializer<impl serde_json::de::Read<'de>>) -> Result<Self> {
        json::whole(text)
            .map(|values| Self { prefix: "", values })
            .map_err(|error| JsonError::from(error).into())
    }

    /// A text, made a value by `parse`, which gets the field's full name for its errors.
    pub(super) fn take_parsed<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(String, &str) -> Result<T>,
    ) -> Result<T> {
        match self.take(name)? {
            Value::Text(text) => parse(self.full(name), &text),
            other => Err(self.wrong(name, &other, "a text".to_owned())),
        }
    }

    /// A digest.
    pub(super) fn take_digest(&mut self, name: &'static str) -> Result<Digest> {
        self.take_parsed(name, |field, text| {
            text.parse().map_err(|source| RegistrationFileError::Hex { field, source })
        })
    }

    /// A whole number from `least` to `most`.
    pub(super) fn take_number(&mut self, name: &'static str, least: u64, most: u64) -> Result<u64> {
        match self.take(name)? {
            Value::Number(number) if (least..=most).contains(&number) => Ok(number),
            other if least == most => Err(self.wrong(name, &other, least.to_string())),
            other => Err(self.wrong(name, &other, format!("a whole number from {least} to {most}"))),
        }
    }

    /// A whole number from 1 to 2^32 − 1.
    pub(super) fn take_u32(&mut self, name: &'static str) -> Result<u32> {
        let value = self.take(name)?;
        let number = match value {
            Value::Number(number) => u32::try_from(number).ok().filter(|number| *number > 0),
            _ => None,
        };
        number.ok_or_else(|| self.wrong(name, &value, format!("a whole number from 1 to {}", u32::MAX)))
    }

    /// An inner object, if the field is there.
    pub(super) fn take_object(&mut self, name: &'static str) -> Result<Option<Self>> {
        match self.values.0.remove(name) {
            None => Ok(None),
            Some(Value::Object(values)) => Ok(Some(Self { prefix: "evidence.", values })),
            Some(other) => {
                Err(self.wrong(name, &other, "an object; leave the field out if there is none".to_owned()))
            }
        }
    }

    /// Refuses what was not taken.
    pub(super) fn finish(self) -> Result<()> {
        match self.values.0.keys().next() {
            None => Ok(()),
            Some(key) => {
                let key: String = key.chars().take(80).collect();
                Err(RegistrationFileError::Unknown { field: format!("{}{key}", self.prefix) })
            }
        }
    }

    fn take(&mut self, name: &'static str) -> Result<Value> {
        self.values.0.remove(name).ok_or_else(|| RegistrationFileError::Missing { field: self.full(name) })
    }

    fn full(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn wrong(&self, name: &str, found: &Value, expected: String) -> RegistrationFileError {
        RegistrationFileError::Value { field: self.full(name), found: found.to_string(), expected }
    }
}

/// What a registration's JSON may hold, and a description of what it may not.
#[derive(Debug)]
enum Value {
    Text(String),
    Number(u64),
    Object(Object),
    Other(String),
}

#[derive(Debug)]
struct Object(BTreeMap<String, Value>);

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{:?}", text.chars().take(80).collect::<String>()),
            Self::Number(number) => write!(f, "{number}"),
            Self::Object(_) => f.write_str("an object"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E: Error>(self, text: &str) -> std::result::Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> std::result::Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> std::result::Result<Value, E> {
        Ok(Value::Other(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> std::result::Result<Value, E> {
        Ok(Value::Other(format!("{number:?}")))
    }

    fn visit_bool<E: Error>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(Value::Other(value.to_string()))
    }

    fn visit_unit<E: Error>(self) -> std::result::Result<Value, E> {
        Ok(Value::Other("null".to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other("a list".to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<Value, A::Error> {
        ObjectVisitor.visit_map(map).map(Value::Object)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Object, A::Error> {
        let mut values = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            if values.contains_key(&key) {
                return Err(A::Error::custom(format_args!("key `{key}` stands twice")));
            }
            values.insert(key, map.next_value()?);
        }
        Ok(Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fairshare_pinned::counting::reads_once;

    #[test]
    fn fields_are_read_once() {
        let fields: String = (0..20_000).map(|field| format!("\"{field}\": [{field}, {{}}], ")).collect();
        let text = format!("{{{fields}\"last\": 7}}\n");
        let read = reads_once(&text, |text| Fields::read(serde_json::Deserializer::from_reader(text)));
        assert_eq!(read.unwrap().take_number("last", 0, 9), Ok(7));
    }
}
