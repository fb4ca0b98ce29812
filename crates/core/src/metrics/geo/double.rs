//! Synthetic control.

use super::super::math::ratio;
use super::super::{DomainError, Interval, Rule};
use super::ridge::{augment, best_penalty};
use super::simplex::simplex_weights;
use super::{
    NO_VARIANCE, PERFECT_FIT, Panel, TOO_FEW_DONORS, check_panel, gaps, mean_and_rms, rejecting,
    scale_of, weighted,
};

/// How the double's remaining distance before the test is corrected for.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Ridge {
    /// Not at all.
    #[default]
    None,
    /// By a ridge regression with this penalty.
    Fixed(f64),
    /// With the penalty that predicts left-out periods before the test best.
    Auto,
}

/// A synthetic control.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntheticControl {
    /// The weight of each donor: not negative, their sum is 1.
    pub weights: Vec<f64>,
    /// The weights with the correction, whose sum is 1 too but which may be negative; the same without one.
    pub augmented_weights: Vec<f64>,
    /// The ridge penalty that was used.
    pub ridge: Option<f64>,
    /// The root mean square distance to the double before the test.
    pub pre_rmse: f64,
    /// That by the treated region's mean.
    pub pre_rmse_share: f64,
    /// The double after the start, by period.
    pub counterfactual: Vec<f64>,
    /// The treated region less its double, by period.
    pub effect: Vec<f64>,
    /// The mean effect per period, with the interval of all effects that the placebo test does not reject; its ends are infinite
    /// where there are too few donors for the confidence.
    pub average_effect: Interval,
    /// The sum of effects.
    pub incremental: f64,
    /// That by the sum of the double.
    pub lift: f64,
    /// The incremental outcome by spend; `NaN` without one.
    pub iroas: Interval,
    /// The share of regions whose mean effect, by the distance to their double before the start, is as large as the treated one's
    /// (after Abadie, Diamond and Hainmueller 2010). Not below `1 / (donors + 1)`; at most `1 - confidence` exactly when the
    /// interval excludes zero.
    pub p_value: f64,
    /// The mean effect that each donor would have had, as if it had been treated.
    pub placebo_effects: Vec<f64>,
    /// What a reader has to know, in words.
    pub flags: Vec<&'static str>,
}

/// How [`synthetic_control`] is read.
#[derive(Clone, Copy, Debug)]
pub struct SyntheticControlOptions {
    /// The correction.
    pub ridge: Ridge,
    /// The confidence of the interval.
    pub confidence: f64,
    /// The spend that bought the effect.
    pub spend: Option<f64>,
}

impl Default for SyntheticControlOptions {
    fn default() -> Self {
        Self {
            ridge: Ridge::None,
            confidence: 0.95,
            spend: None,
        }
    }
}

