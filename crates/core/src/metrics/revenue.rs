//! Means per user: Welch, Fieller, ratio metrics, CUPED; from sufficient statistics.
//!
//! Everything is computed from counts and sums ([`Moments`], [`PairMoments`]), so streams, days and segments are merged by
//! adding. The sums are kept in double-double arithmetic, about 32 digits: the variance is then the difference of two sums of
//! squares without the usual loss. Formulas: Welch (1947) with Satterthwaite's (1946) degrees of freedom; Fieller (1954); the delta
//! method for ratio metrics after Deng, Knoblich and Lu (2018); CUPED after Deng, Xu, Kohavi and Walker (2013).

use super::calculator::Absent::{Refused, Undefined, Value};
use super::calculator::Calculator;
use super::math::ratio;
use super::power::{argument, by_row};
use super::special::{normal_quantile, normal_sf, student_cdf, student_quantile};
use super::{DomainError, Interval, Rule};

/// The number of users of one arm, their mean and the variance of one user (not of the mean).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Users.
    pub n: f64,
    /// Mean per user; `NaN` without users.
    pub mean: f64,
    /// Variance per user, with `n - 1`; `NaN` below two users.
    pub variance: f64,
}

/// Users, the sum of their values and of the squares: what a mean and its variance need, mergeable.
///
/// ```
/// use edgetally_core::metrics::revenue::Moments;
///
/// // Large values that differ little: a plain sum of squares would give a negative variance.
/// let monday = Moments::from_values(&[1e9 + 4.0, 1e9 + 7.0]);
/// let tuesday = Moments::from_values(&[1e9 + 13.0, 1e9 + 16.0]);
/// let both = monday.merge(tuesday);
/// assert_eq!(both.summary().variance, 30.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    n: f64,
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
        DomainError::check("users", Rule::Count, users)?;
        DomainError::check("sum", Rule::Finite, sum)?;
        DomainError::check("sum_squares", Rule::NonNegative, sum_squares)?;
        // Rounding of sums that were made in single steps is forgiven; a variance of zero comes of it.
        if sum_squares * users < sum * sum * (1.0 - 1e-9) {
            return Err(DomainError::scalar(
                "sum_squares",
                Rule::Other(
                    "impossible",
                    "is less than the square of the sum over the users",
                ),
                sum_squares,
            ));
        }
        Ok(Self {
            n: users,
            sum: Dd::from(sum),
            squares: Dd::from(sum_squares),
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
        let sum = Dd::product(users, mean);
        let around = if users > 1.0 {
            Dd::product(sd, sd).times(Dd::from(users - 1.0))
        } else {
            Dd::default()
        };
        Ok(Self {
            n: users,
            sum,
            squares: around.plus(sum.times(Dd::from(mean))),
        })
    }

    /// One more user.
    #[inline]
    pub fn push(&mut self, value: f64) {
        self.n += 1.0;
        self.sum = self.sum.plus(Dd::from(value));
        self.squares = self.squares.plus(Dd::product(value, value));
    }

    /// The users of both.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            n: self.n + other.n,
            sum: self.sum.plus(other.sum),
            squares: self.squares.plus(other.squares),
        }
    }

    /// Users, mean and variance.
    pub fn summary(&self) -> Summary {
        Summary {
            n: self.n,
            mean: ratio(self.sum.value(), self.n),
            variance: variance(
                self.n,
                self.squares.minus(self.sum.times(self.sum).over(self.n)),
            ),
        }
    }
}

/// Users and the sums of two values of each, their squares and their product. Mergeable like [`Moments`].
///
/// For a ratio metric the values are numerator and denominator, for CUPED the outcome and what was known before.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PairMoments {
    n: f64,
    first: Dd,
    second: Dd,
    first_squares: Dd,
    second_squares: Dd,
    products: Dd,
}

impl PairMoments {
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

