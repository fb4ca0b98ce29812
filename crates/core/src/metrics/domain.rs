//! Arguments that a calculator cannot work with, and how to say so.

use core::fmt;

/// What an argument has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// A fraction from 0 to 1.
    Rate,
    /// A finite share of at most 1, which costs may make negative.
    Margin,
    /// Above 0 and below 1, as a confidence, an error rate or an exponent.
    Inside,
    /// From a half and below 1: an interval's. Less is nearly always an error rate by mistake.
    Confidence,
    /// A finite number.
    Finite,
    /// Finite, 0 or more.
    NonNegative,
    /// Finite, above 0.
    Positive,
    /// A whole number from 0 to 2^53.
    Count,
    /// A whole number from 1 to 2^53.
    PositiveCount,
    /// Not more than another argument.
    AtMost(&'static str),
    /// Different from another argument.
    Unequal(&'static str),
    /// Not below this.
    AtLeast(f64),
    /// As many rows as another argument.
    SameLength(&'static str),
    /// At least so many rows.
    Rows(usize),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A condition of its own: the code, and a sentence without full stop that follows the argument's name.
    Other(&'static str, &'static str),
}

impl Rule {
    /// The stable code of the error.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Rate | Self::Margin => "not_a_rate",
            Self::Inside | Self::Confidence => "not_inside_0_1",
            Self::Finite => "not_finite",
            Self::NonNegative => "negative",
            Self::Positive => "not_positive",
            Self::Count | Self::PositiveCount => "not_a_count",
            Self::AtMost(_) => "exceeds",
            Self::Unequal(_) => "equal",
            Self::AtLeast(_) => "too_small",
            Self::SameLength(_) => "length_mismatch",
            Self::Rows(_) => "too_few_rows",
            Self::OneOf(_) => "unknown_choice",
            Self::Other(code, _) => code,
        }
    }

    /// Whether a number keeps the rule. `NaN` always does: it is carried on, not refused. Rules that a single number cannot
    /// break are kept.
    #[inline(always)]
    #[expect(
        clippy::manual_range_contains,
        clippy::needless_bitwise_bool,
        reason = "NaN passes, and a loop over a column has no branch"
    )]
    pub fn allows(self, x: f64) -> bool {
        const MOST: f64 = 9_007_199_254_740_992.0; // 2^53
        match self {
            // Written so that NaN passes.
            Self::Rate => !(x < 0.0 || x > 1.0),
            Self::Margin => !(x > 1.0 || x == f64::NEG_INFINITY),
            Self::Inside => !(x <= 0.0 || x >= 1.0),
            Self::Confidence => !(x < 0.5 || x >= 1.0),
            Self::Finite => !x.is_infinite(),
            Self::NonNegative => !(x < 0.0 || x == f64::INFINITY),
            Self::Positive => !(x <= 0.0 || x == f64::INFINITY),
            Self::Count => x.is_nan() | ((x >= 0.0) & (x <= MOST) & (x == x.trunc())),
            Self::PositiveCount => x.is_nan() | ((x >= 1.0) & (x <= MOST) & (x == x.trunc())),
            Self::AtLeast(least) => !(x < least || x == f64::INFINITY),
            _ => true,
        }
    }
}

/// Whether a whole column keeps a rule: one loop without a branch, so that it becomes vector instructions.
#[inline(always)]
pub(super) fn all_allowed(rule: Rule, values: &[f64]) -> bool {
    macro_rules! all {
        ($($rule:pat => $like:expr;)+) => {
            match rule {
                $($rule => {
                    let mut all = true;
                    for x in values {
                        all &= $like.allows(*x);
                    }
                    all
                })+
                _ => true,
            }
        };
    }
    // The rule is named again in each arm, so that each loop is compiled for its own.
    all! {
        Rule::Rate => Rule::Rate;
        Rule::Inside => Rule::Inside;
        Rule::Confidence => Rule::Confidence;
        Rule::Finite => Rule::Finite;
        Rule::NonNegative => Rule::NonNegative;
        Rule::Positive => Rule::Positive;
        Rule::Count => Rule::Count;
        Rule::PositiveCount => Rule::PositiveCount;
        Rule::AtLeast(least) => Rule::AtLeast(least);
    }
}

