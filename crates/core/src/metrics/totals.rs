//! Sufficient statistics by group, mergeable in any order.
//!
//! A ratio of a report is a ratio of sums, never a mean of ratios; a variance is made of sums of squares. [`Totals`] keeps
//! those sums, [exactly](super::exact), for every group of rows, so that a table may be cut anywhere, summed on any machine
//! and put together in any order: the bits of the result are the same.
//!
//! Rows name their group by a number, which is only good within one [`Totals`]. [`Keyed`] names groups by bytes, so partial
//! results of different machines can be [merged](Keyed::merge) and [stored](Keyed::to_bytes).

#![expect(
    clippy::cast_possible_truncation,
    reason = "groups are numbered in 32 bits"
)]
mod cells;

use std::collections::BTreeMap;

use self::cells::Cells;
use super::exact::Exact;
use super::{DomainError, Rule};

/// What is summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// Σx of a column.
    Sum(usize),
    /// Σxy of two columns; of a column with itself, Σx².
    Product(usize, usize),
}

/// Rows before the near parts of the sums are emptied.
const ROOM: u64 = 1 << 30;
/// Rows at a time, of which many are fewer than that.
const MOST: usize = 1 << 24;

/// Row counts and exact sums of numbered groups.
///
/// ```
/// use edgetally_core::metrics::totals::{Term, Totals};
///
/// let mut totals = Totals::new(vec![Term::Sum(0), Term::Product(0, 0)], 2);
/// totals.add(&[0, 1, 0], &[&[0.1, 5.0, 0.2]])?;
/// assert_eq!(totals.rows(0), 2);
/// assert_eq!(totals.sum(0, 0), 0.1 + 0.2);
/// assert_eq!(totals.sum(1, 1), 25.0);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Totals {
    terms: Vec<Term>,
    /// Rows, and what was added last.
    cells: Cells,
    /// By term, then by group; without what is still in the cells.
    sums: Vec<Vec<Exact>>,
    /// Rows since the sums were last settled.
    pending: u64,
}

impl PartialEq for Totals {
    /// The same terms, and the same rows and sums in every group.
    fn eq(&self, other: &Self) -> bool {
        self.terms == other.terms
            && self.groups() == other.groups()
            && (0..self.groups()).all(|group| {
                let same = |term| self.exact(term, group) == other.exact(term, group);
                self.rows(group) == other.rows(group) && (0..self.terms.len()).all(same)
            })
    }
}

impl Totals {
    /// Nothing yet, for so many groups.
    pub fn new(terms: Vec<Term>, groups: usize) -> Self {
        let sums = terms
            .iter()
            .map(|_| vec![Exact::default(); groups])
            .collect();
        Self {
            cells: Cells::new(terms.len(), groups),
            terms,
            sums,
            pending: 0,
        }
    }

    /// What is summed.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// How many groups there are, with or without rows.
    pub const fn groups(&self) -> usize {
        self.cells.groups()
    }

    /// Makes room for more groups.
    pub fn grow(&mut self, groups: usize) {
        if groups > self.groups() {
            self.cells.resize(groups);
            for sums in &mut self.sums {
                sums.resize(groups, Exact::default());
            }
        }
    }

