//! Text from Python and back: one value, or many rows at once.
//!
//! The rows of a column are borrowed, not copied: the interpreter keeps a string's UTF-8 form beside it, and the references
//! held in [`Input`] keep the strings alive while the lock is released. The answers of a thread go into one buffer, so a
//! column costs a handful of allocations until its list is built.

use std::num::NonZero;
use std::thread;

use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyList, PySequence, PyString, PyTuple};

use crate::problem::{Code, Problem};

/// A column shorter than this per thread is done before a thread has started.
const ROWS_PER_THREAD: usize = 4096;

/// What was passed for an argument that takes one value or many.
#[derive(Debug)]
pub(crate) enum Input<'py> {
    Scalar(Option<Bound<'py, PyString>>),
    Column(Vec<Option<Bound<'py, PyString>>>),
}

impl<'py> Input<'py> {
    pub(crate) fn read(argument: &'static str, value: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(scalar) = optional_text(value) {
            return Ok(Self::Scalar(scalar));
        }
        if let Ok(list) = value.cast::<PyList>() {
            return column(argument, list.len(), list.iter().map(Ok));
        }
        if let Ok(tuple) = value.cast::<PyTuple>() {
            return column(argument, tuple.len(), tuple.iter().map(Ok));
        }
        // Bytes are a sequence to Python, and the empty ones would pass for a column without rows.
        let bytes = value.is_instance_of::<PyBytes>() || value.is_instance_of::<PyByteArray>();
        if !bytes && let Ok(sequence) = value.cast::<PySequence>() {
            return column(argument, sequence.len()?, sequence.try_iter()?);
        }
        Err(wrong_type(argument, None, value))
    }
}

fn column<'py>(
    argument: &'static str,
    length: usize,
    items: impl Iterator<Item = PyResult<Bound<'py, PyAny>>>,
) -> PyResult<Input<'py>> {
    let mut rows = Vec::with_capacity(length);
    for item in items {
        let item = item?;
        match optional_text(&item) {
            Ok(text) => rows.push(text),
            Err(Other) => return Err(wrong_type(argument, Some(rows.len()), &item)),
        }
    }
    Ok(Input::Column(rows))
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
pub(crate) fn utf8_rows<'a>(
    argument: &'static str,
    rows: &'a [Option<Bound<'_, PyString>>],
) -> Result<Vec<Option<&'a str>>, Problem> {
    let texts = rows.iter().enumerate().map(|(row, text)| {
        let text = text.as_ref();
        text.map(|text| utf8(argument, Some(row), text)).transpose()
    });
    texts.collect()
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

/// Answers in one buffer: where each ends, `None` for a dropped value.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    text: String,
    ends: Vec<Option<usize>>,
}

impl Answers {
    pub(crate) fn push(&mut self, answer: Option<&str>) {
        self.ends.push(answer.map(|answer| {
            self.text.push_str(answer);
            self.text.len()
        }));
    }

    fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            end.and_then(|end| {
                let answer = self.text.get(start..end);
                start = end;
                answer
            })
        })
    }
}

/// Answers every row, in order, with the interpreter's lock released.
///
/// `room` makes what an answer needs to work in, once per thread.
pub(crate) fn map<'py, R: Sync, W>(
    py: Python<'py>,
    rows: &[R],
    threads: usize,
    room: impl Fn() -> W + Sync,
    answer: impl Fn(&R, &mut W, &mut Answers) + Sync,
) -> PyResult<Bound<'py, PyList>> {
    let work = |rows: &[R]| {
        let mut answers = Answers::default();
        let mut room = room();
        answers.ends.reserve(rows.len());
        for row in rows {
            answer(row, &mut room, &mut answers);
        }
        answers
    };
    let parts = py.detach(|| {
        if threads < 2 {
            return vec![work(rows)];
        }
        let work = &work;
        thread::scope(|scope| {
            let parts = rows.chunks(rows.len().div_ceil(threads).max(1));
            let running: Vec<_> = parts
                .map(|part| {
                    (
                        part,
                        thread::Builder::new().spawn_scoped(scope, move || work(part)),
                    )
                })
                .collect();
            let done = running.into_iter().map(|(part, thread)| match thread {
                Ok(thread) => thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                // The system gives no more threads: this one does the part.
                Err(_) => work(part),
            });
            done.collect()
        })
    });
    let mut items: Vec<Option<Bound<'py, PyString>>> = Vec::with_capacity(rows.len());
    for part in &parts {
        items.extend(part.iter().map(|answer| Some(PyString::new(py, answer?))));
    }
    PyList::new(py, items)
}
