//! Two rates with Beta priors: probabilities, losses and credible intervals by quadrature.
//!
//! Each rate has a Beta posterior, its prior with the conversions and the users without one added. What is asked of the two
//! together are integrals of one's density and the other's distribution function. They are computed by quadrature that is
//! normalised by its own sum, so that no gamma function enters; a probability below 1 % is integrated anew around the place
//! where it comes from, and has all its digits however small it is. Nothing is simulated.
//!
//! ```
//! use edgetally_core::metrics::bayes::{Choices, compare};
//!
//! let result = compare(10.0, 9.0, 10.0, 3.0, &Choices::default())?;
//! assert!((result.prob_lift_positive - 0.9962406015037597).abs() < 1e-14);
//! assert!((result.posterior_mean_diff - 0.5).abs() < 1e-15);
//! assert!((result.diff_credible.low - 0.1444516190874272).abs() < 1e-12);
//! # Ok::<(), edgetally_core::metrics::DomainError>(())
//! ```

mod arm;
mod table;

use super::calculator::Absent::{Refused, Undefined, Value};
use super::calculator::{Argument, Calculator, by_row};
use super::domain::{DomainError, Rule};
use super::interval::Interval;
use super::math::{exp, expm1, ln};
use super::special::{lower_ratio, normal_quantile};
use arm::{Arm, Node, Point, TO_INTEGRATE, each_node};
use table::Table;

/// What is chosen beside the counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choices {
    /// Conversions that the prior has seen, for both arms; above 0.
    pub prior_alpha: f64,
    /// Users without conversion that the prior has seen, for both arms; above 0.
    pub prior_beta: f64,
    /// How much probability a credible interval holds; as much is left out below as above.
    pub credible: f64,
    /// The difference of rates, either way, that would not matter.
    pub rope: Option<f64>,
    /// The difference of rates from which on it pays.
    pub threshold: Option<f64>,
}

impl Default for Choices {
    /// The uniform prior, 95 %.
    fn default() -> Self {
        Self {
            prior_alpha: 1.0,
            prior_beta: 1.0,
            credible: 0.95,
            rope: None,
            threshold: None,
        }
    }
}

/// What the posteriors say without a search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chances {
    /// The probability that the exposed rate is higher.
    pub prob_lift_positive: f64,
    /// The probability that it is not.
    pub prob_lift_not_positive: f64,
    /// The posterior mean of the difference, exposed less holdout.
    pub posterior_mean_diff: f64,
    /// What is lost on average, in rate, when the campaign runs and the holdout was better: the mean of the positive part of
    /// holdout less exposed.
    pub expected_loss_ship: f64,
    /// What is lost on average, in rate, when the campaign is stopped and was better.
    pub expected_loss_keep: f64,
}

/// The comparison of two rates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// See [`Chances`].
    pub prob_lift_positive: f64,
    /// See [`Chances`].
    pub prob_lift_not_positive: f64,
    /// See [`Chances`].
    pub posterior_mean_diff: f64,
    /// See [`Chances`].
    pub expected_loss_ship: f64,
    /// See [`Chances`].
    pub expected_loss_keep: f64,
    /// The difference of rates: posterior mean and equal-tailed credible interval.
    pub diff_credible: Interval,
    /// The ratio of rates: posterior median (a mean need not exist) and equal-tailed credible interval.
    pub ratio_credible: Interval,
    /// The probability that the difference is above `threshold`; `NaN` without one. To about 1e-15.
    pub prob_above_threshold: f64,
    /// The probability that the difference is within `rope` of zero; `NaN` without one. To about 1e-15.
    pub prob_in_rope: f64,
}

/// Both posteriors.
struct Pair {
    one: Arm,
    zero: Arm,
    /// The mean of the difference, with the digits of the exact products.
    difference: f64,
}

