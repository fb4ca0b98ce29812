//! What advertising added: economics of an experiment with a holdout.
//!
//! ```
//! use edgetally_core::metrics::lift::{self, Money, Options};
//! use edgetally_core::metrics::proportion::Arms;
//!
//! let arms = Arms::new(100_000.0, 1_200.0, 100_000.0, 900.0).unwrap();
//! let money = Money { spend: Some(50_000.0), aov: Some(80.0), margin: Some(0.4) };
//! let lift = lift::lift(&arms, &money, &Options::default()).unwrap();
//! // 300 more conversions than without the advertising, almost certainly; and still a loss.
//! assert_eq!(lift.incremental_conversions.estimate, 300.0);
//! assert!(lift.p_value < 1e-10);
//! assert!(lift.incremental_profit.high < -37_000.0);
//! ```
//!
//! Everything is scaled to the exposed users: the holdout may be smaller. The ends of every interval are those of the
//! difference (or the ratio, for the relative lift) carried through the same formula, so that all of them, and the p-value, say
//! the same about zero.
//!
//! [`POINT`] is the table of estimates without intervals, one loop per output; [`intervals`] fills the ends of many rows, and
//! [`Measure`] carries them on. One row is a column of one.
#![expect(
    clippy::indexing_slicing,
    clippy::inline_always,
    reason = "every slice is cut to the rows of the output first, and what is not inlined is not compiled for the vectors"
)]

use super::calculator::{Absent, Argument, Calculator, Value};
use super::math::ratio;
use super::proportion::{self, Alternative, Arms, Columns, Difference, Level, Ratio};
use super::vector::vectorised;
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
    /// The smallest difference of rates that the experiment could find, where it has been worked out (see
    /// [`super::power`]): a larger one than was observed is flagged.
    pub detectable: Option<f64>,
    /// The p-value of the split of the users, where it has been tested (see [`super::srm`]).
    pub split: Option<f64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            method: Method::Score,
            confidence: 0.95,
            alternative: Alternative::TwoSided,
            detectable: None,
            split: None,
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

    /// Whether a flag is up.
    pub const fn has(self, flag: Self) -> bool {
        self.0 & flag.0 == flag.0
    }

    /// The names of those that are up.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let up = move |(flag, name): (Self, &'static str)| self.has(flag).then_some(name);
        Self::ALL.into_iter().filter_map(up)
    }

    /// What one row shows. `NaN` raises nothing.
    pub fn of(arms: &Arms, difference: &Interval, options: &Options) -> Self {
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
            (
                options
                    .detectable
                    .is_some_and(|mde| mde.abs() > delta.abs()),
                Self::UNDERPOWERED,
            ),
            (options.split.is_some_and(|p| p < 0.001), Self::SRM),
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
    /// Conversions per exposed user, with its Wilson interval.
    pub exposed_rate: Interval,
    /// Conversions per user of the holdout, with its Wilson interval.
    pub holdout_rate: Interval,
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
    /// Things to know before a decision.
    pub flags: Flags,
}

