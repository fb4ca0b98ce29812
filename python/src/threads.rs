//! Rows shared out among threads.

use std::num::NonZero;
use std::thread;

use pyo3::prelude::*;

use crate::problem::{Code, Problem};

/// How many threads a column of so many rows is worth, or what the caller asked for.
pub(crate) fn count(
    asked: Option<&Bound<'_, PyAny>>,
    rows: usize,
    rows_per_thread: usize,
) -> Result<usize, Problem> {
    let worth = rows.div_ceil(rows_per_thread).max(1);
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

/// Works on runs of rows, one per thread: `work(start, end, outputs)` fills its own part of every output.
pub(crate) fn rows(
    rows: usize,
    threads: usize,
    outputs: &mut [&mut [f64]],
    work: impl Fn(usize, usize, &mut [&mut [f64]]) + Sync,
) {
    if threads < 2 {
        work(0, rows, outputs);
        return;
    }
    let size = rows.div_ceil(threads).max(1);
    // The outputs are taken apart row-wise: a list of slices per thread.
    let mut parts: Vec<Vec<&mut [f64]>> = Vec::new();
    for output in outputs.iter_mut() {
        for (place, part) in output.chunks_mut(size).enumerate() {
            if parts.len() <= place {
                parts.push(Vec::new());
            }
            if let Some(list) = parts.get_mut(place) {
                list.push(part);
            }
        }
    }
    let work = &work;
    thread::scope(|scope| {
        for (place, mut part) in parts.into_iter().enumerate() {
            let start = place * size;
            let end = rows.min(start + size);
            if end == rows {
                // The last part is this thread's own.
                work(start, end, &mut part);
            } else {
                scope.spawn(move || work(start, end, &mut part));
            }
        }
    });
}
