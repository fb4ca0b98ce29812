//! Tables summed by group: key columns to groups, number columns to exact sums, on as many threads as help.
//!
//! Every thread reads its own run of rows in blocks that stay in its cache, numbers the groups as it meets them, and sums them
//! exactly. Only the groups' names meet at the end, sorted; so neither the number of threads nor the cuts between them can be
//! seen in the result.
//!
//! A name is the key values one after the other, in bytes whose order is the order of the values, with missing ones last.

#![expect(
    clippy::inline_always,
    reason = "what is done row by row has to be one loop"
)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "words are cut to places, codes have 32 bits, and counts are below 2^53"
)]

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::thread;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, OffsetSizeTrait};
use arrow_schema::{DataType, TimeUnit};
use edgetally_core::metrics::exact;
use edgetally_core::metrics::totals::{Keyed, Term, Totals as Table};
use edgetally_core::metrics::windows::{WeekStart, Window as Calendar};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use pyo3_arrow::input::AnyArray;

use crate::problem::{self, Code, Problem};
use crate::threads;

/// Rows at a time: a block of a few columns fits a core's own cache.
const BLOCK: usize = 8192;
/// Fewer rows than this per thread are done before a thread has started.
const ROWS_PER_THREAD: usize = 65_536;
/// The widest range of whole numbers that is looked up instead of searched.
const DENSE: i64 = 1 << 20;
/// No code yet.
const NONE: u32 = u32::MAX;
/// The code of a missing value; others begin at 1.
const MISSING: u32 = 0;
const DAY_MICROS: i64 = 86_400_000_000;

/// What the values of a key are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
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

    fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("", |(_, name)| name)
    }

    fn parse(name: &str) -> PyResult<Self> {
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

/// Days that belong together.
#[derive(Clone, Copy, Debug)]
enum Window {
    Calendar(Calendar),
    /// So many days each, counted from Monday, 1970-01-05.
    Days(i64),
    /// All days together.
    All,
}

impl Window {
    fn parse(name: &str, argument: i64) -> PyResult<Self> {
        Ok(Self::Calendar(match name {
            "day" => Calendar::Day,
            "week" if argument == 6 => Calendar::Week(WeekStart::Sunday),
            "week" => Calendar::Week(WeekStart::Monday),
            "month" => Calendar::Month,
            "quarter" => Calendar::Quarter,
            "year" => Calendar::Year,
            "days" if argument > 0 => return Ok(Self::Days(argument)),
            "all" => return Ok(Self::All),
            _ => {
                return Err(Problem::new(
                    Code::WrongType,
                    "window is none of day, week, month, quarter, year, and no number of days from 1",
                )
                .into());
            }
        }))
    }

    /// First day, and the day after the last.
    fn around(self, day: i64) -> (i64, i64) {
        match self {
            // Days so far out that the calendar refuses them stay by themselves.
            Self::Calendar(calendar) => calendar
                .around(day)
                .map_or((day, day + 1), |span| (span.start, span.end)),
            Self::All => (0, i64::MAX),
            Self::Days(length) => {
                let start = day - (day - 4).rem_euclid(length);
                (start, start + length)
            }
        }
    }
}

/// From instants to days in a time zone: since when (in microseconds of UTC) which offset holds.
#[derive(Clone, Debug, Default)]
struct Zone {
    since: Vec<i64>,
    offset: Vec<i64>,
}

impl Zone {
    /// The day of an instant; `at` remembers the last change of clocks, since rows come mostly in order.
    #[inline]
    fn day(&self, micros: i64, at: &mut usize) -> i64 {
        if self.offset.is_empty() {
            return micros.div_euclid(DAY_MICROS);
        }
        let fits = |at: usize| {
            self.since
                .get(at)
                .is_none_or(|since| *since <= micros || at == 0)
                && self.since.get(at + 1).is_none_or(|next| micros < *next)
        };
        if !fits(*at) {
            *at = self
                .since
                .partition_point(|since| *since <= micros)
                .saturating_sub(1);
        }
        let offset = self.offset.get(*at).copied().unwrap_or(0);
        micros.saturating_add(offset).div_euclid(DAY_MICROS)
    }
}

/// A run of rows of a key.
enum KeyChunk<'a> {
    Arrow(ArrayRef),
    Integers(&'a [i64]),
}

/// A key column.
struct Key<'a> {
    chunks: Vec<KeyChunk<'a>>,
    ends: Vec<usize>,
    kind: Kind,
    window: Option<Window>,
    zone: Zone,
    /// Whether the numbers are microseconds, the least of them for a missing one.
    instants: bool,
    /// Numbers that stand for these words, where the column was coded before.
    words: Option<Vec<Option<Vec<u8>>>>,
}

enum NumberChunk<'a> {
    Arrow(ArrayRef),
    Doubles(&'a [f64]),
    Integers(&'a [i64]),
}

/// A column to be summed.
struct Number<'a> {
    /// Whether a missing number counts as zero.
    omit: bool,
    chunks: Vec<NumberChunk<'a>>,
    ends: Vec<usize>,
}

fn ends(lengths: impl Iterator<Item = usize>) -> Vec<usize> {
    lengths
        .scan(0, |end, length| {
            *end += length;
            Some(*end)
        })
        .collect()
}

