//! Text from Python and back: one value, or many rows at once.
//!
//! A column is read where it lies: Arrow's buffers (pyarrow, Polars, pandas on Arrow, whatever has an Arrow capsule) through
//! the `PyCapsule` interface, Python's own strings by the UTF-8 form that the interpreter keeps beside them, with references
//! held so that they stay alive while the lock is released. The answers go into one buffer per column and leave as what came
//! in: a list for a list, a Series with its index and name for a Series. No library is imported that the caller has not.
//!
//! A function over columns is three calls: [`Input::read`] for each argument, [`Sources::new`] to line them up, and [`map`]
//! with a closure that answers rows.

use std::num::NonZero;
use std::slice;
use std::sync::{Arc, Mutex};
use std::thread;

use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, GenericStringArray, LargeStringArray, OffsetSizeTrait, StringArray,
    StringViewArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field};
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::{
    PyByteArray, PyBytes, PyCapsule, PyDict, PyFloat, PyList, PySequence, PyString, PyTuple,
};
use pyo3::{IntoPyObjectExt as _, intern};
use pyo3_arrow::error::PyArrowError;
use pyo3_arrow::ffi::to_array_pycapsules;
use pyo3_arrow::input::AnyArray;

use crate::problem::{Code, Problem};

/// A column shorter than this per thread is done before a thread has started.
const ROWS_PER_THREAD: usize = 4096;

/// What was passed for an argument that takes one value or many.
#[derive(Debug)]
pub(crate) enum Input<'py> {
    Scalar(Option<Bound<'py, PyString>>),
    Column(Column<'py>),
}

/// Many rows, and what kind of column its answers shall be.
#[derive(Debug)]
pub(crate) struct Column<'py> {
    held: Held<'py>,
    like: Like<'py>,
}

#[derive(Debug)]
enum Held<'py> {
    Objects(Vec<Option<Bound<'py, PyString>>>),
    Arrow(Vec<ArrayRef>),
}

/// Arrow's three layouts of text.
#[derive(Clone, Copy, Debug)]
enum Layout {
    Utf8,
    Large,
    View,
}

/// The kind of column that came in, and so goes out.
#[derive(Clone, Debug)]
enum Like<'py> {
    List,
    /// An array of objects, since NumPy's own text has no missing values.
    Numpy,
    Pandas {
        pandas: Bound<'py, PyAny>,
        shell: Shell<'py>,
        cells: Cells<'py>,
    },
    Polars {
        class: Bound<'py, PyAny>,
        name: Bound<'py, PyAny>,
    },
    Pyarrow {
        pyarrow: Bound<'py, PyAny>,
        chunked: bool,
        layout: Layout,
    },
    /// An object of ours that gives its Arrow capsules away.
    Arrow(Layout),
}