impl Pair {
    /// `None` where a count is `NaN`.
    fn new(
        exposed_users: f64,
        exposed_conversions: f64,
        holdout_users: f64,
        holdout_conversions: f64,
        prior_alpha: f64,
        prior_beta: f64,
    ) -> Result<Option<Self>, DomainError> {
        let check = |name, x| DomainError::check(name, Rule::Count, x);
        let n1 = check("exposed_users", exposed_users)?;
        let x1 = check("exposed_conversions", exposed_conversions)?;
        let n0 = check("holdout_users", holdout_users)?;
        let x0 = check("holdout_conversions", holdout_conversions)?;
        for (name, x, n, users) in [
            ("exposed_conversions", x1, n1, "exposed_users"),
            ("holdout_conversions", x0, n0, "holdout_users"),
        ] {
            if x > n {
                return Err(DomainError::scalar(name, Rule::AtMost(users), x));
            }
        }
        let alpha = DomainError::check("prior_alpha", Rule::Positive, prior_alpha)?;
        let beta = DomainError::check("prior_beta", Rule::Positive, prior_beta)?;
        if [n1, x1, n0, x0, alpha, beta].iter().any(|x| x.is_nan()) {
            return Ok(None);
        }
        // Below, the density's spikes at 0 and 1 are beyond what the panels hold; above, its width is.
        for (name, prior, fewest) in [
            ("prior_alpha", alpha, x1.min(x0)),
            ("prior_beta", beta, (n1 - x1).min(n0 - x0)),
        ] {
            if fewest + prior < 0.3 || prior > 1e15 {
                let rule = Rule::Other(
                    "out_of_range",
                    "is too small for an arm that has none, or too large: take 0.3 to 10^15",
                );
                return Err(DomainError::scalar(name, rule, prior));
            }
        }
        let one = Arm::new(x1 + alpha, (n1 - x1) + beta);
        let zero = Arm::new(x0 + alpha, (n0 - x0) + beta);
        // a1 b0 - a0 b1, each product with its rounding.
        let (p, q) = (one.a * zero.b, zero.a * one.b);
        let rest = one.a.mul_add(zero.b, -p) - zero.a.mul_add(one.b, -q);
        let difference = ((p - q) + rest) / (one.n * zero.n);
        Ok(Some(Self {
            one,
            zero,
            difference,
        }))
    }
}

/// The posteriors with the tables of their distribution functions.
struct Tabled<'a> {
    arm: &'a Arm,
    table: Table,
    nodes: Vec<Node>,
    /// The ends of panels to integrate over.
    edges: Vec<f64>,
    /// The sum of the nodes' weights.
    sum: f64,
}

impl<'a> Tabled<'a> {
    fn new(arm: &'a Arm) -> Self {
        let nodes = arm.nodes();
        let sum = nodes.iter().map(|node| node.weight).sum();
        Self {
            arm,
            table: Table::new(arm),
            nodes,
            edges: arm.edges(TO_INTEGRATE),
            sum,
        }
    }

    /// The means over this arm's rate of both parts of `f`, which has the other arm's distribution function in it: of that
    /// arm's `tau`, which is `shift + factor tau`, and its place.
    ///
    /// Where one of both is sparse, panels that suit both: `f` may change faster than this density, and have an end inside.
    fn mean(
        &self,
        other: &Tabled<'_>,
        shift: f64,
        factor: f64,
        f: impl Fn(f64, f64) -> (f64, f64),
    ) -> (f64, f64) {
        let at = |point: &Point| {
            let tau = shift + factor * point.tau;
            f(tau, other.arm.place(tau))
        };
        let (mut first, mut second) = (0.0, 0.0);
        let regular = self.arm.is_regular() && other.arm.is_regular();
        if regular || !self.needs_panels(other, shift, factor) {
            for node in &self.nodes {
                let (one, two) = at(&node.point);
                first += node.weight * one;
                second += node.weight * two;
            }
            return (first / self.sum, second / self.sum);
        }
        let edges = self.merged_edges(other, shift, factor);
        let mut weights = 0.0;
        each_node(&edges, |s, width| {
            let weight = width * self.arm.kernel(s);
            let (one, two) = at(&self.arm.point(s));
            weights += weight;
            first += weight * one;
            second += weight * two;
        });
        (first / weights, second / weights)
    }

