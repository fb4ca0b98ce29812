//! Text from Python and back: one value, or many rows at once.
//!
//! A column is read where it lies ([`input`]): Arrow's buffers (pyarrow, Polars, pandas on Arrow, whatever has an Arrow capsule)
//! through the `PyCapsule` interface, Python's own strings by the UTF-8 form that the interpreter keeps beside them, with
//! references held so that they stay alive while the lock is released. Threads walk over its [`rows`]. The answers go into one
//! buffer per column and leave as what came in ([`output`]): a list for a list, a Series with its index and name for a Series. No
//! library is imported that the caller has not.
//!
//! A function over columns is three calls: [`Input::read`] for each argument, [`Sources::new`] to line them up, and [`map`]
//! with a closure that answers rows.

mod input;
mod output;
mod rows;

use pyo3::prelude::*;

use self::input::Column;
pub(crate) use self::input::{Input, utf8};
use self::output::{Like, Memory, Piece, Texts};
use self::rows::{Cursor, Source};
use crate::problem::{Code, Problem};
use crate::threads;

/// A column shorter than this per thread is done before a thread has started.
const ROWS_PER_THREAD: usize = 4096;

/// How many threads a column of so many rows is worth, or what the caller asked for.
pub(crate) fn threads(asked: Option<&Bound<'_, PyAny>>, rows: usize) -> Result<usize, Problem> {
    threads::count(asked, rows, ROWS_PER_THREAD)
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

impl<const IN: usize> Sources<'_, '_, IN> {
    /// Takes every row, in order, on this thread.
    pub(crate) fn each(&self, mut take: impl FnMut([Option<&str>; IN])) {
        let mut cursors = self.sources.each_ref().map(|source| source.from(0));
        for _ in 0..self.rows {
            take(cursors.each_mut().map(Cursor::value));
        }
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
        threads::each(parts, work)
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
