//! What advertising added: economics of an experiment with a holdout.
//!
//! ```
//! use edgetally_core::metrics::lift::{Money, Options, lift};
//! use edgetally_core::metrics::proportion::Arms;
//!
//! let arms = Arms::new(100_000.0, 1_200.0, 100_000.0, 900.0).unwrap();
//! let money = Money { spend: Some(50_000.0), aov: Some(80.0), margin: Some(0.4) };
//! let lift = lift(&arms, &money, &Options::default()).unwrap();
//! // 300 conversions more than without the advertising, almost certainly; and still a loss.
//! assert_eq!(lift.incremental_conversions.estimate, 300.0);
//! assert!(lift.p_value < 1e-10);
//! assert!(lift.incremental_profit.high < -37_000.0);
//! ```
//!
//! Everything is scaled to the exposed users: the holdout may be smaller. The ends of every interval are those of the
//! difference (or of the ratio, for the relative lift) carried through the formula of the estimate, so that all of them say the
//! same about zero.
//!
//! The formulas stand in `lift/table.rs`, as calculators for columns; a single experiment is a column of one row.

mod table;

pub(super) use table::ALL;

use super::calculator::Value;
use super::proportion::{self, Alternative, Arms, Difference, Ratio};
use super::{DomainError, Interval, Rule};

/// How the intervals are made: a pair of methods for difference and ratio.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// The score intervals of both. They exclude zero exactly when the p-value is below one less the confidence.
    #[default]
    Score,
    /// Newcombe's and MOVER-R: the closed form for millions of rows. Their signs agree.
    Newcombe,
    /// Agresti and Caffo's, and the adjusted logarithmic one.
    AgrestiCaffo,
    /// Wald's, and the normal one by the delta method.
    Wald,
    /// Wald's, and Katz's logarithmic one.
    Katz,
    /// Wald's, and the normal one by the delta method: as `wald`, by the name that experiment platforms know.
    Delta,
}

impl Method {
    /// The words, in the order of the variants.
    pub const WORDS: &'static [&'static str] = &[
        "score",
        "newcombe",
        "agresti_caffo",
        "wald",
        "katz",
        "delta",
    ];

    /// All, in the order of the words.
    pub const ALL: [Self; 6] = [
        Self::Score,
        Self::Newcombe,
        Self::AgrestiCaffo,
        Self::Wald,
        Self::Katz,
        Self::Delta,
    ];

    /// From its word.
    ///
    /// # Errors
    /// [`Rule::OneOf`] for any other word.
    pub fn parse(word: &str) -> Result<Self, DomainError> {
        let place = Self::WORDS.iter().position(|own| *own == word);
        place
            .and_then(|place| Self::ALL.get(place).copied())
            .ok_or(DomainError::whole("method", Rule::OneOf(Self::WORDS)))
    }

    /// The methods of the difference and of the ratio.
    pub const fn pair(self) -> (Difference, Ratio) {
        match self {
            Self::Score => (Difference::Score, Ratio::Score),
            Self::Newcombe => (Difference::Newcombe, Ratio::Mover),
            Self::AgrestiCaffo => (Difference::AgrestiCaffo, Ratio::LogAdjusted),
            Self::Wald | Self::Delta => (Difference::Wald, Ratio::Delta),
            Self::Katz => (Difference::Wald, Ratio::Katz),
        }
    }
}

/// How a lift is to be judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// How the intervals are made.
    pub method: Method,
    /// The confidence of the intervals, 0.95 unless told otherwise.
    pub confidence: f64,
    /// On which side of zero an effect is looked for.
    pub alternative: Alternative,
    /// The share of users that was to be exposed: where it was kept by less than chance explains, that is flagged.
    pub expected_split: Option<f64>,
    /// The smallest difference of rates that the experiment could find, where it has been worked out (see
    /// [`super::power`]): one that is larger than what was observed is flagged.
    pub mde: Option<f64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            method: Method::Score,
            confidence: 0.95,
            alternative: Alternative::TwoSided,
            expected_split: None,
            mde: None,
        }
    }
}

/// What the exposed users cost and what a conversion is worth. What is not given leaves undefined what depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Money {
    /// Spend on the exposed users.
    pub spend: Option<f64>,
    /// Revenue per conversion.
    pub aov: Option<f64>,
    /// The share of revenue that is left after variable costs other than advertising.
    pub margin: Option<f64>,
}

