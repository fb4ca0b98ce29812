//! Two arms as a table of two by two, and what a test is asked.

use crate::metrics::domain::{DomainError, Rule};
use crate::metrics::special::{normal_cdf, normal_sf};

/// What the data would speak for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alternative {
    /// The rates differ.
    #[default]
    TwoSided,
    /// The exposed rate is higher.
    Greater,
    /// The exposed rate is lower.
    Less,
}

impl Alternative {
    /// The words of [`Self::named`].
    pub const NAMES: &[&str] = &["two-sided", "greater", "less"];

    /// From its word.
    ///
    /// # Errors
    /// When it is none of [`Self::NAMES`].
    pub fn named(name: &str) -> Result<Self, DomainError> {
        match name {
            "two-sided" => Ok(Self::TwoSided),
            "greater" => Ok(Self::Greater),
            "less" => Ok(Self::Less),
            _ => Err(DomainError::whole("alternative", Rule::OneOf(Self::NAMES))),
        }
    }

    /// The p-value of a statistic that is standard normal without a difference.
    pub(super) fn of_z(self, z: f64) -> f64 {
        match self {
            Self::TwoSided => 2.0 * normal_sf(z.abs()),
            Self::Greater => normal_sf(z),
            Self::Less => normal_cdf(z),
        }
    }
}

/// Two arms that have been checked: at least one user in each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    pub(super) n1: f64,
    pub(super) x1: f64,
    pub(super) n0: f64,
    pub(super) x0: f64,
    /// `x1 n0 - x0 n1`, from the exact integers.
    pub(super) cross: f64,
}

impl Table {
    /// `None` where there is nothing to test: a count that is `NaN`, an arm without users.
    pub(super) fn new(
        exposed_users: f64,
        exposed_conversions: f64,
        holdout_users: f64,
        holdout_conversions: f64,
    ) -> Result<Option<Self>, DomainError> {
        let check = |name, x| DomainError::check(name, Rule::Count, x);
        let n1 = check("exposed_users", exposed_users)?;
        let x1 = check("exposed_conversions", exposed_conversions)?;
        let n0 = check("holdout_users", holdout_users)?;
        let x0 = check("holdout_conversions", holdout_conversions)?;
        for (name, x, n, users) in [
            ("exposed_conversions", x1, n1, "exposed_users"),
            ("holdout_conversions", x0, n0, "holdout_users"),
        ] {
            if x > n {
                return Err(DomainError::scalar(name, Rule::AtMost(users), x));
            }
        }
        if n1.is_nan() || x1.is_nan() || n0.is_nan() || x0.is_nan() || n1 == 0.0 || n0 == 0.0 {
            return Ok(None);
        }
        Ok(Some(Self {
            n1,
            x1,
            n0,
            x0,
            cross: cross(x1, n0, x0, n1),
        }))
    }

    pub(super) fn users(&self) -> f64 {
        self.n1 + self.n0
    }

    pub(super) fn conversions(&self) -> f64 {
        self.x1 + self.x0
    }

    /// Both rates are 0, or both are 1: whatever is asked, there is nothing against equality.
    pub(super) fn says_nothing(&self) -> bool {
        self.conversions() == 0.0 || (self.x1 == self.n1 && self.x0 == self.n0)
    }

    /// The smallest of the four counts expected with one rate for both.
    pub(super) fn least_expected(&self) -> f64 {
        let users = self.users();
        let rare = self
            .conversions()
            .min((self.n1 - self.x1) + (self.n0 - self.x0));
        self.n1.min(self.n0) * (rare / users)
    }
}

/// `a b - c d` for counts, rounded once.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "counts are whole and at most 2^53; their products fit 107 bits"
)]
pub(super) fn cross(a: f64, b: f64, c: f64, d: f64) -> f64 {
    (a as i128 * b as i128 - c as i128 * d as i128) as f64
}

/// Fisher's exact test, and its mid-p.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fisher {
    /// The exact p-value given the total of conversions.
    pub p_fisher: f64,
    /// The same with half the probability of what was seen, and of what is exactly as likely.
    pub p_fisher_mid: f64,
}