    /// The ends of the other's panels, and of its range, seen from this arm.
    fn seen<'b>(
        &'b self,
        other: &'b Tabled<'_>,
        shift: f64,
        factor: f64,
    ) -> impl Iterator<Item = f64> + 'b {
        let places = other.edges.iter();
        places.map(move |s| self.arm.place((other.arm.point(*s).tau - shift) / factor))
    }

    /// Where the other's range ends within this arm's and its distribution function begins with a low power: the end's
    /// `tau`, and the way inwards.
    fn ends(other: &Tabled<'_>) -> impl Iterator<Item = (f64, f64)> {
        const LOW: f64 = 20.0;
        let ends = [
            (-other.arm.mean, 1.0, other.arm.a),
            (other.arm.rest, -1.0, other.arm.b),
        ];
        let low = ends.into_iter().filter(|(_, _, power)| *power < LOW);
        low.map(|(end, inwards, _)| (end, inwards))
    }

    /// Whether an end of the other's range lies within what counts of this arm.
    fn holds(&self, end: f64, shift: f64, factor: f64) -> bool {
        let tau = (end - shift) / factor;
        let s = self.arm.place(tau);
        self.edges.first().is_some_and(|first| s > *first)
            && self.edges.last().is_some_and(|last| s < *last)
    }

    /// Whether the other arm's distribution function changes faster than this density, or has an end inside.
    fn needs_panels(&self, other: &Tabled<'_>, shift: f64, factor: f64) -> bool {
        /// A panel may hold so much more than one of the other's.
        const FASTER: f64 = 0.6;
        if self.arm.is_regular() || Self::ends(other).any(|(end, _)| self.holds(end, shift, factor))
        {
            return true;
        }
        let mut panels = self.edges.windows(2).peekable();
        let mut before = f64::NEG_INFINITY;
        for place in self.seen(other, shift, factor) {
            let middle = 0.5 * (before + place);
            while panels
                .next_if(|pair| pair.last().is_some_and(|end| *end < middle))
                .is_some()
            {}
            let Some(&&[from, to]) = panels.peek() else {
                return false;
            };
            if middle > from && place - before < FASTER * (to - from) {
                return true;
            }
            before = place;
        }
        false
    }

    fn merged_edges(&self, other: &Tabled<'_>, shift: f64, factor: f64) -> Vec<f64> {
        let mut edges = self.edges.clone();
        let (Some(first), Some(last)) = (edges.first().copied(), edges.last().copied()) else {
            return edges;
        };
        edges.extend(self.seen(other, shift, factor));
        // Towards an end of the other's range, ever smaller panels.
        for (end, inwards) in Self::ends(other) {
            if self.holds(end, shift, factor) {
                let back = |tau: f64| self.arm.place((tau - shift) / factor);
                edges.push(back(end));
                let mut step = inwards * self.arm.mean.max(self.arm.rest) * factor;
                for _ in 0..24 {
                    edges.push(back(end + step));
                    step *= 0.3;
                }
            }
        }
        edges.retain(|s| *s >= first && *s <= last);
        edges.sort_unstable_by(f64::total_cmp);
        // What two edges nearly share is no panel.
        let least = 1e-9 * (last - first);
        let mut before = f64::NEG_INFINITY;
        edges.retain(|s| {
            let keep = *s - before > least || *s == last;
            if keep {
                before = *s;
            }
            keep
        });
        edges
    }
}

/// Probability and loss.
#[derive(Clone, Copy)]
struct Worse {
    /// That the one arm is not above the other.
    probability: f64,
    /// The mean of what it is below.
    loss: f64,
}

