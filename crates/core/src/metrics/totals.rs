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
#![expect(
    clippy::inline_always,
    reason = "what is done row by row has to be one loop"
)]

use std::collections::BTreeMap;

use super::exact::{self, Exact};
use super::{DomainError, Rule};

/// What is summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// Σx of a column.
    Sum(usize),
    /// Σxy of two columns; of a column with itself, Σx².
    Product(usize, usize),
}

/// Rows at a time: small enough that codes and columns stay in the nearest cache between terms.
const BLOCK: usize = 2048;
/// Rows before the near parts of the sums are emptied.
const ROOM: u64 = 1 << 30;
/// Rows before the quick parts are.
const QUICK_ROOM: u64 = 1 << 16;
/// With more groups than this, emptying the quick parts would cost more than they save.
const QUICK_GROUPS: usize = 1 << 14;

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
#[derive(Clone, Debug, PartialEq)]
pub struct Totals {
    terms: Vec<Term>,
    rows: Vec<u64>,
    /// By term, then by group.
    sums: Vec<Vec<Exact>>,
    /// Rows since the sums were last settled.
    pending: Pending,
    ways: Ways,
}

/// Not part of what a table is either.
#[derive(Clone, Debug, Default)]
struct Ways(Vec<Way>);

impl PartialEq for Ways {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Not part of what a table is.
#[derive(Clone, Copy, Debug, Default)]
struct Pending {
    near: u64,
    quick: u64,
}

impl PartialEq for Pending {
    fn eq(&self, _: &Self) -> bool {
        true
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
            ways: Ways(vec![Way::default(); terms.len()]),
            terms,
            rows: vec![0; groups],
            sums,
            pending: Pending::default(),
        }
    }

    /// What is summed.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// How many groups there are, with or without rows.
    pub fn groups(&self) -> usize {
        self.rows.len()
    }

    /// Makes room for more groups.
    pub fn grow(&mut self, groups: usize) {
        if groups > self.rows.len() {
            self.rows.resize(groups, 0);
            for sums in &mut self.sums {
                sums.resize(groups, Exact::default());
            }
        }
    }

