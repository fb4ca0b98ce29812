//! Credit for a conversion over the touches before it. Bookkeeping, not causality.
//!
//! Every model here hands out the conversions that happened; none says which of them would not have happened without a
//! channel. That needs an experiment ([`lift`](super::lift)), and [`incrementality_factor`] puts its answer beside the
//! credit of a channel.
//!
//! ```
//! use edgetally_core::metrics::attribution::Paths;
//!
//! let mut paths = Paths::new();
//! paths.push(["search", "social", "email"], true, 12.0)?;
//! paths.push(["display", "social"], true, 7.0)?;
//! paths.push(["display"], false, 40.0)?;
//! assert_eq!(paths.channels(), ["display", "email", "search", "social"]);
//! assert_eq!(paths.last(), [0.0, 12.0, 0.0, 7.0]);
//! assert_eq!(paths.linear(), [3.5, 4.0, 4.0, 7.5]);
//! let markov = paths.markov(1)?;
//! assert_eq!(markov.removal_effect[3], 1.0); // every conversion passed through social
//! # Ok::<(), edgetally_core::metrics::DomainError>(())
//! ```

use std::collections::HashMap;

use super::calculator::{Absent, Argument, Calculator};
use super::domain::{DomainError, Rule};
use super::math::{pow, ratio};

/// The share of the first and of the last touch in the position-based model; the touches between share the rest.
pub const POSITION: (f64, f64) = (0.4, 0.4);

/// The half-life of a touch in the time-decay model, in days.
pub const HALF_LIFE_DAYS: f64 = 7.0;

/// The most states of a Markov model: its matrix is dense.
pub const MOST_STATES: usize = 3_000;

const TOO_MANY_STATES: Rule = Rule::Other(
    "too_many_states",
    "needs more than 3000 states: lower the order or merge rare channels",
);
const EMPTY_PATH: Rule = Rule::Other("empty_path", "holds no touch");
const AGE_MISSING: Rule = Rule::Other("age_missing", "has no ages");

/// Paths of touches, each with how many conversions it led to, or how many visitors left without one.
///
/// Results are in the order of [`Self::channels`], by name, whatever the order of the rows.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    ids: HashMap<String, u32>,
    names: Vec<String>,
    /// The touches of all paths, one after the other.
    touches: Vec<u32>,
    /// Beside `touches`; empty until a path comes with ages.
    ages: Vec<f64>,
    rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    /// Where the touches end.
    end: usize,
    count: f64,
    converted: bool,
    aged: bool,
}

/// What [`Paths::markov`] finds, in the order of [`Paths::channels`].
#[derive(Clone, Debug, PartialEq)]
pub struct Markov {
    /// The share of the conversions that is lost when the channel leads nowhere.
    pub removal_effect: Vec<f64>,
    /// The conversions, shared in proportion to the removal effects.
    pub credit: Vec<f64>,
    /// The share of all paths that convert.
    pub base_conversion_probability: f64,
    /// How many states the chain has.
    pub states: usize,
}

