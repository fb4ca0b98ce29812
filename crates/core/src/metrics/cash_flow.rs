//! Net present value, internal rates of return, payback.
//!
//! A column of cash flows is one project: the first flow is now, each further one a period later. Money that goes out is
//! negative. All rates are per period, and `1 + rate` is above zero.

use super::calculator::Absent::{Refused, Value};
use super::calculator::{Argument, Calculator, by_row};
use super::math::{expm1, log1p, pow, ratio};
use super::roots;
use super::{DomainError, Rule, math};

/// A rate of -1, which is -100 %, leaves nothing to discount with.
pub(super) const RATE: Rule = Rule::AtLeast(-0.999_999_999_999);

pub(super) fn check_rate(argument: &'static str, rate: f64) -> Result<f64, DomainError> {
    DomainError::check(argument, RATE, rate)
}

/// What a column of cash flows is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct CashFlows {
    /// Net present value: every flow divided by `(1 + rate)^t`; the first one counts in full.
    pub npv: f64,
    /// The rate at which the net present value is zero. `NaN` when there is none, and when there are several.
    pub irr: f64,
    /// Whether exactly one rate makes the net present value zero.
    pub irr_unique: bool,
    /// All rates between -1 and 1e12 that make the net present value zero, from the lowest.
    pub irr_roots: Vec<f64>,
    /// Periods until the flows first add up to zero, interpolated inside the period. `NaN` when they never do.
    pub payback_periods: f64,
    /// The same with every flow discounted.
    pub discounted_payback_periods: f64,
    /// The sum of the flows.
    pub total: f64,
    /// What comes after the first flow per unit of the first flow; `NaN` unless that one is negative.
    pub multiple: f64,
    /// Present value of what comes after the first flow per unit of the first flow; `NaN` unless that one is negative.
    pub profitability_index: f64,
}

/// Net present value, every internal rate of return, payback, multiple and profitability index.
///
/// A column that changes its sign more than once may have several internal rates of return, and then none of them is the
/// answer: they are all in `irr_roots`, and `irr` is `NaN`. Rates are separated by the generalised rule of signs (Laguerre
/// 1883): a function with `k` changes of sign is monotone between the roots of one with `k - 1`, so that none is passed over
/// however close two of them are.
///
/// # Errors
///
/// No flows, an infinite flow, a rate of -1 or less.
///
/// ```
/// use edgetally_core::metrics::cash_flow::cash_flows;
///
/// let project = cash_flows(&[-3000.0, 500.0, 800.0, 1200.0, 1500.0, 1800.0], 0.01)?;
/// assert!((project.npv - 2598.103276405577).abs() < 1e-9);
/// assert!((project.irr - 0.21382167474320446).abs() < 1e-12);
///
/// // Two changes of sign, two rates: neither is "the" return.
/// let mine = cash_flows(&[-100.0, 230.0, -132.0], 0.1)?;
/// assert!(mine.irr.is_nan() && !mine.irr_unique);
/// assert!((mine.irr_roots[0] - 0.1).abs() < 1e-12 && (mine.irr_roots[1] - 0.2).abs() < 1e-12);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
pub fn cash_flows(cash_flows: &[f64], rate: f64) -> Result<CashFlows, DomainError> {
    let Some((&first, rest)) = cash_flows.split_first() else {
        return Err(DomainError::whole("cash_flows", Rule::Rows(1)));
    };
    DomainError::check_all("cash_flows", Rule::Finite, cash_flows)?;
    check_rate("rate", rate)?;

    let mut total = Wide::ZERO;
    for flow in cash_flows {
        total = total.plus(*flow);
    }
    let total = defined(total.value());
    let irr_roots = if total.is_nan() {
        Vec::new()
    } else {
        internal_rates(cash_flows)
    };
    let npv = npv_of(cash_flows, rate);
    let per_investment = |worth: f64| {
        if first < 0.0 {
            defined((worth - first) / -first)
        } else {
            f64::NAN
        }
    };
    // The first flow is taken out before the division, not after: the difference would cost digits.
    let later = npv_of(rest, rate) / (1.0 + rate);
    Ok(CashFlows {
        npv,
        irr: the_only(&irr_roots),
        irr_unique: irr_roots.len() == 1,
        irr_roots,
        payback_periods: payback(cash_flows, 0.0),
        discounted_payback_periods: payback(cash_flows, rate),
        total,
        multiple: per_investment(total),
        profitability_index: if first < 0.0 {
            defined(later / -first)
        } else {
            f64::NAN
        },
    })
}

