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

mod codes;
mod keys;
mod names;
mod numbers;
mod share;
mod views;
mod windows;

use std::fmt;

use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use edgetally_core::metrics::exact;
use edgetally_core::metrics::totals::{Keyed, Term};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use pyo3_arrow::input::AnyArray;

use self::keys::{Key, KeyChunk, key_kind};
use self::names::{Kind, Value, read_value, split_name};
use self::numbers::{Number, NumberChunk};
use self::share::{Reach, share};
use self::views::Views;
use self::windows::{Window, Zone};
use crate::problem::{self, Code, Problem};
use crate::threads;

/// Fewer rows than this per thread are done before a thread has started.
const ROWS_PER_THREAD: usize = 65_536;

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
        // Sorted by the first key: what stands in many rows one after the other is made once.
        let mut before: Option<(&[u8], Py<PyAny>)> = None;
        for name in self.keyed.keys() {
            let mut rest = name;
            let mut part: &[u8] = &[2];
            let mut kind = Kind::Text;
            for of in self.kinds.iter().take(key + 1) {
                let (bytes, tail) = split_name(*of, rest).ok_or_else(unreadable)?;
                (part, kind, rest) = (bytes, *of, tail);
            }
            if let Some((known, value)) = &before
                && *known == part
            {
                list.append(value)?;
                continue;
            }
            let value = match read_value(kind, part).ok_or_else(unreadable)? {
                Value::Missing => py.None(),
                Value::Text(text) => text.into_pyobject(py)?.into_any().unbind(),
                Value::Integer(number) if kind == Kind::Boolean => (number != 0)
                    .into_pyobject(py)?
                    .to_owned()
                    .into_any()
                    .unbind(),
                Value::Integer(number) => number.into_pyobject(py)?.into_any().unbind(),
            };
            list.append(&value)?;
            before = Some((part, value));
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

    /// The sum of (x - mean x)(y - mean y), by group, from the terms of x, y and xy; `left_out` counts rows that are not
    /// among them.
    #[pyo3(signature = (x, y, products, left_out=None))]
    fn about_means<'py>(
        &self,
        py: Python<'py>,
        x: usize,
        y: usize,
        products: usize,
        left_out: Option<usize>,
    ) -> Bound<'py, PyArray1<f64>> {
        let table = self.keyed.totals();
        let of = |group| {
            let (x, y, p) = (
                table.exact(x, group)?,
                table.exact(y, group)?,
                table.exact(products, group)?,
            );
            let out = left_out.map_or(0.0, |term| table.sum(term, group));
            let rows = table.rows(group).saturating_sub(out as u64);
            Some(exact::products_about_means(&x, &y, &p, rows))
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
/// ``views`` are what the terms sum: pairs of a column and a mask, by default every column as it is. A mask is a list
/// of columns; rows in which one of them is missing are left out. A view without a column counts those rows.
///
/// Not for users: ``edgetally.report`` and ``edgetally.summarize`` prepare its arguments.
#[pyfunction]
#[pyo3(signature = (keys, columns, terms, *, views=None, masks=Vec::new(), threads=None))]
#[expect(clippy::needless_pass_by_value, reason = "as Python hands it over")]
fn totals<'py>(
    py: Python<'py>,
    keys: Vec<KeyArgument<'py>>,
    columns: Vec<(String, Bound<'py, PyAny>)>,
    terms: Vec<(usize, Option<usize>)>,
    views: Option<Vec<(Option<usize>, Option<usize>)>>,
    masks: Vec<Vec<usize>>,
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
                    Some(kind) => Kind::parse(kind.trim_end_matches('?'))?,
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
                        "{} is not a text, integer, boolean or date, but {kind}",
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
            return Err(
                Problem::new(Code::WrongType, format!("{} is not a date", key.name)).into(),
            );
        }
        read_keys.push(Key {
            ends: ends(chunks.iter().map(|chunk| match chunk {
                KeyChunk::Arrow(array) => array.len(),
                KeyChunk::Integers(numbers) => numbers.len(),
            })),
            chunks,
            kind: if window.is_some() { Kind::Date } else { kind },
            window,
            nullable: key
                .kind
                .as_deref()
                .is_some_and(|kind| kind == "instant" || kind == "date" || kind.ends_with('?')),
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
                format!("{name} is not a column of numbers, but of {kind}"),
            )
            .into());
        }
        numbers.push(Number {
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
    let views = Views::read(views, masks, numbers.len())?;
    let count = threads::count(threads, rows, ROWS_PER_THREAD)?;
    let (read_keys, numbers) = (&read_keys, &numbers);
    let (views, terms) = (&views, &terms);
    let shares = py.detach(|| {
        let size = rows.div_ceil(count).max(1);
        let parts = (0..count)
            .map(|part| (part * size).min(rows)..((part + 1) * size).min(rows))
            .collect();
        threads::each(parts, |rows| share(read_keys, numbers, views, terms, rows))
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