impl Paths {
    /// No paths yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a path, from the first touch to the last. `count` is how often it was walked, or what the conversions were worth.
    ///
    /// # Errors
    /// An empty path, and a count that is negative or infinite.
    pub fn push<'a>(
        &mut self,
        path: impl IntoIterator<Item = &'a str>,
        converted: bool,
        count: f64,
    ) -> Result<(), DomainError> {
        let before = self.touches.len();
        for name in path {
            let id = self.channel(name);
            self.touches.push(id);
        }
        self.close(before, None, converted, count)
    }

    /// Adds a path with the age of each touch at the time of the conversion, in days, for [`Self::time_decay`].
    ///
    /// # Errors
    /// As [`Self::push`]; another number of ages than of touches; an age that is negative or infinite.
    pub fn push_aged<'a>(
        &mut self,
        path: impl IntoIterator<Item = &'a str>,
        ages_days: &[f64],
        converted: bool,
        count: f64,
    ) -> Result<(), DomainError> {
        let before = self.touches.len();
        for name in path {
            let id = self.channel(name);
            self.touches.push(id);
        }
        self.close(before, Some(ages_days), converted, count)
    }

    /// The number of a channel, for [`Self::push_ids`].
    pub fn channel(&mut self, name: &str) -> u32 {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        // A channel needs memory of its own, so there are fewer than 2^32.
        let id = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.ids.insert(name.to_owned(), id);
        self.names.push(name.to_owned());
        id
    }

    /// Adds a path of channels that [`Self::channel`] has numbered.
    ///
    /// # Errors
    /// As [`Self::push_aged`], and a number that was not given out.
    pub fn push_ids(
        &mut self,
        path: &[u32],
        ages_days: Option<&[f64]>,
        converted: bool,
        count: f64,
    ) -> Result<(), DomainError> {
        let before = self.touches.len();
        if let Some(id) = path.iter().find(|id| **id as usize >= self.names.len()) {
            return Err(self.fault(
                "path",
                Rule::Other("unknown_channel", "is no channel's number"),
                Some(f64::from(*id)),
            ));
        }
        self.touches.extend_from_slice(path);
        self.close(before, ages_days, converted, count)
    }

    fn fault(&self, argument: &'static str, rule: Rule, value: Option<f64>) -> DomainError {
        DomainError {
            index: Some(self.rows.len()),
            value,
            ..DomainError::whole(argument, rule)
        }
    }

    fn close(
        &mut self,
        before: usize,
        ages_days: Option<&[f64]>,
        converted: bool,
        count: f64,
    ) -> Result<(), DomainError> {
        let length = self.touches.len() - before;
        let fault = if length == 0 {
            Some(self.fault("path", EMPTY_PATH, None))
        } else if !Rule::NonNegative.allows(count) {
            Some(self.fault("count", Rule::NonNegative, Some(count)))
        } else if ages_days.is_some_and(|ages| ages.len() != length) {
            Some(self.fault("ages_days", Rule::SameLength("path"), None))
        } else {
            ages_days
                .and_then(|ages| ages.iter().find(|age| !Rule::NonNegative.allows(**age)))
                .map(|age| self.fault("ages_days", Rule::NonNegative, Some(*age)))
        };
        if let Some(fault) = fault {
            self.touches.truncate(before);
            return Err(fault);
        }
        if let Some(ages) = ages_days {
            self.ages.resize(before, f64::NAN);
            self.ages.extend_from_slice(ages);
        }
        self.rows.push(Row {
            end: self.touches.len(),
            count,
            converted,
            aged: ages_days.is_some(),
        });
        Ok(())
    }

    /// How many paths there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no path.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The channels, by name. All results are in this order.
    pub fn channels(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// For each channel in the order of results, its number.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order.sort_unstable_by_key(|id| self.names.get(*id));
        order
    }

    fn in_order(&self, by_id: &[f64]) -> Vec<f64> {
        let place = |id| by_id.get(id).copied().unwrap_or(f64::NAN);
        self.order().into_iter().map(place).collect()
    }

    /// Every path with its place, its touches and its ages, which are empty where none came.
    fn each(&self) -> impl Iterator<Item = (Row, &[u32], &[f64])> {
        let mut start = 0;
        self.rows.iter().map(move |row| {
            let range = start..row.end;
            start = row.end;
            let touches = self.touches.get(range.clone()).unwrap_or_default();
            let ages = self.ages.get(range).filter(|_| row.aged);
            (*row, touches, ages.unwrap_or_default())
        })
    }

    /// The sum of what `share` gives to the touches of each converted path.
    fn sum(&self, mut share: impl FnMut(f64, &[u32], &mut dyn FnMut(u32, f64))) -> Vec<f64> {
        let mut credit = vec![0.0; self.names.len()];
        for (row, touches, _) in self.each().filter(|(row, ..)| row.converted) {
            share(row.count, touches, &mut |id, amount| {
                if let Some(sum) = credit.get_mut(id as usize) {
                    *sum += amount;
                }
            });
        }
        self.in_order(&credit)
    }

    /// How many conversions there are, over all paths.
    pub fn total_conversions(&self) -> f64 {
        let converted = self.rows.iter().filter(|row| row.converted);
        // The sum of nothing is -0.
        converted.map(|row| row.count).sum::<f64>() + 0.0
    }

    /// The share of all paths that convert; `NaN` when there is none.
    pub fn base_conversion_probability(&self) -> f64 {
        let all: f64 = self.rows.iter().map(|row| row.count).sum();
        ratio(self.total_conversions(), all)
    }

    /// All credit to the first touch.
    pub fn first(&self) -> Vec<f64> {
        self.sum(|count, touches, give| {
            if let Some(id) = touches.first() {
                give(*id, count);
            }
        })
    }

    /// All credit to the last touch.
    pub fn last(&self) -> Vec<f64> {
        self.sum(|count, touches, give| {
            if let Some(id) = touches.last() {
                give(*id, count);
            }
        })
    }

    /// The same credit to each touch.
    pub fn linear(&self) -> Vec<f64> {
        self.sum(|count, touches, give| {
            let part = count / touches.len() as f64;
            for id in touches {
                give(*id, part);
            }
        })
    }

    /// The same credit to each channel of a path, however often it was touched.
    pub fn linear_unique(&self) -> Vec<f64> {
        let mut distinct = Vec::new();
        self.sum(|count, touches, give| {
            distinct.clear();
            distinct.extend_from_slice(touches);
            distinct.sort_unstable();
            distinct.dedup();
            let part = count / distinct.len() as f64;
            for id in &distinct {
                give(*id, part);
            }
        })
    }

    /// The Shapley value of each channel, where a set of channels is worth the conversions whose paths keep to it.
    ///
    /// This game is a sum over paths, each worth its count to whoever has all of its channels, and there the value is the
    /// same for all of them (symmetry and additivity; Shapley 1953). So it **is** [`Self::linear_unique`], and it tells
    /// nothing more: whoever sells it as data-driven sells an equal split.
    pub fn shapley(&self) -> Vec<f64> {
        self.linear_unique()
    }

    /// A share to the first and to the last touch, and the rest split evenly over those between: `(0.4, 0.4)` is 40/20/40.
    ///
    /// Two touches share in the proportion of first to last, and a single one gets everything.
    ///
    /// # Errors
    /// Shares that are no rates, or are more than 1 together.
    pub fn position(&self, first: f64, last: f64) -> Result<Vec<f64>, DomainError> {
        DomainError::check("first", Rule::Rate, first)?;
        DomainError::check("last", Rule::Rate, last)?;
        if first + last > 1.0 {
            return Err(DomainError::scalar(
                "last",
                Rule::Other("exceeds", "and first are more than 1 together"),
                last,
            ));
        }
        Ok(self.sum(|count, touches, give| match touches {
            [] => {}
            [only] => give(*only, count),
            [opener, closer] => {
                // Shares of nothing and nothing are equal shares.
                let share = if first + last == 0.0 {
                    0.5
                } else {
                    first / (first + last)
                };
                give(*opener, count * share);
                give(*closer, count * (1.0 - share));
            }
            [opener, between @ .., closer] => {
                let part = (1.0 - first - last) / between.len() as f64;
                give(*opener, count * first);
                for id in between {
                    give(*id, count * part);
                }
                give(*closer, count * last);
            }
        }))
    }

    /// Credit that halves with each half-life between a touch and the conversion; see [`time_decay`].
    ///
    /// # Errors
    /// A converted path without ages, and a half-life that is not above 0.
    pub fn time_decay(&self, half_life_days: f64) -> Result<Vec<f64>, DomainError> {
        DomainError::check("half_life_days", Rule::Positive, half_life_days)?;
        let mut credit = vec![0.0; self.names.len()];
        let mut weights = Vec::new();
        for (row, (path, touches, ages)) in self.each().enumerate() {
            if !path.converted {
                continue;
            }
            if !path.aged {
                return Err(DomainError {
                    index: Some(row),
                    ..DomainError::whole("ages_days", AGE_MISSING)
                });
            }
            weights.clear();
            weights.extend_from_slice(ages);
            decay(&mut weights, half_life_days);
            for (id, weight) in touches.iter().zip(&weights) {
                if let Some(sum) = credit.get_mut(*id as usize) {
                    *sum += path.count * weight;
                }
            }
        }
        Ok(self.in_order(&credit))
    }

    /// A Markov chain over the last `order` touches, and what is lost when a channel leads nowhere (Anderl, Becker,
    /// von Wangenheim & Schumann 2016).
    ///
    /// Exact: the chain is solved, not simulated. States are eliminated one by one without a subtraction (Grassmann, Taksar
    /// & Heyman 1985), so that small effects keep their digits; the chain without channel A and the chain without channel B
    /// share all eliminations that they have in common. From an order as long as the longest path on, the effect of a channel
    /// is the share of the conversions whose paths touch it. `NaN` when nothing converts.
    ///
    /// # Errors
    /// An order of 0, and more than [`MOST_STATES`] states.
    pub fn markov(&self, order: usize) -> Result<Markov, DomainError> {
        if order == 0 {
            return Err(DomainError::scalar("order", Rule::PositiveCount, 0.0));
        }
        let chain = Chain::read(self, order)?;
        let total = self.total_conversions();
        let lost: Vec<f64> = chain.lost(self.names.len());
        let effects: Vec<f64> = lost.iter().map(|lost| ratio(*lost, total)).collect();
        let removal_effect = self.in_order(&effects);
        let sum: f64 = removal_effect.iter().sum();
        Ok(Markov {
            credit: removal_effect
                .iter()
                .map(|effect| total * ratio(*effect, sum))
                .collect(),
            removal_effect,
            base_conversion_probability: self.base_conversion_probability(),
            states: chain.channel_of.len(),
        })
    }
}