/// That the rate of `upper` is not above that of `lower`, with all digits, where that is improbable.
///
/// The product of both kernels is that of one arm with the counts of both, whose hump is where the integral comes from; what
/// is left of the distribution function is its ratio to the density, which changes slowly.
fn improbable(upper: &Tabled<'_>, lower: &Tabled<'_>, difference: f64) -> Worse {
    let (one, zero) = (upper.arm, lower.arm);
    let both = Arm::new(one.a + zero.a, one.b + zero.b);
    // Of the common mean, what it has over each arm's.
    let over_one = -difference * (zero.n / both.n);
    let over_zero = difference * (one.n / both.n);
    let ln_height = one.ln_kernel(one.place(over_one)) + zero.ln_kernel(zero.place(over_zero));
    // The wider of both arms gives its distribution function.
    let wide_is_one = one.n <= zero.n;
    let (mut probability, mut loss) = (0.0, 0.0);
    for node in both.nodes() {
        let Point { x, y, tau } = node.point;
        // From the wide arm's mean to the point, on the side of its tail.
        let (ratio, inwards, n) = if wide_is_one {
            let inwards = -(tau + over_one);
            let ratio = lower_ratio(one.a, one.b, x, y, one.n * inwards);
            (ratio, inwards, one.n)
        } else {
            let inwards = tau + over_zero;
            let ratio = lower_ratio(zero.b, zero.a, y, x, zero.n * inwards);
            (ratio, inwards, zero.n)
        };
        if node.weight > 0.0 && ratio.is_finite() {
            probability += node.weight * ratio;
            // The mean of the part beyond: the first moment of a Beta tail is its density over n.
            loss += node.weight * (1.0 / n - inwards * ratio);
        }
    }
    let scale = exp(ln_height) / (upper.sum * lower.sum);
    Worse {
        probability: scale * probability,
        loss: scale * loss,
    }
}

/// A probability below this is integrated anew.
const IMPROBABLE: f64 = 0.01;
/// And where a loss is below this part of the difference's standard deviation.
const SMALL_LOSS: f64 = 1e-3;

fn chances(pair: &Pair, one: &Tabled<'_>, zero: &Tabled<'_>) -> Chances {
    let d = pair.difference;
    // From the arm with more users: in the odds its density is the narrower one. The mean of a Beta rate's part below a
    // point is the distance from the mean times the distribution function, and the density over n.
    let (not_positive, ship) = if zero.arm.n >= one.arm.n {
        let per_n = 1.0 / (one.arm.n * one.table.total);
        zero.mean(one, -d, 1.0, |tau, s| {
            let below = one.table.below(s);
            (below, tau * below + per_n * one.arm.kernel(s))
        })
    } else {
        let per_n = 1.0 / (zero.arm.n * zero.table.total);
        one.mean(zero, d, 1.0, |tau, s| {
            let above = 1.0 - zero.table.below(s);
            (above, per_n * zero.arm.kernel(s) - tau * above)
        })
    };
    let (v1, v0) = (one.arm.deviation(), zero.arm.deviation());
    let small = SMALL_LOSS * (v1 * v1 + v0 * v0).sqrt();
    let (positive, not_positive, ship, keep) = if not_positive < IMPROBABLE || ship < small {
        let worse = improbable(one, zero, d);
        let p = worse.probability;
        (1.0 - p, p, worse.loss, d + worse.loss)
    } else if not_positive > 1.0 - IMPROBABLE || ship + d < small {
        let worse = improbable(zero, one, -d);
        let p = worse.probability;
        (p, 1.0 - p, worse.loss - d, worse.loss)
    } else {
        (1.0 - not_positive, not_positive, ship, ship + d)
    };
    Chances {
        prob_lift_positive: positive,
        prob_lift_not_positive: not_positive,
        posterior_mean_diff: d,
        expected_loss_ship: ship,
        expected_loss_keep: keep,
    }
}

