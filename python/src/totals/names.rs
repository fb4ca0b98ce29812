//! The names of groups: key values in bytes whose order is the order of the values, with missing ones last.

use pyo3::prelude::*;

use crate::problem::{Code, Problem};

/// What the values of a key are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Boolean,
    Date,
}

impl Kind {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Text, "text"),
        (Self::Integer, "integer"),
        (Self::Boolean, "boolean"),
        (Self::Date, "date"),
    ];

    pub(super) fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("", |(_, name)| name)
    }

    pub(super) fn parse(name: &str) -> PyResult<Self> {
        let found = Self::ALL.iter().find(|(_, known)| *known == name);
        found.map(|(kind, _)| *kind).ok_or_else(|| {
            Problem::new(
                Code::WrongType,
                "a key is none of text, integer, boolean, date",
            )
            .into()
        })
    }
}

pub(super) fn name_text(text: &[u8], name: &mut Vec<u8>) {
    name.push(1);
    for byte in text {
        name.push(*byte);
        if *byte == 0 {
            name.push(255);
        }
    }
    name.extend([0, 0]);
}

pub(super) fn name_integer(number: i64, name: &mut Vec<u8>) {
    name.push(1);
    name.extend((number ^ i64::MIN).to_be_bytes());
}

/// The bytes of the first value of a name, and the rest.
pub(super) fn split_name(kind: Kind, name: &[u8]) -> Option<(&[u8], &[u8])> {
    if name.first() == Some(&2) {
        return name.split_at_checked(1);
    }
    if kind != Kind::Text {
        return name.split_at_checked(9);
    }
    let mut place = 1;
    loop {
        match (name.get(place)?, name.get(place + 1)) {
            (0, Some(0)) => return name.split_at_checked(place + 2),
            (0, Some(255)) => place += 2,
            (0, _) => return None,
            _ => place += 1,
        }
    }
}

pub(super) enum Value {
    Missing,
    Text(String),
    Integer(i64),
}

pub(super) fn read_value(kind: Kind, bytes: &[u8]) -> Option<Value> {
    let (tag, rest) = bytes.split_first()?;
    if *tag != 1 {
        return (*tag == 2).then_some(Value::Missing);
    }
    if kind != Kind::Text {
        let number = i64::from_be_bytes(rest.try_into().ok()?) ^ i64::MIN;
        return Some(Value::Integer(number));
    }
    let rest = rest.strip_suffix(&[0, 0])?;
    let mut text = Vec::with_capacity(rest.len());
    let mut bytes = rest.iter();
    while let Some(byte) = bytes.next() {
        text.push(*byte);
        if *byte == 0 {
            bytes.next();
        }
    }
    String::from_utf8(text).ok().map(Value::Text)
}