/// The double of a treated region from donors, and what the region did beyond it.
///
/// Weights minimise the squared distance before the test among those that are not negative and sum to 1 (Abadie and Gardeazabal
/// 2003), by Wolfe's (1976) search for the point of a polytope nearest to the origin, which ends after finitely many steps. The
/// correction is the ridge-augmented one (Ben-Michael, Feller and Rothstein 2021). Without periods after the start there are
/// weights alone.
///
/// ```
/// use edgetally_core::metrics::geo::{SyntheticControlOptions, synthetic_control};
/// let donors = [vec![10.0, 12.0, 11.0], vec![20.0, 19.0, 21.0]];
/// let got = synthetic_control(
///     &[15.0, 15.5, 16.0], &donors, &[20.0], &[vec![12.0], vec![22.0]], &SyntheticControlOptions::default(),
/// ).unwrap();
/// assert!((got.weights[0] - 0.5).abs() < 1e-12);
/// assert!((got.effect[0] - 3.0).abs() < 1e-12);
/// ```
pub fn synthetic_control(
    treated_pre: &[f64],
    donors_pre: &[Vec<f64>],
    treated_post: &[f64],
    donors_post: &[Vec<f64>],
    options: &SyntheticControlOptions,
) -> Result<SyntheticControl, DomainError> {
    DomainError::check("confidence", Rule::Confidence, options.confidence)?;
    if let Some(spend) = options.spend {
        DomainError::check("spend", Rule::NonNegative, spend)?;
    }
    if let Ridge::Fixed(penalty) = options.ridge {
        DomainError::check("ridge", Rule::Positive, penalty)?;
    }
    check_panel("treated_pre", treated_pre, "donors_pre", donors_pre)?;
    if treated_pre.is_empty() {
        return Err(DomainError::whole("treated_pre", Rule::Rows(1)));
    }
    if donors_pre.is_empty() {
        return Err(DomainError::whole("donors_pre", Rule::Rows(1)));
    }
    // Without anything after the start, the donors need say nothing either.
    if !(treated_post.is_empty() && donors_post.is_empty()) {
        check_panel("treated_post", treated_post, "donors_post", donors_post)?;
        if donors_post.len() != donors_pre.len() {
            return Err(DomainError::whole(
                "donors_post",
                Rule::SameLength("donors_pre"),
            ));
        }
    }
    let unit = scale_of(
        [treated_pre, treated_post]
            .into_iter()
            .flatten()
            .chain(donors_pre.iter().chain(donors_post).flatten()),
    );
    let by = |series: &[f64]| series.iter().map(|x| x / unit).collect::<Vec<f64>>();
    let panel = |donors: &[Vec<f64>]| donors.iter().map(|x| by(x)).collect::<Vec<_>>();
    let penalty = match options.ridge {
        Ridge::Fixed(penalty) => Ridge::Fixed(penalty / unit / unit),
        other => other,
    };
    let found = in_units(
        (&by(treated_pre), &by(treated_post)),
        (&panel(donors_pre), &panel(donors_post)),
        penalty,
        options.confidence,
    );
    Ok(found.finish(unit, options))
}

/// What is found of outcomes below 2 in size.
struct Found {
    own: Double,
    level: f64,
    counterfactual: Vec<f64>,
    effect: Vec<f64>,
    average: Interval,
    p_value: f64,
    placebo_effects: Vec<f64>,
    flags: Vec<&'static str>,
}

fn in_units(
    (treated_pre, treated_post): (&[f64], &[f64]),
    (donors_pre, donors_post): (&[Vec<f64>], &[Vec<f64>]),
    ridge: Ridge,
    confidence: f64,
) -> Found {
    let pre: Vec<&[f64]> = donors_pre.iter().map(Vec::as_slice).collect();
    let post: Vec<&[f64]> = donors_post.iter().map(Vec::as_slice).collect();
    let own = Double::new(treated_pre, &pre, ridge);
    let counterfactual = own.project(&post, treated_post.len());
    let effect: Vec<f64> = treated_post
        .iter()
        .zip(&counterfactual)
        .map(|(seen, double)| seen - double)
        .collect();
    let (mean, _) = mean_and_rms(&effect);
    let mut flags = Vec::new();
    if own.pre_rmse <= ROUNDING {
        flags.push(PERFECT_FIT);
    }
    let mut average = Interval::new(mean, f64::NAN, f64::NAN);
    let mut p_value = f64::NAN;
    let mut placebo_effects = Vec::new();
    if !effect.is_empty() {
        let placebos = Placebos::new(&pre, &post, ridge);
        placebo_effects = placebos
            .regions
            .iter()
            .map(|region| region.effect)
            .collect();
        if let Some(bounds) = placebos.bounds(own.pre_rmse, 1.0) {
            p_value = rank(mean, &bounds);
            let reach = reach(&bounds, confidence);
            average = Interval::new(mean, mean - reach, mean + reach);
            if reach == f64::INFINITY {
                flags.push(TOO_FEW_DONORS);
            } else if reach <= ROUNDING {
                // No donor has been off by anything.
                flags.push(NO_VARIANCE);
                average = Interval::new(mean, f64::NAN, f64::NAN);
                p_value = f64::NAN;
            }
        } else if donors_pre.len() < 2 {
            flags.push(TOO_FEW_DONORS);
        } else if !mean.is_nan() && !own.pre_rmse.is_nan() {
            flags.push(NO_VARIANCE);
        }
    }
    Found {
        level: treated_pre.iter().sum::<f64>() / treated_pre.len() as f64,
        own,
        counterfactual,
        effect,
        average,
        p_value,
        placebo_effects,
        flags,
    }
}

