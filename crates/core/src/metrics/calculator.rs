//! Calculators that work row by row, as data: arguments and their rules, outputs, and one kernel.
//!
//! A single call is a column of one row, so a number and a column give the same bits. The columns of a call go through the
//! kernel in blocks that stay in the processor's first cache; an argument that is one number for all rows is spread over one
//! block once, and an optional one that is not given is a block of `NaN`, which makes what depends on it undefined by itself.
//!
//! ```
//! use edgetally_core::metrics::calculator::Value;
//! use edgetally_core::metrics::registry;
//!
//! let funnel = registry::find("funnel").unwrap();
//! let given = [12.0, 0.015, 0.03, 80.0, 0.60, 0.03, 0.0, 0.0].map(Value::One);
//! let profit = funnel.output("profit_per_mille").unwrap();
//! assert!((funnel.one(&given).unwrap()[profit] - 8.52).abs() < 1e-12);
//! ```
//!
//! A `NaN` in an argument that is required makes the whole row `NaN`: a row without its data has no result. In an optional
//! argument it reaches what depends on it.

use super::domain::all_allowed;
use super::vector::vectorised;
use super::{DomainError, Rule};

/// Rows that go through a kernel at once: a dozen columns of them fit the first cache.
pub const BLOCK: usize = 512;

/// What an argument is when it is left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Absent {
    /// It may not be left out.
    Refused,
    /// This value.
    Value(f64),
    /// What depends on it is undefined.
    Undefined,
}

/// An argument of a calculator.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// As callers write it.
    pub name: &'static str,
    /// What its values have to be.
    pub rule: Rule,
    /// What it is when it is left out.
    pub absent: Absent,
}

impl Argument {
    /// An argument with its rule.
    pub const fn new(name: &'static str, rule: Rule, absent: Absent) -> Self {
        Self { name, rule, absent }
    }
}

/// [`Argument::new`], as the tables of the calculators write it.
pub(super) const fn argument(name: &'static str, rule: Rule, absent: Absent) -> Argument {
    Argument::new(name, rule, absent)
}

/// Which arguments were given, and which outputs are wanted: a bit each, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given(pub u32, pub u64);

impl Given {
    /// With all outputs wanted.
    const fn all(given: u32) -> Self {
        Self(given, u64::MAX)
    }

    /// Whether the output at this place is wanted, or one that is made from it.
    #[inline(always)]
    pub const fn wants(self, place: u32) -> bool {
        self.1 >> place & 1 == 1
    }

    /// Whether the argument at this place was given.
    #[inline(always)]
    pub const fn has(self, place: u32) -> bool {
        self.0 >> place & 1 == 1
    }
}

/// One argument of a call.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// Left out.
    Absent,
    /// The same for all rows.
    One(f64),
    /// One value per row.
    Column(&'a [f64]),
}

/// The kernel: fills the outputs from arguments of the same length.
///
/// Where an output is an interval, its ends follow it as outputs of their own, named `x.low` and `x.high` after `x`.
pub type Kernel = fn(Given, &[&[f64]], &mut [&mut [f64]]);

/// A calculator.
#[derive(Clone, Copy, Debug)]
pub struct Calculator {
    /// Its name.
    pub name: &'static str,
    /// Its arguments, in order.
    pub arguments: &'static [Argument],
    /// Places of arguments of which the first may not exceed the second; see [`UNLESS_ZERO`].
    pub at_most: &'static [(usize, usize)],
    /// The names of its outputs, in order.
    pub outputs: &'static [&'static str],
    /// What it does.
    pub kernel: Kernel,
}

/// An output as its calculator writes it, the arguments and outputs before it that it is made from, and whether it asks which
/// arguments were given.
pub(super) type Need = (&'static str, &'static [&'static str], bool);

/// A calculator whose outputs can be made one by one.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    calculator: &'static Calculator,
    needs: &'static [Need],
}

/// What a look at a run of rows has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Whether every argument keeps its rules.
    pub allowed: bool,
    /// Whether an argument that is required is `NaN` somewhere.
    pub missing: bool,
    /// What the columns looked like: other numbers have another mark. One for each argument, 0 where it is not a column.
    pub marks: Vec<u64>,
}