/// An argument that a calculator cannot work with.
///
/// ```
/// use edgetally_core::metrics::{DomainError, Rule};
///
/// let error = DomainError::scalar("ctr", Rule::Rate, 1.5);
/// assert_eq!(error.code(), "not_a_rate");
/// assert_eq!(error.to_string(), "ctr 1.5 is not a rate from 0 to 1: did you mean 0.015?");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DomainError {
    /// The argument's name, as the caller wrote it.
    pub argument: &'static str,
    /// The rule that is broken.
    pub rule: Rule,
    /// The first row that breaks it; `None` for a single value or a whole argument.
    pub index: Option<usize>,
    /// How many rows break it.
    pub count: usize,
    /// The first value that breaks it.
    pub value: Option<f64>,
}

impl DomainError {
    /// A single value that breaks a rule.
    pub const fn scalar(argument: &'static str, rule: Rule, value: f64) -> Self {
        Self {
            argument,
            rule,
            index: None,
            count: 1,
            value: Some(value),
        }
    }

    /// An argument that breaks a rule as a whole.
    pub const fn whole(argument: &'static str, rule: Rule) -> Self {
        Self {
            argument,
            rule,
            index: None,
            count: 1,
            value: None,
        }
    }

    /// The stable code, for programs.
    pub const fn code(&self) -> &'static str {
        if self.looks_like_an_error_rate().is_some() {
            return "confidence_low";
        }
        self.rule.code()
    }

    /// A confidence that is nearly always an error rate by mistake.
    const fn looks_like_an_error_rate(&self) -> Option<f64> {
        match (self.rule, self.value) {
            (Rule::Confidence, Some(value)) if value > 0.0 && value < 0.5 => Some(value),
            _ => None,
        }
    }

    /// Checks one value.
    pub fn check(argument: &'static str, rule: Rule, value: f64) -> Result<f64, Self> {
        if rule.allows(value) {
            Ok(value)
        } else {
            Err(Self::scalar(argument, rule, value))
        }
    }

    /// Checks every row of a column.
    pub fn check_all(argument: &'static str, rule: Rule, values: &[f64]) -> Result<(), Self> {
        let breaks = |x: &f64| !rule.allows(*x);
        // Nearly always there is nothing to report.
        if all_allowed(rule, values) {
            return Ok(());
        }
        let index = values.iter().position(breaks);
        Err(Self {
            argument,
            rule,
            index,
            count: values.iter().filter(|x| breaks(x)).count(),
            value: index.and_then(|index| values.get(index).copied()),
        })
    }
}