/// The chunk that a row lies in, and where in it.
fn locate(ends: &[usize], row: usize) -> (usize, usize) {
    let chunk = ends.partition_point(|end| *end <= row);
    let start = chunk
        .checked_sub(1)
        .and_then(|before| ends.get(before))
        .copied()
        .unwrap_or(0);
    (chunk, row - start)
}

// --- Values to codes ------------------------------------------------------------------------------------------------------

trait Hashed: Copy + Eq {
    fn hashed(self) -> u64;
}

/// A product of two words, folded: every bit of both shows in the result.
#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

const SALT: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03];

impl Hashed for u64 {
    #[inline(always)]
    fn hashed(self) -> u64 {
        fold(self ^ SALT[0], SALT[1])
    }
}

impl Hashed for u128 {
    #[inline(always)]
    fn hashed(self) -> u64 {
        fold(self as u64 ^ SALT[0], (self >> 64) as u64 ^ SALT[1])
    }
}

fn hash_bytes(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut hash = fold(bytes.len() as u64 ^ SALT[0], SALT[1]);
    for word in words {
        hash = fold(hash ^ u64::from_le_bytes(*word), SALT[1]);
    }
    let mut last = [0; 8];
    for (to, byte) in last.iter_mut().zip(rest) {
        *to = *byte;
    }
    fold(hash ^ u64::from_le_bytes(last), SALT[0])
}

/// Codes of fixed-size values: open addressing, at most a quarter full, so that the first look mostly finds.
struct Codes<K> {
    slots: Vec<(K, u32)>,
    used: usize,
}

impl<K: Hashed + Default> Codes<K> {
    fn new() -> Self {
        Self {
            slots: vec![(K::default(), NONE); 64],
            used: 0,
        }
    }

    /// The code of a value; `fresh` makes the code of a new one.
    #[inline]
    fn find(&mut self, key: K, fresh: impl FnOnce() -> u32) -> u32 {
        let mask = self.slots.len() - 1;
        let mut place = key.hashed() as usize & mask;
        while let Some((known, code)) = self.slots.get(place) {
            if *code == NONE {
                break;
            }
            if *known == key {
                return *code;
            }
            place = (place + 1) & mask;
        }
        let code = fresh();
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = (key, code);
        }
        self.used += 1;
        if self.used * 4 > self.slots.len() {
            self.grow();
        }
        code
    }

    #[cold]
    fn grow(&mut self) {
        let size = self.slots.len() * 4;
        let old = std::mem::replace(&mut self.slots, vec![(K::default(), NONE); size]);
        for (key, code) in old {
            if code == NONE {
                continue;
            }
            let mut place = key.hashed() as usize & (size - 1);
            while self.slots.get(place).is_some_and(|(_, code)| *code != NONE) {
                place = (place + 1) & (size - 1);
            }
            if let Some(slot) = self.slots.get_mut(place) {
                *slot = (key, code);
            }
        }
    }
}

