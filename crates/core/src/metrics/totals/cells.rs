//! What rows of a table are added to first: for each group its rows and two words a term, side by side, so that a row touches
//! one place in memory, and not one for each sum.
//!
//! The words hold a number in units of 2^-17 and what that leaves in units of 2^-64, as [`exact`] has them. A group's words are
//! emptied into its sums before they can overflow, which its own count of rows says.

use super::exact::{self, Exact};

/// Rows at a time: their units lie in the nearest cache.
const BLOCK: usize = 512;
/// A group is emptied when its count of rows is a multiple of this; its words take 2^16 rows.
const ROOM: i64 = 1 << 14;
/// Blocks of a mixed column before the fast way is tried again.
const PATIENCE: u8 = 32;

/// Rows and near sums by group.
#[derive(Clone, Debug)]
pub(super) struct Cells {
    terms: usize,
    /// By group: its rows, then a pair of words a term.
    words: Vec<i64>,
    /// By term, for how many blocks its numbers are added the slow way.
    slow: Vec<u8>,
    units: Vec<[i64; 2]>,
}

/// One column, or the product of two.
pub(super) type Factors<'a> = (&'a [f64], Option<&'a [f64]>);

impl Cells {
    pub(super) fn new(terms: usize, groups: usize) -> Self {
        Self {
            terms,
            words: vec![0; groups * (1 + 2 * terms)],
            slow: vec![0; terms],
            units: Vec::new(),
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
            let rows = to.cast_unsigned().saturating_add(rows);
            *to = rows.min(i64::MAX.cast_unsigned()).cast_signed();
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
    #[cold]
    pub(super) fn empty(&mut self, group: usize, sums: &mut [Vec<Exact>]) {
        let stride = self.stride();
        let words = self.words.get_mut(group * stride + 1..(group + 1) * stride);
        let (words, _) = words.unwrap_or_default().as_chunks_mut::<2>();
        for (words, sums) in words.iter_mut().zip(sums) {
            if let Some(sum) = sums.get_mut(group) {
                sum.add_units(core::mem::take(words));
            }
        }
    }

    /// Adds rows; every code is below [`Self::groups`], and all columns are as long as the codes.
    pub(super) fn add(&mut self, codes: &[u32], factors: &[Factors<'_>], sums: &mut [Vec<Exact>]) {
        let mut done = 0;
        for codes in codes.chunks(BLOCK) {
            let range = done..done + codes.len();
            done = range.end;
            self.units.clear();
            self.units.resize(codes.len() * self.terms, [0; 2]);
            for (term, (x, y)) in factors.iter().enumerate() {
                let x = x.get(range.clone()).unwrap_or_default();
                let y = y.map(|y| y.get(range.clone()).unwrap_or_default());
                let slow = self.slow.get_mut(term);
                if let Some(blocks) = slow.filter(|blocks| **blocks > 0) {
                    *blocks -= 1;
                } else if fill(&mut self.units, self.terms, term, x, y) {
                    continue;
                } else {
                    if let Some(blocks) = self.slow.get_mut(term) {
                        *blocks = PATIENCE;
                    }
                    for unit in self.units.iter_mut().skip(term).step_by(self.terms) {
                        *unit = [0; 2];
                    }
                }
                if let Some(sums) = sums.get_mut(term) {
                    one_by_one(codes, x, y, sums);
                }
            }
            match self.terms {
                1 => self.scatter::<1, 3>(codes, sums),
                2 => self.scatter::<2, 5>(codes, sums),
                3 => self.scatter::<3, 7>(codes, sums),
                4 => self.scatter::<4, 9>(codes, sums),
                5 => self.scatter::<5, 11>(codes, sums),
                _ => self.scatter_any(codes, sums),
            }
        }
    }

    /// Adds the units of a block, with a stride that is known when compiling.
    fn scatter<const TERMS: usize, const STRIDE: usize>(
        &mut self,
        codes: &[u32],
        sums: &mut [Vec<Exact>],
    ) {
        let (cells, _) = self.words.as_chunks_mut::<STRIDE>();
        let (units, _) = self.units.as_chunks::<TERMS>();
        let mut full = false;
        for (code, units) in codes.iter().zip(units) {
            let cell = cells.get_mut(*code as usize);
            if let Some([rows, words @ ..]) = cell.map(<[i64; STRIDE]>::as_mut_slice) {
                *rows += 1;
                full |= *rows & (ROOM - 1) == 0;
                for (words, unit) in words.as_chunks_mut::<2>().0.iter_mut().zip(units) {
                    words[0] = words[0].wrapping_add(unit[0]);
                    words[1] = words[1].wrapping_add(unit[1]);
                }
            }
        }
        if full {
            self.empty_full(codes, sums);
        }
    }

    fn scatter_any(&mut self, codes: &[u32], sums: &mut [Vec<Exact>]) {
        let stride = self.stride();
        let mut full = false;
        for (code, units) in codes.iter().zip(self.units.chunks(self.terms.max(1))) {
            let start = *code as usize * stride;
            if let Some([rows, words @ ..]) = self.words.get_mut(start..start + stride) {
                *rows += 1;
                full |= *rows & (ROOM - 1) == 0;
                for (words, unit) in words.as_chunks_mut::<2>().0.iter_mut().zip(units) {
                    words[0] = words[0].wrapping_add(unit[0]);
                    words[1] = words[1].wrapping_add(unit[1]);
                }
            }
        }
        // Without terms there are rows to count, and no units.
        if self.terms == 0 {
            for code in codes {
                if let Some(rows) = self.words.get_mut(*code as usize) {
                    *rows += 1;
                }
            }
        }
        if full {
            self.empty_full(codes, sums);
        }
    }

    /// Some group of the block came to a multiple of [`ROOM`] rows within it: all of the block's groups are emptied that did.
    #[cold]
    fn empty_full(&mut self, codes: &[u32], sums: &mut [Vec<Exact>]) {
        for code in codes {
            let group = *code as usize;
            if self.rows(group) & (ROOM.cast_unsigned() - 1) < BLOCK as u64 {
                self.empty(group, sums);
            }
        }
    }
}

/// The units of a block's numbers; whether all of them have units.
#[inline]
fn fill(units: &mut [[i64; 2]], terms: usize, term: usize, x: &[f64], y: Option<&[f64]>) -> bool {
    let to = units.iter_mut().skip(term).step_by(terms);
    let mut fits = true;
    match y {
        None => {
            for (to, x) in to.zip(x) {
                fits &= exact::is_quick(*x);
                *to = exact::quick_units(*x);
            }
        }
        // Whole numbers, as counts are, have a whole product.
        Some(y) => {
            for ((to, x), y) in to.zip(x).zip(y) {
                let product = x * y;
                fits &= exact::is_whole(*x) && exact::is_whole(*y) && exact::is_whole(product);
                *to = exact::quick_units(product);
            }
        }
    }
    fits
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
