//! One thread's share of the rows.

use std::ops::Range;

use edgetally_core::metrics::totals::{Keyed, Term, Totals as Table};

use super::codes::Pairs;
use super::keys::{Index, Key};
use super::locate;
use super::names::Kind;
use super::numbers::{Number, doubles};
use super::views::{Buffers, Views};

/// Rows at a time: a block of a few columns fits a core's own cache.
const BLOCK: usize = 8192;

/// The first and the last day of each key that is one.
pub(super) type Reach = Vec<Option<(i64, i64)>>;

pub(super) fn share(
    keys: &[Key<'_>],
    numbers: &[Number<'_>],
    views: &Views,
    terms: &[Term],
    range: Range<usize>,
) -> Result<(Keyed, Reach), edgetally_core::metrics::DomainError> {
    let mut indexes: Vec<Index> = keys.iter().map(Index::new).collect();
    let mut pairs: Vec<Pairs> = keys.iter().skip(1).map(|_| Pairs::new()).collect();
    let mut table = Table::new(terms.to_vec(), 0);
    let (mut groups, mut codes) = (Vec::new(), Vec::new());
    let mut scratch: Vec<Vec<f64>> = numbers.iter().map(|_| Vec::new()).collect();
    let mut buffers = Buffers::default();
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
                    doubles(chunk, start..start + rows, scratch)
                })
            })
            .collect();
        table.add(&groups, &views.apply(&columns, rows, &mut buffers))?;
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