/// Follows the numbers of a column, in their order.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "arrays of eight")]
fn mark(before: u64, column: &[f64]) -> u64 {
    // Sums, and sums of the sums as they grow: a number that changed changes both, two that changed places the latter.
    let (mut sums, mut order) = ([0_u64; 8], [0_u64; 8]);
    let (eights, rest) = column.as_chunks::<8>();
    for eight in eights {
        for lane in 0..8 {
            sums[lane] = sums[lane].wrapping_add(eight[lane].to_bits());
            order[lane] = order[lane].wrapping_add(sums[lane]);
        }
    }
    for (lane, x) in rest.iter().enumerate() {
        sums[lane] = sums[lane].wrapping_add(x.to_bits());
        order[lane] = order[lane].wrapping_add(sums[lane]);
    }
    let parts = sums.iter().chain(&order);
    parts.fold(before, |mark, part| {
        (mark.rotate_left(23) ^ part).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    })
}

impl Parts {
    pub(super) const fn new(calculator: &'static Calculator, needs: &'static [Need]) -> Self {
        Self { calculator, needs }
    }

    /// The outputs and the arguments that are needed for some outputs: a bit each, in their order.
    pub fn needed(&self, outputs: u64) -> (u64, u32) {
        let (mut made, mut read) = (outputs, 0);
        for (place, (_, from, _)) in self.needs.iter().enumerate().rev() {
            if made >> place & 1 == 0 {
                continue;
            }
            for name in *from {
                let before = self.needs.iter().take(place);
                if let Some(at) = before.into_iter().position(|(output, ..)| output == name) {
                    made |= 1 << at;
                } else if let Some(at) = self.calculator.argument(name) {
                    read |= 1 << at;
                }
            }
        }
        (made, read)
    }

    /// The outputs that are `NaN` in every row, since an argument that they are made from was left out: a bit each.
    pub fn undefined(&self, values: &[Value<'_>]) -> u64 {
        let mut undefined = 0_u64;
        for (place, (_, from, asks)) in self.needs.iter().enumerate() {
            let without = from.iter().any(|name| {
                let before = self.needs.iter().take(place);
                if let Some(at) = before.into_iter().position(|(output, ..)| output == name) {
                    return undefined >> at & 1 == 1;
                }
                let at = self.calculator.argument(name);
                at.is_some_and(|at| {
                    let argument = self.calculator.arguments.get(at);
                    matches!(values.get(at), Some(Value::Absent))
                        && argument.is_some_and(|argument| argument.absent == Absent::Undefined)
                })
            });
            undefined |= u64::from(without && !asks) << place;
        }
        undefined
    }

    /// The name of the argument at a place.
    pub fn argument(&self, place: usize) -> &'static str {
        let argument = self.calculator.arguments.get(place);
        argument.map_or("", |argument| argument.name)
    }

    fn required(&self) -> u32 {
        let arguments = self.calculator.arguments.iter().enumerate();
        let required = arguments.filter(|(_, argument)| argument.absent == Absent::Refused);
        required.fold(0, |all, (place, _)| all | 1 << place)
    }