/// How a single conversion is shared by touches of these ages: `2^(-age / half-life)`, scaled to a sum of 1.
///
/// # Errors
/// An age that is negative or infinite, and a half-life that is not above 0.
///
/// ```
/// use edgetally_core::metrics::attribution::time_decay;
/// assert_eq!(time_decay(&[14.0, 7.0, 7.0], 7.0)?, [0.2, 0.4, 0.4]);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
pub fn time_decay(ages_days: &[f64], half_life_days: f64) -> Result<Vec<f64>, DomainError> {
    DomainError::check_all("ages_days", Rule::NonNegative, ages_days)?;
    DomainError::check("half_life_days", Rule::Positive, half_life_days)?;
    let mut weights = ages_days.to_vec();
    decay(&mut weights, half_life_days);
    Ok(weights)
}

/// Ages become weights.
fn decay(ages: &mut [f64], half_life: f64) {
    // Counted from the youngest, whose weight is then 1: old paths do not sink to zero over zero.
    let youngest = ages.iter().copied().fold(f64::INFINITY, f64::min);
    let mut sum = 0.0;
    for age in &mut *ages {
        let weight = pow(2.0, -((*age - youngest) / half_life));
        sum += weight;
        *age = weight;
    }
    for weight in ages {
        *weight /= sum;
    }
}

