//! One experiment, many segments: stratified estimates, heterogeneity, Simpson's paradox.
//!
//! Rates of segments must not be averaged, nor their users thrown together when the arms are split differently in each: then
//! the pooled difference compares segments and not arms. Two estimates that compare within segments only: weighted by
//! exposed users (what these users got), and Mantel and Haenszel's weights (the least noisy when the difference is the same
//! everywhere), with the variance of Sato (1989), which holds for few large and for many small segments.

use super::math::ratio;
use super::multiplicity::{self, Adjusted};
use super::proportion::{Alternative, Arms, Difference, Level};
use super::sequential::variance;
use super::special::{chi2_sf, normal_quantile};
use super::{DomainError, Interval, Rule};

/// The lift of each segment and of all together; see [`segment_lift`].
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentLift {
    /// The difference of rates of each segment; `NaN` without users in one arm.
    pub per_segment_abs_lift: Vec<f64>,
    /// The difference with its score interval, which excludes zero where `p_score` is below one less the confidence.
    pub per_segment_abs_ci: Vec<Interval>,
    /// The difference relative to the holdout's rate.
    pub per_segment_rel_lift: Vec<f64>,
    /// The p-value of the score test of each segment, not adjusted for their number.
    pub p_score: Vec<f64>,
    /// These p-values adjusted, by Holm's and by Benjamini and Hochberg's procedure among others.
    pub adjusted: Adjusted,
    /// All segments thrown together.
    pub pooled_abs_lift: f64,
    /// The mean of the segments' differences, weighted by exposed users, with a normal interval (`NaN` where nothing
    /// varies). Segments without users in one arm are left out.
    pub stratified_abs_lift_exposed_weights: Interval,
    /// Mantel and Haenszel's difference, with a normal interval from Sato's variance.
    pub mantel_haenszel_diff: Interval,
    /// Cochran's Q: do the segments differ in their difference? Over segments in which something varies.
    pub heterogeneity_q: f64,
    /// Its degrees of freedom.
    pub heterogeneity_df: f64,
    /// Its p-value; `NaN` with fewer than two such segments.
    pub heterogeneity_p: f64,
    /// The pooled difference and the stratified one have different signs: believe the stratified one, and ask why the split
    /// depends on the segment.
    pub simpson_warning: bool,
}

/// The lift in each segment, the lift over all of them, and whether they agree.
///
/// One row per segment; rows of the same segment have to be added up before, see [`Groups`].
///
/// ```
/// use edgetally_core::metrics::segments::segment_lift;
///
/// let lift = segment_lift(
///     &[9_000.0, 1_000.0],
///     &[90.0, 100.0],
///     &[1_000.0, 9_000.0],
///     &[8.0, 810.0],
///     0.95,
/// )?;
/// // Both segments gain, and thrown together they lose.
/// assert_eq!(lift.per_segment_abs_lift, [0.002, 0.01]);
/// assert_eq!(lift.pooled_abs_lift, -0.0628);
/// assert!(lift.simpson_warning);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
///
/// # Errors
///
/// Columns of different length, counts that are no counts, more conversions than users, `confidence` not inside 0 to 1.
pub fn segment_lift(
    exposed_users: &[f64],
    exposed_conversions: &[f64],
    holdout_users: &[f64],
    holdout_conversions: &[f64],
    confidence: f64,
) -> Result<SegmentLift, DomainError> {
    for (name, column) in [
        ("exposed_conversions", exposed_conversions),
        ("holdout_users", holdout_users),
        ("holdout_conversions", holdout_conversions),
    ] {
        if column.len() != exposed_users.len() {
            return Err(DomainError::whole(name, Rule::SameLength("exposed_users")));
        }
    }
    DomainError::check("confidence", Rule::Confidence, confidence)?;
    let segments = exposed_users
        .iter()
        .zip(exposed_conversions)
        .zip(holdout_users.iter().zip(holdout_conversions))
        .enumerate()
        .map(|(index, ((n1, x1), (n0, x0)))| {
            Arms::new(*n1, *x1, *n0, *x0).map_err(|error| DomainError {
                index: Some(index),
                ..error
            })
        })
        .collect::<Result<Vec<Arms>, DomainError>>()?;
    let z = -normal_quantile((1.0 - confidence) / 2.0);
    let around = |estimate: f64, variance: f64| {
        // Where nothing varies in any segment there is no error to measure by.
        let width = if variance > 0.0 {
            z * variance.sqrt()
        } else {
            f64::NAN
        };
        Interval::new(estimate, estimate - width, estimate + width)
    };
    let level = Level::two_sided(confidence)?;
    let p_score: Vec<f64> = segments
        .iter()
        .map(|arms| arms.p_score(Alternative::TwoSided).1)
        .collect();
    let total = |of: fn(&Arms) -> f64| segments.iter().map(of).sum::<f64>();
    let all = Arms {
        exposed_users: total(|arms| arms.exposed_users),
        exposed_conversions: total(|arms| arms.exposed_conversions),
        holdout_users: total(|arms| arms.holdout_users),
        holdout_conversions: total(|arms| arms.holdout_conversions),
    };
    let pooled_abs_lift = all.delta();
    let stratified = exposed_weighted(&segments);
    let stratified = around(stratified.0, stratified.1);
    let common = mantel_haenszel(&segments);
    let (q, df) = heterogeneity(&segments);
    Ok(SegmentLift {
        per_segment_abs_lift: segments.iter().map(Arms::delta).collect(),
        per_segment_rel_lift: segments.iter().map(Arms::relative).collect(),
        per_segment_abs_ci: segments
            .iter()
            .map(|arms| arms.difference(Difference::Score, &level))
            .collect(),
        adjusted: multiplicity::adjust(&p_score, 1.0 - confidence)?,
        p_score,
        pooled_abs_lift,
        stratified_abs_lift_exposed_weights: stratified,
        mantel_haenszel_diff: around(common.0, common.1),
        heterogeneity_q: q,
        heterogeneity_df: df,
        heterogeneity_p: if df > 0.0 { chi2_sf(q, df) } else { f64::NAN },
        simpson_warning: pooled_abs_lift * stratified.estimate < 0.0,
    })
}