/// Things to know before a decision, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    /// Without an effect, fewer than 5 conversions (or 5 users without one) would be expected in an arm: normal approximations
    /// are poor, an exact p-value is the better one.
    pub const LOW_COUNTS: Self = Self(1);
    /// The exposed converted less often.
    pub const NEGATIVE_LIFT: Self = Self(2);
    /// No effect is among the values that the data do not exclude.
    pub const INTERVAL_INCLUDES_ZERO: Self = Self(4);
    /// The experiment could not have found an effect of the size that was observed.
    pub const UNDERPOWERED: Self = Self(8);
    /// The users were not split as planned (p below 0.001): the numbers stand, a decision should not.
    pub const SRM: Self = Self(16);

    /// Every flag with its name.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::LOW_COUNTS, "low_counts"),
        (Self::NEGATIVE_LIFT, "negative_lift"),
        (Self::INTERVAL_INCLUDES_ZERO, "interval_includes_zero"),
        (Self::UNDERPOWERED, "underpowered"),
        (Self::SRM, "srm"),
    ];

    /// As the number in a column.
    pub(crate) fn number(self) -> f64 {
        f64::from(self.0)
    }

    /// From the number in a column; nothing from `NaN`.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturating, and NaN is 0"
    )]
    pub fn from_number(bits: f64) -> Self {
        Self(bits as u8)
    }

    /// Whether a flag is up.
    pub const fn has(self, flag: Self) -> bool {
        self.0 & flag.0 == flag.0
    }

    /// The names of those that are up.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let up = move |(flag, name): (Self, &'static str)| self.has(flag).then_some(name);
        Self::ALL.into_iter().filter_map(up)
    }

    /// What one row shows, with the smallest effect that could be found and the p-value of the split. `NaN` raises nothing.
    pub(crate) fn of(arms: &Arms, difference: &Interval, mde: f64, split: f64) -> Self {
        let users = arms.exposed_users + arms.holdout_users;
        let conversions = arms.exposed_conversions + arms.holdout_conversions;
        let fewer = |a: f64, b: f64| if b < a { b } else { a };
        let smallest = fewer(arms.exposed_users, arms.holdout_users)
            * fewer(conversions, users - conversions)
            / users;
        let delta = difference.estimate;
        let mut flags = 0;
        for (up, Self(flag)) in [
            (smallest < 5.0, Self::LOW_COUNTS),
            (delta < 0.0, Self::NEGATIVE_LIFT),
            (
                difference.low <= 0.0 && difference.high >= 0.0,
                Self::INTERVAL_INCLUDES_ZERO,
            ),
            (mde > delta.abs(), Self::UNDERPOWERED),
            (split < 0.001, Self::SRM),
        ] {
            if up {
                flags |= flag;
            }
        }
        Self(flags)
    }
}

/// One experiment, with intervals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lift {
    /// Conversions per exposed user.
    pub exposed_rate: f64,
    /// Conversions per user of the holdout.
    pub holdout_rate: f64,
    /// The difference of the rates.
    pub abs_lift: Interval,
    /// The ratio of the rates, less one.
    pub rel_lift: Interval,
    /// Conversions that the exposed would have had without the advertising.
    pub expected_conversions: f64,
    /// Conversions beyond those.
    pub incremental_conversions: Interval,
    /// Their revenue.
    pub incremental_revenue: Interval,
    /// What is left of it after variable costs.
    pub incremental_gross_profit: Interval,
    /// The same after the spend.
    pub incremental_profit: Interval,
    /// Incremental revenue per unit of spend.
    pub incremental_roas: Interval,
    /// Spend per incremental conversion. The upper end is infinite when it may be that there were none; undefined when there
    /// were certainly none, since the possible values are no interval then.
    pub incremental_cpa: Interval,
    /// Incremental conversions as a share of the exposed users' conversions.
    pub share_incremental: Interval,
    /// Incremental conversions per 1,000 exposed users.
    pub incremental_conversions_per_mille: Interval,
    /// Incremental conversions if the holdout had been exposed as well.
    pub incremental_conversions_rolled_out: Interval,
    /// Incremental conversions at which the profit is zero.
    pub break_even_incremental_conversions: f64,
    /// The difference of the rates at which the profit is zero.
    pub break_even_diff: f64,
    /// The statistic of the score test.
    pub z: f64,
    /// Its p-value.
    pub p_value: f64,
    /// The p-value of the split of the users, when a share was expected.
    pub split_p_value: f64,
    /// Things to know before a decision.
    pub flags: Flags,
}

