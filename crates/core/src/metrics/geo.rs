//! Experiments by region: difference in differences, synthetic control.
//!
//! Both compare regions with advertising ("treated") with regions without, before and after. [`did`] assumes that both would
//! have moved alike; [`synthetic_control`] builds the treated region's double from the others. Neither knows about spill-over
//! between neighbours. As a rule of thumb, take 25 periods before the test and 20 regions or more.

use super::math::{exp, ln, ratio};
use super::response::Counter;
use super::special::student_quantile;
use super::{DomainError, Interval, Rule};

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
    /// Degrees of freedom of the interval.
    pub degrees_of_freedom: f64,
    /// The gain and its interval.
    pub interval: Interval,
    /// From relabelling the regions; `NaN` without regions.
    pub p_value: f64,
    /// The gain over all treated rows after the start.
    pub incremental: f64,
    /// That and its interval by the advertising spend; `NaN` without one.
    pub iroas: Interval,
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

/// The mean, and the sample variance divided by the number of rows.
fn mean_and_square_error(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
    // One row has no variance: 0 / 0.
    (mean, squares / (count - 1.0) / count)
}

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

fn finish_did(
    [treated_pre, treated_post, control_pre, control_post]: [f64; 4],
    (square_error, degrees): (f64, f64),
    rows: f64,
    p_value: f64,
    options: &DidOptions,
) -> Did {
    let did = (treated_post - treated_pre) - (control_post - control_pre);
    let counterfactual = treated_pre + (control_post - control_pre);
    let std_error = square_error.sqrt();
    let reach = if std_error == 0.0 {
        0.0
    } else if degrees > 0.0 {
        student_quantile(0.5 + 0.5 * options.confidence, degrees) * std_error
    } else {
        f64::NAN
    };
    let interval = Interval::new(did, did - reach, did + reach);
    Did {
        did,
        counterfactual,
        lift: ratio(did, counterfactual),
        std_error,
        degrees_of_freedom: degrees,
        interval,
        p_value,
        incremental: did * rows,
        iroas: options.spend.map_or(Interval::UNDEFINED, |spend| {
            interval.map(|gain| ratio(gain * rows, spend))
        }),
    }
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
    let parts = lists.map(|(_, values)| mean_and_square_error(values));
    let sizes = lists.map(|(_, values)| values.len());
    let squares: Vec<(f64, usize)> = parts
        .iter()
        .zip(sizes)
        .map(|((_, square), size)| (*square, size))
        .collect();
    Ok(finish_did(
        parts.map(|(mean, _)| mean),
        welch(&squares),
        treated_post.len() as f64,
        f64::NAN,
        options,
    ))
}

/// The difference in differences of panels: one list per region, its outcomes by period.
///
/// Each region counts once, with its own change, so that the standard error is clustered by region: the two-sample one of the
/// regions' changes, which is the bias-reduced cluster error of the regression with region and period effects (Bell and
/// McCaffrey 2002), with Welch's degrees of freedom. The p-value relabels the regions (Fisher's randomisation test, two-sided).
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
    let mean = |values: &Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    let means = |panel: &[Vec<f64>]| panel.iter().map(mean).collect::<Vec<f64>>();
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
    let (_, square_treated) = mean_and_square_error(&treated);
    let (_, square_control) = mean_and_square_error(&control);
    let error = welch(&[
        (square_treated, treated.len()),
        (square_control, control.len()),
    ]);
    let level = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let rows: usize = treated_post.iter().map(Vec::len).sum();
    Ok(finish_did(
        [
            level(&before),
            level(&after),
            level(&control_before),
            level(&control_after),
        ],
        error,
        rows as f64,
        relabelled(&treated, &control, options),
        options,
    ))
}

