//! What rows of a table are added to first: for each group its rows and two words a term, side by side, so that a row touches
//! one place in memory, and not one for each sum.
//!
//! The words hold a number in units of 2^-17 and what that leaves in units of 2^-64, as [`exact`] has them. A group's words are
//! emptied into its sums before they can overflow, which its own count of rows says.

use crate::metrics::exact::{self, Exact};

/// Rows at a time: their units lie in the nearest cache.
const BLOCK: usize = 512;
/// As many, to compare with counts.
const LATELY: i64 = 512;
/// A group is emptied when its count of rows is a multiple of this; its words take 2^16 rows.
const ROOM: i64 = 1 << 14;
/// Blocks of a mixed column before the fast way is tried again.
const PATIENCE: u8 = 32;
/// What the words of a term get that is added the slow way.
const NOTHING: [f64; BLOCK] = [0.0; BLOCK];

/// Rows and near sums by group.
#[derive(Clone, Debug)]
pub(super) struct Cells {
    terms: usize,
    /// By group: its rows, then a pair of words a term.
    words: Vec<i64>,
    /// By term, for how many blocks its numbers are added the slow way.
    slow: Vec<u8>,
    /// By term, room for a block of products.
    products: Vec<Vec<f64>>,
}

/// One column, or the product of two.
pub(super) type Factors<'a> = (&'a [f64], Option<&'a [f64]>);

impl Cells {
    pub(super) fn new(terms: usize, groups: usize) -> Self {
        Self {
            terms,
            words: vec![0; groups * (1 + 2 * terms)],
            slow: vec![0; terms],
            products: vec![Vec::new(); terms],
        }
    }

    const fn stride(&self) -> usize {
        1 + 2 * self.terms
    }

    pub(super) const fn groups(&self) -> usize {
        self.words.len() / self.stride()
    }

    pub(super) fn resize(&mut self, groups: usize) {
        self.words.resize(groups * self.stride(), 0);
    }

    pub(super) fn rows(&self, group: usize) -> u64 {
        let rows = self.words.get(group * self.stride()).copied();
        rows.unwrap_or(0).cast_unsigned()
    }

    /// Counts rows that were summed elsewhere, and empties the group, whose count is no longer that of its words.
    pub(super) fn count(&mut self, group: usize, rows: u64, sums: &mut [Vec<Exact>]) {
        self.empty(group, sums);
        let stride = self.stride();
        if let Some(to) = self.words.get_mut(group * stride) {
            *to = to.cast_unsigned().saturating_add(rows).cast_signed();
        }
    }

    /// The words of a term in a group.
    pub(super) fn near(&self, term: usize, group: usize) -> [i64; 2] {
        let place = group * self.stride() + 1 + 2 * term;
        match self.words.get(place..place + 2) {
            Some(&[high, low]) => [high, low],
            _ => [0; 2],
        }
    }

    /// Empties a group's words into its sums.
    pub(super) fn empty(&mut self, group: usize, sums: &mut [Vec<Exact>]) {
        empty(&mut self.words, self.terms, group, sums);
    }