    /// Of sums that were made elsewhere.
    ///
    /// # Errors
    ///
    /// `users` that is no count, sums that are not finite, negative squares.
    pub fn from_sums(
        users: f64,
        sums: [f64; 2],
        sums_of_squares: [f64; 2],
        sum_of_products: f64,
    ) -> Result<Self, DomainError> {
        DomainError::check("users", Rule::Count, users)?;
        for sum in sums {
            DomainError::check("sums", Rule::Finite, sum)?;
        }
        for sum in sums_of_squares {
            DomainError::check("sums_of_squares", Rule::NonNegative, sum)?;
        }
        DomainError::check("sum_of_products", Rule::Finite, sum_of_products)?;
        let [first, second] = sums.map(Dd::from);
        let [first_squares, second_squares] = sums_of_squares.map(Dd::from);
        Ok(Self {
            n: users,
            first,
            second,
            first_squares,
            second_squares,
            products: Dd::from(sum_of_products),
        })
    }

    /// One more user.
    #[inline]
    pub fn push(&mut self, first: f64, second: f64) {
        self.n += 1.0;
        self.first = self.first.plus(Dd::from(first));
        self.second = self.second.plus(Dd::from(second));
        self.first_squares = self.first_squares.plus(Dd::product(first, first));
        self.second_squares = self.second_squares.plus(Dd::product(second, second));
        self.products = self.products.plus(Dd::product(first, second));
    }

    /// The users of both.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            n: self.n + other.n,
            first: self.first.plus(other.first),
            second: self.second.plus(other.second),
            first_squares: self.first_squares.plus(other.first_squares),
            second_squares: self.second_squares.plus(other.second_squares),
            products: self.products.plus(other.products),
        }
    }

    /// The sums of squares and of products about the means: first, second, both.
    fn centred(&self) -> (Dd, Dd, Dd) {
        let about = |sum: Dd, a: Dd, b: Dd| sum.minus(a.times(b).over(self.n));
        (
            about(self.first_squares, self.first, self.first),
            about(self.second_squares, self.second, self.second),
            about(self.products, self.first, self.second),
        )
    }

    /// The variance of `first - factor * second` in this arm.
    fn variance_of_rest(&self, factor: Dd) -> f64 {
        let (first, second, both) = self.centred();
        let twice = both.times(factor).times(Dd::from(2.0));
        variance(
            self.n,
            first.minus(twice).plus(second.times(factor).times(factor)),
        )
    }
}

fn variance(n: f64, centred: Dd) -> f64 {
    let centred = centred.value();
    if n < 2.0 {
        f64::NAN
    } else if centred < 0.0 {
        // Zero but for the rounding of sums that came from outside.
        0.0
    } else {
        centred / (n - 1.0)
    }
}

/// Whether two means differ; see [`welch`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Welch {
    /// Exposed less holdout, with Student's interval.
    pub diff: Interval,
    /// The standard error of the difference.
    pub se: f64,
    /// `diff/se`; infinite when nothing varies.
    pub t: f64,
    /// Satterthwaite's degrees of freedom.
    pub df: f64,
    /// Two-sided; `NaN` when nothing varies: there is no scale to measure the difference by.
    pub p_value: f64,
    /// `exposed/holdout - 1` with Fieller's interval, which is exact for normal means. Infinite ends where the holdout's mean may
    /// be zero: the ratio is then not bounded.
    pub rel_lift_fieller: Interval,
    /// The same with the symmetric interval of the delta method; too short above when the holdout is small.
    pub rel_lift_delta: Interval,
}

/// Welch's test of two means and the intervals that go with it.
///
/// # Errors
///
/// `confidence` not inside 0 to 1.
pub fn welch(exposed: Summary, holdout: Summary, confidence: f64) -> Result<Welch, DomainError> {
    DomainError::check("confidence", Rule::Confidence, confidence)?;
    Ok(compare(exposed, holdout, confidence))
}

fn compare(exposed: Summary, holdout: Summary, confidence: f64) -> Welch {
    let (v1, v0) = (
        ratio(exposed.variance, exposed.n),
        ratio(holdout.variance, holdout.n),
    );
    // As shares of the whole, so that no square overflows.
    let share = v1 / (v1 + v0);
    let df = 1.0
        / (share * share / (exposed.n - 1.0) + (1.0 - share) * (1.0 - share) / (holdout.n - 1.0));
    let df = if df > 0.0 { df } else { f64::NAN };
    let critical = -student_quantile((1.0 - confidence) / 2.0, df);
    let diff = exposed.mean - holdout.mean;
    let se = (v1 + v0).sqrt();
    let t = diff / se;
    // 0 in 0 and a NaN of the degrees of freedom both end as NaN.
    let p_value = if df.is_nan() || t.is_nan() {
        f64::NAN
    } else {
        2.0 * student_cdf(-t.abs(), df).0
    };
    Welch {
        diff: around(diff, critical * se),
        se,
        t,
        df,
        p_value,
        rel_lift_fieller: fieller((exposed.mean, v1), (holdout.mean, v0), critical),
        rel_lift_delta: delta((exposed.mean, v1), (holdout.mean, v0), critical),
    }
}

