//! Experiments by region: difference in differences, synthetic control.
//!
//! Both compare regions with advertising ("treated") with regions without, before and after. [`did`] assumes that both would
//! have moved alike; [`synthetic_control`] builds the treated region's double from the others. Neither knows about spill-over
//! between neighbours. As a rule of thumb, take 25 periods before the test and 20 regions or more. [`counterfactual`] has no
//! region without ads, and takes the past and other series as its witness.
//!
//! Interval and p-value are of one origin: the interval holds every effect that the test does not reject, so that it excludes
//! zero exactly when the p-value is at most `1 - confidence`.

mod counterfactual;
mod did;
mod double;
mod power;
mod relabel;
mod ridge;
mod simplex;

pub use counterfactual::{Counterfactual, CounterfactualOptions, counterfactual};
pub use did::{Did, DidOptions, did, did_panel};
pub use double::{Ridge, SyntheticControl, SyntheticControlOptions, synthetic_control};
pub use power::{Power, detectable_lift, power};

use super::{DomainError, Rule};

/// No p-value of so few regions, or so few donors, can be as small as `1 - confidence`: the interval's ends are infinite.
pub const TOO_FEW_REGIONS: &str = "too_few_regions";
/// The same of a synthetic control.
pub const TOO_FEW_DONORS: &str = "too_few_donors";
/// Some list has a single row, so that nothing tells how much outcomes vary: no interval.
pub const TOO_FEW_ROWS: &str = "too_few_rows";
/// Nothing varies but by rounding: no interval and no p-value.
pub const NO_VARIANCE: &str = "no_variance";
/// The double meets the treated region exactly before the start, as it does where there are as many donors as periods. How far
/// it would have been off after the start cannot be read off that.
pub const PERFECT_FIT: &str = "perfect_fit";

/// Outcomes by region and period.
type Panel<'a> = [&'a [f64]];

/// A power of two by which all numbers may be divided, so that their squares neither overflow nor vanish and no digit changes.
fn scale_of<'a>(values: impl IntoIterator<Item = &'a f64>) -> f64 {
    let size = values
        .into_iter()
        .fold(0.0_f64, |size, x| size.max(x.abs()));
    if size < f64::MIN_POSITIVE {
        // Nothing but zeros, or numbers so small that they have lost digits already.
        return 1.0;
    }
    f64::from_bits(size.to_bits() & 0x7ff0_0000_0000_0000)
}

/// The mean as the first value and the mean distance to it, so that the mean of equal values is that value. `NaN` of nothing.
fn mean_of(values: &[f64]) -> f64 {
    let first = values.first().copied().unwrap_or(f64::NAN);
    first + values.iter().map(|x| x - first).sum::<f64>() / values.len() as f64
}

/// How many of `count` may be as extreme for a p-value of at most `1 - confidence`, by the very comparison that a reader makes.
fn rejecting(count: usize, confidence: f64) -> usize {
    let most = 1.0 - confidence;
    let small = |extreme: &usize| *extreme as f64 / count as f64 <= most;
    let (mut yes, mut no) = (0, count + 1);
    while no - yes > 1 {
        let middle = usize::midpoint(yes, no);
        if small(&middle) {
            yes = middle;
        } else {
            no = middle;
        }
    }
    yes
}

/// `NaN` of nothing.
fn mean_and_rms(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    (
        values.iter().sum::<f64>() / count,
        (values.iter().map(|x| x * x).sum::<f64>() / count).sqrt(),
    )
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn weighted(donors: &Panel<'_>, weights: &[f64], t: usize) -> f64 {
    donors
        .iter()
        .zip(weights)
        .filter_map(|(series, weight)| series.get(t).map(|x| x * weight))
        .sum()
}

fn gaps(treated: &[f64], donors: &Panel<'_>, weights: &[f64]) -> Vec<f64> {
    treated
        .iter()
        .enumerate()
        .map(|(t, y)| y - weighted(donors, weights, t))
        .collect()
}

fn check_panel(
    name: &'static str,
    treated: &[f64],
    donors_name: &'static str,
    donors: &[Vec<f64>],
) -> Result<(), DomainError> {
    DomainError::check_all(name, Rule::Finite, treated)?;
    for donor in donors {
        DomainError::check_all(donors_name, Rule::Finite, donor)?;
        if donor.len() != treated.len() {
            return Err(DomainError::whole(donors_name, Rule::SameLength(name)));
        }
    }
    Ok(())
}
