//! Key columns, and the codes of their rows.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, OffsetSizeTrait};
use arrow_schema::{DataType, TimeUnit};

use super::codes::{Integers, MISSING, Texts};
use super::locate;
use super::names::{Kind, name_integer, name_text};
use super::windows::{Window, Zone};

/// A run of rows of a key.
pub(super) enum KeyChunk<'a> {
    Arrow(ArrayRef),
    Integers(&'a [i64]),
}

/// A key column.
pub(super) struct Key<'a> {
    pub(super) chunks: Vec<KeyChunk<'a>>,
    pub(super) ends: Vec<usize>,
    pub(super) kind: Kind,
    pub(super) window: Option<Window>,
    pub(super) zone: Zone,
    /// Whether the least of the numbers stands for a missing one.
    pub(super) nullable: bool,
    /// Whether the numbers are microseconds.
    pub(super) instants: bool,
    /// Numbers that stand for these words, where the column was coded before.
    pub(super) words: Option<Vec<Option<Vec<u8>>>>,
}

/// A column of texts with offsets.
pub(super) fn texts<O: OffsetSizeTrait>(block: &ArrayRef, texts: &mut Texts, codes: &mut Vec<u32>) {
    let array = block.as_string::<O>();
    let bytes = array.value_data();
    codes.extend(array.value_offsets().windows(2).map(|ends| {
        let text = match ends {
            [start, end] => bytes.get(start.as_usize()..end.as_usize()),
            _ => None,
        };
        texts.code(text.unwrap_or_default())
    }));
}

/// The codes of one key within one thread.
pub(super) struct Index {
    pub(super) texts: Texts,
    pub(super) integers: Integers,
    pub(super) is_text: bool,
    pub(super) scratch: Vec<i64>,
    /// The chunk whose dictionary is translated, and its translation.
    pub(super) translated: Option<usize>,
    pub(super) translation: Vec<u32>,
    pub(super) at: usize,
}

impl Index {
    pub(super) fn new(key: &Key<'_>) -> Self {
        Self {
            texts: Texts::new(),
            integers: Integers::new(key.window),
            is_text: key.kind == Kind::Text && key.words.is_none(),
            scratch: Vec::new(),
            translated: None,
            translation: Vec::new(),
            at: 0,
        }
    }

    pub(super) fn count(&self) -> usize {
        1 + if self.is_text {
            self.texts.values.len()
        } else {
            self.integers.values.len()
        }
    }

    /// The codes of a block of rows, which lies in one chunk.
    pub(super) fn codes(&mut self, key: &Key<'_>, row: usize, rows: usize, codes: &mut Vec<u32>) {
        codes.clear();
        let (place, start) = locate(&key.ends, row);
        match key.chunks.get(place) {
            Some(KeyChunk::Integers(numbers)) => {
                let numbers = numbers.get(start..start + rows).unwrap_or_default();
                if key.words.is_some() {
                    // Coded before: minus one is missing.
                    codes.extend(numbers.iter().map(|number| (number + 1).max(0) as u32));
                    self.integers
                        .values
                        .resize(key.words.as_ref().map_or(0, Vec::len), 0);
                } else if key.nullable {
                    self.nullable(key, numbers, codes);
                } else {
                    self.integers.codes(numbers, codes);
                }
            }
            Some(KeyChunk::Arrow(array)) => {
                let block = array.slice(start, rows);
                self.arrow(key, place, array, &block, codes);
            }
            None => {}
        }
    }

    /// Numbers, days or instants from NumPy, where the least number stands for a missing one.
    fn nullable(&mut self, key: &Key<'_>, numbers: &[i64], codes: &mut Vec<u32>) {
        let known = numbers.iter().copied().find(|number| *number != i64::MIN);
        let (zone, at) = (&key.zone, &mut self.at);
        self.scratch.clear();
        self.scratch.extend(numbers.iter().map(|number| {
            let number = if *number == i64::MIN {
                known.unwrap_or(0)
            } else {
                *number
            };
            if key.instants {
                zone.day(number, at)
            } else {
                number
            }
        }));
        if known.is_some() {
            self.integers.codes(&self.scratch, codes);
        } else {
            codes.resize(numbers.len(), MISSING);
        }
        for (code, number) in codes.iter_mut().zip(numbers) {
            if *number == i64::MIN {
                *code = MISSING;
            }
        }
    }

    pub(super) fn arrow(
        &mut self,
        key: &Key<'_>,
        place: usize,
        whole: &ArrayRef,
        block: &ArrayRef,
        codes: &mut Vec<u32>,
    ) {
        if let Some(dictionary) = whole.as_any_dictionary_opt() {
            if self.translated != Some(place) {
                self.translated = Some(place);
                let values = Arc::clone(dictionary.values());
                let mut translation = Vec::new();
                self.plain(key, &values, &mut translation);
                self.translation = translation;
            }
            if dictionary.values().is_empty() {
                codes.extend(std::iter::repeat_n(MISSING, block.len()));
            } else if let Some(block) = block.as_any_dictionary_opt() {
                let keys = block.normalized_keys();
                codes.extend(
                    keys.iter()
                        .map(|key| self.translation.get(*key).copied().unwrap_or(MISSING)),
                );
            }
        } else {
            self.plain(key, block, codes);
        }
        mask(block, codes);
    }