/// The share of relabellings whose difference is as far from zero as the observed one.
fn relabelled(treated: &[f64], control: &[f64], options: &DidOptions) -> f64 {
    let all: Vec<f64> = treated.iter().chain(control).copied().collect();
    let (chosen, count) = (treated.len(), all.len());
    if all.iter().any(|x| x.is_nan()) {
        return f64::NAN;
    }
    let total: f64 = all.iter().sum();
    let others = (count - chosen) as f64;
    let difference = |sum: f64| (sum / chosen as f64 - (total - sum) / others).abs();
    let observed = difference(treated.iter().sum());
    // Sums in another order may round differently.
    let scale = all.iter().map(|x| x.abs()).fold(0.0, f64::max);
    let as_far = |sum: f64| difference(sum) >= observed - 1e-12 * scale;
    let mut ways = 1_u128;
    for i in 0..chosen as u128 {
        ways = ways.saturating_mul(count as u128 - i) / (i + 1);
        if ways > u128::from(u64::MAX) {
            break;
        }
    }
    if ways <= u128::from(options.permutations) {
        // Every choice, in the order of the dictionary.
        let mut choice: Vec<usize> = (0..chosen).collect();
        let (mut far, mut seen) = (0_u64, 0_u64);
        loop {
            seen += 1;
            let sum: f64 = choice.iter().filter_map(|i| all.get(*i)).sum();
            far += u64::from(as_far(sum));
            let Some(place) = choice
                .iter()
                .enumerate()
                .rposition(|(place, i)| *i < count - chosen + place)
            else {
                break;
            };
            let from = choice.get(place).map_or(0, |i| i + 1);
            for (slot, value) in choice.iter_mut().skip(place).zip(from..) {
                *slot = value;
            }
        }
        return far as f64 / seen as f64;
    }
    let mut far = 1_u64;
    let mut shuffled = all.clone();
    for index in 0..options.permutations {
        let mut random = Counter::new(options.seed, index);
        shuffled.copy_from_slice(&all);
        for place in 0..chosen {
            shuffled.swap(place, place + random.below(count - place));
        }
        far += u64::from(as_far(shuffled.iter().take(chosen).sum()));
    }
    far as f64 / (options.permutations + 1) as f64
}

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
    /// The mean effect per period, with an interval from the donors' placebo effects; ends are infinite where there are too few
    /// donors for the confidence.
    pub average_effect: Interval,
    /// The sum of effects.
    pub incremental: f64,
    /// That by the sum of the double.
    pub lift: f64,
    /// The incremental outcome by spend; `NaN` without one.
    pub iroas: Interval,
    /// The share of regions whose distance after the start, by that before, is as large as the treated one's (Abadie, Diamond and
    /// Hainmueller 2010). Not below `1 / (donors + 1)`.
    pub p_value: f64,
    /// The mean effect that each donor would have had, as if it had been treated.
    pub placebo_effects: Vec<f64>,
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
    let pre: Vec<&[f64]> = donors_pre.iter().map(Vec::as_slice).collect();
    let post: Vec<&[f64]> = donors_post.iter().map(Vec::as_slice).collect();
    let own = Double::new(treated_pre, &pre, options.ridge);
    let counterfactual = own.project(&post, treated_post.len());
    let effect: Vec<f64> = treated_post
        .iter()
        .zip(&counterfactual)
        .map(|(seen, double)| seen - double)
        .collect();
    let (mean, after) = mean_and_rms(&effect);
    let (placebo_effects, ratios) = if effect.is_empty() {
        (Vec::new(), Vec::new())
    } else {
        placebos(&pre, &post, options.ridge)
    };
    let own_ratio = beyond(after, own.pre_rmse);
    let p_value = rank(own_ratio, &ratios);
    let reach = placebo_reach(&placebo_effects, options.confidence);
    let average_effect = Interval::new(mean, mean - reach, mean + reach);
    let periods = effect.len() as f64;
    let sum: f64 = effect.iter().sum();
    let level = treated_pre.iter().sum::<f64>() / treated_pre.len() as f64;
    let nothing = effect.is_empty();
    Ok(SyntheticControl {
        pre_rmse: own.pre_rmse,
        pre_rmse_share: ratio(own.pre_rmse, level),
        average_effect,
        incremental: if nothing { f64::NAN } else { sum },
        lift: ratio(sum, counterfactual.iter().sum()),
        iroas: options.spend.map_or(Interval::UNDEFINED, |spend| {
            average_effect.map(|mean| ratio(mean * periods, spend))
        }),
        p_value,
        placebo_effects,
        counterfactual,
        effect,
        ridge: own.ridge,
        weights: own.weights,
        augmented_weights: own.augmented,
    })
}