impl Found {
    fn finish(self, unit: f64, options: &SyntheticControlOptions) -> SyntheticControl {
        let times = |values: Vec<f64>| values.into_iter().map(|x| x * unit).collect::<Vec<f64>>();
        let periods = self.effect.len() as f64;
        let nothing = self.effect.is_empty();
        let sum: f64 = self.effect.iter().sum();
        let average_effect = self.average.map(|x| x * unit);
        SyntheticControl {
            pre_rmse: self.own.pre_rmse * unit,
            pre_rmse_share: ratio(self.own.pre_rmse, self.level),
            incremental: if nothing { f64::NAN } else { sum * unit },
            lift: ratio(sum, self.counterfactual.iter().sum()),
            iroas: options.spend.map_or(Interval::UNDEFINED, |spend| {
                average_effect.map(|mean| ratio(mean * periods, spend))
            }),
            average_effect,
            p_value: self.p_value,
            placebo_effects: times(self.placebo_effects),
            counterfactual: times(self.counterfactual),
            effect: times(self.effect),
            ridge: self.own.ridge.map(|penalty| penalty * unit * unit),
            weights: self.own.weights,
            augmented_weights: self.own.augmented,
            flags: self.flags,
        }
    }
}

/// A region's mean effect, and the distance to its double before the start.
#[derive(Clone, Copy)]
pub(super) struct Placebo {
    pub(super) effect: f64,
    pub(super) before: f64,
}

/// Below this, in a unit near the size of the outcomes, a distance is rounding.
const ROUNDING: f64 = 1e-13;
/// A region that was met closely before the start is taken as if it had been missed by at least this share of the usual
/// distance: a double that fits by luck would else be trusted without limit. Power and false alarms hardly depend on it from 0 to
/// a half.
const USUAL: f64 = 0.25;

/// The regions that were not treated, each as if it had been.
pub(super) struct Placebos {
    regions: Vec<Placebo>,
}