/// What pandas puts around an array.
#[derive(Clone, Debug)]
enum Shell<'py> {
    Series(Bound<'py, PyAny>),
    Index(Bound<'py, PyAny>),
    None,
}

/// What a pandas array is made of.
#[derive(Clone, Debug)]
enum Cells<'py> {
    Objects,
    /// Objects of pandas' own text type.
    Text(Bound<'py, PyAny>),
    /// Arrow's buffers, under pandas' own text type.
    TextOnArrow(Bound<'py, PyAny>),
    /// Arrow's buffers, under the type that says so.
    Arrow(Bound<'py, PyAny>, Layout),
}

impl<'py> Input<'py> {
    pub(crate) fn read(argument: &'static str, value: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(scalar) = optional_text(value) {
            return Ok(Self::Scalar(scalar));
        }
        let column = if let Ok(list) = value.cast::<PyList>() {
            Column::of_items(argument, list.len(), list.iter().map(Ok), Missing::None)?
        } else if let Ok(tuple) = value.cast::<PyTuple>() {
            Column::of_items(argument, tuple.len(), tuple.iter().map(Ok), Missing::None)?
        } else if let Some(column) = Column::of_library(argument, value)? {
            column
        } else if let Ok(sequence) = value.cast::<PySequence>()
            // Bytes are a sequence to Python, and the empty ones would pass for a column without rows.
            && !value.is_instance_of::<PyBytes>()
            && !value.is_instance_of::<PyByteArray>()
        {
            let (length, items) = (sequence.len()?, sequence.try_iter()?);
            Column::of_items(argument, length, items, Missing::None)?
        } else {
            return Err(wrong_type(argument, None, value));
        };
        Ok(Self::Column(column))
    }

    /// The one value, where the arguments beside it are no columns.
    pub(crate) fn scalar(&self, argument: &'static str) -> Result<Option<&str>, Problem> {
        match self {
            Self::Scalar(text) => text
                .as_ref()
                .map(|text| utf8(argument, None, text))
                .transpose(),
            Self::Column(_) => Err(Problem::new(
                Code::LengthMismatch,
                format!("{argument} is a column, value is not"),
            )),
        }
    }

    /// An argument that may be left out.
    pub(crate) fn read_optional(
        argument: &'static str,
        value: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Self> {
        value.map_or(Ok(Self::Scalar(None)), |value| Self::read(argument, value))
    }
}

/// What else than `None` is a missing value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    None,
    /// And not-a-number, `pandas.NA` and `pandas.NaT`.
    Marked,
}

impl<'py> Column<'py> {
    fn of_items(
        argument: &'static str,
        length: usize,
        items: impl Iterator<Item = PyResult<Bound<'py, PyAny>>>,
        missing: Missing,
    ) -> PyResult<Self> {
        let mut rows = Vec::with_capacity(length);
        for item in items {
            let item = item?;
            match optional_text(&item) {
                Ok(text) => rows.push(text),
                Err(Other) if missing == Missing::Marked && is_missing(&item)? => rows.push(None),
                Err(Other) => return Err(wrong_type(argument, Some(rows.len()), &item)),
            }
        }
        Ok(Self {
            held: Held::Objects(rows),
            like: Like::List,
        })
    }

    /// A column of a library that the program has loaded already, or of Arrow's interface.
    fn of_library(argument: &'static str, value: &Bound<'py, PyAny>) -> PyResult<Option<Self>> {
        let py = value.py();
        let modules = py
            .import(intern!(py, "sys"))?
            .getattr(intern!(py, "modules"))?;
        let modules = modules.cast::<PyDict>()?;
        let is = |module: &Bound<'py, PyAny>, class: &str| -> PyResult<bool> {
            // Half a module is seen while it is being imported.
            match module.getattr_opt(class)? {
                Some(class) => value.is_instance(&class),
                None => Ok(false),
            }
        };
        if let Some(numpy) = modules.get_item(intern!(py, "numpy"))?
            && is(&numpy, "ndarray")?
        {
            return Self::of_numpy(argument, value).map(Some);
        }
        if let Some(pandas) = modules.get_item(intern!(py, "pandas"))? {
            let shell = if is(&pandas, "Series")? {
                Some(Shell::Series(value.clone()))
            } else if is(&pandas, "Index")? {
                Some(Shell::Index(value.clone()))
            } else {
                let api = pandas.getattr_opt(intern!(py, "api"))?;
                let extensions = match api {
                    Some(api) => api.getattr_opt(intern!(py, "extensions"))?,
                    None => None,
                };
                match extensions {
                    Some(extensions) if is(&extensions, "ExtensionArray")? => Some(Shell::None),
                    _ => None,
                }
            };
            if let Some(shell) = shell {
                return Self::of_pandas(argument, value, &pandas, &shell).map(Some);
            }
        }
        if let Some(polars) = modules.get_item(intern!(py, "polars"))?
            && is(&polars, "Series")?
        {
            // Polars and the Arrow crate differ on what a column without a type is made of, and older Polars on categories.
            let dtype = value.getattr(intern!(py, "dtype"))?;
            let mut texts = value.clone();
            for kind in ["Null", "Categorical", "Enum"] {
                if let Some(kind) = polars.getattr_opt(kind)?
                    && dtype.eq(kind)?
                {
                    let text = polars.getattr(intern!(py, "String"))?;
                    texts = value.call_method1(intern!(py, "cast"), (text,))?;
                }
            }
            let (chunks, _) = arrow(argument, &texts)?;
            return Ok(Some(Self {
                held: Held::Arrow(chunks),
                like: Like::Polars {
                    class: polars.getattr(intern!(py, "Series"))?,
                    name: value.getattr(intern!(py, "name"))?,
                },
            }));
        }
        if let Some(pyarrow) = modules.get_item(intern!(py, "pyarrow"))? {
            let chunked = is(&pyarrow, "ChunkedArray")?;
            if chunked || is(&pyarrow, "Array")? {
                let (chunks, layout) = arrow(argument, value)?;
                let like = Like::Pyarrow {
                    pyarrow,
                    chunked,
                    layout,
                };
                return Ok(Some(Self {
                    held: Held::Arrow(chunks),
                    like,
                }));
            }
        }
        if value.hasattr(intern!(py, "__arrow_c_array__"))?
            || value.hasattr(intern!(py, "__arrow_c_stream__"))?
        {
            let (chunks, layout) = arrow(argument, value)?;
            return Ok(Some(Self {
                held: Held::Arrow(chunks),
                like: Like::Arrow(layout),
            }));
        }
        Ok(None)
    }

    fn of_numpy(argument: &'static str, array: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = array.py();
        let dimensions: usize = array.getattr(intern!(py, "ndim"))?.extract()?;
        let kind: char = array
            .getattr(intern!(py, "dtype"))?
            .getattr(intern!(py, "kind"))?
            .extract()?;
        // Objects, and the two kinds of text.
        if dimensions != 1 || !matches!(kind, 'O' | 'U' | 'T') {
            let message = format!(
                "{argument} is an array of kind {kind:?} with {dimensions} dimensions, not one of text with one"
            );
            return Err(Problem::new(Code::WrongType, message).into());
        }
        let items = array.call_method0(intern!(py, "tolist"))?;
        let items = items.cast::<PyList>()?;
        let column = Self::of_items(argument, items.len(), items.iter().map(Ok), Missing::Marked)?;
        Ok(Self {
            like: Like::Numpy,
            ..column
        })
    }

    fn of_pandas(
        argument: &'static str,
        value: &Bound<'py, PyAny>,
        pandas: &Bound<'py, PyAny>,
        shell: &Shell<'py>,
    ) -> PyResult<Self> {
        let py = value.py();
        let array = match shell {
            Shell::Series(owner) | Shell::Index(owner) => owner.getattr(intern!(py, "array"))?,
            Shell::None => value.clone(),
        };
        let mut dtype = value.getattr(intern!(py, "dtype"))?;
        let is = |dtype: &Bound<'py, PyAny>, class: &str| -> PyResult<bool> {
            match pandas.getattr_opt(class)? {
                Some(class) => dtype.is_instance(&class),
                None => Ok(false),
            }
        };
        let like = |cells| Like::Pandas {
            pandas: pandas.clone(),
            shell: shell.clone(),
            cells,
        };
        let on_arrow = is(&dtype, "ArrowDtype")?;
        let is_text = is(&dtype, "StringDtype")?;
        // pandas 2 says "pyarrow_numpy" too.
        let storage: Option<String> = if is_text {
            dtype.getattr(intern!(py, "storage"))?.extract()?
        } else {
            None
        };
        if on_arrow || storage.is_some_and(|storage| storage.starts_with("pyarrow")) {
            let buffers = array.call_method0(intern!(py, "__arrow_array__"))?;
            let (chunks, layout) = arrow(argument, &buffers)?;
            let cells = if on_arrow {
                Cells::Arrow(dtype.get_type().into_any(), layout)
            } else {
                Cells::TextOnArrow(dtype)
            };
            return Ok(Self {
                held: Held::Arrow(chunks),
                like: like(cells),
            });
        }
        let options = PyDict::new(py);
        options.set_item(intern!(py, "dtype"), intern!(py, "object"))?;
        let objects = value.call_method(intern!(py, "to_numpy"), (), Some(&options))?;
        let items = objects.call_method0(intern!(py, "tolist"))?;
        let items = items.cast::<PyList>()?;
        let column = Self::of_items(argument, items.len(), items.iter().map(Ok), Missing::Marked)?;
        if is(&dtype, "CategoricalDtype")? {
            dtype = dtype
                .getattr(intern!(py, "categories"))?
                .getattr(intern!(py, "dtype"))?;
        }
        let cells = if is(&dtype, "StringDtype")? {
            Cells::Text(dtype)
        } else {
            Cells::Objects
        };
        Ok(Self {
            like: like(cells),
            ..column
        })
    }

    pub(crate) fn len(&self) -> usize {
        match &self.held {
            Held::Objects(rows) => rows.len(),
            Held::Arrow(chunks) => chunks.iter().map(Array::len).sum(),
        }
    }

    /// The texts, for as long as the column lives.
    fn rows(&self, argument: &'static str) -> Result<Rows<'_>, Problem> {
        let parts = match &self.held {
            Held::Objects(rows) => vec![Part::Texts(utf8_rows(argument, rows)?)],
            Held::Arrow(chunks) => chunks.iter().map(|chunk| Part::of(chunk)).collect(),
        };
        Ok(Rows(parts))
    }
}

/// An object that is neither text nor `None`.
struct Other;

fn optional_text<'py>(value: &Bound<'py, PyAny>) -> Result<Option<Bound<'py, PyString>>, Other> {
    match value.cast::<PyString>() {
        Ok(text) => Ok(Some(text.clone())),
        Err(_) if value.is_none() => Ok(None),
        Err(_) => Err(Other),
    }
}

