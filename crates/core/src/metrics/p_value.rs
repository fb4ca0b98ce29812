//! Is there any difference between two rates? Score, pooled, exact and unconditional p-values.
//!
//! - **Normal**: [`z_tests`], with the pooled, the unpooled and the score variance. The score test is the one whose
//!   inversion is the `score` interval: the interval excludes zero exactly when its p-value is below.
//! - **Conditional**: [`fisher`], given the total of conversions, and its mid-p. Any number of users.
//! - **Unconditional**: [`barnard`] and [`boschloo`], the supremum over the common rate. Up to [`MOST_USERS`] users.
//! - [`p_value`] chooses, and [`p_values`] has them all.
//!
//! ```
//! use edgetally_core::metrics::p_value::{Alternative, p_values};
//!
//! let all = p_values(100_000.0, 1200.0, 100_000.0, 900.0, Alternative::TwoSided)?;
//! assert!((all.p_score / 4.667836907676332e-11 - 1.0).abs() < 1e-12);
//! assert!((all.p_fisher / 5.030487703036859e-11 - 1.0).abs() < 1e-9);
//! # Ok::<(), edgetally_core::metrics::DomainError>(())
//! ```

mod conditional;
mod counts;
mod unconditional;

use super::calculator::Absent::{Refused, Value};
use super::calculator::{Argument, Calculator, by_row};
use super::domain::{DomainError, Rule};

pub use counts::{Alternative, Fisher};
pub use unconditional::MOST_USERS;

use counts::Table;

/// The normal tests of two rates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ZTests {
    /// The difference over its standard error with one rate for both arms.
    pub z_pooled: f64,
    /// The p-value of `z_pooled`.
    pub p_pooled: f64,
    /// The p-value of the score statistic: `z_pooled` with the variance times `N / (N - 1)`, `N` being all users.
    pub p_score: f64,
    /// The difference over its standard error with the rate of each arm; infinite when one arm has 0 and the other 100 %.
    pub z_unpooled: f64,
    /// The p-value of `z_unpooled`.
    pub p_unpooled: f64,
}

impl ZTests {
    const UNDEFINED: Self = Self::same(f64::NAN, f64::NAN);

    const fn same(z: f64, p: f64) -> Self {
        Self {
            z_pooled: z,
            p_pooled: p,
            p_score: p,
            z_unpooled: z,
            p_unpooled: p,
        }
    }

    fn of(table: &Table, alternative: Alternative) -> Self {
        if table.says_nothing() {
            return Self::same(0.0, 1.0);
        }
        let Table {
            n1,
            x1,
            n0,
            x0,
            cross,
        } = *table;
        let users = table.users();
        let conversions = table.conversions();
        let rest = (n1 - x1) + (n0 - x0);
        let z_pooled = cross / (n1 * n0 * (conversions / users) * rest).sqrt();
        let z_score = z_pooled * ((users - 1.0) / users).sqrt();
        // Over n1 n0, as `cross` is.
        let unpooled = n0 * n0 * (x1 / n1) * (n1 - x1) + n1 * n1 * (x0 / n0) * (n0 - x0);
        let z_unpooled = if cross == 0.0 {
            0.0
        } else {
            cross / unpooled.sqrt()
        };
        Self {
            z_pooled,
            p_pooled: alternative.of_z(z_pooled),
            p_score: alternative.of_z(z_score),
            z_unpooled,
            p_unpooled: alternative.of_z(z_unpooled),
        }
    }
}

/// The normal tests: pooled, unpooled, and the score test of Miettinen and Nurminen (1985).
///
/// `NaN` when a count is `NaN` or an arm has no users. When both rates are 0 or both are 1, z is 0 and p is 1.
///
/// # Errors
/// A count that is not a whole number from 0, or more conversions than users.
pub fn z_tests(
    exposed_users: f64,
    exposed_conversions: f64,
    holdout_users: f64,
    holdout_conversions: f64,
    alternative: Alternative,
) -> Result<ZTests, DomainError> {
    let table = Table::new(
        exposed_users,
        exposed_conversions,
        holdout_users,
        holdout_conversions,
    )?;
    Ok(table.map_or(ZTests::UNDEFINED, |table| ZTests::of(&table, alternative)))
}

/// Fisher's exact test (R. A. Fisher, 1935), given the total of conversions.
///
/// Two-sided is the sum over all tables that are not more likely than the one seen, as scipy and R have it. The mid-p
/// (H. O. Lancaster, 1961) counts half of those that are exactly as likely; its error rate is close to the nominal one, where
/// the exact test's is far below. Any number of users: sums that would be long are integrals with Gregory's corrections.
///
/// # Errors
/// A count that is not a whole number from 0, or more conversions than users.
pub fn fisher(
    exposed_users: f64,
    exposed_conversions: f64,
    holdout_users: f64,
    holdout_conversions: f64,
    alternative: Alternative,
) -> Result<Fisher, DomainError> {
    let table = Table::new(
        exposed_users,
        exposed_conversions,
        holdout_users,
        holdout_conversions,
    )?;
    Ok(table.map_or(
        Fisher {
            p_fisher: f64::NAN,
            p_fisher_mid: f64::NAN,
        },
        |table| conditional::test(&table, alternative),
    ))
}

