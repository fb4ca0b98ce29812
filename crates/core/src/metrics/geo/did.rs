//! Difference in differences.

use super::super::math::ratio;
use super::super::special::student_quantile;
use super::super::{DomainError, Interval, Rule};
use super::relabel::{Draws, relabel};
use super::{NO_VARIANCE, TOO_FEW_REGIONS, TOO_FEW_ROWS, mean_of, scale_of};

/// A difference in differences.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Did {
    /// What the treated gained beyond the controls, per row.
    pub did: f64,
    /// What the treated would have had: their mean before, plus the controls' change.
    pub counterfactual: f64,
    /// The gain as a fraction of that.
    pub lift: f64,
    /// The standard error of `did`; `NaN` where there are too few rows.
    pub std_error: f64,
    /// Welch's degrees of freedom of the standard error.
    pub degrees_of_freedom: f64,
    /// The gain and its interval: Welch's of four lists; of regions, every gain that relabelling does not reject.
    pub interval: Interval,
    /// From relabelling the regions; `NaN` without regions. At most `1 - confidence` exactly when the interval excludes zero.
    pub p_value: f64,
    /// The gain over all treated rows after the start.
    pub incremental: f64,
    /// That and its interval by the advertising spend; `NaN` without one.
    pub iroas: Interval,
    /// Why there is no interval, or why its ends are infinite, in a word.
    pub flag: Option<&'static str>,
}

/// How [`did`] and [`did_panel`] are read.
#[derive(Clone, Copy, Debug)]
pub struct DidOptions {
    /// The confidence of the interval.
    pub confidence: f64,
    /// The spend that bought the gain.
    pub spend: Option<f64>,
    /// Relabellings at most: all of them where there are not more, else so many random ones.
    pub permutations: u64,
    /// For the random ones.
    pub seed: u64,
}

impl Default for DidOptions {
    fn default() -> Self {
        Self {
            confidence: 0.95,
            spend: None,
            permutations: 10_000,
            seed: 0,
        }
    }
}

/// The mean, and the sample variance divided by the number of rows; what varies only by rounding does not vary.
fn mean_and_square_error(values: &[f64], rounding: f64) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = mean_of(values);
    let constant = values.iter().all(|x| (x - mean).abs() <= rounding);
    let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
    // One row has no variance: 0 / 0.
    let squares = if constant { 0.0 } else { squares };
    (mean, squares / (count - 1.0) / count)
}

/// Numbers of a size below 2 differ by this much from rounding alone.
const ROUNDING: f64 = 8.0 * f64::EPSILON;

/// Welch's sum of squared errors and its degrees of freedom (Welch 1947).
fn welch(parts: &[(f64, usize)]) -> (f64, f64) {
    let sum: f64 = parts.iter().map(|(square, _)| square).sum();
    let below: f64 = parts
        .iter()
        .map(|(square, count)| square * square / (*count as f64 - 1.0))
        .sum();
    (sum, ratio(sum * sum, below))
}

fn check_spend(options: &DidOptions) -> Result<(), DomainError> {
    DomainError::check("confidence", Rule::Confidence, options.confidence)?;
    if let Some(spend) = options.spend {
        DomainError::check("spend", Rule::NonNegative, spend)?;
    }
    Ok(())
}

/// An interval of changes of a size near 1 is a point when it is no wider.
const POINT: f64 = 1e-11;

/// What is found in a unit of its own, a power of two.
struct Found {
    /// Treated before and after, controls before and after.
    means: [f64; 4],
    square_error: f64,
    degrees: f64,
    /// The interval's ends as distances to the gain.
    ends: (f64, f64),
    p_value: f64,
    flag: Option<&'static str>,
}