    /// Looks at all rows of the columns: their rules, what is missing, and marks by which a change is noticed. On the way the
    /// wanted outputs are filled, in their order; where something is not allowed, they mean nothing.
    pub fn look(&self, values: &[Value<'_>], wanted: u64, outputs: &mut [&mut [f64]]) -> Look {
        let mut look = Look {
            allowed: self
                .calculator
                .check(&values.iter().map(whole).collect::<Vec<_>>())
                .is_ok(),
            missing: false,
            marks: vec![0; values.len()],
        };
        let required = self.required();
        for (place, value) in values.iter().enumerate() {
            if let Value::One(x) = value {
                look.missing |= required >> place & 1 == 1 && x.is_nan();
            }
        }
        let same = look.missing;
        let mut maker = Maker::new(self, values, wanted);
        let rows = rows_of(values);
        let spread = self.calculator.spread(values, rows.min(BLOCK));
        for start in (0..rows).step_by(BLOCK) {
            let inputs = &block(values, &spread, start, rows.min(start + BLOCK));
            let (allowed, missing) = vectorised(
                #[inline(always)]
                || {
                    let mut missing = same;
                    for (place, (value, input)) in values.iter().zip(inputs).enumerate() {
                        if matches!(value, Value::Column(_)) {
                            if required >> place & 1 == 1 {
                                missing |= input.iter().fold(false, |any, x| any | x.is_nan());
                            }
                            if let Some(seen) = look.marks.get_mut(place) {
                                *seen = mark(*seen, input);
                            }
                        }
                    }
                    (self.calculator.block_allowed(values, inputs), missing)
                },
            );
            look.allowed &= allowed;
            look.missing |= missing;
            maker.make(inputs, start, missing, outputs);
        }
        look
    }

    /// Fills the wanted outputs, in their order, from columns that were looked at before.
    ///
    /// # Errors
    /// The place of an argument whose column is not what it was.
    pub fn fill(
        &self,
        values: &[Value<'_>],
        look: &Look,
        wanted: u64,
        outputs: &mut [&mut [f64]],
    ) -> Result<(), usize> {
        let (_, read) = self.needed(wanted);
        let read = if look.missing {
            read | self.required()
        } else {
            read
        };
        let mut marks = vec![0; values.len()];
        let mut maker = Maker::new(self, values, wanted);
        let rows = rows_of(values);
        let spread = self.calculator.spread(values, rows.min(BLOCK));
        for start in (0..rows).step_by(BLOCK) {
            let inputs = &block(values, &spread, start, rows.min(start + BLOCK));
            vectorised(
                #[inline(always)]
                || {
                    for (place, (value, input)) in values.iter().zip(inputs).enumerate() {
                        if matches!(value, Value::Column(_))
                            && read >> place & 1 == 1
                            && let Some(seen) = marks.get_mut(place)
                        {
                            *seen = mark(*seen, input);
                        }
                    }
                },
            );
            maker.make(inputs, start, look.missing, outputs);
        }
        let pairs = marks.iter().zip(&look.marks).enumerate();
        let mut changed =
            pairs.filter(|(place, (now, then))| read >> place & 1 == 1 && now != then);
        changed.next().map_or(Ok(()), |(place, _)| Err(place))
    }
}

/// Makes some outputs of a calculator, block by block.
struct Maker {
    calculator: &'static Calculator,
    given: Given,
    wanted: u64,
    /// Blocks for what is needed and not wanted.
    spare: Vec<f64>,
}

impl Maker {
    fn new(parts: &Parts, values: &[Value<'_>], wanted: u64) -> Self {
        let given = values.iter().enumerate().fold(0, |given, (place, value)| {
            given | u32::from(!matches!(value, Value::Absent)) << place
        });
        let (made, _) = parts.needed(wanted);
        Self {
            calculator: parts.calculator,
            given: Given(given, made),
            wanted,
            spare: vec![0.0; BLOCK * parts.calculator.outputs.len()],
        }
    }

    fn make(&mut self, inputs: &[&[f64]], start: usize, missing: bool, outputs: &mut [&mut [f64]]) {
        if self.wanted == 0 {
            return;
        }
        let rows = inputs.first().map_or(0, |input| input.len());
        let mut mine = outputs.iter_mut();
        let mut filled: Vec<&mut [f64]> = Vec::with_capacity(self.calculator.outputs.len());
        for (place, other) in (0..).zip(self.spare.chunks_mut(BLOCK)) {
            filled.push(if self.wanted >> place & 1 == 1 {
                mine.next()
                    .and_then(|output| output.get_mut(start..start + rows))
                    .unwrap_or_default()
            } else if self.given.wants(place) {
                other.get_mut(..rows).unwrap_or_default()
            } else {
                &mut []
            });
        }
        (self.calculator.kernel)(self.given, inputs, &mut filled);
        if missing {
            self.calculator.blank(inputs, &mut filled);
        }
    }
}

/// How many rows the columns have.
fn rows_of(values: &[Value<'_>]) -> usize {
    let columns = values.iter().filter_map(|value| match value {
        Value::Column(column) => Some(column.len()),
        _ => None,
    });
    columns.max().unwrap_or(0)
}

/// One block of all arguments.
fn block<'a>(
    values: &[Value<'a>],
    spread: &'a [Vec<f64>],
    start: usize,
    end: usize,
) -> Vec<&'a [f64]> {
    let inputs = values
        .iter()
        .zip(spread)
        .map(|(value, spread)| match value {
            Value::Column(column) => column.get(start..end).unwrap_or_default(),
            _ => spread.get(..end - start).unwrap_or_default(),
        });
    inputs.collect()
}

/// A column without its rows, for the checks of single numbers.
fn whole<'a>(value: &Value<'a>) -> Value<'a> {
    match value {
        Value::Column(_) => Value::Column(&[]),
        other => *other,
    }
}

/// Added to the second place of a pair in `at_most`: where the second is zero the first may be anything, since the result is
/// then not defined, and is not a rate above 1.
pub const UNLESS_ZERO: usize = 1 << 16;

/// The place of the larger argument of a pair, and whether it is unlimited when it is zero.
const fn place_of(large: usize) -> (usize, bool) {
    (large % UNLESS_ZERO, large >= UNLESS_ZERO)
}

/// Rows that were refused, when they are to be marked and not to end the call.
pub type Refused = Vec<bool>;

impl Calculator {
    /// The place of an output.
    pub fn output(&self, name: &str) -> Option<usize> {
        self.outputs.iter().position(|output| *output == name)
    }

