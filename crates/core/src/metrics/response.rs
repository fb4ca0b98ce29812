//! Revenue as a function of spend: curves, fits, choice, optimum, adstock.
//!
//! One point and an assumed exponent say little: the optimum is then nearly all assumption. [`fit`] takes the curve from
//! past spends, [`Fit::optimum`] and [`Bootstrap`] say how uncertain its optimum is, [`Fit::warnings`] what the data cannot
//! show, and [`compare`] which of the five curves they prefer. A curve is not an experiment: when spend followed demand, it
//! shows demand.

mod adstock;
mod bootstrap;
mod choice;
mod curve;
mod data;
mod evidence;
mod fit;
mod options;
mod search;
mod spread;
mod table;
mod verdict;

pub use adstock::{Adstock, Start};
pub(crate) use bootstrap::Counter;
pub use bootstrap::{Bootstrap, Draws, Scheme};
pub use choice::{Candidate, Comparison, compare, leave_one_out, rolling_origin};
pub use curve::{Curve, Evaluation, Model, Optimum};
pub use evidence::fit;
pub use fit::{Fit, FitOptimum};
pub use options::{Carry, FitOptions, Loss, Noise};
pub(super) use table::ALL;
pub use verdict::{Evidence, Verdict};

use super::math::{expm1, ln, log1p, pow, ratio};
use super::{DomainError, Rule};

/// The curve through two points, each a spend and its revenue.
///
/// Hill has three parameters and is refused. An error too where no curve of the family passes through both points.
///
/// ```
/// use edgetally_core::metrics::response::{Model, two_point};
/// let curve = two_point(Model::Power, [50_000.0, 100_000.0], [200_000.0, 300_000.0]).unwrap();
/// assert!((curve.values()[1] - 0.5849625007211562).abs() < 1e-12);
/// ```
pub fn two_point(model: Model, spend: [f64; 2], revenue: [f64; 2]) -> Result<Curve, DomainError> {
    DomainError::check_all("spend", Rule::Positive, &spend)?;
    DomainError::check_all("revenue", Rule::Positive, &revenue)?;
    let ([s1, s2], [r1, r2]) = (spend, revenue);
    if spend.iter().chain(&revenue).any(|x| x.is_nan()) {
        return Ok(Curve::raw(model, &[f64::NAN; 3]));
    }
    if s1 == s2 {
        return Err(DomainError::whole(
            "spend",
            Rule::Other("no_variation", "is the same at both points"),
        ));
    }
    // In the order of spend, so that the order of the points changes nothing.
    let (s1, r1, s2, r2) = if s1 < s2 {
        (s1, r1, s2, r2)
    } else {
        (s2, r2, s1, r1)
    };
    // Concave and rising from the origin: the ratio of revenues lies between 1 and the ratio of spends.
    let outside = || {
        DomainError::whole(
            "revenue",
            Rule::Other(
                "no_such_curve",
                "does not rise, or rises faster than spend: no curve of this model passes through both points",
            ),
        )
    };
    let growth = r2 / r1;
    match model {
        Model::Power => {
            let b = ln(growth) / ln(s2 / s1);
            let k = r1 / pow(s1, b);
            // So steep that no float holds its level at a spend of 1.
            if k > 0.0 && k.is_finite() {
                Ok(Curve::raw(model, &[k, b]))
            } else {
                Err(outside())
            }
        }
        Model::MichaelisMenten => {
            let vmax = (s2 - s1) / (s2 / r2 - s1 / r1);
            let k = vmax * (s1 / r1) - s1;
            if vmax > 0.0 && vmax.is_finite() && k > 0.0 && k.is_finite() {
                Ok(Curve::raw(model, &[vmax, k]))
            } else {
                Err(outside())
            }
        }
        Model::Log | Model::Negexp => {
            let shape = |scaled: f64| {
                if model == Model::Log {
                    log1p(scaled)
                } else {
                    -expm1(-scaled)
                }
            };
            if !(growth > 1.0 && growth < s2 / s1) {
                return Err(outside());
            }
            // The ratio of revenues grows with c from 1 to the ratio of spends: halve the interval of ln c.
            let (mut low, mut high) = (ln(s1) - 700.0, ln(s2) + 700.0);
            for _ in 0..200 {
                let middle = 0.5 * (low + high);
                let c = super::math::exp(middle);
                if shape(s2 / c) < growth * shape(s1 / c) {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            let c = super::math::exp(0.5 * (low + high));
            let amplitude = r1 / shape(s1 / c);
            // A growth so near to its end that no float holds the scale.
            let through = amplitude * shape(s2 / c);
            let misses = (through - r2).abs() > 1e-9 * r2;
            if amplitude.is_finite() && amplitude > 0.0 && c > 0.0 && !misses {
                Ok(Curve::raw(model, &[amplitude, c]))
            } else {
                Err(outside())
            }
        }
        Model::Hill => Err(DomainError::whole(
            "model",
            Rule::Other(
                "not_identified",
                "has three parameters, which two points do not determine",
            ),
        )),
    }
}

/// What an observed change of spend brought: the ratio of the differences. Negative differences, of a cut, are allowed;
/// `NaN` when spend did not change.
pub fn incremental(extra_spend: f64, extra_revenue: f64) -> Result<f64, DomainError> {
    DomainError::check("extra_spend", Rule::Finite, extra_spend)?;
    DomainError::check("extra_revenue", Rule::Finite, extra_revenue)?;
    Ok(ratio(extra_revenue, extra_spend))
}
