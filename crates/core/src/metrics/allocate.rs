//! A budget over several response curves: the same marginal return everywhere.
//!
//! For concave curves the best plan gives every channel that is not at a bound the same marginal return, the shadow price of the
//! budget (Everett 1963; "water-filling"): one equation in one unknown. A Hill curve with `n > 1` is convex at first, where equal
//! returns are no maximum: it is replaced by its concave envelope, and where the envelope's plan lies on a chord, the plans with
//! each such channel off, on, or alone in its convex part are compared. The envelope's value bounds what any plan can reach;
//! [`Allocation::gap`] is the distance to it.

use super::math::{cos, exp, ln};
use super::response::Curve;
use super::{DomainError, Rule};

/// A channel: its curve over a steady spend, and its bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Channel {
    /// Revenue as a function of spend.
    pub curve: Curve,
    /// The least spend.
    pub lower: f64,
    /// The largest spend; may be infinite.
    pub upper: f64,
}

/// A division of a budget.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The spend of each channel.
    pub spend: Vec<f64>,
    /// The revenue of each channel.
    pub revenue: Vec<f64>,
    /// The marginal return of each channel: the shadow price, where no bound holds it.
    pub marginal_roas: Vec<f64>,
    /// What one more unit of budget would bring; the last one, where every channel is at its upper bound. `NaN` where no channel
    /// has room between its bounds.
    pub shadow_price: f64,
    /// The sum of spends.
    pub total_spend: f64,
    /// The sum of revenues.
    pub total_revenue: f64,
    /// `margin * total_revenue - total_spend`; `NaN` without a margin.
    pub profit: f64,
}

/// The plan that spends the budget, and the one that earns the most.
#[derive(Clone, Debug, PartialEq)]
pub struct Allocation {
    /// All of the budget is spent.
    pub plan: Plan,
    /// With a margin: the plan of the highest profit within the budget. It spends less where the shadow price is below
    /// `1 / margin`, since the last units of the budget then lose money.
    pub profit_plan: Option<Plan>,
    /// How much more revenue the concave envelopes allow than `plan` has: zero for concave curves. No plan can gain more.
    pub gap: f64,
}

/// A channel within the solver.
#[derive(Clone, Copy, Debug)]
struct Pipe {
    curve: Curve,
    low: f64,
    high: f64,
    /// The end of the chord on which the envelope starts; equal to `low` without one.
    touch: f64,
    /// The logarithm of the chord's slope.
    chord: f64,
}

impl Pipe {
    /// What it takes at the price `e^price`, and by how much that changes with `price`.
    fn demand(&self, price: f64) -> (f64, f64) {
        if self.touch > self.low && price > self.chord {
            return (self.low, 0.0);
        }
        let free = self.curve.inverse_marginal_ln(price);
        let least = self.touch.max(self.low);
        if free <= least {
            (least, 0.0)
        } else if free >= self.high {
            (self.high, 0.0)
        } else {
            let (_, curvature) = self.curve.log_marginal_gradient(free);
            (free, free / curvature)
        }
    }

    /// With a chord where it is convex at its lower end.
    fn with_envelope(curve: Curve, low: f64, high: f64) -> Self {
        let mut pipe = Self {
            curve,
            low,
            high,
            touch: low,
            chord: f64::INFINITY,
        };
        let turn = curve.inflexion();
        if low >= turn || low >= high {
            return pipe;
        }
        // The tangent from the lower end: its slope less the chord's falls through zero to the right of the inflexion.
        let start = curve.revenue(low);
        let excess = |s: f64| curve.marginal(s) * (s - low) - (curve.revenue(s) - start);
        if high <= turn || excess(high) >= 0.0 {
            pipe.touch = high;
        } else {
            let (mut left, mut right) = (turn, high.min(turn * 2.0));
            while right < high && excess(right) > 0.0 {
                left = right;
                right = (right * 2.0).min(high);
            }
            for _ in 0..200 {
                let middle = 0.5 * (left + right);
                if middle <= left || middle >= right {
                    break;
                }
                if excess(middle) > 0.0 {
                    left = middle;
                } else {
                    right = middle;
                }
            }
            pipe.touch = right;
        }
        pipe.chord = ln((curve.revenue(pipe.touch) - start) / (pipe.touch - low));
        pipe
    }

    /// Only where it is concave.
    fn concave(curve: Curve, low: f64, high: f64) -> Self {
        Self {
            curve,
            low,
            high,
            touch: low,
            chord: f64::INFINITY,
        }
    }
}