    /// Adds rows: the group of each, and the columns that the terms name.
    ///
    /// # Errors
    ///
    /// A column that a term names is missing or does not have as many rows as `codes`, or a code is not below
    /// [`Self::groups`]. Then nothing was added.
    pub fn add(&mut self, codes: &[u32], columns: &[&[f64]]) -> Result<(), DomainError> {
        const UNKNOWN: Rule = Rule::Other("unknown_group", "is not below the number of groups");
        let column = |index: usize| {
            let column = columns.get(index).copied().unwrap_or_default();
            if column.len() == codes.len() {
                Ok(column)
            } else {
                Err(DomainError::whole("columns", Rule::SameLength("codes")))
            }
        };
        let mut factors = Vec::with_capacity(self.terms.len());
        for term in &self.terms {
            factors.push(match *term {
                Term::Sum(x) => (column(x)?, None),
                Term::Product(x, y) => (column(x)?, Some(column(y)?)),
            });
        }
        // No code is more than all their bits together, which is quicker to find.
        let bits = codes.iter().fold(0, |bits, code| bits | *code);
        if bits as usize >= self.groups() {
            let most = codes.iter().fold(0, |most, code| most.max(*code)) as usize;
            if most >= self.groups() && !codes.is_empty() {
                return Err(DomainError::scalar("codes", UNKNOWN, most as f64));
            }
        }
        let mut done = 0;
        for codes in codes.chunks(MOST) {
            let range = done..done + codes.len();
            done = range.end;
            if self.pending + codes.len() as u64 > ROOM {
                self.settle();
            }
            self.pending += codes.len() as u64;
            let factors: Vec<_> = factors
                .iter()
                .map(|(x, y): &(&[f64], Option<&[f64]>)| {
                    let x = x.get(range.clone()).unwrap_or_default();
                    (x, y.map(|y| y.get(range.clone()).unwrap_or_default()))
                })
                .collect();
            self.cells.add(codes, &factors, &mut self.sums);
        }
        Ok(())
    }

    fn settle(&mut self) {
        self.pending = 0;
        for group in 0..self.groups() {
            self.cells.empty(group, &mut self.sums);
        }
        for sum in self.sums.iter_mut().flatten() {
            sum.settle();
        }
    }

    /// Adds another table: its group `i` becomes part of this one's group `places[i]`.
    ///
    /// # Errors
    ///
    /// The terms differ, there is not a place for every group, or a place is not below [`Self::groups`].
    pub fn merge(&mut self, other: &Self, places: &[u32]) -> Result<(), DomainError> {
        if self.terms != other.terms {
            return Err(DomainError::whole(
                "totals",
                Rule::Other("unlike_totals", "were made of other sums"),
            ));
        }
        if places.len() != other.groups() {
            return Err(DomainError::whole("places", Rule::SameLength("groups")));
        }
        if places.iter().any(|place| *place as usize >= self.groups()) {
            return Err(DomainError::whole(
                "places",
                Rule::Other("unknown_group", "is not below the number of groups"),
            ));
        }
        // Near parts are filled without counting. Together they may hold what two tables hold; settling them would take a
        // thousand bytes a group, and is seldom needed.
        let settled;
        let other = if self.pending + other.pending > 2 * ROOM {
            self.settle();
            let mut copy = other.clone();
            copy.settle();
            settled = copy;
            &settled
        } else {
            other
        };
        self.pending += other.pending;
        for (group, place) in places.iter().enumerate() {
            self.cells
                .count(*place as usize, other.rows(group), &mut self.sums);
        }
        for (term, (sums, others)) in self.sums.iter_mut().zip(&other.sums).enumerate() {
            for (group, (place, sum)) in places.iter().zip(others).enumerate() {
                if let Some(to) = sums.get_mut(*place as usize) {
                    to.merge_uncounted(sum);
                    to.add_units(other.cells.near(term, group));
                }
            }
        }
        Ok(())
    }

    /// The number of rows of a group; 0 for one that there is not.
    pub fn rows(&self, group: usize) -> u64 {
        self.cells.rows(group)
    }

    /// The exact sum of a term in a group.
    pub fn exact(&self, term: usize, group: usize) -> Option<Exact> {
        let mut sum = self
            .sums
            .get(term)?
            .get(group)?
            .counted(self.pending as u32);
        sum.add_units(self.cells.near(term, group));
        Some(sum)
    }

    /// The sum of a term in a group, rounded once; `NaN` where there is none.
    pub fn sum(&self, term: usize, group: usize) -> f64 {
        let sum = self.exact(term, group);
        sum.map_or(f64::NAN, |sum| sum.to_f64())
    }