    pub(super) fn plain(&mut self, key: &Key<'_>, block: &ArrayRef, codes: &mut Vec<u32>) {
        match block.data_type() {
            DataType::Utf8 => texts::<i32>(block, &mut self.texts, codes),
            DataType::LargeUtf8 => texts::<i64>(block, &mut self.texts, codes),
            DataType::Utf8View => {
                let array = block.as_string_view();
                for (row, view) in array.views().iter().enumerate() {
                    let length = *view as u32;
                    codes.push(if length <= 12 {
                        // What lies beyond the text should be zero; who says so.
                        let bits = 32 + 8 * length;
                        let word = view & (u128::MAX >> (128 - bits));
                        self.texts.short_code(word)
                    } else {
                        self.texts.long_code(array.value(row).as_bytes())
                    });
                }
            }
            DataType::Boolean => {
                let array = block.as_boolean();
                self.scratch.clear();
                self.scratch
                    .extend((0..array.len()).map(|row| i64::from(array.value(row))));
                self.integers.codes(&self.scratch, codes);
            }
            _ => {
                self.scratch.clear();
                days_or_integers(block, &key.zone, &mut self.at, &mut self.scratch);
                if block.null_count() > 0 {
                    // A missing value has a number all the same, which must not stretch the range of days.
                    let known = (0..block.len()).find(|row| block.is_valid(*row));
                    let known = known.and_then(|row| self.scratch.get(row).copied());
                    for (row, number) in self.scratch.iter_mut().enumerate() {
                        if block.is_null(row) {
                            *number = known.unwrap_or(0);
                        }
                    }
                    if known.is_none() {
                        codes.extend(self.scratch.iter().map(|_| MISSING));
                        return;
                    }
                }
                self.integers.codes(&self.scratch, codes);
            }
        }
        mask(block, codes);
    }

    /// A key value as bytes whose order is that of the values.
    pub(super) fn name(&self, key: &Key<'_>, code: u32, name: &mut Vec<u8>) {
        let Some(code) = (code as usize).checked_sub(1) else {
            name.push(2);
            return;
        };
        if let Some(words) = &key.words {
            match words.get(code).and_then(Option::as_ref) {
                Some(word) => name_text(word, name),
                None => name.push(2),
            }
        } else if self.is_text {
            name_text(
                self.texts
                    .values
                    .get(code)
                    .map(|value| &**value)
                    .unwrap_or_default(),
                name,
            );
        } else {
            name_integer(self.integers.values.get(code).copied().unwrap_or(0), name);
        }
    }
}

/// Missing rows have no code.
pub(super) fn mask(block: &ArrayRef, codes: &mut [u32]) {
    if let Some(nulls) = block.logical_nulls() {
        for (code, valid) in codes.iter_mut().zip(nulls.iter()) {
            if !valid {
                *code = MISSING;
            }
        }
    }
}

pub(super) fn primitive<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    to: &mut Vec<i64>,
    value: impl FnMut(T::Native) -> i64,
) {
    to.extend(
        array
            .as_primitive::<T>()
            .values()
            .iter()
            .copied()
            .map(value),
    );
}

/// Whole numbers as they are, and dates and instants as days from 1970-01-01.
pub(super) fn days_or_integers(array: &ArrayRef, zone: &Zone, at: &mut usize, to: &mut Vec<i64>) {
    match array.data_type() {
        DataType::Int8 => primitive::<Int8Type>(array, to, i64::from),
        DataType::Int16 => primitive::<Int16Type>(array, to, i64::from),
        DataType::Int32 => primitive::<Int32Type>(array, to, i64::from),
        DataType::Int64 => primitive::<Int64Type>(array, to, |number| number),
        DataType::UInt8 => primitive::<UInt8Type>(array, to, i64::from),
        DataType::UInt16 => primitive::<UInt16Type>(array, to, i64::from),
        DataType::UInt32 => primitive::<UInt32Type>(array, to, i64::from),
        DataType::UInt64 => primitive::<UInt64Type>(array, to, u64::cast_signed),
        DataType::Date32 => primitive::<Date32Type>(array, to, i64::from),
        DataType::Date64 => {
            primitive::<Date64Type>(array, to, |millis| millis.div_euclid(86_400_000));
        }
        DataType::Timestamp(TimeUnit::Second, _) => {
            primitive::<TimestampSecondType>(array, to, |s| {
                zone.day(s.saturating_mul(1_000_000), at)
            });
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            primitive::<TimestampMillisecondType>(array, to, |ms| {
                zone.day(ms.saturating_mul(1000), at)
            });
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            primitive::<TimestampMicrosecondType>(array, to, |us| zone.day(us, at));
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            primitive::<TimestampNanosecondType>(array, to, |ns| zone.day(ns.div_euclid(1000), at));
        }
        _ => to.extend(std::iter::repeat_n(0, array.len())),
    }
}

pub(super) fn key_kind(data_type: &DataType) -> Option<Kind> {
    Some(match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => Kind::Text,
        DataType::Boolean => Kind::Boolean,
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64 => Kind::Integer,
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => Kind::Date,
        DataType::Dictionary(_, values) => key_kind(values)?,
        _ => return None,
    })
}