/// The distribution function of the difference at its mean plus `d`.
fn difference_below(pair: &Pair, one: &Tabled<'_>, zero: &Tabled<'_>, d: f64) -> f64 {
    let regular = one.arm.is_regular() && zero.arm.is_regular();
    let value = pair.difference + d;
    let over_zero = if regular {
        zero.arm.deviation() <= one.arm.deviation()
    } else if value < 0.0 {
        // Where the range of one ends within that of the other, the higher power is the smoother end.
        one.arm.a >= zero.arm.b
    } else {
        one.arm.b >= zero.arm.a
    };
    if over_zero {
        zero.mean(one, d, 1.0, |_, s| (one.table.below(s), 0.0)).0
    } else {
        one.mean(zero, -d, 1.0, |_, s| (1.0 - zero.table.below(s), 0.0))
            .0
    }
}

/// The distribution function of the ratio at that of the means times `1 + e`.
fn ratio_below(one: &Tabled<'_>, zero: &Tabled<'_>, e: f64) -> f64 {
    let (m1, m0) = (one.arm.mean, zero.arm.mean);
    let ratio = m1 / m0 * (1.0 + e);
    let regular = one.arm.is_regular() && zero.arm.is_regular();
    let over_zero = if regular {
        zero.arm.rest * zero.arm.scale <= one.arm.rest * one.arm.scale
    } else {
        // Then the one's rate stays within its range.
        ratio <= 1.0
    };
    if over_zero {
        zero.mean(one, m1 * e, ratio, |_, s| (one.table.below(s), 0.0))
            .0
    } else {
        one.mean(zero, -m0 * e / (1.0 + e), 1.0 / ratio, |_, s| {
            (1.0 - zero.table.below(s), 0.0)
        })
        .0
    }
}

/// Where a distribution function reaches `p`: a secant on its normal quantile, which is nearly a line, within a bracket.
fn quantile(
    mut below: impl FnMut(f64) -> f64,
    p: f64,
    guess: f64,
    scale: f64,
    mut low: f64,
    mut high: f64,
) -> f64 {
    const STEPS: u32 = 100;
    let z = normal_quantile(p);
    let mut x = if guess > low && guess < high {
        guess
    } else {
        low + 0.5 * (high - low)
    };
    let mut before: Option<(f64, f64)> = None;
    for step in 0..STEPS {
        let chance = below(x);
        if chance.is_nan() {
            return f64::NAN;
        }
        let f = normal_quantile(chance) - z;
        if f.abs() <= 1e-15 {
            return x;
        }
        if f < 0.0 {
            low = x;
        } else {
            high = x;
        }
        let next = match before {
            Some((x0, f0)) if f.is_finite() && f0.is_finite() && f != f0 => {
                x - f * (x - x0) / (f - f0)
            }
            _ if f.is_finite() => x - f * scale,
            // No probability at all: back by some deviations, and farther every time.
            _ => x - f.signum() * scale * f64::from(step + 1),
        };
        let inside = next > low && next < high;
        if next == x || high <= low || f.abs() <= 1e-9 && before.is_some() {
            // From so near, a step of the line ends at the rounding of the quadrature.
            return if inside { next } else { x };
        }
        // Bisection where the line leads out, and now and then in any case.
        let next = if inside && step % 16 != 15 {
            next
        } else {
            low + 0.5 * (high - low)
        };
        before = Some((x, f));
        x = next;
    }
    x
}

/// The variance and the third central moment of a Beta distribution.
fn moments(arm: &Arm) -> (f64, f64) {
    let variance = arm.mean * arm.rest / (arm.n + 1.0);
    (
        variance,
        2.0 * variance * (arm.rest - arm.mean) / (arm.n + 2.0),
    )
}

/// The difference that is not exceeded with probability `p`, less its mean.
fn difference_quantile(pair: &Pair, one: &Tabled<'_>, zero: &Tabled<'_>, p: f64) -> f64 {
    let (v1, k1) = moments(one.arm);
    let (v0, k0) = moments(zero.arm);
    let deviation = (v1 + v0).sqrt();
    let skew = (k1 - k0) / (deviation * deviation * deviation);
    let z = normal_quantile(p);
    // Cornish and Fisher (1938), the first term.
    let guess = deviation * (z + (z * z - 1.0) * skew / 6.0);
    let (low, high) = (-1.0 - pair.difference, 1.0 - pair.difference);
    let below = |d: f64| difference_below(pair, one, zero, d);
    quantile(below, p, guess, deviation, low, high)
}