/// Net present value alone: `sum of cash_flows[t] / (1 + rate)^t`, the first flow in full.
///
/// # Errors
///
/// No flows, an infinite flow, a rate of -1 or less.
pub fn npv(rate: f64, cash_flows: &[f64]) -> Result<f64, DomainError> {
    if cash_flows.is_empty() {
        return Err(DomainError::whole("cash_flows", Rule::Rows(1)));
    }
    DomainError::check_all("cash_flows", Rule::Finite, cash_flows)?;
    check_rate("rate", rate)?;
    Ok(npv_of(cash_flows, rate))
}

/// Modified internal rate of return (Lin 1976): what goes out is financed at one rate, what comes in is reinvested at another.
///
/// Unlike the internal rate of return it is always at most one number. `NaN` unless money goes both out and in.
///
/// # Errors
///
/// Fewer than two flows, an infinite flow, a rate of -1 or less.
pub fn mirr(cash_flows: &[f64], finance_rate: f64, reinvest_rate: f64) -> Result<f64, DomainError> {
    if cash_flows.len() < 2 {
        return Err(DomainError::whole("cash_flows", Rule::Rows(2)));
    }
    DomainError::check_all("cash_flows", Rule::Finite, cash_flows)?;
    check_rate("finance_rate", finance_rate)?;
    check_rate("reinvest_rate", reinvest_rate)?;
    let one_sign = |sign: f64| -> Vec<f64> {
        cash_flows
            .iter()
            .map(|flow| if flow * sign < 0.0 { 0.0 } else { *flow })
            .collect()
    };
    let gained = npv_of(&one_sign(1.0), reinvest_rate);
    let spent = -npv_of(&one_sign(-1.0), finance_rate);
    if gained == 0.0 || spent == 0.0 {
        return Ok(f64::NAN);
    }
    let periods = (cash_flows.len() - 1) as f64;
    Ok(defined(
        pow(gained / spent, 1.0 / periods) * (1.0 + reinvest_rate) - 1.0,
    ))
}

/// The yearly internal rate of return of flows at any days.
#[derive(Clone, Debug, PartialEq)]
pub struct Xirr {
    /// The yearly rate at which the present value is zero. `NaN` when there is none, and when there are several.
    pub irr: f64,
    /// Whether exactly one rate does.
    pub irr_unique: bool,
    /// All of them between -1 and 1e12, from the lowest.
    pub irr_roots: Vec<f64>,
}

/// The yearly internal rate of return of flows on given days: actual days over 365, as spreadsheets count.
///
/// `days` are day numbers from any origin, in any order; the rates do not depend on the origin.
///
/// # Errors
///
/// No flows, columns of different length, an infinite number.
///
/// ```
/// use edgetally_core::metrics::cash_flow::xirr;
///
/// let year = xirr(&[-1000.0, 1100.0], &[0.0, 365.0])?;
/// assert!((year.irr - 0.1).abs() < 1e-14);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
pub fn xirr(cash_flows: &[f64], days: &[f64]) -> Result<Xirr, DomainError> {
    let Some(terms) = dated(cash_flows, days)? else {
        return Ok(Xirr {
            irr: f64::NAN,
            irr_unique: false,
            irr_roots: Vec::new(),
        });
    };
    let last = terms.last().map_or(0.0, |term| term.time);
    let value = |terms: &[Term], u: f64| {
        let mut sum = Wide::ZERO;
        for term in terms {
            // Counted from the nearer end, so that no power exceeds 1.
            let years = if u < 0.0 {
                last - term.time
            } else {
                -term.time
            };
            sum = sum.plus(term.amount * math::exp(years * u));
        }
        sum.value()
    };
    let irr_roots = rates(&terms, &value, DATED);
    Ok(Xirr {
        irr: the_only(&irr_roots),
        irr_unique: irr_roots.len() == 1,
        irr_roots,
    })
}