/// Barnard's unconditional test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Barnard {
    /// The p-value; tables with the same z are treated alike, so that exchanging the arms changes nothing.
    pub p_barnard: f64,
    /// The same as scipy has it, where rounding decides on which side a table with the same z falls.
    pub p_barnard_pooled: f64,
}

/// Barnard's unconditional test (G. A. Barnard, 1947) with the pooled statistic: the largest probability, over the common
/// rate, of a pooled z at least as far out as the one seen.
///
/// `NaN` above [`MOST_USERS`] users, where [`z_tests`] and the mid-p of [`fisher`] say the same.
///
/// # Errors
/// A count that is not a whole number from 0, or more conversions than users.
pub fn barnard(
    exposed_users: f64,
    exposed_conversions: f64,
    holdout_users: f64,
    holdout_conversions: f64,
    alternative: Alternative,
) -> Result<Barnard, DomainError> {
    let table = Table::new(
        exposed_users,
        exposed_conversions,
        holdout_users,
        holdout_conversions,
    )?;
    let (p_barnard, p_barnard_pooled) = table.map_or((f64::NAN, f64::NAN), |table| {
        unconditional::barnard(&table, alternative)
    });
    Ok(Barnard {
        p_barnard,
        p_barnard_pooled,
    })
}

/// Boschloo's unconditional test (R. D. Boschloo, 1970): the largest probability, over the common rate, of a one-sided
/// Fisher p-value not above the one seen.
///
/// Two-sided is twice the smaller of both one-sided values, at most 1: scipy's definition. It can be larger than Fisher's
/// two-sided p-value. `NaN` above [`MOST_USERS`] users.
///
/// # Errors
/// A count that is not a whole number from 0, or more conversions than users.
pub fn boschloo(
    exposed_users: f64,
    exposed_conversions: f64,
    holdout_users: f64,
    holdout_conversions: f64,
    alternative: Alternative,
) -> Result<f64, DomainError> {
    let table = Table::new(
        exposed_users,
        exposed_conversions,
        holdout_users,
        holdout_conversions,
    )?;
    Ok(table.map_or(f64::NAN, |table| {
        unconditional::boschloo(&table, alternative)
    }))
}

/// The p-value that fits the counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PValue {
    /// The p-value.
    pub p_value: f64,
    /// Of which test: `"score"` or `"fisher_mid"`.
    pub method: &'static str,
}

impl PValue {
    const EXACT: &str = "fisher_mid";
    /// Below this, the smallest expected count makes the normal approximation unreliable (W. G. Cochran, 1954).
    const LEAST_EXPECTED: f64 = 5.0;

    fn of(table: &Table, score: impl FnOnce() -> f64, mid: impl FnOnce() -> f64) -> Self {
        if table.least_expected() < Self::LEAST_EXPECTED {
            Self {
                p_value: mid(),
                method: Self::EXACT,
            }
        } else {
            Self {
                p_value: score(),
                method: "score",
            }
        }
    }

    const UNDEFINED: Self = Self {
        p_value: f64::NAN,
        method: "score",
    };
}

/// The p-value that fits the counts: of the score test, and of Fisher's mid-p where fewer than 5 are expected in one of the
/// four cells.
///
/// # Errors
/// A count that is not a whole number from 0, or more conversions than users.
///
/// ```
/// use edgetally_core::metrics::p_value::{Alternative, p_value};
///
/// let rare = p_value(50.0, 1.0, 450.0, 0.0, Alternative::TwoSided)?;
/// assert_eq!(rare.method, "fisher_mid");
/// assert!((rare.p_value - 0.05).abs() < 1e-15);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
pub fn p_value(
    exposed_users: f64,
    exposed_conversions: f64,
    holdout_users: f64,
    holdout_conversions: f64,
    alternative: Alternative,
) -> Result<PValue, DomainError> {
    let table = Table::new(
        exposed_users,
        exposed_conversions,
        holdout_users,
        holdout_conversions,
    )?;
    Ok(table.map_or(PValue::UNDEFINED, |table| {
        PValue::of(
            &table,
            || ZTests::of(&table, alternative).p_score,
            || conditional::test(&table, alternative).p_fisher_mid,
        )
    }))
}