/// Segments without users in an arm say nothing about a difference. `NaN` counts stay: they make the result `NaN`.
fn comparable(segments: &[Arms]) -> impl Iterator<Item = &Arms> {
    segments
        .iter()
        .filter(|arms| arms.exposed_users != 0.0 && arms.holdout_users != 0.0)
}

/// The estimate and its variance.
fn exposed_weighted(segments: &[Arms]) -> (f64, f64) {
    let (mut weights, mut sum, mut spread) = (0.0, 0.0, 0.0);
    for arms in comparable(segments) {
        weights += arms.exposed_users;
        // n1 (x1/n1 - x0/n0)
        sum += arms.cross() / arms.holdout_users;
        spread += arms.exposed_users * arms.exposed_users * variance(arms);
    }
    (ratio(sum, weights), ratio(spread, weights * weights))
}

/// The estimate and Sato's variance of it.
fn mantel_haenszel(segments: &[Arms]) -> (f64, f64) {
    let (mut weights, mut sum, mut p, mut q) = (0.0, 0.0, 0.0, 0.0);
    for arms in comparable(segments) {
        let Arms {
            exposed_users: n1,
            exposed_conversions: x1,
            holdout_users: n0,
            holdout_conversions: x0,
        } = *arms;
        let n = n1 + n0;
        weights += n1 * (n0 / n);
        sum += arms.cross() / n;
        let (share1, share0) = (n1 / n, n0 / n);
        p += share1 * share1 * x0 - share0 * share0 * x1 + share1 * share0 * (n0 - n1) / 2.0;
        q += f64::midpoint(x1 * ((n0 - x0) / n), x0 * ((n1 - x1) / n));
    }
    let estimate = ratio(sum, weights);
    (estimate, ratio(estimate * p + q, weights * weights))
}

/// Cochran's Q and its degrees of freedom, over segments in which something varies.
fn heterogeneity(segments: &[Arms]) -> (f64, f64) {
    let known: Vec<(f64, f64)> = comparable(segments)
        .map(|arms| (arms.delta(), 1.0 / variance(arms)))
        // A variance of zero is an estimate that failed, not certainty.
        .filter(|(_, weight)| !weight.is_infinite())
        .collect();
    let weights: f64 = known.iter().map(|(_, weight)| weight).sum();
    let mean = known
        .iter()
        .map(|(diff, weight)| diff * weight)
        .sum::<f64>()
        / weights;
    let q = known
        .iter()
        .map(|(diff, weight)| weight * (diff - mean) * (diff - mean))
        .sum::<f64>();
    // The sum of nothing is -0.
    (q + 0.0, known.len().saturating_sub(1) as f64)
}