/// Spends of the pipes at the price at which they take the budget, that price's logarithm, and what of the budget falls into
/// the jump of a chord. `None` where the budget lies outside the bounds.
fn fill(pipes: &[Pipe], budget: f64) -> Option<(Vec<f64>, f64, f64)> {
    let least: f64 = pipes.iter().map(|pipe| pipe.low).sum();
    let most: f64 = pipes.iter().map(|pipe| pipe.high).sum();
    let slack = 1e-12 * budget.max(1.0);
    if budget < least - slack || budget > most + slack {
        return None;
    }
    let ends = |end: fn(&Pipe) -> f64, pick: fn(f64, f64) -> f64, from: f64| {
        let price = pipes
            .iter()
            .filter(|pipe| pipe.low < pipe.high)
            .map(|pipe| {
                if end(pipe) == pipe.low && pipe.touch > pipe.low {
                    pipe.chord
                } else {
                    ln(pipe.curve.marginal(end(pipe)))
                }
            })
            .fold(from, pick);
        (pipes.iter().map(end).collect(), price, 0.0)
    };
    if budget <= least {
        return Some(ends(|pipe| pipe.low, f64::max, f64::NEG_INFINITY));
    }
    if budget >= most {
        return Some(ends(|pipe| pipe.high, f64::min, f64::INFINITY));
    }
    let total = |price: f64| {
        pipes.iter().fold((0.0, 0.0), |(sum, slope), pipe| {
            let (spend, change) = pipe.demand(price);
            (sum + spend, slope + change)
        })
    };
    // From an even division outward until the price lies in between.
    let even = budget / pipes.len() as f64;
    let mut price = pipes
        .iter()
        .map(|pipe| ln(pipe.curve.marginal(even.clamp(pipe.low, pipe.high))))
        .filter(|price| price.is_finite())
        .fold(f64::NEG_INFINITY, f64::max);
    if !price.is_finite() {
        price = 0.0;
    }
    let (mut low, mut high) = (price - 0.5, price + 0.5);
    let mut reach = 1.0;
    while total(low).0 < budget {
        low -= reach;
        reach *= 2.0;
        if reach > 1e6 {
            return None;
        }
    }
    reach = 1.0;
    while total(high).0 > budget {
        high += reach;
        reach *= 2.0;
        if reach > 1e6 {
            return None;
        }
    }
    // Newton's steps within the bracket, halving it where they leave it or bring too little.
    price = price.clamp(low, high);
    for i in 0..300 {
        let (sum, slope) = total(price);
        let excess = sum - budget;
        if excess == 0.0 {
            break;
        }
        if excess > 0.0 {
            low = price;
        } else {
            high = price;
        }
        let newton = price - excess / slope;
        let next = if slope < 0.0 && newton > low && newton < high && i % 4 != 3 {
            newton
        } else {
            0.5 * (low + high)
        };
        if next == price || next <= low || next >= high {
            break;
        }
        price = next;
    }
    // On the side of the bracket where not more than the budget is taken, if a jump lies in between.
    let mut found: Vec<(f64, f64)> = pipes.iter().map(|pipe| pipe.demand(price)).collect();
    let mut missing = budget - found.iter().map(|(spend, _)| spend).sum::<f64>();
    let jump = pipes
        .iter()
        .any(|pipe| pipe.touch > pipe.low && (pipe.chord - price).abs() < 1e-9);
    if jump && missing < 0.0 && high > price {
        price = high;
        found = pipes.iter().map(|pipe| pipe.demand(price)).collect();
        missing = budget - found.iter().map(|(spend, _)| spend).sum::<f64>();
    }
    if jump && missing.abs() > slack {
        let spends = found.into_iter().map(|(spend, _)| spend).collect();
        return Some((spends, price, missing));
    }
    // What rounding left goes where a change of price would take it.
    for _ in 0..4 {
        let slope: f64 = found.iter().map(|(_, change)| change).sum();
        if missing == 0.0 || slope == 0.0 {
            break;
        }
        for (pipe, (spend, change)) in pipes.iter().zip(&mut found) {
            *spend = (*spend + missing * (*change / slope)).clamp(pipe.low, pipe.high);
        }
        missing = budget - found.iter().map(|(spend, _)| spend).sum::<f64>();
    }
    Some((
        found.into_iter().map(|(spend, _)| spend).collect(),
        price,
        0.0,
    ))
}

/// What a plan is judged by.
#[derive(Clone, Copy, Debug)]
enum Goal {
    /// Revenue, all of the budget spent.
    Revenue,
    /// `margin * revenue - spend`, not more than the budget spent.
    Profit(f64),
}