/// Each donor as if it were the treated one, from the other donors: its mean effect, and its distance after the start by that
/// before.
fn placebos(pre: &[&[f64]], post: &[&[f64]], ridge: Ridge) -> (Vec<f64>, Vec<f64>) {
    let mut effects = Vec::with_capacity(pre.len());
    let mut ratios = Vec::with_capacity(pre.len());
    if pre.len() < 2 {
        return (effects, ratios);
    }
    let others = |all: &[&[f64]], i: usize| -> Vec<Vec<f64>> {
        all.iter()
            .enumerate()
            .filter(|(j, _)| *j != i)
            .map(|(_, series)| series.to_vec())
            .collect()
    };
    for (i, (before, after)) in pre.iter().zip(post).enumerate() {
        let rest = others(pre, i);
        let rest: Vec<&[f64]> = rest.iter().map(Vec::as_slice).collect();
        let double = Double::new(before, &rest, ridge);
        let rest = others(post, i);
        let rest: Vec<&[f64]> = rest.iter().map(Vec::as_slice).collect();
        let gaps: Vec<f64> = after
            .iter()
            .zip(double.project(&rest, after.len()))
            .map(|(seen, double)| seen - double)
            .collect();
        let (mean, distance) = mean_and_rms(&gaps);
        effects.push(mean);
        ratios.push(beyond(distance, double.pre_rmse));
    }
    (effects, ratios)
}

/// The distance after the start by that before; a double that is met exactly before and after shows no effect.
fn beyond(after: f64, before: f64) -> f64 {
    if after == 0.0 { 0.0 } else { after / before }
}

/// The share of regions, the treated one included, whose ratio is as large as its own.
fn rank(own: f64, others: &[f64]) -> f64 {
    if others.is_empty() || own.is_nan() || others.iter().any(|ratio| ratio.is_nan()) {
        return f64::NAN;
    }
    let as_large = others.iter().filter(|ratio| **ratio >= own).count();
    (1 + as_large) as f64 / (1 + others.len()) as f64
}

