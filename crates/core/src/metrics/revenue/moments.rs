//! What a mean and its variance need, mergeable: users, sums, sums of squares.
//!
//! The sums are of values over a power of two near the largest of them, so that no square overflows or vanishes, whatever the unit,
//! and a change of the unit by a power of two changes nothing else. Whether the values vary at all is not left to a difference of
//! sums: the smallest and the largest are kept.

use super::double::Dd;
use crate::metrics::math::ratio;
use crate::metrics::{DomainError, Rule};

/// Below this share of the sum of squares, the sum of squares about the mean of *values* is rounding.
const ROUNDING: f64 = 1e-28;

/// The same for sums that were made elsewhere, in single doubles.
const ROUNDING_OF_SUMS: f64 = 1e-12;

/// How far sums that were made elsewhere may contradict each other.
const FORGIVEN: f64 = 1e-9;

/// The largest power of two that is not above `|x|`, and not below the smallest normal number; `NaN` has no size.
pub(super) fn power_of_two(x: f64) -> f64 {
    const EXPONENT: u64 = 0x7FF0_0000_0000_0000;
    let x = x.abs();
    if x.is_nan() || x < f64::MIN_POSITIVE {
        f64::MIN_POSITIVE
    } else {
        f64::from_bits(x.to_bits() & EXPONENT)
    }
}

/// The values of one quantity: how large, and from where to where.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Range {
    /// A power of two; all values are below twice that.
    scale: f64,
    /// The smallest value; `NaN` when only sums are known.
    low: f64,
    /// The largest.
    high: f64,
}

impl Default for Range {
    fn default() -> Self {
        Self {
            scale: f64::MIN_POSITIVE,
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
        }
    }
}

impl Range {
    fn of_sums(squares: f64) -> Self {
        Self {
            scale: power_of_two(squares.sqrt()),
            low: f64::NAN,
            high: f64::NAN,
        }
    }

    /// Takes a value in; what sums over the old scale have to be multiplied by.
    #[inline]
    fn take(&mut self, value: f64) -> f64 {
        // NaN makes an end NaN, and it stays.
        if value.is_nan() || value < self.low {
            self.low = value;
        }
        if value.is_nan() || value > self.high {
            self.high = value;
        }
        self.reach(value)
    }

    #[inline]
    fn reach(&mut self, value: f64) -> f64 {
        if value.abs() >= 2.0 * self.scale {
            let before = self.scale;
            self.scale = power_of_two(value);
            before / self.scale
        } else {
            1.0
        }
    }

    fn merge(self, other: Self) -> Self {
        let known = !(self.low.is_nan() || other.low.is_nan());
        let end = |x: f64| if known { x } else { f64::NAN };
        Self {
            scale: self.scale.max(other.scale),
            low: end(self.low.min(other.low)),
            high: end(self.high.max(other.high)),
        }
    }

    /// All values are the same.
    fn is_constant(self) -> bool {
        self.low == self.high
    }

    fn rounding(self) -> f64 {
        if self.low.is_nan() {
            ROUNDING_OF_SUMS
        } else {
            ROUNDING
        }
    }
}

/// The sum of squares about the mean; 0 where the values do not vary.
fn about_mean(n: f64, sum: Dd, squares: Dd, range: Range) -> Dd {
    let centred = squares.minus(sum.times(sum).over(n));
    if range.is_constant() || centred.value() <= range.rounding() * squares.value() {
        Dd::default()
    } else {
        centred
    }
}

/// Users, the sum of their values and of the squares: what a mean and its variance need, mergeable.
///
/// ```
/// use edgetally_core::metrics::revenue::Moments;
///
/// // Large values that differ little: a plain sum of squares would give a negative variance.
/// let monday = Moments::from_values(&[1e9 + 4.0, 1e9 + 8.0]);
/// let tuesday = Moments::from_values(&[1e9 + 12.0, 1e9 + 16.0, 1e9 + 10.0]);
/// let both = monday.merge(tuesday);
/// assert_eq!(both.summary().sd, 20_f64.sqrt());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    n: f64,
    range: Range,
    sum: Dd,
    squares: Dd,
}