    /// Adds rows; every code is below [`Self::groups`], and all columns are as long as the codes.
    pub(super) fn add(&mut self, codes: &[u32], factors: &[Factors<'_>], sums: &mut [Vec<Exact>]) {
        let Self {
            terms,
            words,
            slow,
            products,
        } = self;
        let mut done = 0;
        for codes in codes.chunks(BLOCK) {
            let range = done..done + codes.len();
            done = range.end;
            let mut columns: Vec<&[f64]> = Vec::with_capacity(*terms);
            let rooms = slow
                .iter_mut()
                .zip(products.iter_mut())
                .zip(sums.iter_mut());
            for ((x, y), ((slow, product), sums)) in factors.iter().zip(rooms) {
                let x = x.get(range.clone()).unwrap_or_default();
                let y = y.map(|y| y.get(range.clone()).unwrap_or_default());
                if *slow > 0 {
                    *slow -= 1;
                } else if let Some(column) = near_numbers(x, y, product) {
                    columns.push(column);
                    continue;
                } else {
                    *slow = PATIENCE;
                }
                one_by_one(codes, x, y, sums);
                columns.push(NOTHING.get(..codes.len()).unwrap_or_default());
            }
            let any = match columns.as_slice() {
                [a] => scatter::<1, 3>(words, codes, [a]),
                [a, b] => scatter::<2, 5>(words, codes, [a, b]),
                [a, b, c] => scatter::<3, 7>(words, codes, [a, b, c]),
                [a, b, c, d] => scatter::<4, 9>(words, codes, [a, b, c, d]),
                columns => scatter_any(words, codes, columns),
            };
            if any {
                for code in codes {
                    empty_full(words, *terms, *code as usize, sums);
                }
            }
        }
    }
}

/// Empties a group that came to a multiple of [`ROOM`] rows within a block.
#[cold]
fn empty_full(words: &mut [i64], terms: usize, group: usize, sums: &mut [Vec<Exact>]) {
    let rows = words.get(group * (1 + 2 * terms)).copied().unwrap_or(0);
    if rows & (ROOM - 1) < LATELY {
        empty(words, terms, group, sums);
    }
}

/// Empties a group's words into its sums.
fn empty(words: &mut [i64], terms: usize, group: usize, sums: &mut [Vec<Exact>]) {
    let stride = 1 + 2 * terms;
    let words = words.get_mut(group * stride + 1..(group + 1) * stride);
    let (words, _) = words.unwrap_or_default().as_chunks_mut::<2>();
    for (words, sums) in words.iter_mut().zip(sums) {
        if let Some(sum) = sums.get_mut(group) {
            sum.add_units(core::mem::take(words));
        }
    }
}

/// A block's numbers, where all of them can go into words; products of whole numbers, as counts are, are whole.
#[inline]
fn near_numbers<'a>(
    x: &'a [f64],
    y: Option<&[f64]>,
    product: &'a mut Vec<f64>,
) -> Option<&'a [f64]> {
    let Some(y) = y else {
        let fits = x.iter().fold(true, |fits, x| fits & exact::is_quick(*x));
        return fits.then_some(x);
    };
    product.clear();
    product.extend(x.iter().zip(y).map(|(x, y)| x * y));
    let whole = |numbers: &[f64]| {
        numbers
            .iter()
            .fold(true, |whole, x| whole & exact::is_whole(*x))
    };
    (whole(x) && whole(y) && whole(product)).then_some(product)
}

/// Adds a block, with a stride that is known when compiling; whether some group came to a multiple of [`ROOM`] rows.
#[inline]
fn scatter<const TERMS: usize, const STRIDE: usize>(
    words: &mut [i64],
    codes: &[u32],
    columns: [&[f64]; TERMS],
) -> bool {
    let (cells, _) = words.as_chunks_mut::<STRIDE>();
    let columns = columns.map(|column| column.get(..codes.len()).unwrap_or_default());
    let mut full = false;
    for (row, code) in codes.iter().enumerate() {
        let cell = cells.get_mut(*code as usize);
        if let Some([rows, words @ ..]) = cell.map(<[i64; STRIDE]>::as_mut_slice) {
            *rows = rows.wrapping_add(1);
            full |= *rows & (ROOM - 1) == 0;
            for (words, column) in words.as_chunks_mut::<2>().0.iter_mut().zip(columns) {
                let [high, low] = exact::quick_units(column.get(row).copied().unwrap_or(0.0));
                words[0] = words[0].wrapping_add(high);
                words[1] = words[1].wrapping_add(low);
            }
        }
    }
    full
}

/// The same for any number of terms.
fn scatter_any(words: &mut [i64], codes: &[u32], columns: &[&[f64]]) -> bool {
    let stride = 1 + 2 * columns.len();
    let mut full = false;
    for (row, code) in codes.iter().enumerate() {
        let start = *code as usize * stride;
        if let Some([rows, words @ ..]) = words.get_mut(start..start + stride) {
            *rows = rows.wrapping_add(1);
            full |= *rows & (ROOM - 1) == 0;
            for (words, column) in words.as_chunks_mut::<2>().0.iter_mut().zip(columns) {
                let [high, low] = exact::quick_units(column.get(row).copied().unwrap_or(0.0));
                words[0] = words[0].wrapping_add(high);
                words[1] = words[1].wrapping_add(low);
            }
        }
    }
    full
}

/// Adds numbers that may be anything.
fn one_by_one(codes: &[u32], x: &[f64], y: Option<&[f64]>, sums: &mut [Exact]) {
    match y {
        None => {
            for (code, x) in codes.iter().zip(x) {
                if let Some(sum) = sums.get_mut(*code as usize) {
                    sum.add_uncounted(*x);
                }
            }
        }
        Some(y) => {
            for ((code, x), y) in codes.iter().zip(x).zip(y) {
                if let Some(sum) = sums.get_mut(*code as usize) {
                    sum.add_product_uncounted(*x, *y);
                }
            }
        }
    }
}
