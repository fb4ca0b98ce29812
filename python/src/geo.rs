//! Experiments by region.
#![expect(
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
    clippy::type_complexity,
    reason = "arguments come out of Python by value and results go back as rows; each function has one caller, in Python"
)]

use edgetally_core::metrics::Interval;
use edgetally_core::metrics::geo;
use pyo3::prelude::*;

use crate::problem;

/// An interval as the constructor of ``Interval`` takes it.
type Three = (f64, f64, f64);

const fn three(interval: Interval) -> Three {
    (interval.estimate, interval.low, interval.high)
}

/// did, counterfactual, lift, error, degrees of freedom, interval, p-value, incremental, iROAS, flags.
#[pyfunction]
fn geo_difference(
    py: Python<'_>,
    treated_pre: Vec<Vec<f64>>,
    treated_post: Vec<Vec<f64>>,
    control_pre: Vec<Vec<f64>>,
    control_post: Vec<Vec<f64>>,
    panel: bool,
    confidence: f64,
    spend: Option<f64>,
    permutations: u64,
    seed: u64,
) -> PyResult<(
    (f64, f64, f64, f64, f64),
    Three,
    f64,
    f64,
    Three,
    Vec<&'static str>,
)> {
    let options = geo::DidOptions {
        confidence,
        spend,
        permutations,
        seed,
    };
    py.detach(|| {
        if panel {
            return geo::did_panel(
                &treated_pre,
                &treated_post,
                &control_pre,
                &control_post,
                &options,
            );
        }
        let flat = |rows: Vec<Vec<f64>>| rows.into_iter().next().unwrap_or_default();
        geo::did(
            &flat(treated_pre),
            &flat(treated_post),
            &flat(control_pre),
            &flat(control_post),
            &options,
        )
    })
    .map(|found| {
        (
            (
                found.did,
                found.counterfactual,
                found.lift,
                found.std_error,
                found.degrees_of_freedom,
            ),
            three(found.interval),
            found.p_value,
            found.incremental,
            three(found.iroas),
            found.flag.into_iter().collect(),
        )
    })
    .map_err(problem::domain)
}

/// Weights, augmented weights, ridge, pre-RMSE and its share; double and effect by period; average effect, incremental, lift,
/// iROAS, p-value, placebo effects, flags.
#[pyfunction]
fn geo_double(
    py: Python<'_>,
    treated_pre: Vec<f64>,
    donors_pre: Vec<Vec<f64>>,
    treated_post: Vec<f64>,
    donors_post: Vec<Vec<f64>>,
    ridge: Option<f64>,
    auto: bool,
    confidence: f64,
    spend: Option<f64>,
) -> PyResult<(
    (Vec<f64>, Vec<f64>, Option<f64>, f64, f64),
    (Vec<f64>, Vec<f64>),
    (Three, f64, f64, Three, f64, Vec<f64>, Vec<&'static str>),
)> {
    let options = geo::SyntheticControlOptions {
        ridge: match ridge {
            Some(penalty) => geo::Ridge::Fixed(penalty),
            None if auto => geo::Ridge::Auto,
            None => geo::Ridge::None,
        },
        confidence,
        spend,
    };
    py.detach(|| {
        geo::synthetic_control(
            &treated_pre,
            &donors_pre,
            &treated_post,
            &donors_post,
            &options,
        )
    })
    .map(|found| {
        (
            (
                found.weights,
                found.augmented_weights,
                found.ridge,
                found.pre_rmse,
                found.pre_rmse_share,
            ),
            (found.counterfactual, found.effect),
            (
                three(found.average_effect),
                found.incremental,
                found.lift,
                three(found.iroas),
                found.p_value,
                found.placebo_effects,
                found.flags,
            ),
        )
    })
    .map_err(problem::domain)
}

/// The power at each lift, the simulated tests, and the least lift found with the wanted power.
#[pyfunction]
fn geo_simulated_power(
    py: Python<'_>,
    treated: Vec<f64>,
    donors: Vec<Vec<f64>>,
    periods: usize,
    least_before: usize,
    lifts: Vec<f64>,
    alpha: f64,
    wanted: f64,
) -> PyResult<(Vec<f64>, usize, f64)> {
    py.detach(|| geo::power(&treated, &donors, periods, least_before, &lifts, alpha))
        .map(|found| {
            let least = geo::detectable_lift(&found, wanted);
            (found.power, found.windows, least)
        })
        .map_err(problem::domain)
}

/// Average effect, incremental, lift, iROAS; p-value and probability; estimates and ends by period, effects; coefficients, noise,
/// wandering, flags.
#[pyfunction]
fn geo_expected(
    py: Python<'_>,
    pre: Vec<f64>,
    post: Vec<f64>,
    covariates_pre: Vec<Vec<f64>>,
    covariates_post: Vec<Vec<f64>>,
    season: usize,
    confidence: f64,
    spend: Option<f64>,
) -> PyResult<(
    [Three; 4],
    (f64, f64),
    (Vec<f64>, Vec<f64>, Vec<f64>, Vec<f64>),
    (Vec<f64>, f64, f64, Vec<&'static str>),
)> {
    let options = geo::CounterfactualOptions {
        season,
        confidence,
        spend,
    };
    py.detach(|| geo::counterfactual(&pre, &post, &covariates_pre, &covariates_post, &options))
        .map(|found| {
            let each = |of: fn(&Interval) -> f64| found.expected.iter().map(of).collect();
            (
                [
                    three(found.average_effect),
                    three(found.incremental),
                    three(found.lift),
                    three(found.iroas),
                ],
                (found.p_value, found.prob_positive),
                (
                    each(|x| x.estimate),
                    each(|x| x.low),
                    each(|x| x.high),
                    found.effect,
                ),
                (
                    found.coefficients,
                    found.noise,
                    found.wandering,
                    found.flags,
                ),
            )
        })
        .map_err(problem::domain)
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(geo_difference, module)?)?;
    module.add_function(wrap_pyfunction!(geo_double, module)?)?;
    module.add_function(wrap_pyfunction!(geo_simulated_power, module)?)?;
    module.add_function(wrap_pyfunction!(geo_expected, module)?)
}