impl Moments {
    /// Of the values of single users.
    pub fn from_values(values: &[f64]) -> Self {
        let mut moments = Self::default();
        for value in values {
            moments.push(*value);
        }
        moments
    }

    /// Of sums that were made elsewhere.
    ///
    /// # Errors
    ///
    /// `users` that is no count, sums that are not finite, or squares that no values can have beside this sum.
    pub fn from_sums(users: f64, sum: f64, sum_squares: f64) -> Result<Self, DomainError> {
        const NAMES: [&str; 3] = ["users", "sum", "sum_squares"];
        let range = possible(NAMES, users, sum, sum_squares)?;
        Ok(Self {
            n: users,
            range,
            sum: Dd::from(sum / range.scale),
            squares: Dd::from(sum_squares / range.scale / range.scale),
        })
    }

    /// Of a mean and a standard deviation (with `n - 1`).
    ///
    /// # Errors
    ///
    /// `users` that is no count, a mean that is not finite, a negative standard deviation.
    pub fn from_mean_sd(users: f64, mean: f64, sd: f64) -> Result<Self, DomainError> {
        DomainError::check("users", Rule::Count, users)?;
        DomainError::check("mean", Rule::Finite, mean)?;
        DomainError::check("sd", Rule::NonNegative, sd)?;
        let scale = power_of_two(mean).max(power_of_two(sd));
        let end = if sd == 0.0 { mean } else { f64::NAN };
        let (mean, sd) = (mean / scale, sd / scale);
        let sum = Dd::product(users, mean);
        let around = if users > 1.0 {
            Dd::product(sd, sd).times(Dd::from(users - 1.0))
        } else {
            Dd::default()
        };
        Ok(Self {
            n: users,
            range: Range {
                scale,
                low: end,
                high: end,
            },
            sum,
            squares: around.plus(sum.times(Dd::from(mean))),
        })
    }

    /// One more user.
    #[inline]
    pub fn push(&mut self, value: f64) {
        let factor = self.range.take(value);
        if factor != 1.0 {
            self.rescale(factor);
        }
        let value = value / self.range.scale;
        self.n += 1.0;
        self.sum = self.sum.plus(Dd::from(value));
        self.squares = self.squares.plus(Dd::product(value, value));
    }

    fn rescale(&mut self, factor: f64) {
        self.sum = self.sum.scaled(factor);
        self.squares = self.squares.scaled(factor).scaled(factor);
    }

    /// The users of both.
    #[must_use]
    pub fn merge(mut self, mut other: Self) -> Self {
        let range = self.range.merge(other.range);
        self.rescale(self.range.scale / range.scale);
        other.rescale(other.range.scale / range.scale);
        Self {
            n: self.n + other.n,
            range,
            sum: self.sum.plus(other.sum),
            squares: self.squares.plus(other.squares),
        }
    }

    /// Users, mean and standard deviation.
    pub fn summary(&self) -> Summary {
        let Range { scale, low, .. } = self.range;
        let centred = about_mean(self.n, self.sum, self.squares, self.range).value();
        Summary {
            n: self.n,
            mean: if self.range.is_constant() {
                low
            } else {
                ratio(self.sum.value(), self.n) * scale
            },
            sd: variance(self.n, centred).sqrt() * scale,
        }
    }
}

fn variance(n: f64, centred: f64) -> f64 {
    if n < 2.0 {
        f64::NAN
    } else {
        centred / (n - 1.0)
    }
}