/// The ratio that is not exceeded with probability `p`.
fn ratio_quantile(one: &Tabled<'_>, zero: &Tabled<'_>, p: f64) -> f64 {
    let part = |arm: &Arm| arm.rest * (1.0 / arm.a) * (1.0 + 0.5 / arm.a);
    let deviation = (part(one.arm) + part(zero.arm)).sqrt();
    let middle = 0.5 * (zero.arm.rest / zero.arm.a - one.arm.rest / one.arm.a);
    let guess = middle + deviation * normal_quantile(p);
    let below = |l: f64| ratio_below(one, zero, expm1(l));
    let l = quantile(below, p, guess, deviation, -700.0, 700.0);
    let ratio = one.arm.mean / zero.arm.mean;
    if l.abs() > 600.0 {
        exp(l + ln(ratio))
    } else {
        ratio + ratio * expm1(l)
    }
}

/// Probabilities and losses, without the search for credible intervals.
///
/// `NaN` throughout when an argument is `NaN`.
///
/// # Errors
/// A count that is not a whole number from 0, more conversions than users, a prior that is not above 0.
pub fn probabilities(
    exposed_users: f64,
    exposed_conversions: f64,
    holdout_users: f64,
    holdout_conversions: f64,
    prior_alpha: f64,
    prior_beta: f64,
) -> Result<Chances, DomainError> {
    let pair = Pair::new(
        exposed_users,
        exposed_conversions,
        holdout_users,
        holdout_conversions,
        prior_alpha,
        prior_beta,
    )?;
    Ok(match &pair {
        Some(pair) => chances(pair, &Tabled::new(&pair.one), &Tabled::new(&pair.zero)),
        None => Chances {
            prob_lift_positive: f64::NAN,
            prob_lift_not_positive: f64::NAN,
            posterior_mean_diff: f64::NAN,
            expected_loss_ship: f64::NAN,
            expected_loss_keep: f64::NAN,
        },
    })
}

/// The comparison of two rates with one Beta prior for both.
///
/// An arm without users has its prior for posterior. `NaN` throughout when a count or the prior is `NaN`; a `NaN` among the
/// other choices makes what depends on it `NaN`.
///
/// # Errors
/// A count that is not a whole number from 0, more conversions than users, a prior that is not above 0, a credible
/// probability that is not inside 0 to 1, a negative rope, a threshold that is not finite.
pub fn compare(
    exposed_users: f64,
    exposed_conversions: f64,
    holdout_users: f64,
    holdout_conversions: f64,
    choices: &Choices,
) -> Result<Comparison, DomainError> {
    let pair = Pair::new(
        exposed_users,
        exposed_conversions,
        holdout_users,
        holdout_conversions,
        choices.prior_alpha,
        choices.prior_beta,
    )?;
    let credible = DomainError::check("credible", Rule::Inside, choices.credible)?;
    let rope = DomainError::check("rope", Rule::NonNegative, choices.rope.unwrap_or(f64::NAN))?;
    let threshold = DomainError::check(
        "threshold",
        Rule::Finite,
        choices.threshold.unwrap_or(f64::NAN),
    )?;
    let Some(pair) = &pair else {
        return Ok(Comparison {
            prob_lift_positive: f64::NAN,
            prob_lift_not_positive: f64::NAN,
            posterior_mean_diff: f64::NAN,
            expected_loss_ship: f64::NAN,
            expected_loss_keep: f64::NAN,
            diff_credible: Interval::UNDEFINED,
            ratio_credible: Interval::UNDEFINED,
            prob_above_threshold: f64::NAN,
            prob_in_rope: f64::NAN,
        });
    };
    Ok(of_pair(pair, credible, rope, threshold, true))
}