fn around(estimate: f64, width: f64) -> Interval {
    Interval::new(estimate, estimate - width, estimate + width)
}

/// Fieller's interval of a ratio of independent estimates, less one. The estimates come with their variances.
pub(super) fn fieller(above: (f64, f64), below: (f64, f64), critical: f64) -> Interval {
    let ((m1, v1), (m0, v0)) = (above, below);
    let estimate = ratio(m1 - m0, m0);
    let (g1, g0) = (critical * critical * v1, critical * critical * v0);
    let a = m0 * m0 - g0;
    if a.is_nan() || g1.is_nan() {
        return Interval::new(estimate, f64::NAN, f64::NAN);
    }
    if a <= 0.0 {
        // The denominator may be zero: the set is a line, or all but a gap.
        return Interval::new(estimate, f64::NEG_INFINITY, f64::INFINITY);
    }
    // The discriminant with its large parts cancelled on paper, and 1 taken off before the division.
    let root = (m0 * m0 * g1 + m1 * m1 * g0 - g0 * g1).sqrt();
    let centre = m0 * (m1 - m0) + g0;
    Interval::new(estimate, (centre - root) / a, (centre + root) / a)
}

fn delta(above: (f64, f64), below: (f64, f64), critical: f64) -> Interval {
    let ((m1, v1), (m0, v0)) = (above, below);
    let slope = ratio(m1, m0);
    around(
        ratio(m1 - m0, m0),
        critical * ratio((v1 + slope * slope * v0).sqrt(), m0.abs()),
    )
}

/// What a difference of means is worth; see [`lift_revenue`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RevenueLift {
    /// The test and the lift per user.
    pub welch: Welch,
    /// The difference, times the exposed users.
    pub incremental_revenue: Interval,
    /// Per unit of spend; `NaN` without spend.
    pub incremental_roas: Interval,
    /// Margin of the incremental revenue, less the spend; `NaN` without a margin or a spend.
    pub incremental_profit: Interval,
}

/// The lift of revenue per user, from each arm's users, mean and standard deviation.
///
/// When neither arm varies, the p-value and all intervals are `NaN`: a difference without noise has no error to be measured by.
///
/// ```
/// use edgetally_core::metrics::revenue::{lift_revenue, Arm};
///
/// let lift = lift_revenue(
///     Arm { users: 100_000.0, mean: 1.2, sd: 12.0 },
///     Arm { users: 100_000.0, mean: 0.95, sd: 10.5 },
///     Some(20_000.0),
///     Some(0.4),
///     0.95,
/// )?;
/// assert_eq!(lift.incremental_revenue.estimate, 25_000.0);
/// assert!(lift.welch.p_value < 1e-6 && lift.incremental_profit.high < 0.0);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
///
/// # Errors
///
/// Users that are no counts, means that are not finite, negative standard deviations or spend, a margin outside 0 to 1,
/// `confidence` not inside 0 to 1.
pub fn lift_revenue(
    exposed: Arm,
    holdout: Arm,
    spend: Option<f64>,
    margin: Option<f64>,
    confidence: f64,
) -> Result<RevenueLift, DomainError> {
    let exposed = exposed.summary(["exposed_users", "exposed_mean", "exposed_sd"])?;
    let holdout = holdout.summary(["holdout_users", "holdout_mean", "holdout_sd"])?;
    lift_of(exposed, holdout, spend, margin, confidence)
}

