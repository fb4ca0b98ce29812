//! Which of the five curves the data prefer.

use super::adstock::Adstock;
use super::curve::Model;
use super::data::filled;
use super::evidence::fit;
use super::fit::{Fit, curve_alone};
use super::options::{Carry, FitOptions};
use crate::metrics::DomainError;
use crate::metrics::math::exp;

/// One curve among others.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The fitted curve.
    pub fit: Fit,
    /// How far its corrected criterion lies above the best one's.
    pub delta_aicc: f64,
    /// Its Akaike weight: its share of the evidence among the candidates (Burnham and Anderson 2002).
    pub weight: f64,
}

/// The curves that could be fitted, the best first.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// At least one.
    pub candidates: Vec<Candidate>,
}

/// Fits each model and ranks them by the corrected criterion of Akaike. Models with more parameters than the data have room for
/// are left out; an error when none is left.
///
/// Criteria compare curves of the same data, noise and adstock only.
pub fn compare(
    models: &[Model],
    spend: &[f64],
    revenue: &[f64],
    options: &FitOptions<'_>,
) -> Result<Comparison, DomainError> {
    let mut fits = Vec::with_capacity(models.len());
    let mut error = DomainError::whole(
        "candidates",
        crate::metrics::Rule::Other("no_candidates", "names no model"),
    );
    for model in models {
        match fit(*model, spend, revenue, options) {
            Ok(fit) => fits.push(fit),
            Err(refusal) => error = refusal,
        }
    }
    // A stable sort: ties stay in the order that was asked for.
    fits.sort_by(|a, b| a.aicc.total_cmp(&b.aicc));
    let Some(best) = fits.first().map(|fit| fit.aicc) else {
        return Err(error);
    };
    let mut candidates: Vec<Candidate> = fits
        .into_iter()
        .map(|fit| {
            let delta_aicc = if fit.aicc == best {
                0.0
            } else {
                fit.aicc - best
            };
            Candidate {
                fit,
                delta_aicc,
                weight: exp(-0.5 * delta_aicc),
            }
        })
        .collect();
    let sum: f64 = candidates.iter().map(|candidate| candidate.weight).sum();
    for candidate in &mut candidates {
        candidate.weight /= sum;
    }
    Ok(Comparison { candidates })
}

impl Comparison {
    /// The best candidate's fit.
    pub fn best(&self) -> Option<&Fit> {
        self.candidates.first().map(|candidate| &candidate.fit)
    }

    /// The optimal spend averaged over the candidates within 2 of the best, by their weights: between those, the data do not
    /// decide.
    pub fn averaged_optimal_spend(&self, margin: f64, limit: f64) -> Result<f64, DomainError> {
        DomainError::check("margin", crate::metrics::Rule::Rate, margin)?;
        let (mut sum, mut weights) = (0.0, 0.0);
        for candidate in &self.candidates {
            if candidate.delta_aicc < 2.0 {
                let best = candidate.fit.best(margin, limit);
                sum += candidate.weight * best.optimal_spend;
                weights += candidate.weight;
            }
        }
        Ok(sum / weights)
    }
}

/// The options for a part of the data, with the adstock that the whole of them gave.
fn frozen<'a>(options: &FitOptions<'a>, adstock: Option<Adstock>) -> FitOptions<'a> {
    FitOptions {
        carry: adstock.map_or(Carry::None, Carry::Fixed),
        ..*options
    }
}

fn residual(fit: &Fit, carried: f64, revenue: f64) -> f64 {
    revenue - (fit.baseline + fit.curve.revenue(carried))
}

/// The weights of rows as they were used: nothing for rows in which something is missing.
fn weights_used(fit: &Fit, options: &FitOptions<'_>, rows: usize) -> Vec<f64> {
    let mut weights = options
        .weights
        .map_or_else(|| vec![1.0; rows], <[f64]>::to_vec);
    for (weight, kept) in weights.iter_mut().zip(&fit.kept) {
        if !kept {
            *weight = 0.0;
        }
    }
    weights
}

/// The adstock of each row that was used.
fn carried(fit: &Fit, spend: &[f64]) -> Result<Vec<f64>, DomainError> {
    fit.adstock.map_or_else(
        || Ok(spend.to_vec()),
        |adstock| adstock.apply(&filled(spend)),
    )
}

/// The root mean square error of predicting each row from all others, in units of revenue. A row left out still carries its
/// spend over.
pub fn leave_one_out(
    model: Model,
    spend: &[f64],
    revenue: &[f64],
    options: &FitOptions<'_>,
) -> Result<f64, DomainError> {
    let whole = curve_alone(model, spend, revenue, options)?;
    let carried = carried(&whole, spend)?;
    let given = weights_used(&whole, options, spend.len());
    let mut weights = given.clone();
    let (mut sum, mut count) = (0.0, 0.0);
    for (i, (a, y)) in carried.iter().zip(revenue).enumerate() {
        let Some(weight) = given.get(i).copied().filter(|weight| *weight != 0.0) else {
            continue;
        };
        if let Some(slot) = weights.get_mut(i) {
            *slot = 0.0;
        }
        let options = FitOptions {
            weights: Some(&weights),
            ..frozen(options, whole.adstock)
        };
        let others = curve_alone(model, spend, revenue, &options)?;
        let error = residual(&others, *a, *y);
        sum += error * error;
        count += 1.0;
        if let Some(slot) = weights.get_mut(i) {
            *slot = weight;
        }
    }
    Ok((sum / count).sqrt())
}

/// The root mean square error of predicting each row of the second half from the rows before it, in units of revenue: rows are
/// consecutive periods. `NaN` when no row has enough before it.
pub fn rolling_origin(
    model: Model,
    spend: &[f64],
    revenue: &[f64],
    options: &FitOptions<'_>,
) -> Result<f64, DomainError> {
    let whole = curve_alone(model, spend, revenue, options)?;
    let carried = carried(&whole, spend)?;
    let used = weights_used(&whole, options, spend.len());
    let first = spend.len().div_ceil(2).max(whole.std_errors.len() + 1);
    let (mut sum, mut count) = (0.0, 0.0);
    for t in first..spend.len() {
        if whole.kept.get(t) != Some(&true) {
            continue;
        }
        let options = FitOptions {
            weights: used.get(..t),
            ..frozen(options, whole.adstock)
        };
        let past = |all: &[f64]| all.get(..t).unwrap_or_default().to_vec();
        // The first rows may all have the same spend.
        let Ok(before) = curve_alone(model, &past(spend), &past(revenue), &options) else {
            continue;
        };
        if let (Some(a), Some(y)) = (carried.get(t), revenue.get(t)) {
            let error = residual(&before, *a, *y);
            sum += error * error;
            count += 1.0;
        }
    }
    Ok(if count > 0.0 {
        (sum / count).sqrt()
    } else {
        f64::NAN
    })
}