    /// The sums of a term, by group.
    pub fn column(&self, term: usize) -> Vec<f64> {
        match self.sums.get(term) {
            Some(_) => (0..self.groups())
                .map(|group| self.sum(term, group))
                .collect(),
            None => Vec::new(),
        }
    }

    /// A group as bytes: its rows, then its sums.
    fn write_group(&self, group: usize, bytes: &mut Vec<u8>) {
        bytes.extend(self.rows(group).to_le_bytes());
        for term in 0..self.terms.len() {
            if let Some(sum) = self.exact(term, group) {
                sum.write(bytes);
            }
        }
    }

    /// Adds what [`Self::write_group`] wrote to a group; what is left of the bytes.
    fn read_group<'a>(&mut self, group: usize, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let (rows, mut rest) = bytes.split_first_chunk()?;
        if group >= self.groups() {
            return None;
        }
        let rows = u64::from_le_bytes(*rows);
        self.cells.count(group, rows, &mut self.sums);
        for sums in &mut self.sums {
            let (sum, tail) = Exact::read(rest)?;
            sums.get_mut(group)?.merge(&sum);
            rest = tail;
        }
        Some(rest)
    }
}

/// Totals of groups that are named by bytes, sorted by them.
///
/// What the bytes mean is the caller's; a form whose order is the order of the keys keeps reports sorted.
#[derive(Clone, Debug, PartialEq)]
pub struct Keyed {
    keys: Vec<Box<[u8]>>,
    totals: Totals,
}

const MAGIC: &[u8; 4] = b"ETT1";

impl Keyed {
    /// Names the groups of a table. Groups without rows are left out, and groups with the same name become one.
    ///
    /// # Errors
    ///
    /// There are not as many keys as groups.
    pub fn new(keys: &[impl AsRef<[u8]>], totals: &Totals) -> Result<Self, DomainError> {
        if keys.len() != totals.groups() {
            return Err(DomainError::whole("keys", Rule::SameLength("groups")));
        }
        let names = keys
            .iter()
            .enumerate()
            .map(|(group, key)| (totals.rows(group) > 0).then(|| key.as_ref()))
            .collect();
        Self::gather(totals.terms.clone(), &[(totals, names)])
    }

    /// Puts partial results together, in any order.
    ///
    /// # Errors
    ///
    /// They were made of different sums, or there are none.
    pub fn merge(parts: &[&Self]) -> Result<Self, DomainError> {
        let Some(first) = parts.first() else {
            return Err(DomainError::whole("parts", Rule::Rows(1)));
        };
        let named: Vec<_> = parts
            .iter()
            .map(|part| (&part.totals, part.keys().map(Some).collect()))
            .collect();
        Self::gather(first.totals.terms.clone(), &named)
    }

    fn gather(terms: Vec<Term>, parts: &[Part<'_>]) -> Result<Self, DomainError> {
        let count = parts.iter().map(|(_, names)| names.len()).sum();
        let mut named = Vec::with_capacity(count);
        for ((_, names), part) in parts.iter().zip(0..) {
            let groups = names.iter().zip(0..);
            named.extend(groups.filter_map(|(name, group)| Some(((*name)?, part, group))));
        }
        // Parts that are sorted already are runs, which this sort finds.
        named.sort_by_key(|(name, ..): &(&[u8], usize, usize)| *name);
        let mut to: Vec<Vec<u32>> = parts
            .iter()
            .map(|(_, names)| vec![u32::MAX; names.len()])
            .collect();
        let mut keys: Vec<Box<[u8]>> = Vec::new();
        for (name, part, group) in named {
            if keys.last().is_none_or(|last| **last != *name) {
                keys.push(Box::from(name));
            }
            if let Some(place) = to.get_mut(part).and_then(|to| to.get_mut(group)) {
                *place = keys.len() as u32 - 1;
            }
        }
        // One group more takes what has no name, and is dropped.
        let nameless = keys.len() as u32;
        let mut totals = Totals::new(terms, keys.len() + 1);
        for ((part, _), mut to) in parts.iter().zip(to) {
            for place in to.iter_mut().filter(|place| **place == u32::MAX) {
                *place = nameless;
            }
            totals.merge(part, &to)?;
        }
        totals.cells.resize(keys.len());
        for sums in &mut totals.sums {
            sums.truncate(keys.len());
        }
        Ok(Self { keys, totals })
    }

    /// The names, in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.keys.iter().map(|key| &**key)
    }