/// The economics of one experiment.
///
/// # Errors
/// A negative or infinite amount, a margin that is not a rate, or a confidence that is not above 0 and below 1.
pub fn lift(arms: &Arms, money: &Money, options: &Options) -> Result<Lift, DomainError> {
    let level = Level::new(options.confidence, options.alternative)?;
    let amount = |value: Option<f64>| value.map_or(Value::Absent, Value::One);
    let estimates = POINT.one(&[
        Value::One(arms.exposed_users),
        Value::One(arms.exposed_conversions),
        Value::One(arms.holdout_users),
        Value::One(arms.holdout_conversions),
        amount(money.spend),
        amount(money.aov),
        amount(money.margin),
    ])?;
    let estimate = |name: &str| {
        let place = POINT.output(name);
        place
            .and_then(|place| estimates.get(place).copied())
            .unwrap_or(f64::NAN)
    };

    let mut ends = [[0.0]; 6];
    let [abs_low, abs_high, rel_low, rel_high, z, p_value] = &mut ends;
    intervals(
        options.method,
        &level,
        arms.columns(),
        Ends {
            abs_low,
            abs_high,
            rel_low,
            rel_high,
            z,
            p_value,
        },
    );
    let [abs_low, abs_high, rel_low, rel_high, z, p_value] = ends.map(|[end]| end);
    let money = Amounts {
        spend: money.spend.unwrap_or(f64::NAN),
        aov: money.aov.unwrap_or(f64::NAN),
        margin: money.margin.unwrap_or(f64::NAN),
    };
    let carried = |measure: Measure| {
        let (low, high) = measure.carry((abs_low, abs_high), arms, &money);
        Interval::new(estimate(measure.name()), low, high)
    };
    let rate = |name: &str, count: f64, n: f64| {
        let (mut low, mut high) = ([0.0], [0.0]);
        let both = Level::two_sided(options.confidence)?;
        proportion::one(
            proportion::One::Wilson,
            &both,
            &[count],
            &[n],
            &mut low,
            &mut high,
        );
        Ok(Interval::new(estimate(name), low[0], high[0]))
    };
    let abs_lift = Interval::new(estimate("abs_lift"), abs_low, abs_high);
    Ok(Lift {
        exposed_rate: rate("exposed_rate", arms.exposed_conversions, arms.exposed_users)?,
        holdout_rate: rate("holdout_rate", arms.holdout_conversions, arms.holdout_users)?,
        abs_lift,
        rel_lift: Interval::new(estimate("rel_lift"), rel_low, rel_high),
        expected_conversions: estimate("expected_conversions"),
        incremental_conversions: carried(Measure::Conversions),
        incremental_revenue: carried(Measure::Revenue),
        incremental_gross_profit: carried(Measure::GrossProfit),
        incremental_profit: carried(Measure::Profit),
        incremental_roas: carried(Measure::Roas),
        incremental_cpa: carried(Measure::Cpa),
        share_incremental: carried(Measure::Share),
        incremental_conversions_per_mille: carried(Measure::PerMille),
        incremental_conversions_rolled_out: carried(Measure::RolledOut),
        break_even_incremental_conversions: estimate("break_even_incremental_conversions"),
        break_even_diff: estimate("break_even_diff"),
        z,
        p_value,
        flags: Flags::of(arms, &abs_lift, options),
    })
}

/// Where [`intervals`] writes.
#[derive(Debug)]
pub struct Ends<'a> {
    /// The lower end of the difference.
    pub abs_low: &'a mut [f64],
    /// The upper end of the difference.
    pub abs_high: &'a mut [f64],
    /// The lower end of the relative lift.
    pub rel_low: &'a mut [f64],
    /// The upper end of the relative lift.
    pub rel_high: &'a mut [f64],
    /// The statistic of the score test.
    pub z: &'a mut [f64],
    /// Its p-value.
    pub p_value: &'a mut [f64],
}

/// The ends of difference and relative lift, and the score test, row by row. All slices are of one length; where they are not,
/// the shortest counts.
pub fn intervals(method: Method, level: &Level, columns: Columns<'_>, ends: Ends<'_>) {
    let (difference, quotient) = method.pair();
    proportion::difference(difference, level, columns, ends.abs_low, ends.abs_high);
    proportion::ratio(quotient, level, columns, ends.rel_low, ends.rel_high);
    for end in [ends.rel_low, ends.rel_high] {
        vectorised(
            #[inline(always)]
            || end.iter_mut().for_each(|end| *end -= 1.0),
        );
    }
    score_test(level.alternative, columns, ends.z, ends.p_value);
}

/// The score test, row by row: statistic and p-value (see [`Arms::p_score`]).
pub fn score_test(
    alternative: Alternative,
    columns: Columns<'_>,
    z: &mut [f64],
    p_value: &mut [f64],
) {
    vectorised(
        #[inline(always)]
        || statistics(columns, z),
    );
    // The error function has branches: a loop of its own.
    let rows = columns.rows().min(z.len()).min(p_value.len());
    let columns = columns.cut(rows);
    for row in 0..rows {
        p_value[row] = columns.row(row).p_of(z[row], alternative);
    }
}

#[inline(always)]
fn statistics(columns: Columns<'_>, z: &mut [f64]) {
    let rows = columns.rows().min(z.len());
    let (columns, z) = (columns.cut(rows), &mut z[..rows]);
    for row in 0..rows {
        z[row] = columns.row(row).z_score();
    }
}

/// Amounts of a row; `NaN` where not given.
#[derive(Clone, Copy, Debug)]
pub struct Amounts {
    /// Spend on the exposed users.
    pub spend: f64,
    /// Revenue per conversion.
    pub aov: f64,
    /// The share of revenue that is left.
    pub margin: f64,
}