/// Whether there are values with this sum and sum of squares.
fn possible(
    [users_name, sum_name, squares_name]: [&'static str; 3],
    users: f64,
    sum: f64,
    squares: f64,
) -> Result<Range, DomainError> {
    DomainError::check(users_name, Rule::Count, users)?;
    DomainError::check(sum_name, Rule::Finite, sum)?;
    DomainError::check(squares_name, Rule::NonNegative, squares)?;
    let range = Range::of_sums(squares);
    let (first, second) = (sum / range.scale, squares / range.scale / range.scale);
    // Rounding of sums that were made in single steps is forgiven; a variance of zero comes of it.
    if second * users < first * first * (1.0 - FORGIVEN) {
        let small = "is less than the square of the sum over the users, which no values give";
        return Err(DomainError::scalar(
            squares_name,
            Rule::Other("impossible", small),
            squares,
        ));
    }
    if users <= 1.0 && second > first * first * (1.0 + FORGIVEN) {
        let large =
            "is more than the square of the sum, which the value of a single user does not give";
        return Err(DomainError::scalar(
            squares_name,
            Rule::Other("impossible", large),
            squares,
        ));
    }
    Ok(range)
}

/// Users and the sums of two values of each, their squares and their product. Mergeable like [`Moments`].
///
/// For a ratio metric the values are numerator and denominator, for CUPED the outcome and what was known before.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PairMoments {
    pub(super) n: f64,
    first_range: Range,
    second_range: Range,
    pub(super) first: Dd,
    pub(super) second: Dd,
    first_squares: Dd,
    second_squares: Dd,
    products: Dd,
}