/// Net present value of flows on given days, on the earliest of them, at a yearly rate: actual days over 365.
///
/// # Errors
///
/// No flows, columns of different length, an infinite number, a rate of -1 or less.
pub fn xnpv(rate: f64, cash_flows: &[f64], days: &[f64]) -> Result<f64, DomainError> {
    check_rate("rate", rate)?;
    let Some(terms) = dated(cash_flows, days)? else {
        return Ok(f64::NAN);
    };
    let u = log1p(rate);
    let scale = largest(cash_flows);
    let mut sum = Wide::ZERO;
    for term in terms {
        sum = sum.plus(term.amount * math::exp(-term.time * u));
    }
    Ok(defined(sum.value() * scale))
}

/// A level stream of money against one investment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Annuity {
    /// Net present value; the first payment comes after one year.
    pub npv: f64,
    /// Present value of one unit a year: `(1 - (1 + rate)^-years) / rate`.
    pub annuity_factor: f64,
    /// Present value of the payments per unit of investment.
    pub profitability_index: f64,
    /// The yearly payment at which the net present value is zero.
    pub required_cash_flow: f64,
    /// Years until the payments add up to the investment; `NaN` when they do not within `years`.
    pub simple_payback_years: f64,
    /// The same with discounted payments, interpolated inside the year.
    pub discounted_payback_years: f64,
}

/// What a level yearly payment is worth against an investment made now. The first payment comes after one year.
///
/// # Errors
///
/// A negative investment, an infinite payment, `years` not a whole number from 1, a rate of -1 or less.
///
/// ```
/// use edgetally_core::metrics::cash_flow::annuity;
///
/// let machine = annuity(100_000.0, 30_000.0, 5.0, 0.12)?;
/// assert!((machine.npv - 8143.286070350223).abs() < 1e-8);
/// # Ok::<(), edgetally_core::metrics::DomainError>(())
/// ```
pub fn annuity(
    investment: f64,
    cash_flow: f64,
    years: f64,
    rate: f64,
) -> Result<Annuity, DomainError> {
    DomainError::check("investment", Rule::NonNegative, investment)?;
    DomainError::check("cash_flow", Rule::Finite, cash_flow)?;
    DomainError::check("years", Rule::PositiveCount, years)?;
    check_rate("rate", rate)?;
    let factor = annuity_factor(years, rate);
    let worth = cash_flow * factor;
    Ok(Annuity {
        npv: defined(worth - investment),
        annuity_factor: defined(factor),
        profitability_index: defined(ratio(worth, investment)),
        required_cash_flow: defined(ratio(investment, factor)),
        simple_payback_years: level_payback(investment, cash_flow, years, 0.0),
        discounted_payback_years: level_payback(investment, cash_flow, years, rate),
    })
}

/// The monthly rate that compounds to a yearly one: `(1 + annual)^(1/12) - 1`.
///
/// # Errors
///
/// A rate below -1, or an infinite one.
pub fn monthly_rate(annual: f64) -> Result<f64, DomainError> {
    DomainError::check("annual", Rule::AtLeast(-1.0), annual)?;
    Ok(expm1(log1p(annual) / 12.0))
}

/// Present value of one unit at the end of each of `periods` periods.
pub(crate) fn annuity_factor(periods: f64, rate: f64) -> f64 {
    if rate == 0.0 {
        periods
    } else {
        -expm1(-periods * log1p(rate)) / rate
    }
}

