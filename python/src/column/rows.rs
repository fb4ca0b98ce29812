//! The rows of columns, free of the interpreter.

use std::slice;

use arrow_array::cast::AsArray;
use arrow_array::{Array, LargeStringArray, StringArray, StringViewArray};
use arrow_schema::DataType;

use super::input::Input;
use crate::problem::Problem;

/// A column's texts, free of the interpreter.
#[derive(Debug)]
pub(super) struct Rows<'a>(pub(super) Vec<Part<'a>>);

#[derive(Debug)]
pub(super) enum Part<'a> {
    Texts(Vec<Option<&'a str>>),
    Utf8(&'a StringArray),
    Large(&'a LargeStringArray),
    View(&'a StringViewArray),
    Missing(usize),
}

impl<'a> Part<'a> {
    pub(super) fn of(array: &'a dyn Array) -> Self {
        match array.data_type() {
            DataType::Utf8 => Self::Utf8(array.as_string()),
            DataType::LargeUtf8 => Self::Large(array.as_string()),
            DataType::Utf8View => Self::View(array.as_string_view()),
            // A dictionary whose rows are all missing may hold nothing, which the crate does not expect.
            DataType::Dictionary(..) if !array.as_any_dictionary().values().is_empty() => {
                let dictionary = array.as_any_dictionary();
                let values = Self::of(dictionary.values().as_ref());
                let (keys, nulls) = (dictionary.normalized_keys(), dictionary.nulls());
                let texts = keys.into_iter().enumerate().map(|(row, key)| {
                    let there = nulls.is_none_or(|nulls| nulls.is_valid(row));
                    there.then(|| values.get(key))?
                });
                Self::Texts(texts.collect())
            }
            _ => Self::Missing(array.len()),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Utf8(array) => array.len(),
            Self::Large(array) => array.len(),
            Self::View(array) => array.len(),
            Self::Missing(length) => *length,
        }
    }

    pub(super) fn get(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::Texts(texts) => texts.get(row).copied().flatten(),
            Self::Utf8(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Large(array) => array.is_valid(row).then(|| array.value(row)),
            Self::View(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Missing(_) => None,
        }
    }
}

/// Where a row's value for one argument comes from.
#[derive(Debug)]
pub(super) enum Source<'a> {
    Same(Option<&'a str>),
    Rows(Rows<'a>),
}

impl<'a> Source<'a> {
    pub(super) fn of(argument: &'static str, input: &'a Input<'_>) -> Result<Self, Problem> {
        Ok(match input {
            Input::Scalar(_) => Self::Same(input.scalar(argument)?),
            Input::Column(column) => Self::Rows(column.rows(argument)?),
        })
    }

    /// The values from a row on.
    pub(super) fn from(&self, row: usize) -> Cursor<'_> {
        match self {
            Self::Same(text) => Cursor {
                same: *text,
                part: None,
                row: 0,
                later: [].iter(),
            },
            Self::Rows(Rows(parts)) => {
                let mut later = parts.iter();
                let (mut part, mut row) = (later.next(), row);
                while let Some(here) = part
                    && row >= here.len()
                {
                    row -= here.len();
                    part = later.next();
                }
                Cursor {
                    same: None,
                    part,
                    row,
                    later,
                }
            }
        }
    }
}

/// Walks through a source.
pub(super) struct Cursor<'a> {
    same: Option<&'a str>,
    part: Option<&'a Part<'a>>,
    row: usize,
    later: slice::Iter<'a, Part<'a>>,
}

impl<'a> Cursor<'a> {
    pub(super) fn next(&mut self) -> Option<&'a str> {
        let mut part = self.part?;
        while self.row >= part.len() {
            self.row = 0;
            self.part = self.later.next();
            part = self.part?;
        }
        self.row += 1;
        part.get(self.row - 1)
    }

    pub(super) fn value(&mut self) -> Option<&'a str> {
        if self.part.is_some() {
            self.next()
        } else {
            self.same
        }
    }
}