/// [`lift_revenue`] of arms that are known by their [`Moments`].
///
/// # Errors
///
/// A negative spend, a margin outside 0 to 1, `confidence` not inside 0 to 1.
pub fn lift_of(
    exposed: Summary,
    holdout: Summary,
    spend: Option<f64>,
    margin: Option<f64>,
    confidence: f64,
) -> Result<RevenueLift, DomainError> {
    let spend = DomainError::check("spend", Rule::NonNegative, spend.unwrap_or(f64::NAN))?;
    let margin = DomainError::check("margin", Rule::Rate, margin.unwrap_or(f64::NAN))?;
    DomainError::check("confidence", Rule::Confidence, confidence)?;
    Ok(worth(exposed, holdout, spend, margin, confidence))
}

fn worth(
    exposed: Summary,
    holdout: Summary,
    spend: f64,
    margin: f64,
    confidence: f64,
) -> RevenueLift {
    let welch = compare(exposed, holdout, confidence);
    let incremental_revenue = welch.diff.map(|diff| diff * exposed.n);
    RevenueLift {
        welch,
        incremental_revenue,
        incremental_roas: incremental_revenue.map(|revenue| ratio(revenue, spend)),
        incremental_profit: incremental_revenue.map(|revenue| margin * revenue - spend),
    }
}

/// Users, mean and standard deviation of one arm, as a report states them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arm {
    /// Users, those without revenue too.
    pub users: f64,
    /// Revenue per user.
    pub mean: f64,
    /// The standard deviation of one user, with `n - 1`.
    pub sd: f64,
}

impl Arm {
    fn summary(self, [users, mean, sd]: [&'static str; 3]) -> Result<Summary, DomainError> {
        DomainError::check(users, Rule::Count, self.users)?;
        DomainError::check(mean, Rule::Finite, self.mean)?;
        DomainError::check(sd, Rule::NonNegative, self.sd)?;
        Ok(self.known())
    }

    fn known(self) -> Summary {
        Summary {
            n: self.users,
            mean: if self.users == 0.0 {
                f64::NAN
            } else {
                self.mean
            },
            variance: if self.users < 2.0 {
                f64::NAN
            } else {
                self.sd * self.sd
            },
        }
    }
}

/// Both arms with their largest values cut down to a common cap; see [`winsorize`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Winsorized {
    /// The cap: the quantile of both arms together.
    pub cap: f64,
    /// The exposed arm after the cut.
    pub exposed: Moments,
    /// The holdout after the cut.
    pub holdout: Moments,
    /// Exposed users that were cut.
    pub exposed_capped: usize,
    /// Holdout users that were cut.
    pub holdout_capped: usize,
}

/// Cuts the values of both arms down to the same quantile of all values together (linear between order statistics).
///
/// A few very large orders make revenue noisy; a cap trades a little bias for much less noise. The cap is shared, so that it
/// favours neither arm; say in the report that it was used, and how often (`.._capped`).
///
/// # Errors
///
/// A quantile outside 0 to 1, values that are not finite.
pub fn winsorize(
    exposed: &[f64],
    holdout: &[f64],
    quantile: f64,
) -> Result<Winsorized, DomainError> {
    DomainError::check_all("exposed", Rule::Finite, exposed)?;
    DomainError::check_all("holdout", Rule::Finite, holdout)?;
    DomainError::check("winsorize", Rule::Rate, quantile)?;
    let mut all: Vec<f64> = exposed.iter().chain(holdout).copied().collect();
    let cap = if quantile.is_nan() || all.iter().any(|x| x.is_nan()) {
        f64::NAN
    } else {
        quantile_of(&mut all, quantile)
    };
    let cut = |values: &[f64]| {
        let (mut moments, mut capped) = (Moments::default(), 0);
        for value in values {
            if *value > cap {
                moments.push(cap);
                capped += 1;
            } else {
                // A cap that is not known makes everything unknown.
                moments.push(if cap.is_nan() { cap } else { *value });
            }
        }
        (moments, capped)
    };
    let ((exposed, exposed_capped), (holdout, holdout_capped)) = (cut(exposed), cut(holdout));
    Ok(Winsorized {
        cap,
        exposed,
        holdout,
        exposed_capped,
        holdout_capped,
    })
}