fn is_missing(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    if let Ok(number) = value.cast::<PyFloat>() {
        return Ok(number.extract::<f64>()?.is_nan());
    }
    Ok(matches!(
        value.get_type().name()?.to_str()?,
        "NAType" | "NaTType"
    ))
}

fn wrong_type(argument: &'static str, row: Option<usize>, value: &Bound<'_, PyAny>) -> PyErr {
    let kind = match value.get_type().name() {
        Ok(name) => name.to_string(),
        Err(error) => return error,
    };
    let message = match row {
        Some(row) => format!("{argument}[{row}] is neither str nor None, but {kind}"),
        None => format!("{argument} is neither str nor None nor a sequence of them, but {kind}"),
    };
    Problem::new(Code::WrongType, message).into()
}

/// The UTF-8 form. Python's own error would carry the text along.
pub(crate) fn utf8<'a>(
    argument: &'static str,
    row: Option<usize>,
    text: &'a Bound<'_, PyString>,
) -> Result<&'a str, Problem> {
    text.to_str().map_err(|_| {
        let row = row.map(|row| format!("[{row}]")).unwrap_or_default();
        Problem::new(
            Code::InvalidUnicode,
            format!("{argument}{row} holds half a surrogate pair"),
        )
    })
}

/// The UTF-8 forms of a column.
fn utf8_rows<'a>(
    argument: &'static str,
    rows: &'a [Option<Bound<'_, PyString>>],
) -> Result<Vec<Option<&'a str>>, Problem> {
    let texts = rows.iter().enumerate().map(|(row, text)| {
        let text = text.as_ref();
        text.map(|text| utf8(argument, Some(row), text)).transpose()
    });
    texts.collect()
}