/// A text of up to twelve bytes in one number, as Arrow's view layout has it: length, then bytes.
#[inline(always)]
fn short(bytes: &[u8]) -> Option<u128> {
    let length = bytes.len();
    // Put together in registers, from reads of a size that is known when compiling; they may overlap.
    let text = if length > 12 {
        return None;
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk()) {
        let (first, last) = (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
        // The bytes after the eighth; there may be none, and a shift by 64 is not one.
        let rest = (last >> 1) >> (8 * (16 - length) - 1);
        u128::from(first) | u128::from(rest) << 64
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        let rest = u64::from(last) >> (8 * (8 - length));
        u128::from(u64::from(first) | rest << 32)
    } else {
        let byte = |place: usize| {
            let byte = bytes.get(place).copied().unwrap_or(0);
            u128::from(byte) << (8 * place)
        };
        byte(0) | byte(1) | byte(2)
    };
    Some(length as u128 | text << 32)
}

/// A column of texts with offsets.
fn texts<O: OffsetSizeTrait>(block: &ArrayRef, texts: &mut Texts, codes: &mut Vec<u32>) {
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

/// Codes of texts.
struct Texts {
    values: Vec<Box<[u8]>>,
    short: Codes<u128>,
    /// Hash and code; the value is looked up.
    long: Vec<(u64, u32)>,
    long_used: usize,
}

impl Texts {
    fn code(&mut self, bytes: &[u8]) -> u32 {
        match short(bytes) {
            Some(word) => self.short_code(word),
            None => self.long_code(bytes),
        }
    }

    #[inline]
    fn short_code(&mut self, word: u128) -> u32 {
        let values = &mut self.values;
        self.short.find(word, || {
            let bytes = word.to_le_bytes();
            let text = bytes[4..].iter().take(bytes[0].into()).copied();
            values.push(text.collect());
            values.len() as u32
        })
    }

    fn long_code(&mut self, bytes: &[u8]) -> u32 {
        let hash = hash_bytes(bytes);
        let mask = self.long.len() - 1;
        let mut place = hash as usize & mask;
        while let Some((known, code)) = self.long.get(place) {
            if *code == NONE {
                break;
            }
            if *known == hash
                && self
                    .values
                    .get(*code as usize - 1)
                    .is_some_and(|value| **value == *bytes)
            {
                return *code;
            }
            place = (place + 1) & mask;
        }
        self.values.push(Box::from(bytes));
        let code = self.values.len() as u32;
        if let Some(slot) = self.long.get_mut(place) {
            *slot = (hash, code);
        }
        self.long_used += 1;
        if self.long_used * 2 > self.long.len() {
            let size = self.long.len() * 4;
            let old = std::mem::replace(&mut self.long, vec![(0, NONE); size]);
            for slot in old.into_iter().filter(|slot| slot.1 != NONE) {
                let mut place = slot.0 as usize & (size - 1);
                while self.long.get(place).is_some_and(|(_, code)| *code != NONE) {
                    place = (place + 1) & (size - 1);
                }
                if let Some(to) = self.long.get_mut(place) {
                    *to = slot;
                }
            }
        }
        code
    }
}

/// Codes of whole numbers: looked up while they lie near each other, searched otherwise.
struct Integers {
    base: i64,
    dense: Vec<u32>,
    sparse: Codes<u64>,
    values: Vec<i64>,
    /// Numbers that come to the same value have the same code.
    window: Option<Window>,
    by_value: Codes<u64>,
    least: i64,
    most: i64,
}

impl Integers {
    fn new(window: Option<Window>) -> Self {
        Self {
            base: 0,
            dense: Vec::new(),
            sparse: Codes::new(),
            values: Vec::new(),
            window,
            by_value: Codes::new(),
            least: i64::MAX,
            most: i64::MIN,
        }
    }

    fn fresh(&mut self, number: i64) -> u32 {
        self.least = self.least.min(number);
        self.most = self.most.max(number);
        let values = &mut self.values;
        let value = self.window.map_or(number, |window| window.around(number).0);
        self.by_value.find(value.cast_unsigned(), || {
            values.push(value);
            values.len() as u32
        })
    }

    /// Sees to it that the range can be looked up, if it is not too wide.
    fn reach(&mut self, least: i64, most: i64) {
        let held = self.dense.len() as i64;
        let beyond = i128::from(most) - i128::from(self.base);
        if held > 0 && self.base <= least && beyond < i128::from(held) {
            return;
        }
        let (mut from, mut to) = (least, most);
        if held > 0 {
            from = from.min(self.base);
            to = to.max(self.base + held - 1);
        }
        let wide = i128::from(to) - i128::from(from) + 1;
        if wide > i128::from(DENSE) {
            return;
        }
        let mut dense = vec![NONE; wide as usize];
        for (code, number) in self.dense.iter().zip(self.base..) {
            if let Some(slot) = dense.get_mut((number - from) as usize) {
                *slot = *code;
            }
        }
        self.dense = dense;
        self.base = from;
    }

    fn code(&mut self, number: i64) -> u32 {
        let place = number.wrapping_sub(self.base) as usize;
        match self.dense.get(place) {
            Some(&code) if code != NONE => code,
            Some(_) => {
                let code = self.fresh(number);
                if let Some(slot) = self.dense.get_mut(place) {
                    *slot = code;
                }
                code
            }
            None => {
                if self.window.is_some() {
                    return self.fresh(number);
                }
                let (values, by_value) = (&mut self.values, &mut self.by_value);
                self.sparse.find(number.cast_unsigned(), || {
                    by_value.find(number.cast_unsigned(), || {
                        values.push(number);
                        values.len() as u32
                    })
                })
            }
        }
    }

    fn codes(&mut self, numbers: &[i64], codes: &mut Vec<u32>) {
        // Nearly always all of them are known; then this is one look-up a row and no branch.
        let start = codes.len();
        let (dense, base) = (&self.dense, self.base);
        codes.extend(numbers.iter().map(|number| {
            let place = number.wrapping_sub(base) as usize;
            dense.get(place).copied().unwrap_or(NONE)
        }));
        if codes
            .iter()
            .skip(start)
            .fold(0, |any, code| any | u32::from(*code == NONE))
            != 0
        {
            let unknown = || {
                let pairs = codes.iter().skip(start).zip(numbers);
                pairs
                    .filter(|(code, _)| **code == NONE)
                    .map(|(_, number)| *number)
            };
            if let (Some(least), Some(most)) = (unknown().min(), unknown().max()) {
                self.reach(least, most);
            }
            for (code, number) in codes.iter_mut().skip(start).zip(numbers) {
                if *code == NONE {
                    *code = self.code(*number);
                }
            }
        }
    }
}

/// Codes of pairs of codes.
struct Pairs {
    bits: u32,
    firsts: u32,
    dense: Vec<u32>,
    sparse: Codes<u64>,
    pairs: Vec<(u32, u32)>,
}

impl Pairs {
    const fn slot(&self, first: u32, second: u32) -> usize {
        ((first as usize) << self.bits) | second as usize
    }

    /// Replaces the first codes by those of the pairs. `firsts` and `seconds` say how many there are of each.
    fn codes(&mut self, first: &mut [u32], second: &[u32], firsts: usize, seconds: usize) {
        if firsts as u64 > u64::from(self.firsts) || seconds as u64 > 1 << self.bits {
            self.bits = self
                .bits
                .max((seconds * 2).next_power_of_two().trailing_zeros());
            self.firsts = self.firsts.max((firsts * 2).next_power_of_two() as u32);
            let wide = u64::from(self.firsts) << self.bits;
            self.dense = if wide <= 1 << 20 {
                vec![NONE; wide as usize]
            } else {
                Vec::new()
            };
            for (&(a, b), code) in self.pairs.iter().zip(0..) {
                if self.dense.is_empty() {
                    self.sparse.find(u64::from(a) << 32 | u64::from(b), || code);
                } else {
                    let slot = self.slot(a, b);
                    if let Some(to) = self.dense.get_mut(slot) {
                        *to = code;
                    }
                }
            }
        }
        let pairs = &mut self.pairs;
        if self.dense.is_empty() {
            for (a, b) in first.iter_mut().zip(second) {
                let key = u64::from(*a) << 32 | u64::from(*b);
                *a = self.sparse.find(key, || {
                    pairs.push((*a, *b));
                    pairs.len() as u32 - 1
                });
            }
            return;
        }
        let bits = self.bits;
        for (a, b) in first.iter_mut().zip(second) {
            let slot = ((*a as usize) << bits) | *b as usize;
            if let Some(code) = self.dense.get_mut(slot) {
                if *code == NONE {
                    pairs.push((*a, *b));
                    *code = pairs.len() as u32 - 1;
                }
                *a = *code;
            }
        }
    }
}

/// The codes of one key within one thread.
struct Index {
    texts: Texts,
    integers: Integers,
    is_text: bool,
    scratch: Vec<i64>,
    /// The chunk whose dictionary is translated, and its translation.
    translated: Option<usize>,
    translation: Vec<u32>,
    at: usize,
}

impl Index {
    fn new(key: &Key<'_>) -> Self {
        Self {
            texts: Texts {
                values: Vec::new(),
                short: Codes::new(),
                long: vec![(0, NONE); 64],
                long_used: 0,
            },
            integers: Integers::new(key.window),
            is_text: key.kind == Kind::Text && key.words.is_none(),
            scratch: Vec::new(),
            translated: None,
            translation: Vec::new(),
            at: 0,
        }
    }

    fn count(&self) -> usize {
        1 + if self.is_text {
            self.texts.values.len()
        } else {
            self.integers.values.len()
        }
    }

    /// The codes of a block of rows, which lies in one chunk.
    fn codes(&mut self, key: &Key<'_>, row: usize, rows: usize, codes: &mut Vec<u32>) {
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
                } else if key.kind == Kind::Date {
                    self.dates(key, numbers, codes);
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

    /// Days or instants from NumPy, where the least number stands for a missing one.
    fn dates(&mut self, key: &Key<'_>, numbers: &[i64], codes: &mut Vec<u32>) {
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

    fn arrow(
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

    fn plain(&mut self, key: &Key<'_>, block: &ArrayRef, codes: &mut Vec<u32>) {
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
    fn name(&self, key: &Key<'_>, code: u32, name: &mut Vec<u8>) {
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
fn mask(block: &ArrayRef, codes: &mut [u32]) {
    if let Some(nulls) = block.logical_nulls() {
        for (code, valid) in codes.iter_mut().zip(nulls.iter()) {
            if !valid {
                *code = MISSING;
            }
        }
    }
}

fn name_text(text: &[u8], name: &mut Vec<u8>) {
    name.push(1);
    for byte in text {
        name.push(*byte);
        if *byte == 0 {
            name.push(255);
        }
    }
    name.extend([0, 0]);
}

fn name_integer(number: i64, name: &mut Vec<u8>) {
    name.push(1);
    name.extend((number ^ i64::MIN).to_be_bytes());
}

/// The bytes of the first value of a name, and the rest.
fn split_name(kind: Kind, name: &[u8]) -> Option<(&[u8], &[u8])> {
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

enum Value {
    Missing,
    Text(String),
    Integer(i64),
}

fn read_value(kind: Kind, bytes: &[u8]) -> Option<Value> {
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

fn primitive<T: ArrowPrimitiveType>(
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
fn days_or_integers(array: &ArrayRef, zone: &Zone, at: &mut usize, to: &mut Vec<i64>) {
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

fn key_kind(data_type: &DataType) -> Option<Kind> {
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

/// Doubles of a block of rows: the column's own where it has them.
fn doubles<'a>(
    chunk: &'a NumberChunk<'_>,
    range: Range<usize>,
    omit: bool,
    scratch: &'a mut Vec<f64>,
) -> &'a [f64] {
    let own = match chunk {
        NumberChunk::Doubles(doubles) => Some(*doubles),
        NumberChunk::Integers(_) => None,
        NumberChunk::Arrow(array) => array
            .as_primitive_opt::<Float64Type>()
            .filter(|array| array.null_count() == 0)
            .map(|array| &**array.values()),
    };
    scratch.clear();
    if let Some(own) = own {
        let own = own.get(range).unwrap_or_default();
        if !omit || !own.iter().fold(false, |any, x| any | x.is_nan()) {
            return own;
        }
        scratch.extend(own.iter().map(|x| if x.is_nan() { 0.0 } else { *x }));
        return scratch;
    }
    let array = match chunk {
        NumberChunk::Arrow(array) => array,
        NumberChunk::Doubles(_) => return &[],
        NumberChunk::Integers(numbers) => {
            let numbers = numbers.get(range).unwrap_or_default();
            scratch.extend(numbers.iter().map(|number| *number as f64));
            return scratch;
        }
    };
    let block = array.slice(range.start, range.len());
    fn cast<T: ArrowPrimitiveType>(
        block: &ArrayRef,
        to: &mut Vec<f64>,
        value: impl FnMut(T::Native) -> f64,
    ) {
        to.extend(
            block
                .as_primitive::<T>()
                .values()
                .iter()
                .copied()
                .map(value),
        );
    }
    match block.data_type() {
        DataType::Int8 => cast::<Int8Type>(&block, scratch, f64::from),
        DataType::Int16 => cast::<Int16Type>(&block, scratch, f64::from),
        DataType::Int32 => cast::<Int32Type>(&block, scratch, f64::from),
        DataType::Int64 => cast::<Int64Type>(&block, scratch, |number| number as f64),
        DataType::UInt8 => cast::<UInt8Type>(&block, scratch, f64::from),
        DataType::UInt16 => cast::<UInt16Type>(&block, scratch, f64::from),
        DataType::UInt32 => cast::<UInt32Type>(&block, scratch, f64::from),
        DataType::UInt64 => cast::<UInt64Type>(&block, scratch, |number| number as f64),
        DataType::Float32 => cast::<Float32Type>(&block, scratch, f64::from),
        DataType::Float64 => cast::<Float64Type>(&block, scratch, |number| number),
        DataType::Boolean => {
            let block = block.as_boolean();
            scratch.extend((0..block.len()).map(|row| f64::from(u8::from(block.value(row)))));
        }
        _ => scratch.extend(std::iter::repeat_n(f64::NAN, block.len())),
    }
    if let Some(nulls) = block.logical_nulls() {
        for (number, valid) in scratch.iter_mut().zip(nulls.iter()) {
            if !valid {
                *number = f64::NAN;
            }
        }
    }
    if omit {
        for number in scratch.iter_mut().filter(|number| number.is_nan()) {
            *number = 0.0;
        }
    }
    scratch
}

// --- One thread's share ---------------------------------------------------------------------------------------------------

/// The first and the last day of each key that is one.
type Reach = Vec<Option<(i64, i64)>>;

fn share(
    keys: &[Key<'_>],
    numbers: &[Number<'_>],
    terms: &[Term],
    range: Range<usize>,
) -> Result<(Keyed, Reach), edgetally_core::metrics::DomainError> {
    let mut indexes: Vec<Index> = keys.iter().map(Index::new).collect();
    let mut pairs: Vec<Pairs> = keys
        .iter()
        .skip(1)
        .map(|_| Pairs {
            bits: 0,
            firsts: 0,
            dense: Vec::new(),
            sparse: Codes::new(),
            pairs: Vec::new(),
        })
        .collect();
    let mut table = Table::new(terms.to_vec(), 0);
    let (mut groups, mut codes) = (Vec::new(), Vec::new());
    let mut scratch: Vec<Vec<f64>> = numbers.iter().map(|_| Vec::new()).collect();
    let mut row = range.start;
    while row < range.end {
        // A block ends where a chunk of any column does.
        let mut end = range.end.min(row + BLOCK);
        for ends in keys
            .iter()
            .map(|key| &key.ends)
            .chain(numbers.iter().map(|number| &number.ends))
        {
            let (chunk, _) = locate(ends, row);
            end = end.min(ends.get(chunk).copied().unwrap_or(end));
        }
        let rows = end - row;
        let mut count = 1;
        groups.clear();
        for (place, (key, index)) in keys.iter().zip(&mut indexes).enumerate() {
            if place == 0 {
                index.codes(key, row, rows, &mut groups);
                count = index.count();
            } else if let Some(pairs) = pairs.get_mut(place - 1) {
                index.codes(key, row, rows, &mut codes);
                pairs.codes(&mut groups, &codes, count, index.count());
                count = pairs.pairs.len();
            }
        }
        if keys.is_empty() {
            groups.resize(rows, 0);
        }
        table.grow(count);
        let columns: Vec<&[f64]> = numbers
            .iter()
            .zip(&mut scratch)
            .map(|(number, scratch)| {
                let (chunk, start) = locate(&number.ends, row);
                number.chunks.get(chunk).map_or(&[][..], |chunk| {
                    doubles(chunk, start..start + rows, number.omit, scratch)
                })
            })
            .collect();
        table.add(&groups, &columns)?;
        row = end;
    }
    let mut names: Vec<Vec<u8>> = Vec::with_capacity(table.groups());
    for group in 0..table.groups() {
        let mut codes = vec![0; keys.len()];
        let mut code = group as u32;
        for (place, to) in codes.iter_mut().enumerate().rev() {
            let pair = place
                .checked_sub(1)
                .and_then(|before| pairs.get(before))
                .and_then(|p| p.pairs.get(code as usize));
            match pair {
                Some((first, second)) => {
                    *to = *second;
                    code = *first;
                }
                None => *to = code,
            }
        }
        let mut name = Vec::new();
        for ((key, index), code) in keys.iter().zip(&indexes).zip(&codes) {
            index.name(key, *code, &mut name);
        }
        names.push(name);
    }
    let reach = indexes
        .iter()
        .zip(keys)
        .map(|(index, key)| {
            let numbers = &index.integers;
            (key.kind == Kind::Date && numbers.least <= numbers.most)
                .then_some((numbers.least, numbers.most))
        })
        .collect();
    Ok((Keyed::new(&names, &table)?, reach))
}

// --- Python ---------------------------------------------------------------------------------------------------------------

/// Exact sums by group, mergeable in any order. Made by ``totals`` and by ``edgetally.summarize``.
#[pyclass(frozen, module = "edgetally._edgetally")]
pub(crate) struct Totals {
    keyed: Keyed,
    kinds: Vec<Kind>,
    reach: Reach,
}

impl fmt::Debug for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Totals")
            .field("groups", &self.keyed.totals().groups())
            .finish_non_exhaustive()
    }
}

fn unreadable() -> PyErr {
    Problem::new(Code::WrongType, "these are no totals, or not all of them").into()
}

fn join(a: &Reach, b: &Reach) -> Reach {
    a.iter()
        .zip(b)
        .map(|(a, b)| match (a, b) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (one, None) | (None, one) => *one,
        })
        .collect()
}

#[pymethods]
impl Totals {
    /// How many groups there are.
    fn __len__(&self) -> usize {
        self.keyed.totals().groups()
    }

    /// What the values of each key are: ``text``, ``integer``, ``boolean`` or ``date``.
    #[getter]
    fn kinds(&self) -> Vec<&'static str> {
        self.kinds.iter().map(|kind| kind.name()).collect()
    }

    /// The first and the last day of each key that is a date, counted from 1970-01-01.
    #[getter]
    fn reach(&self) -> Reach {
        self.reach.clone()
    }

    /// The values of a key, one per group, in order; dates are days from 1970-01-01.
    fn key<'py>(&self, py: Python<'py>, key: usize) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for name in self.keyed.keys() {
            let mut rest = name;
            let mut value = Some(Value::Missing);
            for kind in self.kinds.iter().take(key + 1) {
                let (bytes, tail) = split_name(*kind, rest).ok_or_else(unreadable)?;
                value = read_value(*kind, bytes);
                rest = tail;
            }
            match value.ok_or_else(unreadable)? {
                Value::Missing => list.append(py.None())?,
                Value::Text(text) => list.append(text)?,
                Value::Integer(number) if self.kinds.get(key) == Some(&Kind::Boolean) => {
                    list.append(number != 0)?;
                }
                Value::Integer(number) => list.append(number)?,
            }
        }
        Ok(list)
    }

    /// The number of rows of each group.
    fn rows<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        let table = self.keyed.totals();
        PyArray1::from_iter(
            py,
            (0..table.groups()).map(|group| table.rows(group) as f64),
        )
    }

    /// The sums of a term, by group, each rounded once.
    fn sums<'py>(&self, py: Python<'py>, term: usize) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_vec(py, self.keyed.totals().column(term))
    }

    /// The sum of (x - mean x)(y - mean y), by group, from the terms of x, y and xy.
    fn about_means<'py>(
        &self,
        py: Python<'py>,
        x: usize,
        y: usize,
        products: usize,
    ) -> Bound<'py, PyArray1<f64>> {
        let table = self.keyed.totals();
        let of = |group| {
            let (x, y, p) = (
                table.exact(x, group)?,
                table.exact(y, group)?,
                table.exact(products, group)?,
            );
            Some(exact::products_about_means(&x, &y, &p, table.rows(group)))
        };
        PyArray1::from_iter(
            py,
            (0..table.groups()).map(|group| of(group).unwrap_or(f64::NAN)),
        )
    }

    /// The same sums by some of the keys only, in the order asked for.
    #[expect(clippy::needless_pass_by_value, reason = "as Python hands it over")]
    fn by(&self, keys: Vec<usize>) -> PyResult<Self> {
        let mut names = Vec::with_capacity(self.__len__());
        for name in self.keyed.keys() {
            let mut parts = Vec::with_capacity(self.kinds.len());
            let mut rest = name;
            for kind in &self.kinds {
                let (part, tail) = split_name(*kind, rest).ok_or_else(unreadable)?;
                parts.push(part);
                rest = tail;
            }
            let name: Vec<u8> = keys
                .iter()
                .filter_map(|key| parts.get(*key))
                .flat_map(|part| part.iter().copied())
                .collect();
            names.push(name);
        }
        Ok(Self {
            keyed: Keyed::new(&names, self.keyed.totals()).map_err(problem::domain)?,
            kinds: keys
                .iter()
                .filter_map(|key| self.kinds.get(*key).copied())
                .collect(),
            reach: keys
                .iter()
                .map(|key| self.reach.get(*key).copied().flatten())
                .collect(),
        })
    }

    /// All of these in one, in any order.
    #[staticmethod]
    #[expect(clippy::needless_pass_by_value, reason = "as Python hands it over")]
    fn merge(parts: Vec<PyRef<'_, Self>>) -> PyResult<Self> {
        let Some(first) = parts.first() else {
            return Err(Problem::new(Code::WrongType, "there is nothing to merge").into());
        };
        if parts.iter().any(|part| part.kinds != first.kinds) {
            return Err(Problem::new(
                Code::WrongType,
                "the keys of the parts are of different kinds",
            )
            .into());
        }
        let keyed: Vec<&Keyed> = parts.iter().map(|part| &part.keyed).collect();
        Ok(Self {
            keyed: Keyed::merge(&keyed).map_err(problem::domain)?,
            kinds: first.kinds.clone(),
            reach: parts
                .iter()
                .fold(first.reach.clone(), |reach, part| join(&reach, &part.reach)),
        })
    }

    /// A form for files and networks; the same sums have the same bytes.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.keyed.to_bytes())
    }

    /// What ``to_bytes`` gave, with the kinds of the keys and how far dates reach.
    #[staticmethod]
    #[expect(clippy::needless_pass_by_value, reason = "as Python hands it over")]
    fn from_bytes(bytes: &[u8], kinds: Vec<String>, reach: Reach) -> PyResult<Self> {
        let kinds = kinds
            .iter()
            .map(|kind| Kind::parse(kind))
            .collect::<PyResult<Vec<_>>>()?;
        let keyed = Keyed::from_bytes(bytes).map_err(problem::domain)?;
        Self::checked(keyed, kinds, reach)
    }

    /// Each group's name in bytes, whose order is the order of the groups.
    fn names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(
            py,
            self.keyed
                .keys()
                .map(|name| PyBytes::new(py, name))
                .collect::<Vec<_>>(),
        )
    }

    /// Each group's rows and sums in bytes.
    fn states<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let groups = self.__len__();
        PyList::new(
            py,
            (0..groups)
                .map(|group| PyBytes::new(py, &self.keyed.state(group)))
                .collect::<Vec<_>>(),
        )
    }

    /// Totals from the bytes of groups; a name may come more than once.
    #[staticmethod]
    #[expect(clippy::needless_pass_by_value, reason = "as Python hands it over")]
    fn from_states(
        names: Vec<Vec<u8>>,
        states: Vec<Vec<u8>>,
        terms: Vec<(usize, Option<usize>)>,
        kinds: Vec<String>,
        reach: Reach,
    ) -> PyResult<Self> {
        let kinds = kinds
            .iter()
            .map(|kind| Kind::parse(kind))
            .collect::<PyResult<Vec<_>>>()?;
        let pairs = names
            .iter()
            .zip(&states)
            .map(|(name, state)| (&**name, &**state));
        let keyed = Keyed::from_states(read_terms(&terms), pairs).map_err(problem::domain)?;
        Self::checked(keyed, kinds, reach)
    }
}