impl Goal {
    fn value(self, channels: &[Channel], spend: &[f64]) -> f64 {
        let revenue = total_revenue(channels, spend);
        match self {
            Self::Revenue => revenue,
            Self::Profit(margin) => margin * revenue - spend.iter().sum::<f64>(),
        }
    }

    /// The best spends of concave pipes.
    fn fill(self, pipes: &[Pipe], budget: f64) -> Option<(Vec<f64>, f64, f64)> {
        if let Self::Profit(margin) = self {
            let least: f64 = pipes.iter().map(|pipe| pipe.low).sum();
            if least > budget {
                return None;
            }
            // Below this price the last unit costs more than it brings.
            let floor = -ln(margin);
            let free: Vec<f64> = pipes.iter().map(|pipe| pipe.demand(floor).0).collect();
            if free.iter().sum::<f64>() <= budget {
                return Some((free, floor, 0.0));
            }
        }
        fill(pipes, budget)
    }
}

fn total_revenue(channels: &[Channel], spend: &[f64]) -> f64 {
    channels
        .iter()
        .zip(spend)
        .map(|(channel, spend)| channel.curve.revenue(*spend))
        .sum()
}

/// The best division found, its price, and the value of the envelopes.
fn solve(channels: &[Channel], budget: f64, goal: Goal) -> Option<(Vec<f64>, f64, f64)> {
    let enveloped: Vec<Pipe> = channels
        .iter()
        .map(|channel| Pipe::with_envelope(channel.curve, channel.lower, channel.upper.min(budget)))
        .collect();
    let (relaxed, price, missing) = goal.fill(&enveloped, budget)?;
    let value = goal.value(channels, &relaxed);
    let floor = match goal {
        Goal::Profit(margin) => 1.0 / margin,
        Goal::Revenue => 0.0,
    };
    // Along a chord revenue grows by its slope.
    let bound = value
        + missing
            * match goal {
                Goal::Revenue => exp(price),
                Goal::Profit(margin) => margin * (exp(price) - floor),
            };
    if missing == 0.0 {
        return Some((relaxed, price, bound));
    }

    // Channels with a convex part, those that the envelope turns on first in front.
    let mut convex: Vec<usize> = (0..channels.len())
        .filter(|i| enveloped.get(*i).is_some_and(|pipe| pipe.touch > pipe.low))
        .collect();
    let chord = |i: &usize| enveloped.get(*i).map_or(0.0, |pipe| pipe.chord);
    convex.sort_by(|a, b| chord(b).total_cmp(&chord(a)));
    let count = convex.len();
    let states: Vec<Vec<bool>> = if count <= 6 {
        (0..1_u32 << count)
            .map(|bits| (0..count).map(|i| bits >> i & 1 == 1).collect())
            .collect()
    } else {
        (0..=count)
            .map(|on| (0..count).map(|i| i < on).collect())
            .collect()
    };
    let mut best: Option<(Vec<f64>, f64, f64)> = None;
    let mut offer = |spend: Vec<f64>, price: f64| {
        let value = goal.value(channels, &spend);
        if best.as_ref().is_none_or(|(_, _, most)| value > *most) {
            best = Some((spend, price, value));
        }
    };
    // `alone` spends `amount` in its convex part, the others share the rest.
    let plan = |state: &[bool], alone: Option<(usize, f64)>| {
        let pipes: Vec<Pipe> = channels
            .iter()
            .enumerate()
            .map(|(i, channel)| {
                let (low, high) = (channel.lower, channel.upper.min(budget));
                let place = convex.iter().position(|j| *j == i);
                match (place.and_then(|place| state.get(place)), alone) {
                    (_, Some((j, amount))) if j == i => {
                        Pipe::concave(channel.curve, amount, amount)
                    }
                    (Some(false), _) => Pipe::concave(channel.curve, low, low),
                    (Some(true), _) => {
                        let turn = channel.curve.inflexion().min(high).max(low);
                        Pipe::concave(channel.curve, turn, high)
                    }
                    (None, _) => Pipe::concave(channel.curve, low, high),
                }
            })
            .collect();
        goal.fill(&pipes, budget)
    };
    for state in &states {
        if let Some((spend, price, _)) = plan(state, None) {
            offer(spend, price);
        }
        for (place, i) in convex.iter().enumerate() {
            if state.get(place) == Some(&true) {
                continue;
            }
            let Some(channel) = channels.get(*i) else {
                continue;
            };
            let low = channel.lower;
            let high = channel.curve.inflexion().min(channel.upper).min(budget);
            let at = |amount: f64| {
                plan(state, Some((*i, amount)))
                    .map(|(spend, price, _)| (goal.value(channels, &spend), spend, price))
            };
            let value = |amount: f64| at(amount).map_or(f64::NEG_INFINITY, |found| found.0);
            // Closer together at the ends, where another channel's first units are worth much.
            const POINTS: i32 = 48;
            let turn = core::f64::consts::PI / f64::from(POINTS);
            let place = |k: i32| low + (high - low) * 0.5 * (1.0 - cos(turn * f64::from(k)));
            let seen: Vec<f64> = (0..=POINTS).map(|k| value(place(k))).collect();
            let at_point = |k: i32| {
                let found = usize::try_from(k).ok().and_then(|k| seen.get(k));
                found.copied().unwrap_or(f64::NEG_INFINITY)
            };
            // The peaks of the scan, the highest first.
            let mut peaks: Vec<i32> = (0..=POINTS)
                .filter(|k| {
                    at_point(*k) >= at_point(k - 1)
                        && at_point(*k) > at_point(k + 1)
                        && at_point(*k) > f64::NEG_INFINITY
                })
                .collect();
            peaks.sort_by(|a, b| at_point(*b).total_cmp(&at_point(*a)));
            for top in peaks.into_iter().take(3) {
                // The golden section around it.
                const GOLDEN: f64 = 0.618_033_988_749_894_9;
                let (mut left, mut right) = (place((top - 1).max(0)), place((top + 1).min(POINTS)));
                for _ in 0..60 {
                    let inner = right - GOLDEN * (right - left);
                    let outer = left + GOLDEN * (right - left);
                    if value(inner) >= value(outer) {
                        right = outer;
                    } else {
                        left = inner;
                    }
                }
                for amount in [place(top), 0.5 * (left + right)] {
                    if let Some((_, spend, price)) = at(amount) {
                        offer(spend, price);
                    }
                }
            }
            // Or it takes exactly what the others, at their bounds, leave.
            let others: f64 = channels
                .iter()
                .enumerate()
                .filter(|(j, _)| j != i)
                .map(|(j, channel)| {
                    let high = channel.upper.min(budget);
                    match convex.iter().position(|k| *k == j) {
                        Some(place) if state.get(place) != Some(&true) => channel.lower,
                        _ => high,
                    }
                })
                .sum();
            let rest = budget - others;
            if rest >= low
                && rest <= high
                && let Some((_, spend, price)) = at(rest)
            {
                offer(spend, price);
            }
        }
    }
    let (spend, price, _) = best?;
    Some((spend, price, bound))
}