/// Definition 7 of Hyndman and Fan (1996), NumPy's and R's default.
fn quantile_of(values: &mut [f64], quantile: f64) -> f64 {
    let Some(last) = values.len().checked_sub(1) else {
        return f64::NAN;
    };
    let position = quantile * last as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to the last position"
    )]
    let rank = (position.floor() as usize).min(last);
    let (_, at, above) = values.select_nth_unstable_by(rank, f64::total_cmp);
    let at = *at;
    match above.iter().copied().min_by(f64::total_cmp) {
        Some(next) => at + (next - at) * (position - rank as f64),
        None => at,
    }
}

/// A ratio of sums in two arms; see [`ratio_metric`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RatioMetric {
    /// Sum of numerators over sum of denominators, exposed.
    pub ratio_exposed: f64,
    /// Its standard error.
    pub se_exposed: f64,
    /// The same in the holdout.
    pub ratio_holdout: f64,
    /// Its standard error.
    pub se_holdout: f64,
    /// Exposed less holdout, with the normal interval.
    pub diff: Interval,
    /// The standard error of the difference.
    pub se: f64,
    /// `diff/se`.
    pub z: f64,
    /// Two-sided; `NaN` when nothing varies.
    pub p_value: f64,
    /// The relative lift, with Fieller's interval.
    pub rel_lift: Interval,
}

/// The lift of a metric such as revenue per order or clicks per impression, where users are randomised and each has several
/// orders.
///
/// The numerator and the denominator of a user belong together, so the standard error takes their covariance:
/// `Var(R) = (s²a - 2R s_ab + R² s²b)/(b̄² n)`. Orders counted as if they were independent would make the interval too short.
///
/// ```
/// use edgetally_core::metrics::revenue::{ratio_metric, PairMoments};
///
/// let arm = |num: &[f64], den: &[f64]| PairMoments::from_values(num, den, "num", "den");
/// let lift = ratio_metric(
///     &arm(&[3.0, 0.0, 5.0, 2.0], &[4.0, 1.0, 6.0, 3.0])?,
///     &arm(&[2.0, 1.0, 3.0, 0.0], &[4.0, 2.0, 5.0, 1.0])?,
///     0.95,
/// )?;
/// assert_eq!(lift.ratio_holdout, 0.5);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
///
/// # Errors
///
/// `confidence` not inside 0 to 1.
pub fn ratio_metric(
    exposed: &PairMoments,
    holdout: &PairMoments,
    confidence: f64,
) -> Result<RatioMetric, DomainError> {
    DomainError::check("confidence", Rule::Confidence, confidence)?;
    let of = |arm: &PairMoments| {
        let below = arm.second.value();
        if below == 0.0 {
            return (f64::NAN, f64::NAN);
        }
        let exact = arm.first.divided(arm.second);
        let mean = below / arm.n;
        (
            exact.value(),
            arm.variance_of_rest(exact) / (mean * mean * arm.n),
        )
    };
    let ((r1, v1), (r0, v0)) = (of(exposed), of(holdout));
    let se = (v1 + v0).sqrt();
    let critical = if se == 0.0 {
        // As with means: without noise there is no scale.
        f64::NAN
    } else {
        -normal_quantile((1.0 - confidence) / 2.0)
    };
    let diff = r1 - r0;
    Ok(RatioMetric {
        ratio_exposed: r1,
        se_exposed: v1.sqrt(),
        ratio_holdout: r0,
        se_holdout: v0.sqrt(),
        diff: around(diff, critical * se),
        se,
        z: diff / se,
        p_value: if se == 0.0 {
            f64::NAN
        } else {
            2.0 * normal_sf((diff / se).abs())
        },
        rel_lift: fieller((r1, v1), (r0, v0), critical),
    })
}

/// A comparison of means after what was known before was taken out; see [`cuped`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adjustment {
    /// The factor of the covariate.
    pub theta: f64,
    /// The adjusted mean of the exposed.
    pub mean_exposed: f64,
    /// The adjusted mean of the holdout.
    pub mean_holdout: f64,
    /// The variance of an adjusted exposed user.
    pub var_exposed: f64,
    /// The variance of an adjusted holdout user.
    pub var_holdout: f64,
    /// Welch's test of the adjusted means.
    pub welch: Welch,
    /// The share of the variance of the difference that the covariate explains.
    pub variance_reduction: f64,
}