    /// Adds rows: the group of each, and the columns that the terms name.
    ///
    /// # Errors
    ///
    /// A column that a term names is missing or has not as many rows as `codes`, or a code is not below
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
        for codes in codes.chunks(BLOCK) {
            let length = codes.len() as u64;
            if self.pending.near + length > ROOM {
                self.settle();
            }
            if self.pending.quick + length > QUICK_ROOM {
                self.pending.quick = 0;
                for sum in self.sums.iter_mut().flatten() {
                    sum.empty_quick();
                }
            }
            self.pending.near += length;
            self.pending.quick += length;
            for code in codes {
                if let Some(rows) = self.rows.get_mut(*code as usize) {
                    *rows += 1;
                }
            }
            let range = done..done + codes.len();
            done = range.end;
            let columns = self.sums.iter_mut().zip(&mut self.ways.0);
            for ((x, y), (sums, way)) in factors.iter().zip(columns) {
                let x = x.get(range.clone()).unwrap_or_default();
                match y {
                    None => add_block(codes, x, sums, way),
                    Some(y) => {
                        let y = y.get(range.clone()).unwrap_or_default();
                        for ((code, x), y) in codes.iter().zip(x).zip(y) {
                            if let Some(sum) = sums.get_mut(*code as usize) {
                                sum.add_product_uncounted(*x, *y);
                            }
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn settle(&mut self) {
        self.pending = Pending::default();
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
        let other = if self.pending.near + other.pending.near > 2 * ROOM {
            self.settle();
            let mut copy = other.clone();
            copy.settle();
            settled = copy;
            &settled
        } else {
            other
        };
        self.pending.near += other.pending.near;
        self.pending.quick = QUICK_ROOM;
        for (place, rows) in places.iter().zip(&other.rows) {
            if let Some(to) = self.rows.get_mut(*place as usize) {
                *to = to.saturating_add(*rows);
            }
        }
        for (sums, others) in self.sums.iter_mut().zip(&other.sums) {
            for (place, sum) in places.iter().zip(others) {
                if let Some(to) = sums.get_mut(*place as usize) {
                    to.merge_uncounted(sum);
                }
            }
        }
        Ok(())
    }

    /// The number of rows of a group; 0 for one that there is not.
    pub fn rows(&self, group: usize) -> u64 {
        self.rows.get(group).copied().unwrap_or(0)
    }

    /// The exact sum of a term in a group.
    pub fn exact(&self, term: usize, group: usize) -> Option<Exact> {
        let sum = self.sums.get(term)?.get(group)?;
        Some(sum.counted(self.pending.near as u32))
    }

    /// The sum of a term in a group, rounded once; `NaN` where there is none.
    pub fn sum(&self, term: usize, group: usize) -> f64 {
        let sums = self.sums.get(term).and_then(|sums| sums.get(group));
        sums.map_or(f64::NAN, Exact::to_f64)
    }

    /// The sums of a term, by group.
    pub fn column(&self, term: usize) -> Vec<f64> {
        let sums = self.sums.get(term).map(Vec::as_slice).unwrap_or_default();
        sums.iter().map(Exact::to_f64).collect()
    }

    /// A group as bytes: its rows, then its sums.
    fn write_group(&self, group: usize, bytes: &mut Vec<u8>) {
        bytes.extend(self.rows(group).to_le_bytes());
        for sums in &self.sums {
            if let Some(sum) = sums.get(group) {
                sum.write(bytes);
            }
        }
    }

    /// Adds what [`Self::write_group`] wrote to a group; what is left of the bytes.
    fn read_group<'a>(&mut self, group: usize, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let (rows, mut rest) = bytes.split_first_chunk()?;
        let to = self.rows.get_mut(group)?;
        *to = to.saturating_add(u64::from_le_bytes(*rows));
        for sums in &mut self.sums {
            let (sum, tail) = Exact::read(rest)?;
            sums.get_mut(group)?.merge(&sum);
            rest = tail;
        }
        Some(rest)
    }
}

/// How a column's numbers were added last, which is how the next ones are tried.
#[derive(Clone, Copy, Debug, Default)]
enum Way {
    /// Counts, flags and whole amounts: one add.
    #[default]
    Whole,
    /// Money: two adds.
    Quick,
    /// Anything, for so many blocks.
    Any(u8),
}

/// Blocks of a mixed column before the fast ways are tried again.
const PATIENCE: u8 = 32;

/// Adds a block. The fast ways add first and look afterwards: integers wrap, so what did not fit is taken back exactly.
#[inline]
fn add_block(codes: &[u32], x: &[f64], sums: &mut [Exact], way: &mut Way) {
    if matches!(way, Way::Whole) {
        let mut fits = true;
        for_each(codes, x, sums, |sum, x| {
            fits &= exact::is_whole(x);
            sum.add_whole_uncounted(exact::to_whole(x));
        });
        if fits {
            return;
        }
        for_each(codes, x, sums, |sum, x| {
            sum.add_whole_uncounted(exact::to_whole(x).wrapping_neg());
        });
        *way = Way::Quick;
    }
    if matches!(way, Way::Quick) {
        if sums.len() <= QUICK_GROUPS {
            let mut fits = true;
            for_each(codes, x, sums, |sum, x| {
                fits &= exact::is_quick(x);
                sum.add_quick(x);
            });
            if fits {
                return;
            }
            for_each(codes, x, sums, Exact::take_quick);
        }
        *way = Way::Any(0);
    }
    for_each(codes, x, sums, Exact::add_uncounted);
    if let Way::Any(blocks) = way {
        *blocks += 1;
        if *blocks >= PATIENCE {
            *way = Way::Whole;
        }
    }
}

#[inline(always)]
fn for_each(codes: &[u32], x: &[f64], sums: &mut [Exact], mut add: impl FnMut(&mut Exact, f64)) {
    for (code, x) in codes.iter().zip(x) {
        if let Some(sum) = sums.get_mut(*code as usize) {
            add(sum, *x);
        }
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
        let mut places: BTreeMap<&[u8], u32> = BTreeMap::new();
        for (_, names) in parts {
            places.extend(names.iter().flatten().map(|name| (*name, 0)));
        }
        for (place, number) in places.values_mut().zip(0..) {
            *place = number;
        }
        // One group more takes what has no name, and is dropped.
        let nameless = places.len() as u32;
        let mut totals = Totals::new(terms, places.len() + 1);
        for (part, names) in parts {
            let place = |name: Option<&[u8]>| {
                let place = name.and_then(|name| places.get(name).copied());
                place.unwrap_or(nameless)
            };
            let to: Vec<u32> = names.iter().copied().map(place).collect();
            totals.merge(part, &to)?;
        }
        totals.rows.truncate(places.len());
        for sums in &mut totals.sums {
            sums.truncate(places.len());
        }
        Ok(Self {
            keys: places.into_keys().map(Box::from).collect(),
            totals,
        })
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
