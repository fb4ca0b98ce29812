//! The plan of a test by regions.

use super::super::{DomainError, Rule};
use super::double::{Double, Placebos, rank};
use super::{Ridge, check_panel, mean_and_rms, scale_of};

/// How often a test of this length would have found a lift of this size, had it been there.
#[derive(Clone, Debug, PartialEq)]
pub struct Power {
    /// The lifts, as they were given.
    pub lifts: Vec<f64>,
    /// The share of simulated tests with a p-value of at most `alpha`.
    pub power: Vec<f64>,
    /// Simulated tests per lift.
    pub windows: usize,
}

/// Power by simulated injection: every window of `periods` in the history is taken as a test, the treated region's outcome there is
/// raised by each lift, and the placebo test of [`synthetic_control`](super::synthetic_control) is run.
///
/// `least_before` periods precede each window. With `n` donors no p-value is below `1 / (n + 1)`.
pub fn power(
    treated: &[f64],
    donors: &[Vec<f64>],
    periods: usize,
    least_before: usize,
    lifts: &[f64],
    alpha: f64,
) -> Result<Power, DomainError> {
    DomainError::check("alpha", Rule::Inside, alpha)?;
    DomainError::check_all("lifts", Rule::AtLeast(-1.0), lifts)?;
    check_panel("treated", treated, "donors", donors)?;
    if donors.len() < 2 {
        return Err(DomainError::whole("donors", Rule::Rows(2)));
    }
    if periods == 0 {
        return Err(DomainError::scalar("periods", Rule::PositiveCount, 0.0));
    }
    let least_before = least_before.max(2);
    let needed = least_before.saturating_add(periods);
    if treated.len() < needed {
        return Err(DomainError::whole("treated", Rule::Rows(needed)));
    }
    let unit = scale_of(treated.iter().chain(donors.iter().flatten()));
    let by = |series: &[f64]| series.iter().map(|x| x / unit).collect::<Vec<f64>>();
    let treated = by(treated);
    let donors: Vec<Vec<f64>> = donors.iter().map(|donor| by(donor)).collect();
    let mut found = vec![0.0; lifts.len()];
    let mut windows = 0;
    let part = |series: &[f64], from: usize, to: usize| {
        series
            .get(from..to)
            .map(<[f64]>::to_vec)
            .unwrap_or_default()
    };
    for start in least_before..=treated.len() - periods {
        windows += 1;
        let end = start + periods;
        let before: Vec<Vec<f64>> = donors.iter().map(|donor| part(donor, 0, start)).collect();
        let after: Vec<Vec<f64>> = donors.iter().map(|donor| part(donor, start, end)).collect();
        let before: Vec<&[f64]> = before.iter().map(Vec::as_slice).collect();
        let after: Vec<&[f64]> = after.iter().map(Vec::as_slice).collect();
        let seen = part(&treated, start, end);
        // A lift changes neither the double nor the donors.
        let own = Double::new(&part(&treated, 0, start), &before, Ridge::None);
        let double = own.project(&after, periods);
        let bounds = Placebos::new(&before, &after, Ridge::None).bounds(own.pre_rmse, 1.0);
        for (lift, found) in lifts.iter().zip(&mut found) {
            let gaps: Vec<f64> = seen
                .iter()
                .zip(&double)
                .map(|(y, double)| y * (1.0 + lift) - double)
                .collect();
            let p_value = bounds
                .as_ref()
                .map_or(f64::NAN, |bounds| rank(mean_and_rms(&gaps).0, bounds));
            if p_value.is_nan() {
                *found = f64::NAN;
            } else if p_value <= alpha {
                *found += 1.0;
            }
        }
    }
    Ok(Power {
        lifts: lifts.to_vec(),
        power: found
            .into_iter()
            .map(|count| count / f64::from(windows))
            .collect(),
        windows: usize::try_from(windows).unwrap_or(0),
    })
}

/// The smallest of these lifts that is found with at least this power; `NaN` when none is.
pub fn detectable_lift(power: &Power, wanted: f64) -> f64 {
    let mut enough: Vec<f64> = power
        .lifts
        .iter()
        .zip(&power.power)
        .filter(|(_, power)| **power >= wanted)
        .map(|(lift, _)| *lift)
        .collect();
    enough.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    enough.first().copied().unwrap_or(f64::NAN)
}