impl Found {
    fn finish(self, unit: f64, rows: f64, options: &DidOptions) -> Did {
        let [treated_pre, _, control_pre, control_post] = self.means.map(|x| x * unit);
        let did = gain(self.means) * unit;
        let counterfactual = treated_pre + (control_post - control_pre);
        // No variance seen is not a standard error of zero.
        let std_error = if self.flag == Some(NO_VARIANCE) {
            f64::NAN
        } else {
            self.square_error.sqrt() * unit
        };
        let (low, high) = (did + self.ends.0 * unit, did + self.ends.1 * unit);
        let interval = if low < high {
            Interval::new(did, low, high)
        } else {
            Interval::new(did, f64::NAN, f64::NAN)
        };
        Did {
            did,
            counterfactual,
            lift: ratio(did, counterfactual),
            std_error,
            degrees_of_freedom: self.degrees,
            interval,
            p_value: self.p_value,
            incremental: did * rows,
            iroas: options.spend.map_or(Interval::UNDEFINED, |spend| {
                interval.map(|gain| ratio(gain * rows, spend))
            }),
            flag: self.flag,
        }
    }
}

const fn gain([treated_pre, treated_post, control_pre, control_post]: [f64; 4]) -> f64 {
    (treated_post - treated_pre) - (control_post - control_pre)
}

/// The difference in differences of four lists of outcomes.
///
/// The standard error takes all rows as independent, each list with a variance of its own; where regions are repeatedly
/// measured, take [`did_panel`].
///
/// ```
/// use edgetally_core::metrics::geo::{DidOptions, did};
/// let options = DidOptions::default();
/// let got = did(&[100.0, 104.0, 98.0], &[130.0, 128.0, 134.0], &[90.0, 95.0, 88.0], &[97.0, 99.0, 96.0], &options).unwrap();
/// assert!((got.did - 23.666666666666657).abs() < 1e-12);
/// ```
pub fn did(
    treated_pre: &[f64],
    treated_post: &[f64],
    control_pre: &[f64],
    control_post: &[f64],
    options: &DidOptions,
) -> Result<Did, DomainError> {
    check_spend(options)?;
    let lists = [
        ("treated_pre", treated_pre),
        ("treated_post", treated_post),
        ("control_pre", control_pre),
        ("control_post", control_post),
    ];
    for (name, values) in lists {
        DomainError::check_all(name, Rule::Finite, values)?;
        if values.is_empty() {
            return Err(DomainError::whole(name, Rule::Rows(1)));
        }
    }
    let unit = scale_of(lists.iter().flat_map(|(_, values)| values.iter()));
    let scaled = lists.map(|(_, values)| values.iter().map(|x| x / unit).collect::<Vec<f64>>());
    let parts = [&scaled[0], &scaled[1], &scaled[2], &scaled[3]]
        .map(|values| mean_and_square_error(values, ROUNDING));
    let squares: Vec<(f64, usize)> = parts
        .iter()
        .zip(&scaled)
        .map(|((_, square), values)| (*square, values.len()))
        .collect();
    let (square_error, degrees) = welch(&squares);
    let unknown = scaled.iter().flatten().any(|x| x.is_nan());
    let reach = student_quantile(0.5 + 0.5 * options.confidence, degrees) * square_error.sqrt();
    let flag = if unknown {
        None
    } else if scaled.iter().any(|values| values.len() < 2) {
        Some(TOO_FEW_ROWS)
    } else if square_error == 0.0 {
        Some(NO_VARIANCE)
    } else {
        None
    };
    let found = Found {
        means: parts.map(|(mean, _)| mean),
        square_error,
        degrees,
        ends: (-reach, reach),
        p_value: f64::NAN,
        flag,
    };
    Ok(found.finish(unit, treated_post.len() as f64, options))
}

