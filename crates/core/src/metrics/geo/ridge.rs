//! The ridge correction of a synthetic control.

use super::super::math::{exp, ln};
use super::simplex::simplex_weights;
use super::{dot, gaps, weighted};

/// Adds to the weights what a ridge regression of the donors predicts from the distance that is left.
pub(super) fn augment(
    weights: &[f64],
    treated: &[f64],
    donors: &[&[f64]],
    penalty: f64,
) -> Vec<f64> {
    let centred = centre(donors);
    let distance = gaps(treated, donors, weights);
    let Some(solution) = ridge_solve(&centred, &distance, penalty) else {
        return vec![f64::NAN; weights.len()];
    };
    weights
        .iter()
        .zip(&centred)
        .map(|(weight, series)| weight + dot(series, &solution))
        .collect()
}

/// Donors less their mean in each period.
fn centre(donors: &[&[f64]]) -> Vec<Vec<f64>> {
    let periods = donors.first().map_or(0, |series| series.len());
    let count = donors.len() as f64;
    let means: Vec<f64> = (0..periods)
        .map(|t| {
            donors
                .iter()
                .filter_map(|series| series.get(t))
                .sum::<f64>()
                / count
        })
        .collect();
    donors
        .iter()
        .map(|series| {
            series
                .iter()
                .zip(&means)
                .map(|(x, mean)| x - mean)
                .collect()
        })
        .collect()
}

/// Solves `(X'X + penalty I) z = right` over periods, `X` having a row per donor, by Cholesky's decomposition.
#[expect(clippy::indexing_slicing, reason = "a square matrix over the periods")]
fn ridge_solve(centred: &[Vec<f64>], right: &[f64], penalty: f64) -> Option<Vec<f64>> {
    let size = right.len();
    let mut matrix = vec![vec![0.0; size]; size];
    for series in centred {
        for i in 0..size {
            for j in 0..=i {
                matrix[i][j] += series[i] * series[j];
            }
        }
    }
    for i in 0..size {
        matrix[i][i] += penalty;
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| matrix[i][k] * matrix[j][k]).sum();
            let rest = matrix[i][j] - sum;
            if i == j {
                if rest.is_nan() || rest <= 0.0 {
                    return None;
                }
                matrix[i][i] = rest.sqrt();
            } else {
                matrix[i][j] = rest / matrix[j][j];
            }
        }
    }
    let mut z = right.to_vec();
    for i in 0..size {
        let sum: f64 = (0..i).map(|k| matrix[i][k] * z[k]).sum();
        z[i] = (z[i] - sum) / matrix[i][i];
    }
    for i in (0..size).rev() {
        let sum: f64 = (i + 1..size).map(|k| matrix[k][i] * z[k]).sum();
        z[i] = (z[i] - sum) / matrix[i][i];
    }
    Some(z)
}

/// The penalty, of twenty between the square of the donors' spread and a millionth of it, with which each period before the test
/// is predicted best from the other ones. `None` where nothing can be left out or the donors do not differ.
pub(super) fn best_penalty(treated: &[f64], donors: &[&[f64]]) -> Option<f64> {
    let periods = treated.len();
    let spread: f64 = centre(donors).iter().flatten().map(|x| x * x).sum();
    if periods < 3 || spread.is_nan() || spread <= 0.0 {
        return None;
    }
    let without = |series: &[f64], t: usize| -> Vec<f64> {
        series
            .iter()
            .enumerate()
            .filter(|(u, _)| *u != t)
            .map(|(_, x)| *x)
            .collect()
    };
    let mut best = (f64::INFINITY, None);
    // What is left of the treated, of the donors, and the weights that follow.
    type Split = (Vec<f64>, Vec<Vec<f64>>, Vec<f64>);
    let splits: Vec<Split> = (0..periods)
        .map(|t| {
            let own = without(treated, t);
            let others: Vec<Vec<f64>> = donors.iter().map(|series| without(series, t)).collect();
            let views: Vec<&[f64]> = others.iter().map(Vec::as_slice).collect();
            let weights = simplex_weights(&own, &views);
            (own, others, weights)
        })
        .collect();
    for step in 0..20 {
        let penalty = spread * exp(-ln(1e6) * f64::from(step) / 19.0);
        let mut sum = 0.0;
        for (t, (own, others, weights)) in splits.iter().enumerate() {
            let views: Vec<&[f64]> = others.iter().map(Vec::as_slice).collect();
            let augmented = augment(weights, own, &views, penalty);
            let y = treated.get(t).copied().unwrap_or(f64::NAN);
            let error = y - weighted(donors, &augmented, t);
            sum += error * error;
        }
        if sum < best.0 {
            best = (sum, Some(penalty));
        }
    }
    best.1
}
