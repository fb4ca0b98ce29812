//! Cash flows, lifetime value, payback, and the funnel backwards: what is not row by row.
#![expect(
    clippy::needless_pass_by_value,
    clippy::type_complexity,
    reason = "arguments come out of Python by value and results go back as rows; each function has one caller, in Python"
)]

use edgetally_core::metrics::ltv::{self, CustomerData, Timing};
use edgetally_core::metrics::{DomainError, Interval, Rule, cash_flow, funnel};
use pyo3::prelude::*;

use crate::problem;
use crate::record;

type Three = Py<record::Interval>;

fn timing(word: &str) -> Result<Timing, DomainError> {
    match word {
        "start" => Ok(Timing::Start),
        "end" => Ok(Timing::End),
        _ => Err(DomainError::whole("timing", Rule::OneOf(&["start", "end"]))),
    }
}

/// Net present value, rates of return, payback; the modified rate of return when both its rates are given.
#[pyfunction]
#[pyo3(signature = (cash_flows, rate, finance_rate, reinvest_rate, /))]
fn _roi_cashflows(
    py: Python<'_>,
    cash_flows: Vec<f64>,
    rate: f64,
    finance_rate: Option<f64>,
    reinvest_rate: Option<f64>,
) -> PyResult<(f64, f64, bool, Vec<f64>, f64, f64, f64, f64, f64, f64)> {
    let (x, mirr) = py
        .detach(|| {
            let x = cash_flow::cash_flows(&cash_flows, rate)?;
            let mirr = match (finance_rate, reinvest_rate) {
                (Some(finance), Some(reinvest)) => cash_flow::mirr(&cash_flows, finance, reinvest)?,
                _ => f64::NAN,
            };
            Ok((x, mirr))
        })
        .map_err(problem::domain)?;
    Ok((
        x.npv,
        x.irr,
        x.irr_unique,
        x.irr_roots,
        x.payback_periods,
        x.discounted_payback_periods,
        x.total,
        x.multiple,
        x.profitability_index,
        mirr,
    ))
}

/// Rates of return of dated flows, and their net present value when a rate is given.
#[pyfunction]
#[pyo3(signature = (cash_flows, days, rate, /))]
fn _xirr(
    py: Python<'_>,
    cash_flows: Vec<f64>,
    days: Vec<f64>,
    rate: Option<f64>,
) -> PyResult<(f64, bool, Vec<f64>, f64)> {
    let (x, npv) = py
        .detach(|| {
            let x = cash_flow::xirr(&cash_flows, &days)?;
            let npv = rate.map_or(Ok(f64::NAN), |rate| {
                cash_flow::xnpv(rate, &cash_flows, &days)
            })?;
            Ok((x, npv))
        })
        .map_err(problem::domain)?;
    Ok((x.irr, x.irr_unique, x.irr_roots, npv))
}

/// Lifetime value by a retention table.
#[pyfunction]
#[pyo3(signature = (retention, gross_profit, annual_discount, when, tail_churn, /))]
fn _ltv_retention(
    retention: Vec<f64>,
    gross_profit: Vec<f64>,
    annual_discount: f64,
    when: &str,
    tail_churn: Option<f64>,
) -> PyResult<(f64, f64, f64, f64, Vec<f64>)> {
    let x = timing(when)
        .and_then(|timing| {
            ltv::by_retention(
                &retention,
                &gross_profit,
                annual_discount,
                timing,
                tail_churn,
            )
        })
        .map_err(problem::domain)?;
    Ok((
        x.ltv,
        x.ltv_undiscounted,
        x.tail,
        x.lifetime_months,
        x.cumulative,
    ))
}

/// Lifetime value by cohorts.
#[pyfunction]
#[pyo3(signature = (cohort_sizes, gross_profit, /))]
fn _ltv_cohort(
    cohort_sizes: Vec<f64>,
    gross_profit: Vec<Vec<f64>>,
) -> PyResult<(f64, Vec<f64>, Vec<Vec<f64>>, Vec<f64>, Vec<usize>)> {
    let rows: Vec<&[f64]> = gross_profit.iter().map(Vec::as_slice).collect();
    let x = ltv::cohort(&cohort_sizes, &rows).map_err(problem::domain)?;
    Ok((
        x.ltv,
        x.pooled_cumulative,
        x.cumulative_per_customer,
        x.customers,
        x.cohorts,
    ))
}