/// The economics of one experiment.
///
/// # Errors
/// A negative or infinite amount, a margin above 1, or a confidence or split that is not above 0 and below 1.
pub fn lift(arms: &Arms, money: &Money, options: &Options) -> Result<Lift, DomainError> {
    let amount = |value: Option<f64>| value.map_or(Value::Absent, Value::One);
    let calculator = options.method.calculator();
    let row = calculator.one(&[
        Value::One(arms.exposed_users),
        Value::One(arms.exposed_conversions),
        Value::One(arms.holdout_users),
        Value::One(arms.holdout_conversions),
        amount(money.spend),
        amount(money.aov),
        amount(money.margin),
        Value::One(options.confidence),
        Value::One(proportion::number_of(options.alternative)),
        amount(options.expected_split),
        amount(options.mde),
    ])?;
    let number = |name: &str| {
        let place = calculator.output(name);
        place
            .and_then(|place| row.get(place).copied())
            .unwrap_or(f64::NAN)
    };
    let interval = |name: &str| {
        let ends = calculator.output(name).and_then(|at| row.get(at..at + 3));
        match ends {
            Some(&[estimate, low, high]) => Interval::new(estimate, low, high),
            _ => Interval::UNDEFINED,
        }
    };
    Ok(Lift {
        exposed_rate: number("exposed_rate"),
        holdout_rate: number("holdout_rate"),
        abs_lift: interval("abs_lift"),
        rel_lift: interval("rel_lift"),
        expected_conversions: number("expected_conversions"),
        incremental_conversions: interval("incremental_conversions"),
        incremental_revenue: interval("incremental_revenue"),
        incremental_gross_profit: interval("incremental_gross_profit"),
        incremental_profit: interval("incremental_profit"),
        incremental_roas: interval("incremental_roas"),
        incremental_cpa: interval("incremental_cpa"),
        share_incremental: interval("share_incremental"),
        incremental_conversions_per_mille: interval("incremental_conversions_per_mille"),
        incremental_conversions_rolled_out: interval("incremental_conversions_rolled_out"),
        break_even_incremental_conversions: number("break_even_incremental_conversions"),
        break_even_diff: number("break_even_diff"),
        z: number("z"),
        p_value: number("p_value"),
        split_p_value: number("split_p_value"),
        flags: Flags::from_number(number("quality")),
    })
}

/// Incremental revenue when the revenue per conversion is uncertain too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RevenueProduct {
    /// The estimate.
    pub incremental_revenue: f64,
    /// Its standard error to the first order.
    pub se_delta: f64,
    /// Its standard error, exactly, when difference and order value are independent.
    pub se_exact_independent: f64,
}

/// Incremental revenue as a product of two estimates with standard errors.
///
/// Source: L. A. Goodman, JASA 55, 1960 (the exact variance of a product of independent estimates).
///
/// # Errors
/// A number of users that is no count, an infinite difference, or a negative or infinite amount or standard error.
///
/// ```
/// use edgetally_core::metrics::lift::revenue_product;
///
/// let revenue = revenue_product(100_000.0, 0.003, 0.000455788, 80.0, 1.5).unwrap();
/// assert_eq!(revenue.incremental_revenue, 24_000.0);
/// assert!((revenue.se_exact_independent - 3674.60).abs() < 0.01);
/// ```
pub fn revenue_product(
    exposed_users: f64,
    diff: f64,
    diff_se: f64,
    aov: f64,
    aov_se: f64,
) -> Result<RevenueProduct, DomainError> {
    DomainError::check("exposed_users", Rule::Count, exposed_users)?;
    DomainError::check("diff", Rule::Finite, diff)?;
    for (name, value) in [("diff_se", diff_se), ("aov", aov), ("aov_se", aov_se)] {
        DomainError::check(name, Rule::NonNegative, value)?;
    }
    Ok(RevenueProduct::of(
        exposed_users,
        diff,
        diff_se,
        aov,
        aov_se,
    ))
}

impl RevenueProduct {
    fn of(users: f64, diff: f64, diff_se: f64, aov: f64, aov_se: f64) -> Self {
        let from_diff = aov * users * diff_se;
        let from_aov = users * diff * aov_se;
        let from_both = users * diff_se * aov_se;
        let first = from_diff * from_diff + from_aov * from_aov;
        Self {
            incremental_revenue: users * diff * aov,
            se_delta: first.sqrt(),
            se_exact_independent: (first + from_both * from_both).sqrt(),
        }
    }
}