fn of_pair(pair: &Pair, credible: f64, rope: f64, threshold: f64, intervals: bool) -> Comparison {
    let one = Tabled::new(&pair.one);
    let zero = Tabled::new(&pair.zero);
    let chances = chances(pair, &one, &zero);
    let d = pair.difference;
    let below = |value: f64| {
        if value.is_nan() {
            f64::NAN
        } else if value >= 1.0 {
            1.0
        } else if value <= -1.0 {
            0.0
        } else {
            difference_below(pair, &one, &zero, value - d)
        }
    };
    let left_out = 0.5 * (1.0 - credible);
    let unknown = |estimate| Interval::new(estimate, f64::NAN, f64::NAN);
    let (diff_credible, ratio_credible) = if !intervals {
        (unknown(d), unknown(f64::NAN))
    } else if credible.is_nan() {
        (unknown(d), unknown(ratio_quantile(&one, &zero, 0.5)))
    } else {
        let difference = |p| d + difference_quantile(pair, &one, &zero, p);
        let ratio = |p| ratio_quantile(&one, &zero, p);
        (
            Interval::new(d, difference(left_out), difference(1.0 - left_out)),
            Interval::new(ratio(0.5), ratio(left_out), ratio(1.0 - left_out)),
        )
    };
    Comparison {
        prob_lift_positive: chances.prob_lift_positive,
        prob_lift_not_positive: chances.prob_lift_not_positive,
        posterior_mean_diff: d,
        expected_loss_ship: chances.expected_loss_ship,
        expected_loss_keep: chances.expected_loss_keep,
        diff_credible,
        ratio_credible,
        prob_above_threshold: 1.0 - below(threshold),
        prob_in_rope: below(rope) - below(-rope),
    }
}

/// The comparison as a calculator of columns; without `intervals` their ends are not searched for.
static BAYES: Calculator = Calculator {
    name: "lift.bayes",
    arguments: &[
        Argument::new("exposed_users", Rule::Count, Refused),
        Argument::new("exposed_conversions", Rule::Count, Refused),
        Argument::new("holdout_users", Rule::Count, Refused),
        Argument::new("holdout_conversions", Rule::Count, Refused),
        Argument::new("prior_alpha", Rule::Positive, Value(1.0)),
        Argument::new("prior_beta", Rule::Positive, Value(1.0)),
        Argument::new("credible", Rule::Confidence, Value(0.95)),
        Argument::new("rope", Rule::NonNegative, Undefined),
        Argument::new("threshold", Rule::Finite, Undefined),
        Argument::new("intervals", Rule::NonNegative, Value(1.0)),
    ],
    at_most: &[(1, 0), (3, 2)],
    outputs: &[
        "prob_lift_positive",
        "prob_lift_not_positive",
        "posterior_mean_diff",
        "expected_loss_ship",
        "expected_loss_keep",
        "diff_credible",
        "diff_credible.low",
        "diff_credible.high",
        "ratio_credible",
        "ratio_credible.low",
        "ratio_credible.high",
        "prob_above_threshold",
        "prob_in_rope",
    ],
    kernel: |_, inputs, outputs| {
        by_row(
            inputs,
            outputs,
            |[
                n1,
                x1,
                n0,
                x0,
                alpha,
                beta,
                credible,
                rope,
                threshold,
                intervals,
            ]| {
                let pair = Pair::new(n1, x1, n0, x0, alpha, beta).ok()??;
                let got = of_pair(&pair, credible, rope, threshold, intervals != 0.0);
                Some([
                    got.prob_lift_positive,
                    got.prob_lift_not_positive,
                    got.posterior_mean_diff,
                    got.expected_loss_ship,
                    got.expected_loss_keep,
                    got.diff_credible.estimate,
                    got.diff_credible.low,
                    got.diff_credible.high,
                    got.ratio_credible.estimate,
                    got.ratio_credible.low,
                    got.ratio_credible.high,
                    got.prob_above_threshold,
                    got.prob_in_rope,
                ])
            },
        );
    },
};

/// All of them.
pub(super) static ALL: &[Calculator] = &[BAYES];