fn level_payback(investment: f64, cash_flow: f64, years: f64, rate: f64) -> f64 {
    if investment == 0.0 && !(cash_flow + years + rate).is_nan() {
        return 0.0;
    }
    let needed = investment / cash_flow;
    if needed.is_nan() || needed <= 0.0 || needed == f64::INFINITY {
        return f64::NAN;
    }
    if rate == 0.0 {
        return if needed <= years { needed } else { f64::NAN };
    }
    // A closed form gives the year, up to its rounding; the year itself is interpolated.
    let smooth = -log1p(-needed * rate) / log1p(rate);
    if smooth.is_nan() || smooth > years + 1.0 {
        return f64::NAN;
    }
    let start = (smooth.floor() - 1.0).max(0.0);
    for step in 0..4 {
        let whole = start + f64::from(step);
        if whole >= years {
            break;
        }
        if annuity_factor(whole + 1.0, rate) >= needed * (1.0 - 4.0 * f64::EPSILON) {
            let paid = annuity_factor(whole, rate);
            // The year's own payment, not the difference of two sums.
            let payment = math::exp(-(whole + 1.0) * log1p(rate));
            return defined(whole + ((needed - paid) / payment).clamp(0.0, 1.0));
        }
    }
    f64::NAN
}

/// What works row by row.
pub(super) static ALL: &[Calculator] = &[
    Calculator {
        name: "roi.annuity",
        arguments: &[
            Argument::new("investment", Rule::NonNegative, Refused),
            Argument::new("cash_flow", Rule::Finite, Refused),
            Argument::new("years", Rule::PositiveCount, Refused),
            Argument::new("rate", RATE, Value(0.0)),
        ],
        at_most: &[],
        outputs: &[
            "npv",
            "annuity_factor",
            "profitability_index",
            "required_cash_flow",
            "simple_payback_years",
            "discounted_payback_years",
        ],
        kernel: |_, inputs, outputs| {
            by_row(inputs, outputs, |[investment, cash_flow, years, rate]| {
                let x = annuity(investment, cash_flow, years, rate).ok()?;
                Some([
                    x.npv,
                    x.annuity_factor,
                    x.profitability_index,
                    x.required_cash_flow,
                    x.simple_payback_years,
                    x.discounted_payback_years,
                ])
            });
        },
    },
    Calculator {
        name: "rate.monthly",
        arguments: &[Argument::new("annual", Rule::AtLeast(-1.0), Refused)],
        at_most: &[],
        outputs: &["monthly"],
        kernel: |_, inputs, outputs| {
            by_row(inputs, outputs, |[annual]| {
                Some([monthly_rate(annual).ok()?])
            });
        },
    },
];

/// Periods until the discounted flows first add up to zero.
fn payback(cash_flows: &[f64], rate: f64) -> f64 {
    let growth = log1p(rate);
    let mut sum = Wide::ZERO;
    let mut size: f64 = 0.0;
    for (index, flow) in cash_flows.iter().enumerate() {
        let period = index as f64;
        let flow = if rate == 0.0 {
            *flow
        } else {
            flow * math::exp(-period * growth)
        };
        let before = sum.value();
        sum = sum.plus(flow);
        size += flow.abs();
        if !sum.value().is_finite() {
            return f64::NAN;
        }
        // Paid back to the last digit is paid back: 3 times 0.3 is a hair less than 0.9.
        if sum.value() >= -2.0 * f64::EPSILON * size {
            return if index == 0 {
                0.0
            } else {
                period - 1.0 + (-before / flow).clamp(0.0, 1.0)
            };
        }
    }
    f64::NAN
}

fn npv_of(cash_flows: &[f64], rate: f64) -> f64 {
    let scale = largest(cash_flows);
    if scale == 0.0 {
        // Zero, or NaN when there is one.
        return cash_flows.iter().sum::<f64>() + rate * 0.0;
    }
    let factor = Wide::sum(1.0, rate).reciprocal();
    let mut value = Wide::ZERO;
    for flow in cash_flows.iter().rev() {
        value = value.times(factor).plus(flow / scale);
    }
    defined(value.value() * scale)
}