/// CUPED in two variants, beside the plain comparison; see [`cuped`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cuped {
    /// The factor from within the arms: `(cov1 + cov0)/(var1 + var0)`. An effect on the outcome does not leak into it.
    pub within_arm: Adjustment,
    /// The factor from all users as one sample, as in the paper.
    pub pooled: Adjustment,
    /// Welch's test of the plain means.
    pub raw: Welch,
}

/// CUPED: the lift of a mean, with the part of the noise taken out that a covariate from before the test explains.
///
/// Each arm's moments are of the outcome first and the covariate second. The adjusted outcome is `Y - θ(X - X̄)`, with `X̄` over
/// all users, so the means stay comparable. `NaN` when the covariate does not vary: there is nothing to adjust by, and `raw` is
/// the answer.
///
/// ```
/// use edgetally_core::metrics::revenue::{cuped, PairMoments};
///
/// let arm = |y: &[f64], x: &[f64]| PairMoments::from_values(y, x, "y", "x");
/// let lift = cuped(
///     &arm(&[4.1, 6.0, 7.9, 10.2], &[1.0, 2.0, 3.0, 4.0])?,
///     &arm(&[3.0, 5.2, 7.1, 8.9], &[1.0, 2.0, 3.0, 4.0])?,
///     0.95,
/// )?;
/// assert!(lift.raw.p_value > 0.5 && lift.within_arm.welch.p_value < 0.001);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
///
/// # Errors
///
/// `confidence` not inside 0 to 1.
pub fn cuped(
    exposed: &PairMoments,
    holdout: &PairMoments,
    confidence: f64,
) -> Result<Cuped, DomainError> {
    let zero = Dd::default();
    let raw = welch(
        summary(exposed, zero, 0.0),
        summary(holdout, zero, 0.0),
        confidence,
    )?;
    let all = exposed.merge(*holdout);
    let centre = ratio(all.second.value(), all.n);
    let adjust = |theta: Dd| -> Result<Adjustment, DomainError> {
        let (one, zero) = (
            summary(exposed, theta, centre),
            summary(holdout, theta, centre),
        );
        let welch = welch(one, zero, confidence)?;
        Ok(Adjustment {
            theta: theta.value(),
            mean_exposed: one.mean,
            mean_holdout: zero.mean,
            var_exposed: one.variance,
            var_holdout: zero.variance,
            welch,
            variance_reduction: 1.0 - ratio(welch.se * welch.se, raw.se * raw.se),
        })
    };
    let slope = |both: Dd, square: Dd| {
        if square.value() > 0.0 {
            both.divided(square)
        } else {
            Dd::from(f64::NAN)
        }
    };
    let within = {
        let of = |arm: &PairMoments| {
            let (_, square, both) = arm.centred();
            (both.over(arm.n - 1.0), square.over(arm.n - 1.0))
        };
        let ((both1, square1), (both0, square0)) = (of(exposed), of(holdout));
        slope(both1.plus(both0), square1.plus(square0))
    };
    let (_, square, both) = all.centred();
    Ok(Cuped {
        within_arm: adjust(within)?,
        pooled: adjust(slope(both, square))?,
        raw,
    })
}

fn summary(arm: &PairMoments, theta: Dd, centre: f64) -> Summary {
    Summary {
        n: arm.n,
        mean: ratio(arm.first.value(), arm.n)
            - theta.value() * (ratio(arm.second.value(), arm.n) - centre),
        variance: arm.variance_of_rest(theta),
    }
}