/// Labels of rows, as groups in the order in which they first appear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// For each group, the first row that has its label.
    pub first_row: Vec<usize>,
    /// For each row, its group.
    pub group: Vec<usize>,
}

impl Groups {
    /// Groups rows by their labels.
    ///
    /// ```
    /// use edgetally_core::metrics::segments::Groups;
    ///
    /// let groups = Groups::of(&["search", "social", "search"]);
    /// assert_eq!(groups.first_row, [0, 1]);
    /// assert_eq!(groups.sums(&[1.0, 2.0, 3.0]), [4.0, 2.0]);
    /// ```
    pub fn of<L: Ord>(labels: &[L]) -> Self {
        let mut order: Vec<usize> = (0..labels.len()).collect();
        // Stable: of equal labels, the first row comes first.
        order.sort_by(|a, b| labels.get(*a).cmp(&labels.get(*b)));
        let mut leader = vec![0; labels.len()];
        let mut current = None;
        for row in order {
            if current.is_none_or(|first| labels.get(first) != labels.get(row)) {
                current = Some(row);
            }
            if let (Some(slot), Some(first)) = (leader.get_mut(row), current) {
                *slot = first;
            }
        }
        let mut groups = Self::default();
        let mut of_leader = vec![0; labels.len()];
        for (row, first) in leader.iter().enumerate() {
            if *first == row {
                if let Some(slot) = of_leader.get_mut(row) {
                    *slot = groups.first_row.len();
                }
                groups.first_row.push(row);
            }
            // The leader comes before every row that it leads.
            groups
                .group
                .push(of_leader.get(*first).copied().unwrap_or_default());
        }
        groups
    }

    /// The sum of a column in each group. Rows beyond the labels are not counted.
    pub fn sums(&self, column: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.first_row.len()];
        for (value, group) in column.iter().zip(&self.group) {
            if let Some(sum) = sums.get_mut(*group) {
                *sum += value;
            }
        }
        sums
    }
}

/// Return on ad spend by segment; see [`segment_roas`].
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentRoas {
    /// Revenue over spend of each group, in the order in which the groups first appear; `NaN` without spend.
    pub roas: Vec<f64>,
    /// Revenue of each group.
    pub revenue: Vec<f64>,
    /// Spend of each group.
    pub spend: Vec<f64>,
    /// What averaging the rows' ratios would say: for comparison only, it weighs a small row like a large one.
    pub mean_of_ratios: Vec<f64>,
    /// All revenue over all spend.
    pub total: f64,
}

/// Return on ad spend of each group of rows: the ratio of the sums.
///
/// Not the mean of the rows' ratios (`mean_of_ratios` shows it), which lets a row of ten euros count as much as one of ten thousand, and a row without
/// spend spoil all.
///
/// ```
/// use edgetally_core::metrics::segments::{segment_roas, Groups};
///
/// let groups = Groups::of(&["search", "search", "social", "social"]);
/// let roas = segment_roas(&[100.0, 300.0, 50.0, 0.0], &[500.0, 600.0, 40.0, 10.0], &groups)?;
/// assert_eq!(roas.roas, [2.75, 1.0]);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
///
/// # Errors
///
/// Columns that have not as many rows as there are labels, negative or infinite spend, infinite revenue.
pub fn segment_roas(
    spend: &[f64],
    revenue: &[f64],
    groups: &Groups,
) -> Result<SegmentRoas, DomainError> {
    for (name, column) in [("spend", spend), ("revenue", revenue)] {
        if column.len() != groups.group.len() {
            return Err(DomainError::whole(name, Rule::SameLength("by")));
        }
    }
    DomainError::check_all("spend", Rule::NonNegative, spend)?;
    DomainError::check_all("revenue", Rule::Finite, revenue)?;
    let ratios: Vec<f64> = revenue
        .iter()
        .zip(spend)
        .map(|(revenue, spend)| ratio(*revenue, *spend))
        .collect();
    let rows = groups.sums(&vec![1.0; spend.len()]);
    let mean_of_ratios = groups
        .sums(&ratios)
        .iter()
        .zip(&rows)
        .map(|(sum, rows)| sum / rows)
        .collect();
    let (spend, revenue) = (groups.sums(spend), groups.sums(revenue));
    Ok(SegmentRoas {
        roas: revenue
            .iter()
            .zip(&spend)
            .map(|(revenue, spend)| ratio(*revenue, *spend))
            .collect(),
        total: ratio(revenue.iter().sum(), spend.iter().sum()),
        revenue,
        spend,
        mean_of_ratios,
    })
}