/// How an error names the sums of one arm: users, the two sums, the two sums of squares, the sum of products.
pub type SumNames = [&'static str; 6];

impl PairMoments {
    /// The names of the arguments of [`Self::from_sums`].
    pub const SUMS: SumNames = [
        "users",
        "sums[0]",
        "sums[1]",
        "sums_of_squares[0]",
        "sums_of_squares[1]",
        "sum_of_products",
    ];

    /// Of the values of single users.
    ///
    /// # Errors
    ///
    /// Columns of different length; the error is on the one that is named `name`.
    pub fn from_values(
        first: &[f64],
        second: &[f64],
        name: &'static str,
        like: &'static str,
    ) -> Result<Self, DomainError> {
        if first.len() != second.len() {
            return Err(DomainError::whole(name, Rule::SameLength(like)));
        }
        let mut moments = Self::default();
        for (first, second) in first.iter().zip(second) {
            moments.push(*first, *second);
        }
        Ok(moments)
    }

    /// Of sums that were made elsewhere; an error names them by `names`.
    ///
    /// # Errors
    ///
    /// `users` that is no count, sums that are not finite, and sums that no values have together: a negative variance, or a
    /// correlation beyond 1. Rounding is forgiven.
    pub fn from_sums(
        names: SumNames,
        users: f64,
        [first, second]: [f64; 2],
        [first_squares, second_squares]: [f64; 2],
        sum_of_products: f64,
    ) -> Result<Self, DomainError> {
        let [
            of_users,
            of_first,
            of_second,
            of_first_squares,
            of_second_squares,
            of_products,
        ] = names;
        let first_range = possible(
            [of_users, of_first, of_first_squares],
            users,
            first,
            first_squares,
        )?;
        let second_range = possible(
            [of_users, of_second, of_second_squares],
            users,
            second,
            second_squares,
        )?;
        DomainError::check(of_products, Rule::Finite, sum_of_products)?;
        let (one, two) = (first_range.scale, second_range.scale);
        let made = Self {
            n: users,
            first_range,
            second_range,
            first: Dd::from(first / one),
            second: Dd::from(second / two),
            first_squares: Dd::from(first_squares / one / one),
            second_squares: Dd::from(second_squares / two / two),
            products: Dd::from(sum_of_products / one / two),
        };
        let about = |sum: Dd, a: Dd, b: Dd| sum.minus(a.times(b).over(users.max(1.0))).value();
        let square = |sum: Dd, squares: Dd| about(squares, sum, sum).max(0.0);
        let limit = (square(made.first, made.first_squares)
            * square(made.second, made.second_squares))
        .sqrt();
        let both = about(made.products, made.first, made.second).abs();
        let forgiven = FORGIVEN * (made.first_squares.value() * made.second_squares.value()).sqrt();
        if both > limit * (1.0 + FORGIVEN) + forgiven {
            return Err(DomainError::scalar(
                of_products,
                Rule::Other(
                    "impossible",
                    "makes a correlation beyond 1 with the other sums, which no values give",
                ),
                sum_of_products,
            ));
        }
        Ok(made)
    }

    /// One more user.
    #[inline]
    pub fn push(&mut self, first: f64, second: f64) {
        let (one, two) = (self.first_range.take(first), self.second_range.take(second));
        if one != 1.0 || two != 1.0 {
            self.rescale(one, two);
        }
        let (first, second) = (
            first / self.first_range.scale,
            second / self.second_range.scale,
        );
        self.n += 1.0;
        self.first = self.first.plus(Dd::from(first));
        self.second = self.second.plus(Dd::from(second));
        self.first_squares = self.first_squares.plus(Dd::product(first, first));
        self.second_squares = self.second_squares.plus(Dd::product(second, second));
        self.products = self.products.plus(Dd::product(first, second));
    }

    fn rescale(&mut self, one: f64, two: f64) {
        self.first = self.first.scaled(one);
        self.second = self.second.scaled(two);
        self.first_squares = self.first_squares.scaled(one).scaled(one);
        self.second_squares = self.second_squares.scaled(two).scaled(two);
        self.products = self.products.scaled(one).scaled(two);
    }

    /// The units of the sums: those of the first and of the second values.
    pub(super) fn scales(&self) -> (f64, f64) {
        (self.first_range.scale, self.second_range.scale)
    }

    /// The mean of the first and of the second values, in these units.
    pub(super) fn means(&self) -> (f64, f64) {
        let of = |sum: Dd, range: Range| {
            if range.is_constant() {
                range.low / range.scale
            } else {
                ratio(sum.value(), self.n)
            }
        };
        (
            of(self.first, self.first_range),
            of(self.second, self.second_range),
        )
    }

    /// The same in units that are not smaller.
    pub(super) fn in_units(mut self, (one, two): (f64, f64)) -> Self {
        self.rescale(self.first_range.scale / one, self.second_range.scale / two);
        self.first_range.scale = one;
        self.second_range.scale = two;
        self
    }

    /// The users of both.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let first_range = self.first_range.merge(other.first_range);
        let second_range = self.second_range.merge(other.second_range);
        let units = (first_range.scale, second_range.scale);
        let (one, other) = (self.in_units(units), other.in_units(units));
        Self {
            n: one.n + other.n,
            first_range,
            second_range,
            first: one.first.plus(other.first),
            second: one.second.plus(other.second),
            first_squares: one.first_squares.plus(other.first_squares),
            second_squares: one.second_squares.plus(other.second_squares),
            products: one.products.plus(other.products),
        }
    }

    /// The sums of squares and of products about the means, in the units of the sums: first, second, both.
    pub(super) fn centred(&self) -> (Dd, Dd, Dd) {
        let first = about_mean(self.n, self.first, self.first_squares, self.first_range);
        let second = about_mean(self.n, self.second, self.second_squares, self.second_range);
        let both = if first == Dd::default() || second == Dd::default() {
            Dd::default()
        } else {
            self.products
                .minus(self.first.times(self.second).over(self.n))
        };
        (first, second, both)
    }

    /// The variance of `first - factor * second` in this arm, in the units of the sums.
    pub(super) fn variance_of_rest(&self, factor: Dd) -> f64 {
        let (first, second, both) = self.centred();
        let square = factor.times(factor);
        let rest = first
            .minus(both.times(factor).times(Dd::from(2.0)))
            .plus(second.times(square));
        let whole = self
            .first_squares
            .plus(self.second_squares.times(square))
            .value();
        let rounding = self
            .first_range
            .rounding()
            .max(self.second_range.rounding());
        let rest = if rest.value() <= rounding * whole {
            0.0
        } else {
            rest.value()
        };
        variance(self.n, rest)
    }
}

/// The number of users of one arm, their mean and the standard deviation of one user (not of the mean).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Users.
    pub n: f64,
    /// Mean per user; `NaN` without users.
    pub mean: f64,
    /// Standard deviation of a user, with `n - 1`; `NaN` below two users, 0 where all have the same value.
    pub sd: f64,
}