/// No number where a sum left the range of numbers.
fn defined(x: f64) -> f64 {
    if x.is_finite() { x } else { f64::NAN }
}

fn the_only(roots: &[f64]) -> f64 {
    match roots {
        [only] => *only,
        _ => f64::NAN,
    }
}

/// A power of two at or below the largest size, so that dividing by it changes no digit; 0 for nothing but zeros.
fn largest(values: &[f64]) -> f64 {
    let size = values.iter().fold(0.0_f64, |size, x| size.max(x.abs()));
    if size < f64::MIN_POSITIVE {
        return size;
    }
    f64::from_bits(size.to_bits() & 0x7ff0_0000_0000_0000)
}

/// A payment and its time.
#[derive(Clone, Copy)]
struct Term {
    amount: f64,
    time: f64,
}

/// The rates of evenly spaced flows.
fn internal_rates(cash_flows: &[f64]) -> Vec<f64> {
    let scale = largest(cash_flows);
    let terms: Vec<Term> = cash_flows
        .iter()
        .enumerate()
        .filter(|(_, flow)| **flow != 0.0)
        .map(|(index, flow)| Term {
            amount: flow / scale,
            time: index as f64,
        })
        .collect();
    let value = |terms: &[Term], u: f64| {
        let rate = expm1(u);
        let growth = Wide::sum(1.0, rate);
        if rate < 0.0 {
            in_powers(terms.iter(), growth)
        } else {
            in_powers(terms.iter().rev(), growth.reciprocal())
        }
    };
    rates(&terms, &value, EVEN)
}

/// A polynomial from its highest power to the constant term; the base is at most 1.
fn in_powers<'a>(terms: impl Iterator<Item = &'a Term>, base: Wide) -> f64 {
    let mut value = Wide::ZERO;
    let mut at: Option<f64> = None;
    for term in terms {
        let mut steps = at.map_or(0.0, |at| (term.time - at).abs());
        let mut power = base;
        // Gaps are bridged by squaring.
        while steps >= 1.0 {
            if steps % 2.0 == 1.0 {
                value = value.times(power);
            }
            steps = (steps / 2.0).floor();
            if steps >= 1.0 {
                power = power.times(power);
            }
        }
        value = value.plus(term.amount);
        at = Some(term.time);
    }
    value.value()
}

/// Flows in the order of their days, times in years from the first, those of one day together; `None` when one is `NaN`.
fn dated(cash_flows: &[f64], days: &[f64]) -> Result<Option<Vec<Term>>, DomainError> {
    if cash_flows.is_empty() {
        return Err(DomainError::whole("cash_flows", Rule::Rows(1)));
    }
    if days.len() != cash_flows.len() {
        return Err(DomainError::whole("days", Rule::SameLength("cash_flows")));
    }
    DomainError::check_all("cash_flows", Rule::Finite, cash_flows)?;
    DomainError::check_all("days", Rule::Finite, days)?;
    if cash_flows.iter().chain(days).any(|x| x.is_nan()) {
        return Ok(None);
    }
    let scale = largest(cash_flows);
    let mut terms: Vec<Term> = cash_flows
        .iter()
        .zip(days)
        .map(|(flow, day)| Term {
            amount: if scale == 0.0 { 0.0 } else { flow / scale },
            time: *day,
        })
        .collect();
    terms.sort_by(|a, b| a.time.total_cmp(&b.time));
    let first = terms.first().map_or(0.0, |term| term.time);
    let mut merged: Vec<Term> = Vec::with_capacity(terms.len());
    for term in terms {
        let time = (term.time - first) / 365.0;
        match merged.last_mut() {
            Some(last) if last.time == time => last.amount += term.amount,
            _ => merged.push(Term {
                amount: term.amount,
                time,
            }),
        }
    }
    Ok(Some(merged))
}