impl Totals {
    /// Refuses names that these keys do not have, so that what is read later is there.
    fn checked(keyed: Keyed, kinds: Vec<Kind>, reach: Reach) -> PyResult<Self> {
        for name in keyed.keys() {
            let mut rest = name;
            for kind in &kinds {
                let (value, tail) = split_name(*kind, rest).ok_or_else(unreadable)?;
                read_value(*kind, value).ok_or_else(unreadable)?;
                rest = tail;
            }
            if !rest.is_empty() {
                return Err(unreadable());
            }
        }
        if reach.len() != kinds.len() {
            return Err(unreadable());
        }
        Ok(Self {
            keyed,
            kinds,
            reach,
        })
    }
}

fn read_terms(terms: &[(usize, Option<usize>)]) -> Vec<Term> {
    terms
        .iter()
        .map(|(x, y)| y.map_or(Term::Sum(*x), |y| Term::Product(*x, y)))
        .collect()
}

fn chunks(value: &Bound<'_, PyAny>) -> PyResult<Vec<ArrayRef>> {
    let array: AnyArray = value.extract()?;
    let (chunks, _) = array.into_chunked_array()?.into_inner();
    Ok(chunks
        .into_iter()
        .filter(|chunk| !chunk.is_empty())
        .collect())
}