    /// The place of an argument.
    pub fn argument(&self, name: &str) -> Option<usize> {
        self.arguments
            .iter()
            .position(|argument| argument.name == name)
    }

    /// One row of numbers: an output each.
    ///
    /// # Errors
    /// The first argument that breaks its rule.
    pub fn one(&self, values: &[Value<'_>]) -> Result<Vec<f64>, DomainError> {
        const MOST: usize = 32;
        self.check(values)?;
        let mut row = vec![0.0; self.outputs.len()];
        let mut given = 0;
        let mut spread = [f64::NAN; MOST];
        let pairs = self.arguments.iter().zip(values).zip(&mut spread);
        for (place, ((argument, value), slot)) in pairs.enumerate() {
            match (value, argument.absent) {
                (Value::One(x), _) => {
                    given |= 1 << place;
                    *slot = *x;
                }
                (Value::Column(column), _) => {
                    given |= 1 << place;
                    *slot = column.first().copied().unwrap_or(f64::NAN);
                }
                (Value::Absent, Absent::Value(x)) => *slot = x,
                (Value::Absent, _) => {}
            }
        }
        let mut inputs: [&[f64]; MOST] = [&[]; MOST];
        for (input, value) in inputs.iter_mut().zip(spread.chunks(1)) {
            *input = value;
        }
        let inputs = inputs.get(..self.arguments.len()).unwrap_or_default();
        let mut outputs: Vec<&mut [f64]> = row.chunks_mut(1).collect();
        (self.kernel)(Given::all(given), inputs, &mut outputs);
        self.blank(inputs, &mut outputs);
        Ok(row)
    }

    /// Checks every argument by its rule, and pairs of which one may not exceed the other.
    ///
    /// # Errors
    /// The first argument that breaks its rule, with the first row and how many there are.
    pub fn check(&self, values: &[Value<'_>]) -> Result<(), DomainError> {
        for (argument, value) in self.arguments.iter().zip(values) {
            match value {
                Value::Absent if argument.absent == Absent::Refused => {
                    return Err(DomainError::whole(
                        argument.name,
                        Rule::Other("missing", "is required"),
                    ));
                }
                Value::Absent => {}
                Value::One(x) => {
                    DomainError::check(argument.name, argument.rule, *x)?;
                }
                Value::Column(column) => {
                    DomainError::check_all(argument.name, argument.rule, column)?;
                }
            }
        }
        for (small, large) in self.at_most {
            let mut first = None;
            let mut count = 0;
            let (large, free) = place_of(*large);
            Self::pairs(values, *small, large, |row, x, y| {
                if x > y && !(free && y == 0.0) {
                    count += 1;
                    first = first.or(Some((row, x)));
                }
            });
            if let (Some((row, x)), Some(argument), Some(other)) =
                (first, self.arguments.get(*small), self.arguments.get(large))
            {
                let column = [*small, large]
                    .iter()
                    .any(|place| matches!(values.get(*place), Some(Value::Column(_))));
                return Err(DomainError {
                    argument: argument.name,
                    rule: Rule::AtMost(other.name),
                    index: column.then_some(row),
                    count,
                    value: Some(x),
                });
            }
        }
        Ok(())
    }

    fn pairs(
        values: &[Value<'_>],
        small: usize,
        large: usize,
        mut each: impl FnMut(usize, f64, f64),
    ) {
        match (values.get(small), values.get(large)) {
            (Some(Value::One(x)), Some(Value::One(y))) => each(0, *x, *y),
            (Some(Value::Column(xs)), Some(Value::Column(ys))) => {
                for (row, (x, y)) in xs.iter().zip(*ys).enumerate() {
                    each(row, *x, *y);
                }
            }
            (Some(Value::Column(xs)), Some(Value::One(y))) => {
                for (row, x) in xs.iter().enumerate() {
                    each(row, *x, *y);
                }
            }
            (Some(Value::One(x)), Some(Value::Column(ys))) => {
                for (row, y) in ys.iter().enumerate() {
                    each(row, *x, *y);
                }
            }
            _ => {}
        }
    }

    /// Which rows break a rule, or nothing when none does.
    pub fn refused(&self, values: &[Value<'_>], rows: usize) -> Option<Refused> {
        if self.check(values).is_ok() {
            return None;
        }
        let mut refused = vec![false; rows];
        for (argument, value) in self.arguments.iter().zip(values) {
            match value {
                Value::Absent => {}
                Value::One(x) if argument.rule.allows(*x) => {}
                Value::One(_) => refused.fill(true),
                Value::Column(column) => {
                    for (mark, x) in refused.iter_mut().zip(*column) {
                        *mark |= !argument.rule.allows(*x);
                    }
                }
            }
        }
        for (small, large) in self.at_most {
            let (large, free) = place_of(*large);
            Self::pairs(values, *small, large, |row, x, y| {
                if x > y
                    && !(free && y == 0.0)
                    && let Some(mark) = refused.get_mut(row)
                {
                    *mark = true;
                }
            });
        }
        // Two numbers for all rows that exceed one another refuse every row.
        let all = self.at_most.iter().any(|(small, large)| {
            let (large, free) = place_of(*large);
            matches!((values.get(*small), values.get(large)),
                (Some(Value::One(x)), Some(Value::One(y))) if x > y && !(free && *y == 0.0))
        });
        if all {
            refused.fill(true);
        }
        Some(refused)
    }

    /// A block of each argument that is the same in all rows.
    fn spread(&self, values: &[Value<'_>], width: usize) -> Vec<Vec<f64>> {
        let pairs = self.arguments.iter().zip(values);
        let blocks = pairs.map(|(argument, value)| match (value, argument.absent) {
            (Value::Column(_), _) => Vec::new(),
            (Value::One(x), _) => vec![*x; width],
            (Value::Absent, Absent::Value(x)) => vec![x; width],
            (Value::Absent, _) => vec![f64::NAN; width],
        });
        blocks.collect()
    }

    /// Fills the outputs, whose slices are all as long as the columns.
    ///
    /// Returns whether every argument keeps its rules. When it is `false`, [`Self::check`] says which does not and
    /// [`Self::refused`] in which rows; the outputs of rows that break a rule mean nothing.
    #[must_use]
    pub fn fill(&self, values: &[Value<'_>], outputs: &mut [&mut [f64]]) -> bool {
        let rows = outputs.first().map_or(0, |output| output.len());
        let mut given = 0;
        let width = rows.min(BLOCK);
        let mut allowed = true;
        let spread: Vec<Vec<f64>> = self
            .arguments
            .iter()
            .zip(values)
            .enumerate()
            .map(
                |(place, (argument, value))| match (value, argument.absent) {
                    (Value::Column(_), _) => {
                        given |= 1 << place;
                        Vec::new()
                    }
                    (Value::One(x), _) => {
                        given |= 1 << place;
                        allowed &= argument.rule.allows(*x);
                        vec![*x; width]
                    }
                    (Value::Absent, Absent::Value(x)) => vec![x; width],
                    (Value::Absent, absent) => {
                        allowed &= absent != Absent::Refused;
                        vec![f64::NAN; width]
                    }
                },
            )
            .collect();
        let mut start = 0;
        while start < rows {
            let end = rows.min(start + BLOCK);
            let inputs: Vec<&[f64]> = values
                .iter()
                .zip(&spread)
                .map(|(value, spread)| match value {
                    Value::Column(column) => column.get(start..end).unwrap_or_default(),
                    _ => spread.get(..end - start).unwrap_or_default(),
                })
                .collect();
            let mut blocks: Vec<&mut [f64]> = outputs
                .iter_mut()
                .map(|output| output.get_mut(start..end).unwrap_or_default())
                .collect();
            allowed &= vectorised(
                #[inline(always)]
                || self.block_allowed(values, &inputs),
            );
            (self.kernel)(Given::all(given), &inputs, &mut blocks);
            self.blank(&inputs, &mut blocks);
            start = end;
        }
        allowed
    }

    /// The rules on one block, while it is in the cache.
    #[inline(always)]
    #[expect(clippy::neg_cmp_op_on_partial_ord, reason = "NaN passes")]
    fn block_allowed(&self, values: &[Value<'_>], inputs: &[&[f64]]) -> bool {
        // Loops, since a closure that is handed on is not always inlined, and then it is compiled without the vectors.
        let mut all = true;
        for ((argument, value), input) in self.arguments.iter().zip(values).zip(inputs) {
            if matches!(value, Value::Column(_)) {
                all &= all_allowed(argument.rule, input);
            }
        }
        for (small, large) in self.at_most {
            let (large, free) = place_of(*large);
            if let (Some(small), Some(large)) = (inputs.get(*small), inputs.get(large)) {
                for (x, y) in small.iter().zip(*large) {
                    let most = if free && *y == 0.0 { f64::INFINITY } else { *y };
                    all &= !(*x > most);
                }
            }
        }
        all
    }

    /// Rows whose required data are `NaN` have no result.
    fn blank(&self, inputs: &[&[f64]], outputs: &mut [&mut [f64]]) {
        let required = || {
            let pairs = self.arguments.iter().zip(inputs);
            pairs.filter(|(argument, _)| argument.absent == Absent::Refused)
        };
        let any = vectorised(
            #[inline(always)]
            || required().any(|(_, input)| input.iter().fold(false, |any, x| any | x.is_nan())),
        );
        if !any {
            return;
        }
        for (_, input) in required() {
            for (row, x) in input.iter().enumerate() {
                if x.is_nan() {
                    for output in &mut *outputs {
                        if let Some(slot) = output.get_mut(row) {
                            *slot = f64::NAN;
                        }
                    }
                }
            }
        }
    }
}

/// A kernel that works a row at a time, for formulas that are too long to gain from columns. `None` is a row without result.
pub(super) fn by_row<const N: usize, const M: usize>(
    inputs: &[&[f64]],
    outputs: &mut [&mut [f64]],
    row: impl Fn([f64; N]) -> Option<[f64; M]>,
) {
    let rows = outputs.first().map_or(0, |output| output.len());
    for at in 0..rows {
        let mut given = [f64::NAN; N];
        for (slot, input) in given.iter_mut().zip(inputs) {
            *slot = input.get(at).copied().unwrap_or(f64::NAN);
        }
        let result = row(given).unwrap_or([f64::NAN; M]);
        for (output, value) in outputs.iter_mut().zip(result) {
            if let Some(slot) = output.get_mut(at) {
                *slot = value;
            }
        }
    }
}