/// All p-values of two rates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PValues {
    /// The one that fits the counts, as [`p_value`] chooses it.
    pub p_value: f64,
    /// Of which test that is.
    pub method: &'static str,
    /// See [`ZTests`].
    pub z_pooled: f64,
    /// See [`ZTests`].
    pub p_pooled: f64,
    /// See [`ZTests`].
    pub p_score: f64,
    /// See [`ZTests`].
    pub z_unpooled: f64,
    /// See [`ZTests`].
    pub p_unpooled: f64,
    /// See [`Fisher`].
    pub p_fisher: f64,
    /// See [`Fisher`].
    pub p_fisher_mid: f64,
    /// See [`boschloo`].
    pub p_boschloo: f64,
    /// See [`Barnard`].
    pub p_barnard: f64,
    /// See [`Barnard`].
    pub p_barnard_pooled: f64,
}

/// All p-values of two rates.
///
/// The unconditional tests take a tenth of a millisecond and more; without need of them, call the others.
///
/// # Errors
/// A count that is not a whole number from 0, or more conversions than users.
pub fn p_values(
    exposed_users: f64,
    exposed_conversions: f64,
    holdout_users: f64,
    holdout_conversions: f64,
    alternative: Alternative,
) -> Result<PValues, DomainError> {
    let table = Table::new(
        exposed_users,
        exposed_conversions,
        holdout_users,
        holdout_conversions,
    )?;
    Ok(table.map_or(
        PValues {
            p_value: f64::NAN,
            method: PValue::UNDEFINED.method,
            z_pooled: f64::NAN,
            p_pooled: f64::NAN,
            p_score: f64::NAN,
            z_unpooled: f64::NAN,
            p_unpooled: f64::NAN,
            p_fisher: f64::NAN,
            p_fisher_mid: f64::NAN,
            p_boschloo: f64::NAN,
            p_barnard: f64::NAN,
            p_barnard_pooled: f64::NAN,
        },
        |table| of_table(&table, alternative, true),
    ))
}

fn of_table(table: &Table, alternative: Alternative, unconditional: bool) -> PValues {
    let z = ZTests::of(table, alternative);
    let fisher = conditional::test(table, alternative);
    let chosen = PValue::of(table, || z.p_score, || fisher.p_fisher_mid);
    let (p_boschloo, (p_barnard, p_barnard_pooled)) = if unconditional {
        (
            unconditional::boschloo(table, alternative),
            unconditional::barnard(table, alternative),
        )
    } else {
        (f64::NAN, (f64::NAN, f64::NAN))
    };
    PValues {
        p_value: chosen.p_value,
        method: chosen.method,
        z_pooled: z.z_pooled,
        p_pooled: z.p_pooled,
        p_score: z.p_score,
        z_unpooled: z.z_unpooled,
        p_unpooled: z.p_unpooled,
        p_fisher: fisher.p_fisher,
        p_fisher_mid: fisher.p_fisher_mid,
        p_boschloo,
        p_barnard,
        p_barnard_pooled,
    }
}

/// The tests as a calculator of columns: `alternative` as a number, and the unconditional ones only when they are asked for.
static P_VALUE: Calculator = Calculator {
    name: "lift.p_value",
    arguments: &[
        Argument::new("exposed_users", Rule::Count, Refused),
        Argument::new("exposed_conversions", Rule::Count, Refused),
        Argument::new("holdout_users", Rule::Count, Refused),
        Argument::new("holdout_conversions", Rule::Count, Refused),
        Argument::new("alternative", Rule::NonNegative, Value(0.0)),
        Argument::new("unconditional", Rule::NonNegative, Value(1.0)),
    ],
    at_most: &[(1, 0), (3, 2)],
    outputs: &[
        "p_value",
        "exact",
        "z_pooled",
        "p_pooled",
        "p_score",
        "z_unpooled",
        "p_unpooled",
        "p_fisher",
        "p_fisher_mid",
        "p_boschloo",
        "p_barnard",
        "p_barnard_pooled",
    ],
    kernel: |_, inputs, outputs| {
        by_row(inputs, outputs, |[n1, x1, n0, x0, side, all]| {
            let table = Table::new(n1, x1, n0, x0).ok()??;
            let got = of_table(&table, alternative_of(side), all != 0.0);
            let exact = f64::from(got.method == PValue::EXACT);
            Some([
                got.p_value,
                exact,
                got.z_pooled,
                got.p_pooled,
                got.p_score,
                got.z_unpooled,
                got.p_unpooled,
                got.p_fisher,
                got.p_fisher_mid,
                got.p_boschloo,
                got.p_barnard,
                got.p_barnard_pooled,
            ])
        });
    },
};

/// From the number in a column; any other than those of the one-sided is two-sided.
pub(super) fn alternative_of(number: f64) -> Alternative {
    if number == 1.0 {
        Alternative::Greater
    } else if number == 2.0 {
        Alternative::Less
    } else {
        Alternative::TwoSided
    }
}

/// All of them.
pub(super) static ALL: &[Calculator] = &[P_VALUE];