/// What the interval of the difference is carried on to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Incremental conversions.
    Conversions,
    /// Incremental revenue.
    Revenue,
    /// Incremental gross profit.
    GrossProfit,
    /// Incremental profit.
    Profit,
    /// Incremental return on ad spend.
    Roas,
    /// Incremental cost per conversion.
    Cpa,
    /// Incremental share of the exposed users' conversions.
    Share,
    /// Incremental conversions per 1,000 exposed users.
    PerMille,
    /// Incremental conversions if the holdout were exposed as well.
    RolledOut,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Conversions,
        Self::Revenue,
        Self::GrossProfit,
        Self::Profit,
        Self::Roas,
        Self::Cpa,
        Self::Share,
        Self::PerMille,
        Self::RolledOut,
    ];

    /// The name of its estimate in [`POINT`].
    pub const fn name(self) -> &'static str {
        match self {
            Self::Conversions => "incremental_conversions",
            Self::Revenue => "incremental_revenue",
            Self::GrossProfit => "incremental_gross_profit",
            Self::Profit => "incremental_profit",
            Self::Roas => "incremental_roas",
            Self::Cpa => "incremental_cpa",
            Self::Share => "share_incremental",
            Self::PerMille => "incremental_conversions_per_mille",
            Self::RolledOut => "incremental_conversions_rolled_out",
        }
    }

    /// The ends of one row, from those of the difference of the rates.
    #[inline(always)]
    pub fn carry(self, (low, high): (f64, f64), arms: &Arms, money: &Amounts) -> (f64, f64) {
        let both = |f: &dyn Fn(f64) -> f64| (f(low), f(high));
        let users = arms.exposed_users;
        match self {
            Self::Conversions => both(&|d| d * users),
            Self::Revenue => both(&|d| d * users * money.aov),
            Self::GrossProfit => both(&|d| d * users * money.aov * money.margin),
            Self::Profit => both(&|d| d * users * money.aov * money.margin - money.spend),
            Self::Roas => both(&|d| ratio(d * users * money.aov, money.spend)),
            Self::Cpa => {
                let (fewest, most) = (low * users, high * users);
                if most > 0.0 {
                    let dearest = if fewest > 0.0 {
                        money.spend / fewest
                    } else if fewest.is_nan() || money.spend.is_nan() {
                        f64::NAN
                    } else {
                        f64::INFINITY
                    };
                    (money.spend / most, dearest)
                } else {
                    (f64::NAN, f64::NAN)
                }
            }
            Self::Share => both(&|d| ratio(d * users, arms.exposed_conversions)),
            Self::PerMille => both(&|d| d * 1000.0),
            Self::RolledOut => both(&|d| d * (users + arms.holdout_users)),
        }
    }

    /// The ends of many rows, in place: from those of the difference to those of this measure. The amounts have a value per row.
    pub fn carry_all(
        self,
        columns: Columns<'_>,
        [spend, aov, margin]: [&[f64]; 3],
        low: &mut [f64],
        high: &mut [f64],
    ) {
        let amounts = spend.len().min(aov.len()).min(margin.len());
        let rows = columns.rows().min(low.len()).min(high.len()).min(amounts);
        let columns = columns.cut(rows);
        for row in 0..rows {
            let money = Amounts {
                spend: spend[row],
                aov: aov[row],
                margin: margin[row],
            };
            (low[row], high[row]) = self.carry((low[row], high[row]), &columns.row(row), &money);
        }
    }
}

/// The estimates without intervals, row by row.
///
/// Source: the identities of incrementality testing with a holdout, scaled to the exposed users. The numerator of the difference
/// is exact, so that 900 expected conversions are not 899.9999999999999.
pub static POINT: Calculator = Calculator {
    name: "lift",
    arguments: &[
        required("exposed_users"),
        required("exposed_conversions"),
        required("holdout_users"),
        required("holdout_conversions"),
        optional("spend", Rule::NonNegative),
        optional("aov", Rule::NonNegative),
        optional("margin", Rule::Rate),
    ],
    at_most: &[(1, 0), (3, 2)],
    outputs: &[
        "exposed_rate",
        "holdout_rate",
        "abs_lift",
        "rel_lift",
        "expected_conversions",
        "incremental_conversions",
        "incremental_revenue",
        "incremental_gross_profit",
        "incremental_profit",
        "incremental_roas",
        "incremental_cpa",
        "share_incremental",
        "incremental_conversions_per_mille",
        "incremental_conversions_rolled_out",
        "break_even_incremental_conversions",
        "break_even_diff",
    ],
    kernel: |_, inputs, outputs| {
        vectorised(
            #[inline(always)]
            || estimates(inputs, outputs),
        );
    },
};