/// Half the width of an interval whose tails hold not more than is allowed of the placebo effects.
fn placebo_reach(effects: &[f64], confidence: f64) -> f64 {
    let mut sizes: Vec<f64> = effects.iter().map(|effect| effect.abs()).collect();
    if sizes.iter().any(|size| size.is_nan()) {
        return f64::NAN;
    }
    sizes.sort_by(f64::total_cmp);
    // The k-th smallest of n with k = ceil(confidence (n + 1)), as in conformal prediction.
    let wanted = (confidence * (sizes.len() as f64 + 1.0)).ceil();
    sizes
        .iter()
        .zip(1..)
        .find(|(_, k)| f64::from(*k) >= wanted)
        .map_or(f64::INFINITY, |(size, _)| *size)
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

/// `NaN` of nothing.
fn mean_and_rms(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    (
        values.iter().sum::<f64>() / count,
        (values.iter().map(|x| x * x).sum::<f64>() / count).sqrt(),
    )
}

/// A region's weights on others.
struct Double {
    weights: Vec<f64>,
    augmented: Vec<f64>,
    ridge: Option<f64>,
    pre_rmse: f64,
}

impl Double {
    fn new(treated: &[f64], donors: &[&[f64]], ridge: Ridge) -> Self {
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

    fn project(&self, donors: &[&[f64]], periods: usize) -> Vec<f64> {
        (0..periods)
            .map(|t| weighted(donors, &self.augmented, t))
            .collect()
    }
}

fn weighted(donors: &[&[f64]], weights: &[f64], t: usize) -> f64 {
    donors
        .iter()
        .zip(weights)
        .filter_map(|(series, weight)| series.get(t).map(|x| x * weight))
        .sum()
}

fn gaps(treated: &[f64], donors: &[&[f64]], weights: &[f64]) -> Vec<f64> {
    treated
        .iter()
        .enumerate()
        .map(|(t, y)| y - weighted(donors, weights, t))
        .collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The weights on the simplex that bring the donors nearest to the treated: with weights that sum to 1, the distance is the
/// norm of the weighted differences, and sought is the point of their convex hull nearest to the origin (Wolfe 1976).
#[expect(
    clippy::indexing_slicing,
    reason = "indices into the hull's points are made here and never leave"
)]
fn simplex_weights(treated: &[f64], donors: &[&[f64]]) -> Vec<f64> {
    let mut points: Vec<Vec<f64>> = donors
        .iter()
        .map(|series| {
            series
                .iter()
                .zip(treated)
                .map(|(x, y)| x - y)
                .collect::<Vec<f64>>()
        })
        .collect();
    let scale = points.iter().flatten().map(|x| x.abs()).fold(0.0, f64::max);
    let count = points.len();
    if scale == 0.0 || !scale.is_finite() {
        // All are the treated region itself: any weights will do.
        return vec![1.0 / count as f64; count];
    }
    points.iter_mut().flatten().for_each(|x| *x /= scale);
    let norms: Vec<f64> = points.iter().map(|point| dot(point, point)).collect();
    let first = (0..count)
        .min_by(|a, b| norms[*a].total_cmp(&norms[*b]))
        .unwrap_or(0);
    let mut corral = vec![first];
    let mut shares = vec![1.0];
    let combine = |corral: &[usize], shares: &[f64]| -> Vec<f64> {
        let mut x = vec![0.0; treated.len()];
        for (i, share) in corral.iter().zip(shares) {
            x.iter_mut()
                .zip(&points[*i])
                .for_each(|(x, p)| *x += share * p);
        }
        x
    };
    for _ in 0..50 * (count + 10) {
        let x = combine(&corral, &shares);
        let square = dot(&x, &x);
        // The point that lies furthest beyond the present one.
        let Some((next, reach)) = (0..count)
            .map(|i| (i, dot(&x, &points[i])))
            .min_by(|a, b| a.1.total_cmp(&b.1))
        else {
            break;
        };
        if reach >= square - 1e-15 * norms[next].max(square).max(1e-300).sqrt() * square.sqrt()
            || corral.contains(&next)
        {
            break;
        }
        corral.push(next);
        shares.push(0.0);
        loop {
            let Some(affine) = affine_minimum(&corral, &points) else {
                // The newcomer lies in the plane of the others.
                corral.pop();
                shares.pop();
                break;
            };
            if affine.iter().all(|share| *share > 0.0) {
                shares = affine;
                break;
            }
            // Towards it as far as the simplex goes; who reaches zero leaves.
            let reach = shares
                .iter()
                .zip(&affine)
                .filter(|(_, to)| **to <= 0.0)
                .map(|(from, to)| from / (from - to))
                .fold(1.0, f64::min);
            shares
                .iter_mut()
                .zip(&affine)
                .for_each(|(from, to)| *from += reach * (to - *from));
            let smallest = shares
                .iter()
                .zip(&affine)
                .enumerate()
                .filter(|(_, (_, to))| **to <= 0.0)
                .min_by(|a, b| a.1.0.total_cmp(b.1.0))
                .map_or(0, |(place, _)| place);
            let keep: Vec<bool> = shares
                .iter()
                .enumerate()
                .map(|(place, share)| place != smallest && *share > 1e-15)
                .collect();
            let mut kept = keep.iter();
            corral.retain(|_| *kept.next().unwrap_or(&true));
            let mut kept = keep.iter();
            shares.retain(|_| *kept.next().unwrap_or(&true));
            if corral.is_empty() {
                corral.push(next);
                shares.push(1.0);
                break;
            }
        }
        // No progress is arithmetic's end.
        let now = combine(&corral, &shares);
        if dot(&now, &now) >= square {
            break;
        }
    }
    let mut weights = vec![0.0; count];
    let total: f64 = shares.iter().sum();
    for (i, share) in corral.iter().zip(&shares) {
        weights[*i] = share / total;
    }
    weights
}

/// The weights of the point nearest to the origin in the plane of some points: differences to the first of them are made
/// orthogonal, so that no squares lose digits. `None` where the last one adds no direction.
#[expect(
    clippy::indexing_slicing,
    reason = "a triangle over the corral's own points"
)]
fn affine_minimum(corral: &[usize], points: &[Vec<f64>]) -> Option<Vec<f64>> {
    let (first, rest) = corral.split_first()?;
    let base = &points[*first];
    let size = rest.len();
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(size);
    let mut triangle = vec![vec![0.0; size]; size];
    for (j, i) in rest.iter().enumerate() {
        let mut column: Vec<f64> = points[*i].iter().zip(base).map(|(x, b)| x - b).collect();
        let length = dot(&column, &column).sqrt();
        for _ in 0..2 {
            for (k, q) in basis.iter().enumerate() {
                let product = dot(q, &column);
                triangle[k][j] += product;
                column
                    .iter_mut()
                    .zip(q)
                    .for_each(|(x, q)| *x -= product * q);
            }
        }
        let left = dot(&column, &column).sqrt();
        if left.is_nan() || left <= 1e-12 * length {
            return None;
        }
        triangle[j][j] = left;
        for x in &mut column {
            *x /= left;
        }
        basis.push(column);
    }
    // Minimise |base + D a|: R a = -Q' base.
    let mut residual = base.clone();
    let mut target = vec![0.0; size];
    for (k, q) in basis.iter().enumerate() {
        let product = dot(q, &residual);
        target[k] = -product;
        residual
            .iter_mut()
            .zip(q)
            .for_each(|(x, q)| *x -= product * q);
    }
    let mut solution = vec![0.0; size];
    for j in (0..size).rev() {
        let sum: f64 = (j + 1..size).map(|k| triangle[j][k] * solution[k]).sum();
        solution[j] = (target[j] - sum) / triangle[j][j];
    }
    let own = 1.0 - solution.iter().sum::<f64>();
    let mut shares = vec![own];
    shares.extend(solution);
    shares
        .iter()
        .all(|share| share.is_finite())
        .then_some(shares)
}

/// Adds to the weights what a ridge regression of the donors predicts from the distance that is left.
fn augment(weights: &[f64], treated: &[f64], donors: &[&[f64]], penalty: f64) -> Vec<f64> {
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
fn best_penalty(treated: &[f64], donors: &[&[f64]]) -> Option<f64> {
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
/// raised by each lift, and the placebo test of [`synthetic_control`] is run.
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
        let seen = part(treated, start, end);
        // A lift changes neither the double nor the donors.
        let own = Double::new(&part(treated, 0, start), &before, Ridge::None);
        let double = own.project(&after, periods);
        let (_, ratios) = placebos(&before, &after, Ridge::None);
        for (lift, found) in lifts.iter().zip(&mut found) {
            let gaps: Vec<f64> = seen
                .iter()
                .zip(&double)
                .map(|(y, double)| y * (1.0 + lift) - double)
                .collect();
            let p_value = rank(beyond(mean_and_rms(&gaps).1, own.pre_rmse), &ratios);
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
