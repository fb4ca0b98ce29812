//! The rows of a fit, checked and scaled.

use super::adstock::Adstock;
use super::curve::Model;
use super::options::{Carry, FitOptions, Noise};
use super::search::{Columns, Kernel, LN_ZERO};
use crate::metrics::math::ln;
use crate::metrics::{DomainError, Rule};

/// How much of a row's adstock may come from a week whose spend is missing: beyond, the row is left out.
const UNKNOWN_SHARE: f64 = 0.05;

/// The data as the search takes them.
pub(super) struct Prepared {
    pub(super) columns: Columns,
    pub(super) reference: f64,
    /// Which rows are in `columns`: those with a weight, and nothing missing that matters.
    pub(super) kept: Vec<bool>,
    /// How many rows were left out because something was missing.
    pub(super) missing: usize,
    /// The spends seen, adstock aside.
    pub(super) range: [f64; 2],
    pub(super) revenue_max: f64,
    pub(super) log_sd: f64,
}

/// Checks and scales the data. Rows in which a number is missing are left out; `None` when the adstock itself is undefined.
pub(super) fn prepare(
    kernel: Kernel,
    spend: &[f64],
    revenue: &[f64],
    options: &FitOptions<'_>,
    adstock: Option<&Adstock>,
) -> Result<Option<Prepared>, DomainError> {
    DomainError::check_all("spend", Rule::NonNegative, spend)?;
    DomainError::check_all("revenue", Rule::Finite, revenue)?;
    if revenue.len() != spend.len() {
        return Err(DomainError::whole("revenue", Rule::SameLength("spend")));
    }
    if let Some(weights) = options.weights {
        DomainError::check_all("weights", Rule::NonNegative, weights)?;
        if weights.len() != spend.len() {
            return Err(DomainError::whole("weights", Rule::SameLength("spend")));
        }
    }
    if kernel.log && kernel.baseline {
        return Err(DomainError::whole(
            "baseline",
            Rule::Other(
                "baseline_with_multiplicative_noise",
                "cannot be fitted with multiplicative noise",
            ),
        ));
    }
    if adstock.is_some_and(|adstock| adstock.theta.is_nan()) {
        return Ok(None);
    }
    let unknown = unknown(spend, &options.carry);
    // What was spent in a missing week is not known, and the mean of the others is nearer than nothing.
    let filled = filled(spend);
    let carried = adstock.map(|adstock| adstock.apply(&filled)).transpose()?;
    let carried = carried.as_deref().unwrap_or(&filled);
    let mut kept = vec![false; spend.len()];
    let mut missing = 0;
    let reference = carried.iter().copied().fold(0.0, f64::max);
    if reference.is_infinite() {
        return Err(DomainError::whole("spend", Rule::Finite));
    }
    let mut columns = Columns::default();
    let [mut low, mut high] = [f64::INFINITY, 0.0_f64];
    let mut revenue_max = f64::NEG_INFINITY;
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    let rows = carried.iter().zip(spend).zip(revenue).zip(&unknown);
    for (i, ((((a, s), y), unknown), kept)) in rows.zip(&mut kept).enumerate() {
        let w = options
            .weights
            .map_or(1.0, |weights| weights.get(i).copied().unwrap_or(0.0));
        if w == 0.0 {
            continue;
        }
        if *unknown || s.is_nan() || y.is_nan() || w.is_nan() {
            missing += 1;
            continue;
        }
        *kept = true;
        low = low.min(*s);
        high = high.max(*s);
        revenue_max = revenue_max.max(*y);
        let x = a / reference;
        let lx = if x > 0.0 { ln(x) } else { LN_ZERO };
        if kernel.log {
            DomainError::check("revenue", Rule::Positive, *y)?;
            DomainError::check("spend", Rule::Positive, *a)?;
        }
        if *s > 0.0 {
            // Welford's running variance.
            let log = ln(*s);
            count += 1.0;
            let delta = log - mean;
            mean += delta / count;
            squares += delta * (log - mean);
        }
        columns.push(x, lx, if kernel.log { ln(*y) } else { *y }, w);
    }
    let needed = kernel.parameters() + 1;
    if columns.x.len() < needed {
        return Err(DomainError::whole("spend", Rule::Rows(needed)));
    }
    let mut sorted = columns.x.clone();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    // Without baseline, rows of zero spend say nothing.
    sorted.retain(|x| *x > 0.0 || kernel.baseline);
    if sorted.len() < kernel.parameters() {
        return Err(DomainError::whole(
            "spend",
            Rule::Other(
                "no_variation",
                "has too few different values to fit this curve to",
            ),
        ));
    }
    Ok(Some(Prepared {
        columns,
        reference,
        kept,
        missing,
        range: [low, high],
        revenue_max,
        log_sd: (squares / (count - 1.0)).sqrt(),
    }))
}

impl Kernel {
    /// What is fitted under these options.
    pub(super) fn of(model: Model, options: &FitOptions<'_>) -> Self {
        Self {
            model,
            baseline: options.baseline,
            log: options.noise == Noise::Multiplicative,
        }
    }
}

/// The spends with the mean of the known ones where one is missing.
pub(super) fn filled(spend: &[f64]) -> Vec<f64> {
    let known = spend.iter().filter(|s| !s.is_nan());
    let count = known.clone().count();
    if count == spend.len() {
        return spend.to_vec();
    }
    let sum: f64 = known.sum();
    let mean = if count > 0 { sum / count as f64 } else { 0.0 };
    let fill = |s: &f64| if s.is_nan() { mean } else { *s };
    spend.iter().map(fill).collect()
}

/// The rows whose adstock owes too much to weeks of unknown spend: those weeks, and the ones after them for as long as the unknown
/// spends weigh more than [`UNKNOWN_SHARE`] of all weights together. Where the adstock is sought, by the worst one, since all
/// have to be fitted to the same rows.
fn unknown(spend: &[f64], carry: &Carry) -> Vec<bool> {
    let mut rows: Vec<bool> = spend.iter().map(|s| s.is_nan()).collect();
    if !rows.contains(&true) {
        return rows;
    }
    let mut mark = |adstock: &Adstock| {
        let sum = adstock.sum();
        let mut weights = vec![0.0; spend.len()];
        for (start, _) in spend.iter().enumerate().filter(|(_, s)| s.is_nan()) {
            let mut weight = 1.0;
            let after = weights.iter_mut().skip(start);
            for (slot, _) in after.zip(0..adstock.max_lag.unwrap_or(usize::MAX)) {
                *slot += weight;
                weight *= adstock.theta;
            }
        }
        for (row, weight) in rows.iter_mut().zip(weights) {
            // What never decays is never known again.
            *row |= weight > UNKNOWN_SHARE * sum || (sum.is_infinite() && weight > 0.0);
        }
    };
    match carry {
        Carry::None => {}
        Carry::Fixed(adstock) => mark(adstock),
        Carry::Estimate {
            normalize, max_lag, ..
        } => {
            for step in 0..100 {
                mark(&Adstock::raw(0.01 * f64::from(step), *normalize, *max_lag));
            }
        }
    }
    rows
}
