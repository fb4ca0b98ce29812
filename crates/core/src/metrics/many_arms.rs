//! Several arms against one holdout: each compared, and all comparisons true together.
//!
//! C. W. Dunnett (1955): the comparisons share the holdout, so their statistics are correlated, by `λi λj` with
//! `λi² = ni / (ni + n0)` for rates that are the same. The chance that the largest of them in size stays below `z` is one integral,
//!
//! `∫ φ(t) Π [Φ((z + λi t)/√(1 - λi²)) - Φ((-z + λi t)/√(1 - λi²))] dt`,
//!
//! which gives the adjusted p-value of each and one critical value for all. The statistics are those of the score test, and the
//! intervals are score intervals at that critical value, so that an interval leaves out 0 exactly when its adjusted p-value is
//! below one less the confidence. Holm's p-values, which know nothing of the correlation and step down, stand beside them.

use super::multiplicity;
use super::proportion::{Alternative, Arms, Difference, Level, Ratio};
use super::roots::bracketed;
use super::special::{gauss_legendre_panels, normal_cdf, normal_pdf, normal_sf};
use super::{DomainError, Interval, Rule};

/// Each arm against the holdout; see [`many_arms`]. Columns have a row per arm, without the holdout.
#[derive(Clone, Debug, PartialEq)]
pub struct ManyArms {
    /// The difference of the rates with its simultaneous interval.
    pub diff: Vec<Interval>,
    /// The relative lift with its simultaneous interval.
    pub rel_lift: Vec<Interval>,
    /// The statistic of the score test.
    pub z: Vec<f64>,
    /// Its p-value, not adjusted.
    pub p_value: Vec<f64>,
    /// The p-value adjusted by Dunnett's method.
    pub p_dunnett: Vec<f64>,
    /// The p-value adjusted by Holm's.
    pub p_holm: Vec<f64>,
    /// The value that none of the statistics exceeds with the confidence, when nothing differs.
    pub critical: f64,
}

/// Compares each arm with the holdout: `users` and `conversions` have a row per arm.
///
/// ```
/// use edgetally_core::metrics::many_arms::many_arms;
///
/// let arms = many_arms(&[10_000.0, 10_000.0], &[560.0, 510.0], 10_000.0, 480.0, 0.95)?;
/// assert!(arms.p_dunnett[0] < 0.05 && arms.diff[0].low > 0.0);
/// assert!(arms.p_value[0] < arms.p_dunnett[0]);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
///
/// # Errors
///
/// Columns of different length or without a row, counts that are no counts, more conversions than users, `confidence` not inside 0
/// to 1.
pub fn many_arms(
    users: &[f64],
    conversions: &[f64],
    holdout_users: f64,
    holdout_conversions: f64,
    confidence: f64,
) -> Result<ManyArms, DomainError> {
    if users.len() != conversions.len() {
        return Err(DomainError::whole("conversions", Rule::SameLength("users")));
    }
    if users.is_empty() {
        return Err(DomainError::whole("users", Rule::Rows(1)));
    }
    DomainError::check("confidence", Rule::Confidence, confidence)?;
    DomainError::check_all("users", Rule::Count, users)?;
    DomainError::check_all("conversions", Rule::Count, conversions)?;
    let arms = users
        .iter()
        .zip(conversions)
        .enumerate()
        .map(|(index, (n, x))| {
            if x > n {
                return Err(DomainError {
                    index: Some(index),
                    ..DomainError::scalar("conversions", Rule::AtMost("users"), *x)
                });
            }
            Arms::new(*n, *x, holdout_users, holdout_conversions)
        })
        .collect::<Result<Vec<Arms>, DomainError>>()?;
    let (z, p_value): (Vec<f64>, Vec<f64>) = arms
        .iter()
        .map(|arms| arms.p_score(Alternative::TwoSided))
        .unzip();
    // An arm without users is no comparison.
    let loads: Vec<f64> = arms
        .iter()
        .filter(|arms| arms.exposed_users > 0.0)
        .map(|arms| (arms.exposed_users / (arms.exposed_users + arms.holdout_users)).sqrt())
        .collect();
    let critical = critical(&loads, confidence);
    let level = Level::two_sided(1.0 - 2.0 * normal_sf(critical)).ok();
    let interval = |of: &dyn Fn(&Level) -> Interval| level.as_ref().map_or(Interval::UNDEFINED, of);
    Ok(ManyArms {
        diff: arms
            .iter()
            .map(|arms| interval(&|level| arms.difference(Difference::Score, level)))
            .collect(),
        rel_lift: arms
            .iter()
            .map(|arms| {
                let ratio = interval(&|level| arms.ratio(Ratio::Score, level));
                Interval::new(arms.relative(), ratio.low - 1.0, ratio.high - 1.0)
            })
            .collect(),
        p_dunnett: z.iter().map(|z| exceeds(&loads, z.abs())).collect(),
        p_holm: multiplicity::adjust(&p_value, 1.0 - confidence)?.holm,
        z,
        p_value,
        critical,
    })
}

/// The chance that the largest of the statistics, in size, exceeds `z` when nothing differs.
fn exceeds(loads: &[f64], z: f64) -> f64 {
    if z.is_nan() || loads.iter().any(|load| load.is_nan()) {
        return f64::NAN;
    }
    if let [_] = loads {
        return 2.0 * normal_sf(z);
    }
    // 1 - Π (1 - outside), without the loss where all are nearly 1.
    let some = |t: f64| {
        let mut inside = 0.0;
        for load in loads {
            let spread = (1.0 - load * load).sqrt();
            let (above, below) = (
                normal_sf((z + load * t) / spread),
                normal_cdf((-z + load * t) / spread),
            );
            inside += super::math::log1p(-(above + below).min(1.0));
        }
        -super::math::expm1(inside)
    };
    // With a holdout far smaller than an arm the integrand is nearly a step where that arm's statistic reaches `z`: no panel lies
    // across one.
    // A large statistic is reached where the holdout's part of it is large too.
    let end = 9.0_f64.max((z + 5.0).min(38.0));
    let mut breaks = vec![-end, end];
    for load in loads {
        let (centre, spread) = (z / load, (1.0 - load * load).sqrt() / load);
        for at in [centre - 8.0 * spread, centre, centre + 8.0 * spread] {
            breaks.extend([at, -at].into_iter().filter(|at| at.abs() < end));
        }
    }
    breaks.sort_by(f64::total_cmp);
    breaks.dedup();
    let mut sum = 0.0;
    for pair in breaks.windows(2) {
        if let [from, to] = *pair {
            let panels = if to - from > 1.5 { 3 } else { 1 } * if to - from > 4.0 { 4 } else { 1 };
            sum += gauss_legendre_panels(|t| normal_pdf(t) * some(t), from, to, panels);
        }
    }
    sum.clamp(0.0, 1.0)
}

fn critical(loads: &[f64], confidence: f64) -> f64 {
    let alpha = 1.0 - confidence;
    let over = |z: f64| exceeds(loads, z) - alpha;
    bracketed(over, 0.0, 40.0, over(0.0), over(40.0), 1e-13)
}