/// The row-by-row calculator of this module. `relative` says which interval `rel_lift` has: 0 Fieller's, 1 the delta method's.
pub(super) static ALL: &[Calculator] = &[Calculator {
    name: "lift.revenue",
    arguments: &[
        argument("exposed_mean", Rule::Finite, Refused),
        argument("exposed_sd", Rule::NonNegative, Refused),
        argument("exposed_users", Rule::Count, Refused),
        argument("holdout_mean", Rule::Finite, Refused),
        argument("holdout_sd", Rule::NonNegative, Refused),
        argument("holdout_users", Rule::Count, Refused),
        argument("spend", Rule::NonNegative, Undefined),
        argument("margin", Rule::Rate, Undefined),
        argument("confidence", Rule::Confidence, Value(0.95)),
        argument("relative", Rule::Finite, Value(0.0)),
    ],
    at_most: &[],
    outputs: &[
        "diff",
        "se",
        "t",
        "df",
        "p_value",
        "diff_ci",
        "diff_ci.low",
        "diff_ci.high",
        "rel_lift",
        "rel_lift.low",
        "rel_lift.high",
        "rel_ci_delta",
        "rel_ci_delta.low",
        "rel_ci_delta.high",
        "rel_ci_fieller",
        "rel_ci_fieller.low",
        "rel_ci_fieller.high",
        "incremental_revenue",
        "incremental_revenue.low",
        "incremental_revenue.high",
        "incremental_roas",
        "incremental_roas.low",
        "incremental_roas.high",
        "incremental_profit",
        "incremental_profit.low",
        "incremental_profit.high",
    ],
    kernel: |_, inputs, outputs| {
        by_row(
            inputs,
            outputs,
            |[m1, s1, n1, m0, s0, n0, spend, margin, confidence, relative]| {
                let arm = |users, mean, sd| Arm { users, mean, sd }.known();
                let got = worth(arm(n1, m1, s1), arm(n0, m0, s0), spend, margin, confidence);
                let Welch {
                    diff,
                    se,
                    t,
                    df,
                    p_value,
                    rel_lift_fieller: fieller,
                    rel_lift_delta: delta,
                } = got.welch;
                let chosen = if relative == 0.0 { fieller } else { delta };
                let (revenue, roas, profit) = (
                    got.incremental_revenue,
                    got.incremental_roas,
                    got.incremental_profit,
                );
                [
                    diff.estimate,
                    se,
                    t,
                    df,
                    p_value,
                    diff.estimate,
                    diff.low,
                    diff.high,
                    chosen.estimate,
                    chosen.low,
                    chosen.high,
                    delta.estimate,
                    delta.low,
                    delta.high,
                    fieller.estimate,
                    fieller.low,
                    fieller.high,
                    revenue.estimate,
                    revenue.low,
                    revenue.high,
                    roas.estimate,
                    roas.low,
                    roas.high,
                    profit.estimate,
                    profit.low,
                    profit.high,
                ]
            },
        );
    },
}];

/// A number as an unevaluated sum of two doubles, about 32 digits (Dekker, 1971).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Dd {
    high: f64,
    low: f64,
}

impl From<f64> for Dd {
    fn from(high: f64) -> Self {
        Self { high, low: 0.0 }
    }
}

impl Dd {
    #[inline]
    fn value(self) -> f64 {
        self.high + self.low
    }

    /// The exact sum of two doubles (Knuth).
    #[inline]
    fn sum(a: f64, b: f64) -> Self {
        let high = a + b;
        let part = high - a;
        Self {
            high,
            low: (a - (high - part)) + (b - part),
        }
    }

    /// The exact product of two doubles.
    #[inline]
    fn product(a: f64, b: f64) -> Self {
        let high = a * b;
        Self {
            high,
            low: a.mul_add(b, -high),
        }
    }

    #[inline]
    fn plus(self, other: Self) -> Self {
        let (high, low) = (
            Self::sum(self.high, other.high),
            Self::sum(self.low, other.low),
        );
        let first = Self::sum(high.high, high.low + low.high);
        Self::sum(first.high, first.low + low.low)
    }

    #[inline]
    fn minus(self, other: Self) -> Self {
        self.plus(Self {
            high: -other.high,
            low: -other.low,
        })
    }

    #[inline]
    fn times(self, other: Self) -> Self {
        let product = Self::product(self.high, other.high);
        let cross = self.high.mul_add(other.low, self.low * other.high);
        Self::sum(product.high, product.low + cross)
    }

    fn over(self, divisor: f64) -> Self {
        self.divided(Self::from(divisor))
    }

    fn divided(self, divisor: Self) -> Self {
        let first = self.high / divisor.high;
        let rest = self.minus(divisor.times(Self::from(first)));
        let second = rest.high / divisor.high;
        let rest = rest.minus(divisor.times(Self::from(second)));
        Self::sum(first, second).plus(Self::from(rest.high / divisor.high))
    }
}