impl fmt::Display for DomainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.argument)?;
        if let Some(index) = self.index {
            write!(f, "[{index}]")?;
        }
        if let Some(value) = self.value {
            write!(f, " {value}")?;
        }
        match self.rule {
            Rule::Rate | Rule::Margin => {
                f.write_str(if self.rule == Rule::Rate {
                    " is not a rate from 0 to 1"
                } else {
                    " is not a share of at most 1"
                })?;
                if let Some(value) = self.value.filter(|value| *value > 1.0 && *value <= 100.0) {
                    // Shortest digits of the quotient, without the noise of a division in binary.
                    write!(f, ": did you mean {}?", round_to_15_digits(value / 100.0))?;
                }
            }
            Rule::Inside => f.write_str(" is not above 0 and below 1")?,
            Rule::Confidence => match (self.looks_like_an_error_rate(), self.value) {
                (Some(value), _) => write!(
                    f,
                    " looks like an error rate: pass {}, or alpha={value} where a function takes it",
                    round_to_15_digits(1.0 - value)
                )?,
                (None, Some(value)) if value > 1.0 && value < 100.0 => write!(
                    f,
                    " is not below 1: did you mean {}?",
                    round_to_15_digits(value / 100.0)
                )?,
                _ => f.write_str(" is not from 0.5 and below 1")?,
            },
            Rule::Finite => f.write_str(" is not finite")?,
            Rule::NonNegative => f.write_str(" is not a finite number from 0")?,
            Rule::Positive => f.write_str(" is not a finite number above 0")?,
            Rule::Count => f.write_str(" is not a whole number from 0 to 2^53")?,
            Rule::PositiveCount => f.write_str(" is not a whole number from 1 to 2^53")?,
            Rule::AtMost(other) => write!(f, " is more than {other}")?,
            Rule::Unequal(other) => write!(f, " equals {other}")?,
            Rule::AtLeast(least) => write!(f, " is not a finite number from {least}")?,
            Rule::SameLength(other) => write!(f, " does not have as many rows as {other}")?,
            Rule::Rows(least) => write!(f, " has fewer than {least} rows")?,
            Rule::OneOf(choices) => write!(f, " is none of {}", choices.join(", "))?,
            Rule::Other(_, sentence) => write!(f, " {sentence}")?,
        }
        match self.count {
            0 | 1 => Ok(()),
            2 => f.write_str(" (and 1 more row)"),
            count => write!(f, " (and {} more rows)", count - 1),
        }
    }
}

impl core::error::Error for DomainError {}

fn round_to_15_digits(x: f64) -> f64 {
    format!("{x:.14e}").parse().unwrap_or(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_error_says_where_and_how_often() {
        let error =
            DomainError::check_all("cvr", Rule::Rate, &[0.1, 3.0, f64::NAN, 4.0]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cvr[1] 3 is not a rate from 0 to 1: did you mean 0.03? (and 1 more row)"
        );
        assert_eq!((error.index, error.count), (Some(1), 2));
    }

    #[test]
    fn a_confidence_below_a_half_is_taken_for_an_error_rate() {
        let low = DomainError::check("confidence", Rule::Confidence, 0.05).unwrap_err();
        assert_eq!(low.code(), "confidence_low");
        assert_eq!(
            low.to_string(),
            "confidence 0.05 looks like an error rate: pass 0.95, or alpha=0.05 where a function takes it"
        );
        let column = DomainError::check_all("confidence", Rule::Confidence, &[0.9, 0.1]);
        assert_eq!(column.unwrap_err().code(), "confidence_low");
        let percent = DomainError::check("confidence", Rule::Confidence, 95.0).unwrap_err();
        assert_eq!(percent.code(), "not_inside_0_1");
        assert_eq!(
            percent.to_string(),
            "confidence 95 is not below 1: did you mean 0.95?"
        );
        for fine in [0.5, 0.95, 0.999, f64::NAN] {
            assert!(DomainError::check("confidence", Rule::Confidence, fine).is_ok());
        }
        for wrong in [0.0, -0.5, 1.0, f64::INFINITY] {
            let error = DomainError::check("confidence", Rule::Confidence, wrong).unwrap_err();
            assert_eq!(error.code(), "not_inside_0_1");
        }
    }

    #[test]
    fn nan_is_carried_and_infinity_is_not() {
        for rule in [
            Rule::Rate,
            Rule::Margin,
            Rule::Inside,
            Rule::Finite,
            Rule::NonNegative,
            Rule::Positive,
            Rule::Count,
            Rule::PositiveCount,
            Rule::AtLeast(1.0),
        ] {
            assert!(rule.allows(f64::NAN), "{rule:?}");
            assert!(!rule.allows(f64::INFINITY), "{rule:?}");
            assert!(!rule.allows(f64::NEG_INFINITY), "{rule:?}");
        }
    }
}