/// A shifted-beta-geometric fit, with survival and retention up to a period.
#[pyfunction]
#[pyo3(signature = (survivors, annual_discount, gross_profit, confidence, periods, /))]
fn _ltv_sbg(
    py: Python<'_>,
    survivors: Vec<f64>,
    annual_discount: f64,
    gross_profit: Option<f64>,
    confidence: f64,
    periods: u32,
) -> PyResult<(
    (Three, Three, f64, Three, Three),
    (f64, f64, f64),
    (f64, f64, f64),
    (bool, bool, Option<&'static str>),
    (Vec<f64>, Vec<f64>, Vec<f64>),
)> {
    let x = py
        .detach(|| ltv::fit_sbg(&survivors, annual_discount, gross_profit, confidence))
        .map_err(problem::domain)?;
    let of = |interval: Interval| record::Interval::of(py, interval);
    let ages = 0..=periods;
    Ok((
        (
            of(x.alpha)?,
            of(x.beta)?,
            x.log_likelihood,
            of(x.discounted_expected_lifetime)?,
            of(x.ltv)?,
        ),
        (x.retention_1, x.survival_8, x.survival_12),
        (x.log_alpha_se, x.log_beta_se, x.correlation),
        (
            x.identified,
            x.well_identified,
            x.boundary.map(ltv::Boundary::code),
        ),
        (
            ages.clone().map(|t| x.survival(f64::from(t))).collect(),
            (1..=periods).map(|t| x.retention(f64::from(t))).collect(),
            ages.map(|t| x.residual_lifetime(f64::from(t))).collect(),
        ),
    ))
}

/// Geometric lifetime value of a list of customers, with a bootstrap over them.
#[pyfunction]
#[pyo3(signature = (gross_profit, months, churned, resamples, seed, confidence, /))]
fn _ltv_bootstrap(
    py: Python<'_>,
    gross_profit: Vec<f64>,
    months: Vec<f64>,
    churned: Vec<f64>,
    resamples: u32,
    seed: u64,
    confidence: f64,
) -> PyResult<(Three, Three, f64, f64, f64, f64)> {
    let x = py
        .detach(|| {
            let customers = CustomerData {
                gross_profit: &gross_profit,
                months: &months,
                churned: &churned,
            };
            ltv::bootstrap(&customers, resamples, seed, confidence)
        })
        .map_err(problem::domain)?;
    Ok((
        record::Interval::of(py, x.ltv)?,
        record::Interval::of(py, x.delta)?,
        x.log_se,
        x.gross_profit_month,
        x.churn,
        x.unbounded_share,
    ))
}

/// Each input of a funnel moved on its own.
#[pyfunction]
#[pyo3(signature = (inputs, swing, output, /))]
fn _funnel_tornado(
    inputs: [f64; 8],
    swing: f64,
    output: &str,
) -> PyResult<(f64, Vec<&'static str>, Vec<f64>, Vec<f64>, Vec<f64>)> {
    let [
        cpm,
        ctr,
        cvr,
        aov,
        gross_margin,
        payment_fees,
        shipping,
        returns,
    ] = inputs;
    let inputs = funnel::Inputs {
        cpm,
        ctr,
        cvr,
        aov,
        gross_margin,
        payment_fees,
        shipping,
        returns,
    };
    let x = funnel::Output::named(output)
        .and_then(|output| funnel::tornado(&inputs, swing, output))
        .map_err(problem::domain)?;
    Ok((
        x.base,
        x.bars.iter().map(|bar| bar.input).collect(),
        x.bars.iter().map(|bar| bar.low).collect(),
        x.bars.iter().map(|bar| bar.high).collect(),
        x.bars.iter().map(|bar| bar.swing).collect(),
    ))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(_roi_cashflows, module)?)?;
    module.add_function(wrap_pyfunction!(_xirr, module)?)?;
    module.add_function(wrap_pyfunction!(_ltv_retention, module)?)?;
    module.add_function(wrap_pyfunction!(_ltv_cohort, module)?)?;
    module.add_function(wrap_pyfunction!(_ltv_sbg, module)?)?;
    module.add_function(wrap_pyfunction!(_ltv_bootstrap, module)?)?;
    module.add_function(wrap_pyfunction!(_funnel_tornado, module)?)?;
    Ok(())
}