/// The buffers behind an object with Arrow capsules, if they hold text.
fn arrow(argument: &'static str, value: &Bound<'_, PyAny>) -> PyResult<(Vec<ArrayRef>, Layout)> {
    let array = value.extract::<AnyArray>()?;
    let refuse = |data_type: &DataType| {
        let message = format!("{argument} is a column of {data_type}, not of text");
        PyErr::from(Problem::new(Code::WrongType, message))
    };
    // Looked at before the stream is read: it may be a whole table.
    let field = array.field()?;
    let layout = layout(field.data_type()).ok_or_else(|| refuse(field.data_type()))?;
    let (chunks, _) = array.into_chunked_array()?.into_inner();
    Ok((chunks, layout))
}

fn layout(data_type: &DataType) -> Option<Layout> {
    match data_type {
        // A column of nothing but missing values has no type of its own.
        DataType::Utf8 | DataType::Null => Some(Layout::Utf8),
        DataType::LargeUtf8 => Some(Layout::Large),
        DataType::Utf8View => Some(Layout::View),
        DataType::Dictionary(_, values) => layout(values),
        _ => None,
    }
}

/// A column's texts, free of the interpreter.
#[derive(Debug)]
pub(crate) struct Rows<'a>(Vec<Part<'a>>);

#[derive(Debug)]
enum Part<'a> {
    Texts(Vec<Option<&'a str>>),
    Utf8(&'a StringArray),
    Large(&'a LargeStringArray),
    View(&'a StringViewArray),
    Missing(usize),
}

impl<'a> Part<'a> {
    fn of(array: &'a dyn Array) -> Self {
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

    fn len(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Utf8(array) => array.len(),
            Self::Large(array) => array.len(),
            Self::View(array) => array.len(),
            Self::Missing(length) => *length,
        }
    }

    fn get(&self, row: usize) -> Option<&'a str> {
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
pub(crate) enum Source<'a> {
    Same(Option<&'a str>),
    Rows(Rows<'a>),
}

impl<'a> Source<'a> {
    fn of(argument: &'static str, input: &'a Input<'_>) -> Result<Self, Problem> {
        Ok(match input {
            Input::Scalar(_) => Self::Same(input.scalar(argument)?),
            Input::Column(column) => Self::Rows(column.rows(argument)?),
        })
    }

    /// The values from a row on.
    fn from(&self, row: usize) -> Cursor<'_> {
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
struct Cursor<'a> {
    same: Option<&'a str>,
    part: Option<&'a Part<'a>>,
    row: usize,
    later: slice::Iter<'a, Part<'a>>,
}

impl<'a> Cursor<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let mut part = self.part?;
        while self.row >= part.len() {
            self.row = 0;
            self.part = self.later.next();
            part = self.part?;
        }
        self.row += 1;
        part.get(self.row - 1)
    }

    fn value(&mut self) -> Option<&'a str> {
        if self.part.is_some() {
            self.next()
        } else {
            self.same
        }
    }
}

/// The arguments of a call over columns, lined up.
#[derive(Debug)]
pub(crate) struct Sources<'a, 'py, const IN: usize> {
    sources: [Source<'a>; IN],
    like: &'a Like<'py>,
    rows: usize,
}

impl<'a, 'py, const IN: usize> Sources<'a, 'py, IN> {
    /// `None` when no argument is a column. The first column says what the answers look like; all have the same length.
    pub(crate) fn new(
        inputs: [(&'static str, &'a Input<'py>); IN],
    ) -> Result<Option<Self>, Problem> {
        let mut first: Option<(&'static str, &'a Column<'py>)> = None;
        for (argument, input) in inputs {
            let Input::Column(column) = input else {
                continue;
            };
            match first {
                None => first = Some((argument, column)),
                Some((name, first)) if first.len() != column.len() => {
                    let message = format!(
                        "{argument} has {} rows, {name} has {}",
                        column.len(),
                        first.len()
                    );
                    return Err(Problem::new(Code::LengthMismatch, message));
                }
                Some(_) => {}
            }
        }
        let Some((_, first)) = first else {
            return Ok(None);
        };
        let mut sources = [const { Source::Same(None) }; IN];
        for (source, (argument, input)) in sources.iter_mut().zip(inputs) {
            *source = Source::of(argument, input)?;
        }
        Ok(Some(Self {
            sources,
            like: &first.like,
            rows: first.len(),
        }))
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }
}

/// How many threads a column of so many rows is worth, or what the caller asked for.
pub(crate) fn threads(asked: Option<&Bound<'_, PyAny>>, rows: usize) -> Result<usize, Problem> {
    let worth = rows.div_ceil(ROWS_PER_THREAD).max(1);
    let Some(asked) = asked else {
        // Counting the cores reads files, which takes longer than many a column.
        if worth == 1 {
            return Ok(1);
        }
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        return Ok(cores.min(worth));
    };
    match asked.extract::<usize>() {
        Ok(count) if count > 0 => Ok(count.min(worth)),
        _ => Err(Problem::new(
            Code::ThreadsInvalid,
            "threads is not a whole number from 1",
        )),
    }
}

/// How long the answers of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    /// Each as long as it is.
    Any,
    /// All of so many bytes: their room is made once, and every thread writes into its share of it.
    Fixed(usize),
}

/// The answers of one thread for one column, in order.
#[derive(Debug)]
pub(crate) struct Answers<'a> {
    room: Room<'a>,
    /// Which rows have an answer.
    there: Vec<bool>,
    /// Where in its room the answer of each row ends; of a fixed width it is known.
    ends: Vec<usize>,
    used: usize,
}

#[derive(Debug)]
enum Room<'a> {
    Grown(Vec<u8>),
    Share(&'a mut [u8]),
}

impl Answers<'_> {
    /// A text, or `None` for a dropped value. Not for a column of fixed width.
    pub(crate) fn push(&mut self, answer: Option<&str>) {
        if let (Some(answer), Room::Grown(room)) = (answer, &mut self.room) {
            room.extend_from_slice(answer.as_bytes());
            self.used = room.len();
        }
        self.there.push(answer.is_some());
        self.ends.push(self.used);
    }

    /// A text of the column's fixed width, in UTF-8, or `None` for a dropped value.
    pub(crate) fn push_fixed<const WIDTH: usize>(&mut self, answer: Option<&[u8; WIDTH]>) {
        if let (Some(answer), Room::Share(room)) = (answer, &mut self.room)
            && let Some(place) = room
                .get_mut(self.used..)
                .and_then(|room| room.first_chunk_mut())
        {
            *place = *answer;
            self.used += WIDTH;
        }
        self.there.push(answer.is_some());
    }
}

/// Answers every row, in order, with the interpreter's lock released: `OUT` columns from `IN` arguments.
///
/// `work` gets each thread's rows and has to push an answer for every one of them to every column.
pub(crate) fn map<'py, const IN: usize, const OUT: usize>(
    py: Python<'py>,
    sources: &Sources<'_, 'py, IN>,
    widths: [Width; OUT],
    threads: usize,
    work: impl Fn(Walk<'_, IN>, &mut [Answers<'_>; OUT]) + Sync,
) -> PyResult<[Bound<'py, PyAny>; OUT]> {
    let texts = {
        let (columns, rows, work) = (&sources.sources, sources.rows, &work);
        py.detach(|| fill(columns, rows, widths, threads, work))
    };
    let mut columns = [const { None }; OUT];
    for (column, texts) in columns.iter_mut().zip(texts) {
        *column = Some(sources.like.wrap(py, texts)?);
    }
    Ok(columns.map(|column| column.unwrap_or_else(|| py.None().into_bound(py))))
}

/// The rows of one thread, in order, each with its number in the column.
pub(crate) struct Walk<'a, const IN: usize> {
    cursors: [Cursor<'a>; IN],
    row: usize,
    end: usize,
}

impl<'a, const IN: usize> Iterator for Walk<'a, IN> {
    type Item = (usize, [Option<&'a str>; IN]);

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.row;
        if row == self.end {
            return None;
        }
        self.row += 1;
        Some((row, self.cursors.each_mut().map(Cursor::value)))
    }
}

fn fill<const IN: usize, const OUT: usize>(
    sources: &[Source<'_>; IN],
    rows: usize,
    widths: [Width; OUT],
    threads: usize,
    answer: impl Fn(Walk<'_, IN>, &mut [Answers<'_>; OUT]) + Sync,
) -> [Texts; OUT] {
    let share = rows.div_ceil(threads.max(1)).max(1);
    let mut buffers = widths.map(|width| match width {
        Width::Any => Memory::new(0),
        Width::Fixed(width) => Memory::new(rows * width),
    });
    let done: Vec<[Piece; OUT]> = {
        let mut shares = buffers.each_mut().map(Memory::as_mut_slice);
        let mut parts = Vec::with_capacity(threads);
        for start in (0..rows).step_by(share) {
            let count = share.min(rows - start);
            let mut taken = [const { None }; OUT];
            for ((taken, left), width) in taken.iter_mut().zip(&mut shares).zip(widths) {
                let room = match width {
                    Width::Any => Room::Grown(Vec::new()),
                    Width::Fixed(width) => {
                        let (mine, rest) = std::mem::take(left).split_at_mut(count * width);
                        *left = rest;
                        Room::Share(mine)
                    }
                };
                *taken = Some(Answers {
                    room,
                    there: Vec::with_capacity(count),
                    ends: Vec::with_capacity(if width == Width::Any { count } else { 0 }),
                    used: 0,
                });
            }
            let answers = taken.map(|answers| {
                answers.unwrap_or(Answers {
                    room: Room::Grown(Vec::new()),
                    there: Vec::new(),
                    ends: Vec::new(),
                    used: 0,
                })
            });
            parts.push((start, count, answers));
        }
        let work = |(start, count, mut answers): (usize, usize, [Answers<'_>; OUT])| {
            let walk = Walk {
                cursors: sources.each_ref().map(|source| source.from(start)),
                row: start,
                end: start + count,
            };
            answer(walk, &mut answers);
            answers.map(Piece::of)
        };
        in_threads(parts, work)
    };
    let mut pieces: [Vec<Piece>; OUT] = [const { Vec::new() }; OUT];
    for part in done {
        for (list, piece) in pieces.iter_mut().zip(part) {
            list.push(piece);
        }
    }
    let mut pieces = pieces.into_iter();
    let mut widths = widths.into_iter();
    buffers.map(|buffer| {
        let (pieces, width) = (pieces.next().unwrap_or_default(), widths.next());
        match width {
            Some(Width::Fixed(width)) => Texts::fixed(buffer, pieces, width),
            _ => Texts::joined(pieces),
        }
    })
}

/// One thread for each part; the calling one does the last, and those for which the system gives no thread.
fn in_threads<P: Send, T: Send>(mut parts: Vec<P>, work: impl Fn(P) -> T + Sync) -> Vec<T> {
    let last = parts.pop();
    let parts: Vec<_> = parts
        .into_iter()
        .map(|part| Mutex::new(Some(part)))
        .collect();
    let take =
        |part: &Mutex<Option<P>>| part.lock().ok().and_then(|mut part| part.take()).map(&work);
    thread::scope(|scope| {
        let take = &take;
        let running: Vec<_> = parts
            .iter()
            .map(|part| {
                (
                    part,
                    thread::Builder::new().spawn_scoped(scope, move || take(part)),
                )
            })
            .collect();
        let last = last.map(&work);
        let done = running
            .into_iter()
            .filter_map(|(part, thread)| match thread {
                Ok(thread) => thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                Err(_) => take(part),
            });
        done.chain(last).collect()
    })
}

/// Bytes that are zero until they are written, for a column of fixed width.
#[derive(Debug)]
enum Memory {
    Heap(Vec<u8>),
    #[cfg(target_os = "linux")]
    Mapped(memmap2::MmapMut),
}

impl Memory {
    fn new(length: usize) -> Self {
        // A huge page is two megabytes; a few of them have to be filled before they pay.
        #[cfg(target_os = "linux")]
        if length >= 8 << 20
            && let Ok(map) = memmap2::MmapMut::map_anon(length)
        {
            // A kernel without them says no, and all is as it would have been.
            let _ = map.advise(memmap2::Advice::HugePage);
            return Self::Mapped(map);
        }
        Self::Heap(vec![0; length])
    }

    fn as_mut_slice(&mut self) -> &mut [u8] {
        match self {
            Self::Heap(bytes) => bytes,
            #[cfg(target_os = "linux")]
            Self::Mapped(map) => map,
        }
    }

    /// The first bytes of it, for Arrow.
    fn into_buffer(self, length: usize) -> Buffer {
        match self {
            Self::Heap(mut bytes) => {
                bytes.truncate(length);
                Buffer::from_vec(bytes)
            }
            #[cfg(target_os = "linux")]
            Self::Mapped(map) => {
                Buffer::from(bytes::Bytes::from_owner(map)).slice_with_length(0, length)
            }
        }
    }
}

/// What a thread leaves behind.
#[derive(Debug)]
struct Piece {
    grown: Vec<u8>,
    there: Vec<bool>,
    ends: Vec<usize>,
    used: usize,
}

impl Piece {
    fn of(answers: Answers<'_>) -> Self {
        Self {
            grown: match answers.room {
                Room::Grown(bytes) => bytes,
                Room::Share(_) => Vec::new(),
            },
            there: answers.there,
            ends: answers.ends,
            used: answers.used,
        }
    }
}

/// The answers for one column, end to end.
#[derive(Debug)]
struct Texts {
    bytes: Buffer,
    there: Vec<bool>,
    ends: Ends,
    missing: bool,
}

#[derive(Debug)]
enum Ends {
    At(Vec<usize>),
    Every(usize),
}

impl Texts {
    fn fixed(mut memory: Memory, pieces: Vec<Piece>, width: usize) -> Self {
        let bytes = memory.as_mut_slice();
        let (mut from, mut to) = (0, 0);
        let mut there = Vec::new();
        for mut piece in pieces {
            // The share of a thread that dropped rows is not full: close the gap.
            if from != to {
                bytes.copy_within(from..from + piece.used, to);
            }
            from += piece.there.len() * width;
            to += piece.used;
            if there.is_empty() {
                there = piece.there;
            } else {
                there.append(&mut piece.there);
            }
        }
        Self {
            bytes: memory.into_buffer(to),
            missing: from != to,
            there,
            ends: Ends::Every(width),
        }
    }

    fn joined(pieces: Vec<Piece>) -> Self {
        let mut pieces = pieces.into_iter();
        let first = pieces.next();
        let (mut bytes, mut there, mut ends) = first.map_or_else(Default::default, |piece| {
            (piece.grown, piece.there, piece.ends)
        });
        for mut piece in pieces {
            let base = bytes.len();
            bytes.append(&mut piece.grown);
            there.append(&mut piece.there);
            ends.extend(piece.ends.iter().map(|end| end + base));
        }
        Self {
            bytes: Buffer::from_vec(bytes),
            missing: there.contains(&false),
            there,
            ends: Ends::At(ends),
        }
    }

    /// Where each row's answer ends; a dropped one takes no room.
    fn ends(&self) -> impl Iterator<Item = usize> {
        let mut fixed = 0;
        let mut row = 0;
        self.there.iter().map(move |there| {
            let end = match &self.ends {
                Ends::Every(width) => {
                    fixed += if *there { *width } else { 0 };
                    fixed
                }
                Ends::At(ends) => ends.get(row).copied().unwrap_or_default(),
            };
            row += 1;
            end
        })
    }

    fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        let mut start = 0;
        self.there.iter().zip(self.ends()).map(move |(there, end)| {
            let answer = self.bytes.get(start..end);
            start = end;
            let answer = answer.and_then(|answer| str::from_utf8(answer).ok());
            if *there { answer } else { None }
        })
    }

    fn nulls(&self) -> Option<NullBuffer> {
        let there = |row: usize| self.there.get(row) == Some(&true);
        self.missing
            .then(|| NullBuffer::new(BooleanBuffer::collect_bool(self.there.len(), there)))
    }

    /// As an Arrow array, with the offsets that the layout has if they are wide enough.
    fn into_array(self, layout: Layout) -> Result<ArrayRef, PyArrowError> {
        match layout {
            Layout::View => self.into_views(),
            Layout::Utf8 if i32::try_from(self.bytes.len()).is_ok() => self.into_offsets::<i32>(),
            Layout::Utf8 | Layout::Large => self.into_offsets::<i64>(),
        }
    }

    fn into_offsets<O: OffsetSizeTrait>(self) -> Result<ArrayRef, PyArrowError> {
        let nulls = self.nulls();
        let mut offsets = Vec::with_capacity(self.there.len() + 1);
        offsets.push(O::default());
        match self.ends {
            Ends::Every(width) if !self.missing => {
                let ends = (1..=self.there.len()).map(|row| O::usize_as(row * width));
                offsets.extend(ends);
            }
            _ => offsets.extend(self.ends().map(O::usize_as)),
        }
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let array = GenericStringArray::<O>::try_new(offsets, self.bytes, nulls)?;
        Ok(Arc::new(array))
    }

    fn into_views(self) -> Result<ArrayRef, PyArrowError> {
        // A view's offset is a 32-bit number, so much text takes several buffers: slices of the one.
        const MOST: usize = i32::MAX as usize;
        let nulls = self.nulls();
        let mut views: Vec<u128> = Vec::with_capacity(self.there.len());
        let mut cuts = vec![0];
        let (mut start, mut base) = (0, 0);
        for end in self.ends() {
            if end - base > MOST {
                base = start;
                cuts.push(base);
            }
            let text = self.bytes.get(start..end).unwrap_or_default();
            let length = text.len() as u128;
            views.push(if text.len() <= 12 {
                let mut inline = [0; 16];
                inline
                    .iter_mut()
                    .skip(4)
                    .zip(text)
                    .for_each(|(to, from)| *to = *from);
                u128::from_le_bytes(inline) | length
            } else {
                let prefix = text.first_chunk::<4>().copied().unwrap_or_default();
                let prefix = u128::from(u32::from_le_bytes(prefix));
                let buffer = cuts.len() as u128 - 1;
                length | prefix << 32 | buffer << 64 | ((start - base) as u128) << 96
            });
            start = end;
        }
        let bytes = self.bytes;
        let ends = cuts.iter().skip(1).copied().chain([bytes.len()]);
        let buffers = cuts
            .iter()
            .zip(ends)
            .map(|(from, to)| bytes.slice_with_length(*from, to - from));
        let buffers: Vec<Buffer> = buffers.collect();
        let array = StringViewArray::try_new(ScalarBuffer::from(views), buffers, nulls)?;
        Ok(Arc::new(array))
    }
}

impl<'py> Like<'py> {
    /// The answers as the kind of column that the values came in.
    fn wrap(&self, py: Python<'py>, texts: Texts) -> PyResult<Bound<'py, PyAny>> {
        let objects = || {
            texts
                .iter()
                .map(|answer| answer.map(|answer| PyString::new(py, answer)))
        };
        let array = || -> PyResult<Bound<'py, PyAny>> {
            let objects = objects().map(|text| text.into_py_any(py));
            let objects: Vec<Py<PyAny>> = objects.collect::<PyResult<_>>()?;
            Ok(PyArray1::from_vec(py, objects).into_any())
        };
        let of_pyarrow = |pyarrow: &Bound<'py, PyAny>, exported: TextArray| {
            pyarrow.call_method1(intern!(py, "array"), (exported,))
        };
        match self {
            Self::List => Ok(PyList::new(py, objects().collect::<Vec<_>>())?.into_any()),
            Self::Numpy => array(),
            Self::Polars { class, name } => {
                let exported = TextArray(texts.into_array(Layout::View)?);
                // Of an Arrow object Polars takes the name too, and ours has none.
                let options = PyDict::new(py);
                options.set_item(intern!(py, "values"), exported)?;
                let series = class.call((), Some(&options))?;
                series.call_method1(intern!(py, "alias"), (name,))
            }
            Self::Pyarrow {
                pyarrow,
                chunked,
                layout,
            } => {
                let array = of_pyarrow(pyarrow, TextArray(texts.into_array(*layout)?))?;
                if *chunked {
                    return pyarrow.call_method1(intern!(py, "chunked_array"), (vec![array],));
                }
                Ok(array)
            }
            Self::Arrow(layout) => {
                Ok(Bound::new(py, TextArray(texts.into_array(*layout)?))?.into_any())
            }
            Self::Pandas {
                pandas,
                shell,
                cells,
            } => {
                // pandas stands on Arrow here, so this finds it loaded.
                let pyarrow = || py.import(intern!(py, "pyarrow")).map(Bound::into_any);
                let from_arrow = intern!(py, "__from_arrow__");
                let array = match cells {
                    Cells::Objects => array()?,
                    Cells::Text(dtype) => {
                        let options = PyDict::new(py);
                        options.set_item(intern!(py, "dtype"), dtype)?;
                        pandas.call_method(intern!(py, "array"), (array()?,), Some(&options))?
                    }
                    Cells::TextOnArrow(dtype) => {
                        let exported = TextArray(texts.into_array(Layout::Large)?);
                        let array = of_pyarrow(&pyarrow()?, exported)?;
                        dtype.call_method1(from_arrow, (array,))?
                    }
                    Cells::Arrow(class, layout) => {
                        let exported = TextArray(texts.into_array(*layout)?);
                        let array = of_pyarrow(&pyarrow()?, exported)?;
                        let dtype = class.call1((array.getattr(intern!(py, "type"))?,))?;
                        dtype.call_method1(from_arrow, (array,))?
                    }
                };
                let options = PyDict::new(py);
                if matches!(cells, Cells::Objects) {
                    // Or pandas 3 makes another type of them.
                    options.set_item(intern!(py, "dtype"), intern!(py, "object"))?;
                }
                let class = match shell {
                    Shell::None if matches!(cells, Cells::Objects) => {
                        return pandas.call_method(intern!(py, "array"), (array,), Some(&options));
                    }
                    Shell::None => return Ok(array),
                    Shell::Index(owner) => {
                        options.set_item("name", owner.getattr(intern!(py, "name"))?)?;
                        intern!(py, "Index")
                    }
                    Shell::Series(owner) => {
                        options.set_item("name", owner.getattr(intern!(py, "name"))?)?;
                        options.set_item("index", owner.getattr(intern!(py, "index"))?)?;
                        intern!(py, "Series")
                    }
                };
                options.set_item("copy", false)?;
                pandas.call_method(class, (array,), Some(&options))
            }
        }
    }
}

/// Text in Arrow's memory, for every library that reads Arrow capsules.
#[pyclass(frozen, module = "edgetally._edgetally")]
struct TextArray(ArrayRef);

#[pymethods]
impl TextArray {
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let field = Arc::new(Field::new("", self.0.data_type().clone(), true));
        Ok(to_array_pycapsules(
            py,
            field,
            self.0.as_ref(),
            requested_schema,
        )?)
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __repr__(&self) -> String {
        format!("<TextArray of {} rows>", self.0.len())
    }

    /// The rows as a list of ``str`` and ``None``.
    fn to_pylist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let rows = Part::of(self.0.as_ref());
        let rows = (0..rows.len()).map(|row| rows.get(row).map(|text| PyString::new(py, text)));
        PyList::new(py, rows.collect::<Vec<_>>())
    }
}

impl<const IN: usize> Sources<'_, '_, IN> {
    /// Takes every row, in order, on this thread.
    pub(crate) fn each(&self, mut take: impl FnMut([Option<&str>; IN])) {
        let mut cursors = self.sources.each_ref().map(|source| source.from(0));
        for _ in 0..self.rows {
            take(cursors.each_mut().map(Cursor::value));
        }
    }
}