    /// The table; its group `i` has the name `i` of [`Self::keys`].
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// One group's rows and sums, for a column of bytes.
    pub fn state(&self, group: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.totals.write_group(group, &mut bytes);
        bytes
    }

    /// Adds up groups from the columns that [`Self::keys`] and [`Self::state`] make; a name may come more than once.
    ///
    /// # Errors
    ///
    /// A state is not one of these terms.
    pub fn from_states<'a>(
        terms: Vec<Term>,
        groups: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
    ) -> Result<Self, DomainError> {
        let mut places: BTreeMap<&[u8], usize> = groups.clone().map(|(key, _)| (key, 0)).collect();
        for (place, number) in places.values_mut().zip(0..) {
            *place = number;
        }
        let mut totals = Totals::new(terms, places.len());
        for (key, state) in groups {
            let place = places.get(key).copied().unwrap_or(usize::MAX);
            if totals
                .read_group(place, state)
                .is_none_or(|rest| !rest.is_empty())
            {
                return Err(unreadable());
            }
        }
        Ok(Self {
            keys: places.into_keys().map(Box::from).collect(),
            totals,
        })
    }

    /// A form for files and networks: the same sums have the same bytes, however the rows were parted.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let length = |bytes: &mut Vec<u8>, length: usize| {
            bytes.extend((length as u32).to_le_bytes());
        };
        length(&mut bytes, self.totals.terms.len());
        for term in &self.totals.terms {
            let (x, y) = match *term {
                Term::Sum(x) => (x, usize::MAX),
                Term::Product(x, y) => (x, y),
            };
            length(&mut bytes, x);
            length(&mut bytes, y);
        }
        length(&mut bytes, self.keys.len());
        for (group, key) in self.keys.iter().enumerate() {
            length(&mut bytes, key.len());
            bytes.extend(&**key);
            self.totals.write_group(group, &mut bytes);
        }
        bytes
    }

    /// What [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// The bytes are something else, or not all of them are there.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DomainError> {
        Self::read(bytes).ok_or_else(unreadable)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(MAGIC)?;
        let length = |rest: &mut &[u8]| -> Option<usize> {
            let (length, tail) = rest.split_first_chunk()?;
            *rest = tail;
            Some(u32::from_le_bytes(*length) as usize)
        };
        let count = length(&mut rest)?;
        let mut terms = Vec::new();
        for _ in 0..count {
            let (x, y) = (length(&mut rest)?, length(&mut rest)?);
            terms.push(match y {
                0xffff_ffff => Term::Sum(x),
                y => Term::Product(x, y),
            });
        }
        let groups = length(&mut rest)?;
        let mut totals = Totals::new(terms, 0);
        let mut keys: Vec<Box<[u8]>> = Vec::new();
        // Grown as it is read: the count may be a lie.
        for group in 0..groups {
            let size = length(&mut rest)?;
            let (key, tail) = rest.split_at_checked(size)?;
            if keys.last().is_some_and(|last| &**last >= key) {
                return None;
            }
            keys.push(Box::from(key));
            totals.grow(group + 1);
            rest = totals.read_group(group, tail)?;
        }
        rest.is_empty().then_some(Self { keys, totals })
    }
}

/// A table, and the names of its groups where they have one.
type Part<'a> = (&'a Totals, Vec<Option<&'a [u8]>>);

const fn unreadable() -> DomainError {
    DomainError::whole(
        "bytes",
        Rule::Other(
            "not_totals",
            "are not totals that were stored, or not all of them",
        ),
    )
}