/// What one more unit of budget brings to a plan: it goes to the channel with the highest slope that has room. Between bounds
/// that is the price by which the plan was found. A channel that takes the whole budget, or stands alone in its convex part, has a
/// higher one; without a budget it is the slope of the first unit.
fn next_unit(channels: &[Channel], spend: &[f64], price: f64) -> f64 {
    if channels
        .iter()
        .all(|channel| channel.lower >= channel.upper)
    {
        return f64::NAN;
    }
    let most = channels
        .iter()
        .zip(spend)
        .filter(|(channel, spend)| **spend < channel.upper)
        .map(|(channel, spend)| channel.curve.marginal(*spend))
        .fold(f64::NAN, f64::max);
    if most.is_nan() || (most - price).abs() <= 1e-9 * price {
        price
    } else {
        most
    }
}

fn finish(channels: &[Channel], spend: Vec<f64>, shadow_price: f64, margin: Option<f64>) -> Plan {
    let revenue: Vec<f64> = channels
        .iter()
        .zip(&spend)
        .map(|(channel, spend)| channel.curve.revenue(*spend))
        .collect();
    let total_spend: f64 = spend.iter().sum();
    let total_revenue: f64 = revenue.iter().sum();
    Plan {
        marginal_roas: channels
            .iter()
            .zip(&spend)
            .map(|(channel, spend)| channel.curve.marginal(*spend))
            .collect(),
        shadow_price,
        total_spend,
        total_revenue,
        profit: margin.map_or(f64::NAN, |margin| margin * total_revenue - total_spend),
        spend,
        revenue,
    }
}

/// A division as it is: what the curves say of these spends, to hold another against. Its shadow price is not defined.
pub fn plan(
    channels: &[Channel],
    spend: Vec<f64>,
    margin: Option<f64>,
) -> Result<Plan, DomainError> {
    DomainError::check_all("spend", Rule::NonNegative, &spend)?;
    if let Some(margin) = margin {
        DomainError::check("margin", Rule::Rate, margin)?;
    }
    if spend.len() != channels.len() {
        return Err(DomainError::whole("spend", Rule::SameLength("channels")));
    }
    Ok(finish(channels, spend, f64::NAN, margin))
}