impl Placebos {
    /// Each donor from the other donors.
    pub(super) fn new(pre: &Panel<'_>, post: &Panel<'_>, ridge: Ridge) -> Self {
        let mut regions = Vec::with_capacity(pre.len());
        if pre.len() < 2 {
            return Self { regions };
        }
        for (i, (before, after)) in pre.iter().zip(post).enumerate() {
            let others = |all: &Panel<'_>| -> Vec<Vec<f64>> {
                all.iter()
                    .enumerate()
                    .filter(|(j, _)| *j != i)
                    .map(|(_, series)| series.to_vec())
                    .collect()
            };
            let rest = others(pre);
            let rest: Vec<&[f64]> = rest.iter().map(Vec::as_slice).collect();
            let double = Double::new(before, &rest, ridge);
            let rest = others(post);
            let rest: Vec<&[f64]> = rest.iter().map(Vec::as_slice).collect();
            let gaps: Vec<f64> = after
                .iter()
                .zip(double.project(&rest, after.len()))
                .map(|(seen, double)| seen - double)
                .collect();
            regions.push(Placebo {
                effect: mean_and_rms(&gaps).0,
                before: double.pre_rmse,
            });
        }
        Self { regions }
    }

    /// By what an effect is divided before it is compared: the distance before the start of its own region, and a part of the
    /// median one. `unit` is near the size of the outcomes.
    fn measures(&self, own: f64, unit: f64) -> (f64, Vec<f64>) {
        let noise = ROUNDING * unit;
        let real = |before: f64| if before <= noise { 0.0 } else { before };
        let mut all: Vec<f64> = self
            .regions
            .iter()
            .map(|region| real(region.before))
            .collect();
        all.push(real(own));
        all.sort_by(f64::total_cmp);
        let middle = |at: usize| all.get(at).copied().unwrap_or(f64::NAN);
        let usual = USUAL * f64::midpoint(middle((all.len() - 1) / 2), middle(all.len() / 2));
        let measure = |before: f64| (real(before) * real(before) + usual * usual).sqrt();
        (
            measure(own),
            self.regions
                .iter()
                .map(|region| measure(region.before))
                .collect(),
        )
    }

    /// For each donor the size that the treated region's mean effect must not exceed for the donor's to be as large, each effect
    /// in units of its own distance before the start. `None` where nothing can be compared.
    pub(super) fn bounds(&self, own_before: f64, unit: f64) -> Option<Vec<f64>> {
        let (own, others) = self.measures(own_before, unit);
        let noise = ROUNDING * unit;
        if self.regions.is_empty() || own.is_nan() || own == 0.0 {
            return None;
        }
        let bounds: Vec<f64> = self
            .regions
            .iter()
            .zip(others)
            .map(|(region, measure)| {
                if region.effect.abs() <= noise {
                    noise
                } else {
                    // As large up to rounding is as large.
                    (region.effect.abs() / measure * own * (1.0 + 1e-12)).max(noise)
                }
            })
            .collect();
        (!bounds.iter().any(|bound| bound.is_nan())).then_some(bounds)
    }
}

/// The share of regions, the treated one included, whose effect is as large as its own.
pub(super) fn rank(effect: f64, bounds: &[f64]) -> f64 {
    if effect.is_nan() {
        return f64::NAN;
    }
    let as_large = bounds
        .iter()
        .filter(|bound| **bound >= effect.abs())
        .count();
    (1 + as_large) as f64 / (1 + bounds.len()) as f64
}

/// Half the width of the interval of all effects that [`rank`] does not reject.
fn reach(bounds: &[f64], confidence: f64) -> f64 {
    let mut bounds = bounds.to_vec();
    bounds.sort_by(|a, b| b.total_cmp(a));
    // The treated region itself is always as large.
    match rejecting(bounds.len() + 1, confidence) {
        0 => f64::INFINITY,
        others => bounds.get(others - 1).copied().unwrap_or(f64::NAN),
    }
}

/// A region's weights on others.
pub(super) struct Double {
    weights: Vec<f64>,
    augmented: Vec<f64>,
    ridge: Option<f64>,
    pub(super) pre_rmse: f64,
}

impl Double {
    pub(super) fn new(treated: &[f64], donors: &Panel<'_>, ridge: Ridge) -> Self {
        let undefined = treated
            .iter()
            .chain(donors.iter().copied().flatten())
            .any(|x| x.is_nan());
        if undefined {
            return Self {
                weights: vec![f64::NAN; donors.len()],
                augmented: vec![f64::NAN; donors.len()],
                ridge: None,
                pre_rmse: f64::NAN,
            };
        }
        let weights = simplex_weights(treated, donors);
        let penalty = match ridge {
            Ridge::None => None,
            Ridge::Fixed(penalty) => Some(penalty),
            Ridge::Auto => best_penalty(treated, donors),
        };
        let augmented = penalty.map_or_else(
            || weights.clone(),
            |penalty| augment(&weights, treated, donors, penalty),
        );
        let (_, pre_rmse) = mean_and_rms(&gaps(treated, donors, &augmented));
        Self {
            weights,
            augmented,
            ridge: penalty,
            pre_rmse,
        }
    }

    pub(super) fn project(&self, donors: &[&[f64]], periods: usize) -> Vec<f64> {
        (0..periods)
            .map(|t| weighted(donors, &self.augmented, t))
            .collect()
    }
}