/// What a channel's attributed conversions are worth: those that an experiment showed, over those that were credited.
///
/// Below 1 the model flatters the channel. Multiply the channel's later credit by it until the next experiment. `NaN` when
/// nothing was credited.
///
/// # Errors
/// Credit that is negative; infinite numbers.
///
/// ```
/// use edgetally_core::metrics::attribution::incrementality_factor;
/// assert_eq!(incrementality_factor(300.0, 1200.0)?, 0.25);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
pub fn incrementality_factor(incremental: f64, attributed: f64) -> Result<f64, DomainError> {
    DomainError::check("incremental", Rule::Finite, incremental)?;
    DomainError::check("attributed", Rule::NonNegative, attributed)?;
    Ok(ratio(incremental, attributed))
}

/// The calculators of this module that work row by row.
pub(super) static ALL: &[Calculator] = &[Calculator {
    name: "attribution.incrementality",
    arguments: &[
        Argument {
            name: "incremental",
            rule: Rule::Finite,
            absent: Absent::Refused,
        },
        Argument {
            name: "attributed",
            rule: Rule::NonNegative,
            absent: Absent::Refused,
        },
    ],
    at_most: &[],
    outputs: &["factor"],
    kernel: |_, inputs, outputs| {
        let ([incremental, attributed], [factor]) = (inputs, outputs) else {
            return;
        };
        for ((factor, incremental), attributed) in
            factor.iter_mut().zip(*incremental).zip(*attributed)
        {
            *factor = ratio(*incremental, *attributed);
        }
    },
}];

/// Where a row of [`Flow`] keeps the flow that converts; the flow that leaves is beside it, then come the states.
const CONVERTED: usize = 0;
const LEFT: usize = 1;
const STATES: usize = 2;

/// The states of the chain, those of one channel side by side, and what flows between them.
struct Chain {
    channel_of: Vec<u32>,
    flow: Flow,
}

impl Chain {
    fn read(paths: &Paths, order: usize) -> Result<Self, DomainError> {
        // Which state each touch is in.
        let mut visits: Vec<u32> = Vec::with_capacity(paths.touches.len());
        let mut channel_of: Vec<u32> = Vec::new();
        let mut by_history: HashMap<&[u32], u32> = HashMap::new();
        for (_, touches, _) in paths.each() {
            for end in 1..=touches.len() {
                let history = touches.get(end.saturating_sub(order)..end).unwrap_or(&[]);
                let next = channel_of.len();
                let state = *by_history.entry(history).or_insert_with(|| {
                    channel_of.push(history.last().copied().unwrap_or_default());
                    // At most 3,001 of them.
                    u32::try_from(next).unwrap_or(u32::MAX)
                });
                if channel_of.len() > MOST_STATES {
                    return Err(DomainError::whole("order", TOO_MANY_STATES));
                }
                visits.push(state);
            }
        }
        // States of a channel side by side, channels by number.
        let mut by_channel: Vec<usize> = (0..channel_of.len()).collect();
        by_channel.sort_by_key(|state| channel_of.get(*state));
        let mut place = vec![0_usize; channel_of.len()];
        for (new, old) in by_channel.iter().enumerate() {
            if let Some(slot) = place.get_mut(*old) {
                *slot = new;
            }
        }
        channel_of.sort_unstable();

        let mut flow = Flow::new(channel_of.len());
        let mut rest = visits.as_slice();
        for (row, touches, _) in paths.each() {
            let (path, more) = rest.split_at(touches.len().min(rest.len()));
            rest = more;
            let mut from = 0;
            for state in path {
                let to = place.get(*state as usize).copied().unwrap_or_default();
                flow.add(from, STATES + to, row.count);
                from = 1 + to;
            }
            flow.add(
                from,
                if row.converted { CONVERTED } else { LEFT },
                row.count,
            );
        }
        Ok(Self { channel_of, flow })
    }