/// The difference in differences of panels: one list per region, its outcomes by period.
///
/// Each region counts once, with its own change, so that the standard error is clustered by region: the two-sample one of the
/// regions' changes, which is the bias-reduced cluster error of the regression with region and period effects (Bell and
/// McCaffrey 2002), with Welch's degrees of freedom. p-value and interval relabel the regions (Fisher's randomisation test,
/// two-sided, of the difference in those standard errors): the interval holds every gain that the test does not reject.
/// With fewer relabellings than `2 / (1 - confidence)` or so its ends are infinite.
pub fn did_panel(
    treated_pre: &[Vec<f64>],
    treated_post: &[Vec<f64>],
    control_pre: &[Vec<f64>],
    control_post: &[Vec<f64>],
    options: &DidOptions,
) -> Result<Did, DomainError> {
    check_spend(options)?;
    let panels = [
        ("treated_pre", treated_pre),
        ("treated_post", treated_post),
        ("control_pre", control_pre),
        ("control_post", control_post),
    ];
    for (name, panel) in panels {
        if panel.is_empty() || panel.iter().any(Vec::is_empty) {
            return Err(DomainError::whole(name, Rule::Rows(1)));
        }
        for region in panel {
            DomainError::check_all(name, Rule::Finite, region)?;
        }
    }
    if treated_post.len() != treated_pre.len() {
        return Err(DomainError::whole(
            "treated_post",
            Rule::SameLength("treated_pre"),
        ));
    }
    if control_post.len() != control_pre.len() {
        return Err(DomainError::whole(
            "control_post",
            Rule::SameLength("control_pre"),
        ));
    }
    let unit = scale_of(panels.iter().flat_map(|(_, panel)| panel.iter().flatten()));
    let means = |panel: &[Vec<f64>]| {
        panel
            .iter()
            .map(|region| mean_of(&region.iter().map(|x| x / unit).collect::<Vec<f64>>()))
            .collect::<Vec<f64>>()
    };
    let [before, after, control_before, control_after] = panels.map(|(_, panel)| means(panel));
    let changes = |after: &[f64], before: &[f64]| {
        after
            .iter()
            .zip(before)
            .map(|(after, before)| after - before)
            .collect::<Vec<f64>>()
    };
    let treated = changes(&after, &before);
    let control = changes(&control_after, &control_before);
    let (treated_mean, square_treated) = mean_and_square_error(&treated, ROUNDING);
    let (control_mean, square_control) = mean_and_square_error(&control, ROUNDING);
    let (square_error, degrees) = welch(&[
        (square_treated, treated.len()),
        (square_control, control.len()),
    ]);
    let rows: usize = treated_post.iter().map(Vec::len).sum();
    let mut found = Found {
        means: [
            mean_of(&before),
            mean_of(&after),
            mean_of(&control_before),
            mean_of(&control_after),
        ],
        square_error,
        degrees,
        ends: (f64::NAN, f64::NAN),
        p_value: f64::NAN,
        flag: None,
    };
    let residuals = |values: &[f64], mean: f64| values.iter().map(|x| x - mean).collect();
    let treated: Vec<f64> = residuals(&treated, treated_mean);
    let control: Vec<f64> = residuals(&control, control_mean);
    let size = treated
        .iter()
        .chain(&control)
        .fold(0.0_f64, |size, x| size.max(x.abs()));
    if gain(found.means).is_nan() || options.confidence.is_nan() {
        return Ok(found.finish(unit, rows as f64, options));
    }
    // One region against one: nothing varies, but exchanging the labels says that already.
    let pair = treated.len() == 1 && control.len() == 1;
    if !pair && (size <= ROUNDING || square_error == 0.0) {
        found.flag = Some(NO_VARIANCE);
        return Ok(found.finish(unit, rows as f64, options));
    }
    // Once more in a unit of their own: changes may be small beside the level.
    let own = scale_of(treated.iter().chain(&control));
    let by = |values: &[f64]| values.iter().map(|x| x / own).collect::<Vec<f64>>();
    let relabelled = relabel(
        &by(&treated),
        &by(&control),
        gain(found.means) / own,
        options.confidence,
        Draws {
            most: options.permutations,
            seed: options.seed,
        },
    );
    let (low, high) = relabelled.ends;
    if high - low <= POINT {
        // So many regions changed alike that nothing but the estimate is left.
        found.flag = Some(NO_VARIANCE);
        return Ok(found.finish(unit, rows as f64, options));
    }
    found.ends = (low * own, high * own);
    found.p_value = relabelled.p_value;
    if low.is_infinite() || high.is_infinite() {
        found.flag = Some(TOO_FEW_REGIONS);
    }
    Ok(found.finish(unit, rows as f64, options))
}
