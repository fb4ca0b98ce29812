//! A budget over several response curves.
#![expect(
    clippy::needless_pass_by_value,
    reason = "arguments come out of Python by value and results go back as rows; each function has one caller, in Python"
)]

use edgetally_core::metrics::DomainError;
use edgetally_core::metrics::allocate::{self, Channel, Plan};
use edgetally_core::metrics::response::{Curve, Model};
use pyo3::prelude::*;

use crate::problem;

/// spend, revenue and slope of each channel; price, total spend, total revenue, profit.
type PlanValues = (Vec<f64>, Vec<f64>, Vec<f64>, f64, f64, f64, f64);

fn plan_values(plan: Plan) -> PlanValues {
    (
        plan.spend,
        plan.revenue,
        plan.marginal_roas,
        plan.shadow_price,
        plan.total_spend,
        plan.total_revenue,
        plan.profit,
    )
}

/// The plan that spends the budget, the most profitable one, the gap, and the plan of today.
#[pyfunction]
fn response_allocate(
    py: Python<'_>,
    channels: Vec<(String, Vec<f64>)>,
    budget: f64,
    lower: Vec<f64>,
    upper: Vec<f64>,
    margin: Option<f64>,
    current: Option<Vec<f64>>,
) -> PyResult<(PlanValues, Option<PlanValues>, f64, Option<PlanValues>)> {
    py.detach(|| {
        let bounded = channels.iter().zip(lower).zip(upper);
        let channels = bounded
            .map(|(((model, values), lower), upper)| {
                Ok(Channel {
                    curve: Curve::new(Model::parse(model)?, values)?,
                    lower,
                    upper,
                })
            })
            .collect::<Result<Vec<_>, DomainError>>()?;
        let found = allocate::allocate(&channels, budget, margin)?;
        let today = current
            .map(|spend| allocate::plan(&channels, spend, margin))
            .transpose()?;
        Ok((found, today))
    })
    .map(|(found, today)| {
        (
            plan_values(found.plan),
            found.profit_plan.map(plan_values),
            found.gap,
            today.map(plan_values),
        )
    })
    .map_err(problem::domain)
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(response_allocate, module)?)
}
