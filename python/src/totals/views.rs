//! What is summed of the columns: each as it is, or without the rows in which a number of the same metric is missing.

use pyo3::prelude::*;

use crate::problem::{Code, Problem};

/// One thing to be summed.
#[derive(Clone, Copy, Debug)]
pub(super) enum View {
    /// A column as it is.
    Whole(usize),
    /// A column, with zero in the rows that a mask leaves out.
    Masked(usize, usize),
    /// One for every row that a mask leaves out.
    LeftOut(usize),
}

/// All that is summed. A mask is a set of columns; it leaves out the rows in which one of them has no number.
#[derive(Clone, Debug)]
pub(super) struct Views {
    views: Vec<View>,
    masks: Vec<Vec<usize>>,
}

/// What one thread needs to apply them to a block of rows.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    left_out: Vec<Option<Vec<bool>>>,
    numbers: Vec<Vec<f64>>,
}

impl Views {
    /// Pairs of a column and a mask, as Python hands them over; without a column, the rows that the mask leaves out.
    pub(super) fn read(
        views: Option<Vec<(Option<usize>, Option<usize>)>>,
        masks: Vec<Vec<usize>>,
        columns: usize,
    ) -> PyResult<Self> {
        let wrong = || Problem::new(Code::WrongType, "there is no such column to be summed");
        let views = match views {
            None => (0..columns).map(View::Whole).collect(),
            Some(views) => views
                .into_iter()
                .map(|view| match view {
                    (Some(column), None) if column < columns => Ok(View::Whole(column)),
                    (Some(column), Some(mask)) if column < columns && mask < masks.len() => {
                        Ok(View::Masked(column, mask))
                    }
                    (None, Some(mask)) if mask < masks.len() => Ok(View::LeftOut(mask)),
                    _ => Err(wrong()),
                })
                .collect::<Result<_, _>>()?,
        };
        Ok(Self { views, masks })
    }

    /// The block's numbers to be summed, from those of its columns.
    pub(super) fn apply<'a>(
        &self,
        columns: &[&'a [f64]],
        rows: usize,
        buffers: &'a mut Buffers,
    ) -> Vec<&'a [f64]> {
        let Buffers { left_out, numbers } = buffers;
        left_out.clear();
        for mask in &self.masks {
            let parts = || mask.iter().filter_map(|column| columns.get(*column));
            // Nearly always nothing is missing, and then the columns are read where they are.
            let missing = parts().any(|part| part.iter().fold(false, |any, x| any | x.is_nan()));
            left_out.push(missing.then(|| {
                let mut out = vec![false; rows];
                for part in parts() {
                    for (out, x) in out.iter_mut().zip(*part) {
                        *out |= x.is_nan();
                    }
                }
                out
            }));
        }
        numbers.resize_with(self.views.len(), Vec::new);
        let column = |place: usize| columns.get(place).copied().unwrap_or_default();
        self.views
            .iter()
            .zip(numbers)
            .map(|(view, numbers)| match *view {
                View::Whole(place) => column(place),
                View::Masked(place, mask) => match left_out.get(mask) {
                    Some(Some(out)) => {
                        numbers.clear();
                        let kept = out.iter().zip(column(place));
                        numbers.extend(kept.map(|(out, x)| if *out { 0.0 } else { *x }));
                        numbers
                    }
                    _ => column(place),
                },
                View::LeftOut(mask) => {
                    numbers.clear();
                    match left_out.get(mask) {
                        Some(Some(out)) => {
                            numbers.extend(out.iter().map(|out| f64::from(u8::from(*out))));
                        }
                        _ => numbers.resize(rows, 0.0),
                    }
                    numbers
                }
            })
            .collect()
    }
}