/// Divides a budget over channels so that revenue is the highest, and with a `margin` so that profit is.
///
/// An error when the bounds leave no way to spend exactly the budget. Curves have to level off: a power above 1 is refused.
///
/// ```
/// use edgetally_core::metrics::allocate::{Channel, allocate};
/// use edgetally_core::metrics::response::{Curve, Model};
///
/// let channel = |k| Channel {
///     curve: Curve::new(Model::Power, &[k, 0.75]).unwrap(),
///     lower: 0.0,
///     upper: f64::INFINITY,
/// };
/// let best = allocate(&[channel(60.0), channel(30.0)], 100_000.0, None).unwrap();
/// // The same exponent: (60 / 30)^(1 / (1 - 0.75)) = 16 to 1.
/// assert!((best.plan.spend[0] / best.plan.spend[1] - 16.0).abs() < 1e-9);
/// ```
pub fn allocate(
    channels: &[Channel],
    budget: f64,
    margin: Option<f64>,
) -> Result<Allocation, DomainError> {
    DomainError::check("budget", Rule::NonNegative, budget)?;
    if let Some(margin) = margin {
        DomainError::check("margin", Rule::Rate, margin)?;
    }
    if channels.is_empty() {
        return Err(DomainError::whole("channels", Rule::Rows(1)));
    }
    let lower: Vec<f64> = channels.iter().map(|channel| channel.lower).collect();
    DomainError::check_all("lower", Rule::NonNegative, &lower)?;
    let mut undefined = budget.is_nan() || margin.is_some_and(f64::is_nan);
    for (i, channel) in channels.iter().enumerate() {
        let at = |argument, rule, value| DomainError {
            index: Some(i),
            ..DomainError::scalar(argument, rule, value)
        };
        if channel.upper < channel.lower {
            return Err(at("lower", Rule::AtMost("upper"), channel.lower));
        }
        let values = channel.curve.values();
        undefined |= channel.lower.is_nan()
            || channel.upper.is_nan()
            || values.iter().any(|value| value.is_nan());
        if values.first().is_some_and(|amplitude| *amplitude <= 0.0)
            || channel.curve.inflexion().is_infinite()
            || values.iter().any(|value| value.is_infinite())
        {
            return Err(DomainError {
                value: None,
                ..at(
                    "channels",
                    Rule::Other("no_response_curve", "does not rise and level off"),
                    f64::NAN,
                )
            });
        }
    }
    if undefined {
        let nothing = || Plan {
            spend: vec![f64::NAN; channels.len()],
            revenue: vec![f64::NAN; channels.len()],
            marginal_roas: vec![f64::NAN; channels.len()],
            shadow_price: f64::NAN,
            total_spend: f64::NAN,
            total_revenue: f64::NAN,
            profit: f64::NAN,
        };
        return Ok(Allocation {
            plan: nothing(),
            profit_plan: margin.map(|_| nothing()),
            gap: f64::NAN,
        });
    }
    let infeasible = || {
        DomainError::scalar(
            "budget",
            Rule::Other(
                "infeasible",
                "cannot be spent exactly within the lower and upper bounds",
            ),
            budget,
        )
    };
    let least: f64 = lower.iter().sum();
    let most: f64 = channels.iter().map(|channel| channel.upper).sum();
    let slack = 1e-12 * budget.max(1.0);
    if budget < least - slack || budget > most + slack {
        return Err(infeasible());
    }
    let (spend, price, bound) = solve(channels, budget, Goal::Revenue).ok_or_else(infeasible)?;
    let shadow_price = next_unit(channels, &spend, exp(price));
    let plan = finish(channels, spend, shadow_price, margin);
    let gap = (bound - plan.total_revenue).max(0.0);
    let profit_plan = match margin {
        None => None,
        Some(margin) if margin > 0.0 => {
            let (spend, price, _) =
                solve(channels, budget, Goal::Profit(margin)).ok_or_else(infeasible)?;
            // What is left unspent is not worth more than it costs.
            let price = if spend.iter().sum::<f64>() < budget - slack {
                exp(price)
            } else {
                next_unit(channels, &spend, exp(price)).max(1.0 / margin)
            };
            Some(finish(channels, spend, price, Some(margin)))
        }
        // Nothing is left of revenue: the least that may be spent.
        Some(margin) => Some(finish(channels, lower, f64::INFINITY, Some(margin))),
    };
    // Rounding between sums is no gap.
    let gap = if gap <= 1e-12 * bound.abs() { 0.0 } else { gap };
    Ok(Allocation {
        plan,
        profit_plan,
        gap,
    })
}