    /// For each channel, the conversions that pass through it.
    fn lost(&self, channels: usize) -> Vec<f64> {
        let mut lost = vec![0.0; channels];
        let mut sizes = vec![0_usize; channels];
        for channel in &self.channel_of {
            if let Some(size) = sizes.get_mut(*channel as usize) {
                *size += 1;
            }
        }
        if channels > 0 {
            leave_one_out(self.flow.clone(), &sizes, &mut lost);
        }
        lost
    }
}

/// Eliminates all states but those of one channel, for every channel: half of them, then each half's halves.
fn leave_one_out(mut flow: Flow, sizes: &[usize], lost: &mut [f64]) {
    if let [last] = lost {
        // What converts without this channel is out of the account; the rest of the conversions came through it.
        flow.clear_direct();
        flow.eliminate_from(0);
        *last = flow.converted();
        return;
    }
    let middle = sizes.len() / 2;
    let (left, right) = sizes.split_at(middle);
    let (lost_left, lost_right) = lost.split_at_mut(middle);
    let kept = left.iter().sum();
    let mut other = flow.rotated(kept);
    flow.eliminate_from(kept);
    leave_one_out(flow, left, lost_left);
    other.eliminate_from(right.iter().sum());
    leave_one_out(other, right, lost_right);
}

/// How much flows from where (rows: the start, then the states) to where (columns: converted, left, then the states).
///
/// Counts, not probabilities: elimination needs no scale, and counts are exact.
#[derive(Clone)]
struct Flow {
    states: usize,
    width: usize,
    cells: Vec<f64>,
}

impl Flow {
    fn new(states: usize) -> Self {
        let width = STATES + states;
        Self {
            states,
            width,
            cells: vec![0.0; (1 + states) * width],
        }
    }

    fn add(&mut self, row: usize, column: usize, amount: f64) {
        if let Some(cell) = self.cells.get_mut(row * self.width + column) {
            *cell += amount;
        }
    }

    /// Takes the states from this one on out of the chain: what flowed through them flows past them.
    fn eliminate_from(&mut self, first: usize) {
        while self.states > first {
            self.states -= 1;
            let seen = STATES + self.states;
            let (rest, last) = self.cells.split_at_mut((1 + self.states) * self.width);
            // Without what flows back into the state itself: a sum of flows, where 1 less a probability would lose digits.
            let out = last.get(..seen).unwrap_or_default();
            let sum: f64 = out.iter().sum();
            for row in rest.chunks_exact_mut(self.width) {
                let Some((into, before)) = row.get_mut(..=seen).and_then(<[f64]>::split_last_mut)
                else {
                    continue;
                };
                if *into == 0.0 {
                    continue;
                }
                let share = *into / sum;
                for (cell, flow) in before.iter_mut().zip(out) {
                    *cell += share * flow;
                }
            }
            self.cells.truncate((1 + self.states) * self.width);
        }
    }

    /// The same chain with its first states last.
    fn rotated(&self, first: usize) -> Self {
        let mut rotated = Self::new(self.states);
        let order: Vec<usize> = (first..self.states).chain(0..first).collect();
        let rows = core::iter::once(0).chain(order.iter().map(|state| 1 + state));
        for (to, from) in rotated.cells.chunks_exact_mut(rotated.width).zip(rows) {
            let from = self.cells.get(from * self.width..).unwrap_or_default();
            let columns = [CONVERTED, LEFT].into_iter();
            let columns = columns.chain(order.iter().map(|state| STATES + state));
            for (to, column) in to.iter_mut().zip(columns) {
                *to = from.get(column).copied().unwrap_or_default();
            }
        }
        rotated
    }

    /// Forgets what flows from the start to a conversion.
    fn clear_direct(&mut self) {
        if let Some(cell) = self.cells.get_mut(CONVERTED) {
            *cell = 0.0;
        }
    }

    /// What flows from the start to a conversion.
    fn converted(&self) -> f64 {
        self.cells.get(CONVERTED).copied().unwrap_or_default()
    }
}