/// A key as the Python side hands it over: values, window, time zone, and words for numbers.
#[derive(FromPyObject)]
struct KeyArgument<'py> {
    name: String,
    values: Bound<'py, PyAny>,
    window: Option<(String, i64)>,
    zone: (Vec<i64>, Vec<i64>),
    words: Option<Vec<Option<String>>>,
    kind: Option<String>,
}

/// Sums columns of numbers by the values of key columns.
///
/// Not for users: ``edgetally.report`` and ``edgetally.summarize`` prepare its arguments.
#[pyfunction]
#[pyo3(signature = (keys, columns, terms, *, omit=false, threads=None))]
#[expect(clippy::needless_pass_by_value, reason = "as Python hands it over")]
fn totals<'py>(
    py: Python<'py>,
    keys: Vec<KeyArgument<'py>>,
    columns: Vec<(String, Bound<'py, PyAny>)>,
    terms: Vec<(usize, Option<usize>)>,
    omit: bool,
    threads: Option<&Bound<'py, PyAny>>,
) -> PyResult<Totals> {
    let integer_arrays: Vec<Option<PyReadonlyArray1<'py, i64>>> =
        keys.iter().map(|key| key.values.extract().ok()).collect();
    let double_arrays: Vec<Option<PyReadonlyArray1<'py, f64>>> = columns
        .iter()
        .map(|(_, values)| values.extract().ok())
        .collect();
    let whole_arrays: Vec<Option<PyReadonlyArray1<'py, i64>>> = columns
        .iter()
        .map(|(_, values)| values.extract().ok())
        .collect();
    let mut read_keys = Vec::new();
    for (key, array) in keys.iter().zip(&integer_arrays) {
        let (chunks, kind) = match array {
            Some(array) => {
                let kind = match &key.kind {
                    _ if key.words.is_some() => Kind::Text,
                    Some(kind) if kind == "instant" => Kind::Date,
                    Some(kind) => Kind::parse(kind)?,
                    None => Kind::Integer,
                };
                (vec![KeyChunk::Integers(array.as_slice()?)], kind)
            }
            None => {
                let chunks = chunks(&key.values)?;
                let kind = chunks
                    .first()
                    .map_or(Some(Kind::Text), |chunk| key_kind(chunk.data_type()));
                let Some(kind) = kind else {
                    let kind = chunks
                        .first()
                        .map(|chunk| chunk.data_type().to_string())
                        .unwrap_or_default();
                    let message = format!(
                        "{} is no text, integer, boolean or date, but {kind}",
                        key.name
                    );
                    return Err(Problem::new(Code::WrongType, message).into());
                };
                (chunks.into_iter().map(KeyChunk::Arrow).collect(), kind)
            }
        };
        let window = key
            .window
            .as_ref()
            .map(|(name, argument)| Window::parse(name, *argument))
            .transpose()?;
        if window.is_some() && kind != Kind::Date && !chunks.is_empty() {
            return Err(Problem::new(Code::WrongType, format!("{} is no date", key.name)).into());
        }
        read_keys.push(Key {
            ends: ends(chunks.iter().map(|chunk| match chunk {
                KeyChunk::Arrow(array) => array.len(),
                KeyChunk::Integers(numbers) => numbers.len(),
            })),
            chunks,
            kind: if window.is_some() { Kind::Date } else { kind },
            window,
            instants: key.kind.as_deref() == Some("instant"),
            zone: Zone {
                since: key.zone.0.clone(),
                offset: key.zone.1.clone(),
            },
            words: key.words.as_ref().map(|words| {
                words
                    .iter()
                    .map(|word| word.as_ref().map(|word| word.clone().into_bytes()))
                    .collect()
            }),
        });
    }
    let mut numbers = Vec::new();
    let arrays = double_arrays.iter().zip(&whole_arrays);
    for ((name, values), arrays) in columns.iter().zip(arrays) {
        let chunks: Vec<NumberChunk<'_>> = match arrays {
            (Some(array), _) => vec![NumberChunk::Doubles(array.as_slice()?)],
            (None, Some(array)) => vec![NumberChunk::Integers(array.as_slice()?)],
            (None, None) => chunks(values)?
                .into_iter()
                .map(NumberChunk::Arrow)
                .collect(),
        };
        let wrong = chunks.iter().find_map(|chunk| match chunk {
            NumberChunk::Arrow(array) => {
                let kind = array.data_type();
                let fits = kind.is_integer()
                    || matches!(
                        kind,
                        DataType::Float32 | DataType::Float64 | DataType::Boolean | DataType::Null
                    );
                (!fits).then_some(kind)
            }
            NumberChunk::Doubles(_) | NumberChunk::Integers(_) => None,
        });
        if let Some(kind) = wrong {
            return Err(Problem::new(
                Code::WrongType,
                format!("{name} is no column of numbers, but of {kind}"),
            )
            .into());
        }
        numbers.push(Number {
            omit,
            ends: ends(chunks.iter().map(|chunk| match chunk {
                NumberChunk::Arrow(array) => array.len(),
                NumberChunk::Doubles(doubles) => doubles.len(),
                NumberChunk::Integers(numbers) => numbers.len(),
            })),
            chunks,
        });
    }
    let length = |ends: &Vec<usize>| ends.last().copied().unwrap_or(0);
    let lengths: Vec<usize> = read_keys
        .iter()
        .map(|key| length(&key.ends))
        .chain(numbers.iter().map(|number| length(&number.ends)))
        .collect();
    let rows = lengths.first().copied().unwrap_or(0);
    if lengths.iter().any(|length| *length != rows) {
        return Err(Problem::new(Code::LengthMismatch, "the columns differ in length").into());
    }
    let terms = read_terms(&terms);
    let count = threads::count(threads, rows, ROWS_PER_THREAD)?;
    let (read_keys, numbers) = (&read_keys, &numbers);
    let terms = &terms;
    let shares = py.detach(|| {
        let size = rows.div_ceil(count).max(1);
        let run = |part: usize| {
            share(
                read_keys,
                numbers,
                terms,
                (part * size).min(rows)..((part + 1) * size).min(rows),
            )
        };
        if count < 2 {
            return vec![run(0)];
        }
        thread::scope(|scope| {
            let run = &run;
            let others: Vec<_> = (1..count)
                .map(|part| {
                    (
                        part,
                        thread::Builder::new().spawn_scoped(scope, move || run(part)),
                    )
                })
                .collect();
            let mut shares = vec![run(0)];
            for (part, thread) in others {
                shares.push(match thread {
                    Ok(thread) => thread
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                    // The system gives no more threads: this one does the part.
                    Err(_) => run(part),
                });
            }
            shares
        })
    });
    let shares = shares
        .into_iter()
        .collect::<Result<Vec<_>, _>>()
        .map_err(problem::domain)?;
    let nothing: Reach = read_keys.iter().map(|_| None).collect();
    let reach = shares
        .iter()
        .fold(nothing, |reach, (_, part)| join(&reach, part));
    let parts: Vec<&Keyed> = shares.iter().map(|(keyed, _)| keyed).collect();
    let keyed = py
        .detach(|| Keyed::merge(&parts))
        .map_err(problem::domain)?;
    Ok(Totals {
        keyed,
        kinds: read_keys.iter().map(|key| key.kind).collect(),
        reach,
    })
}

/// The window that a day lies in, both counted from 1970-01-01: its first day, and the day after its last.
#[pyfunction]
fn window_around(name: &str, argument: i64, day: i64) -> PyResult<(i64, i64)> {
    Ok(Window::parse(name, argument)?.around(day))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Totals>()?;
    module.add_function(wrap_pyfunction!(window_around, module)?)?;
    module.add_function(wrap_pyfunction!(totals, module)?)
}