const fn required(name: &'static str) -> Argument {
    Argument {
        name,
        rule: Rule::Count,
        absent: Absent::Refused,
    }
}

const fn optional(name: &'static str, rule: Rule) -> Argument {
    Argument {
        name,
        rule,
        absent: Absent::Undefined,
    }
}

/// One loop over the rows: an output from columns of the same length.
macro_rules! each {
    ($output:ident [$($from:ident)+] = $value:expr) => {{
        #[inline(always)]
        fn step(output: &mut [f64], $($from: &[f64]),+) {
            let rows = output.len();
            $(let $from = &$from[..rows];)+
            for row in 0..rows {
                $(let $from = $from[row];)+
                output[row] = $value;
            }
        }
        step($output, $($from),+);
    }};
}

#[inline(always)]
fn estimates(inputs: &[&[f64]], outputs: &mut [&mut [f64]]) {
    let &[n1, x1, n0, x0, spend, aov, margin] = inputs else {
        return;
    };
    let [
        exposed_rate,
        holdout_rate,
        abs_lift,
        rel_lift,
        expected,
        conversions,
        revenue,
        gross_profit,
        profit,
        roas,
        cpa,
        share,
        per_mille,
        rolled_out,
        break_even,
        break_even_diff,
    ] = outputs
    else {
        return;
    };
    each!(exposed_rate [x1 n1] = x1 / n1);
    each!(holdout_rate [x0 n0] = x0 / n0);
    each!(abs_lift [n1 x1 n0 x0] = arms(n1, x1, n0, x0).delta());
    each!(rel_lift [n1 x1 n0 x0] = ratio(arms(n1, x1, n0, x0).cross(), x0 * n1));
    each!(expected [n1 n0 x0] = n1 * x0 / n0);
    each!(conversions [n1 x1 n0 x0] = arms(n1, x1, n0, x0).cross() / n0);
    each!(revenue [conversions aov] = conversions * aov);
    each!(gross_profit [revenue margin] = revenue * margin);
    each!(profit [gross_profit spend] = gross_profit - spend);
    each!(roas [revenue spend] = ratio(revenue, spend));
    each!(cpa [conversions spend] = if conversions > 0.0 { spend / conversions } else { f64::NAN });
    each!(share [conversions x1] = ratio(conversions, x1));
    each!(per_mille[abs_lift] = abs_lift * 1000.0);
    each!(rolled_out [abs_lift n1 n0] = abs_lift * (n1 + n0));
    each!(break_even [spend aov margin] = ratio(spend, aov * margin));
    each!(break_even_diff [break_even n1] = ratio(break_even, n1));
}

#[inline(always)]
fn arms(n1: f64, x1: f64, n0: f64, x0: f64) -> Arms {
    Arms {
        exposed_users: n1,
        exposed_conversions: x1,
        holdout_users: n0,
        holdout_conversions: x0,
    }
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
/// A number of users that is no count, a difference beyond -1 and 1, or a negative or infinite amount or standard error.
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
    if diff.abs() > 1.0 {
        let rule = Rule::Other(
            "not_a_difference",
            "is not a difference of rates from -1 to 1",
        );
        return Err(DomainError::scalar("diff", rule, diff));
    }
    for (name, value) in [("diff_se", diff_se), ("aov", aov), ("aov_se", aov_se)] {
        DomainError::check(name, Rule::NonNegative, value)?;
    }
    let from_diff = aov * exposed_users * diff_se;
    let from_aov = exposed_users * diff * aov_se;
    let from_both = exposed_users * diff_se * aov_se;
    let first = from_diff * from_diff + from_aov * from_aov;
    Ok(RevenueProduct {
        incremental_revenue: exposed_users * diff * aov,
        se_delta: first.sqrt(),
        se_exact_independent: (first + from_both * from_both).sqrt(),
    })
}