/// The ends of the search, as `ln(1 + rate)`: rates from -1 + 1e-12 to 1e12.
const END: f64 = 27.631_021_115_928_547;
/// Up to here (terms times changes of sign) roots are separated exactly; beyond, on a grid.
const EXACT_WORK: usize = 1 << 18;

/// A sum of less than this part of its terms' sizes is zero as far as the rounding of the flows lets one tell: amounts of money
/// are rarely numbers that a double holds exactly.
const EVEN: f64 = 2.0 * f64::EPSILON;
/// The same where every term has an exponential of its own.
const DATED: f64 = 16.0 * f64::EPSILON;

/// All rates with `sum amount (1 + rate)^-time = 0`. `value` gives that sum at `u = ln(1 + rate)`, times any positive number.
///
/// Rates between which the sum is zero up to `rounding` are one: a multiple root falls apart into several in the last digits of
/// the flows, and several may be found where there is one.
fn rates(terms: &[Term], value: &dyn Fn(&[Term], f64) -> f64, rounding: f64) -> Vec<f64> {
    let terms: Vec<Term> = terms
        .iter()
        .copied()
        .filter(|term| term.amount != 0.0)
        .collect();
    let changes = sign_changes(&terms).count();
    if changes == 0 {
        return Vec::new();
    }
    let inner = if changes * terms.len() <= EXACT_WORK {
        separators(&terms, value)
    } else {
        let points = (20_000_000 / terms.len()).clamp(64, 4096);
        (1..points)
            .map(|point| END * (2.0 * point as f64 / points as f64 - 1.0))
            .collect()
    };
    let mut found = merged(&terms, &inner, value, rounding);
    for u in &mut found {
        *u = expm1(*u);
    }
    found.dedup();
    found
}

/// The roots, those that are one up to rounding together.
fn merged(
    terms: &[Term],
    inner: &[f64],
    value: &dyn Fn(&[Term], f64) -> f64,
    rounding: f64,
) -> Vec<f64> {
    let mut found = zeros(terms, inner, value, Some(rounding));
    found.sort_by(f64::total_cmp);
    let sizes = sizes(terms);
    let zero = |u: f64| value(terms, u).abs() <= rounding * value(&sizes, u);
    let one = |left: &f64, right: &f64| {
        let between = |u: &&f64| **u > *left && **u < *right;
        zero(f64::midpoint(*left, *right)) && inner.iter().filter(between).all(|u| zero(*u))
    };
    found
        .chunk_by(one)
        .filter_map(|roots| {
            let (first, last) = (*roots.first()?, *roots.last()?);
            if roots.contains(&0.0) {
                return Some(0.0);
            }
            if !(zero(first - WIDE) && zero(last + WIDE)) {
                return Some(f64::midpoint(first, last));
            }
            // A root of many: where the sum is zero up to rounding is a wide place, and the root is its middle.
            let edge = |from: f64, side: f64| {
                let mut inside = WIDE;
                while inside < END && zero(from + side * 2.0 * inside) {
                    inside *= 2.0;
                }
                let mut outside = 2.0 * inside;
                for _ in 0..40 {
                    let middle = f64::midpoint(inside, outside);
                    if zero(from + side * middle) {
                        inside = middle;
                    } else {
                        outside = middle;
                    }
                }
                from + side * inside
            };
            let (low, high) = (edge(first, -1.0), edge(last, 1.0));
            if low <= 0.0 && high >= 0.0 {
                return Some(0.0);
            }
            Some(f64::midpoint(low, high))
        })
        .collect()
}

/// Roots of one alone are known to many more digits than this, on the logarithm of `1 + rate`.
const WIDE: f64 = 1e-7;

fn sizes(terms: &[Term]) -> Vec<Term> {
    terms
        .iter()
        .map(|term| Term {
            amount: term.amount.abs(),
            time: term.time,
        })
        .collect()
}

/// The places between two terms where the sign changes.
fn sign_changes(terms: &[Term]) -> impl Iterator<Item = f64> {
    terms.windows(2).filter_map(|pair| match pair {
        [a, b] if (a.amount < 0.0) != (b.amount < 0.0) => Some(f64::midpoint(a.time, b.time)),
        _ => None,
    })
}

