//! Work shared out among threads: everything that runs on several goes through here.

use std::num::NonZero;
use std::sync::Mutex;
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
    let parts = parts
        .into_iter()
        .enumerate()
        .map(|(place, part)| (place * size, part))
        .collect();
    each(parts, |(start, mut part): (usize, Vec<&mut [f64]>)| {
        work(start, rows.min(start + size), &mut part);
    });
}

/// One thread for each part; the calling one does the last, and those for which the system gives no thread.
pub(crate) fn each<P: Send, T: Send>(mut parts: Vec<P>, work: impl Fn(P) -> T + Sync) -> Vec<T> {
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