/// Points between which the sum, times a power, is monotone.
///
/// The derivative of `e^(c u) f(u)` has the amounts `amount (c - time)`. With `c` at a change of sign that change is gone, so
/// it has one change less, and with a single change there is exactly one root. The chain is walked from its simple end.
fn separators(terms: &[Term], value: &dyn Fn(&[Term], f64) -> f64) -> Vec<f64> {
    let mut chain: Vec<f64> = sign_changes(terms).collect();
    // The last change stays: its level has one root.
    chain.pop();
    let mut levels: Vec<Vec<Term>> = Vec::with_capacity(chain.len());
    for place in chain {
        let mut level = levels.last().map_or(terms, Vec::as_slice).to_vec();
        let mut size: f64 = 0.0;
        for term in &mut level {
            term.amount *= place - term.time;
            size = size.max(term.amount.abs());
        }
        for term in &mut level {
            term.amount /= size;
        }
        level.retain(|term| term.amount != 0.0);
        levels.push(level);
    }
    let mut points = Vec::new();
    for level in levels.iter().rev() {
        points = zeros(level, &points, value, None);
    }
    points
}

/// The roots between neighbouring points, where there is at most one each; with `touching` also points at which the sum is zero
/// as far as its rounding lets one tell.
fn zeros(
    terms: &[Term],
    inner: &[f64],
    value: &dyn Fn(&[Term], f64) -> f64,
    touching: Option<f64>,
) -> Vec<f64> {
    let sizes = sizes(terms);
    // Zero is a point of its own: small rates are then found to the same number of digits as large ones.
    let mut points = vec![-END, 0.0, END];
    points.extend_from_slice(inner);
    points.sort_by(f64::total_cmp);
    points.dedup();
    let f = |u: f64| value(terms, u);
    let points: Vec<(f64, f64)> = points.into_iter().map(|u| (u, f(u))).collect();
    let mut found = Vec::new();
    for (index, pair) in points.windows(2).enumerate() {
        let &[(left, at_left), (right, at_right)] = pair else {
            continue;
        };
        if at_right == 0.0 {
            found.push(right);
        } else if at_left != 0.0 && (at_left < 0.0) != (at_right < 0.0) {
            found.push(roots::bracketed(f, left, right, at_left, at_right, 0.0));
        } else if let Some(rounding) = touching
            && inner.contains(&right)
            && at_right.abs() <= rounding * value(&sizes, right)
            && (points.get(index + 2)).is_some_and(|next| (next.1 < 0.0) == (at_right < 0.0))
        {
            found.push(right);
        }
    }
    found
}

/// A sum of two doubles, for about 32 digits: near a double root the value is lost in the rounding of a single one
/// (Dekker 1971; Knuth, The Art of Computer Programming, 4.2.2).
#[derive(Clone, Copy)]
struct Wide {
    high: f64,
    low: f64,
}

impl Wide {
    const ZERO: Self = Self {
        high: 0.0,
        low: 0.0,
    };

    fn sum(a: f64, b: f64) -> Self {
        let high = a + b;
        let part = high - a;
        Self {
            high,
            low: (a - (high - part)) + (b - part),
        }
    }

    fn plus(self, x: f64) -> Self {
        let sum = Self::sum(self.high, x);
        Self::sum(sum.high, sum.low + self.low)
    }

    fn times(self, other: Self) -> Self {
        let high = self.high * other.high;
        let low =
            self.high.mul_add(other.high, -high) + (self.high * other.low + self.low * other.high);
        Self::sum(high, low)
    }

    fn reciprocal(self) -> Self {
        let high = 1.0 / self.high;
        let left = (-self.high).mul_add(high, 1.0) - self.low * high;
        Self::sum(high, left * high)
    }

    fn value(self) -> f64 {
        self.high + self.low
    }
}
