//! Tests with looks.

use edgetally_core::metrics::sequential::{self, Kind, Simulation};
use pyo3::prelude::*;

use crate::problem;

/// Plays tests with looks.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "the settings of a simulation")]
fn _sequential_simulation(
    py: Python<'_>,
    exposed_rate: f64,
    holdout_rate: f64,
    exposed_users_per_look: u32,
    holdout_users_per_look: u32,
    looks: u32,
    tau: Option<f64>,
    tuning: f64,
    alpha: f64,
    repetitions: u32,
    seed: u64,
) -> PyResult<(f64, f64, f64, f64, f64)> {
    let kind = tau.map_or(Kind::AsymptoticCs { tuning }, |tau| Kind::Msprt { tau });
    let test = Simulation {
        exposed_rate,
        holdout_rate,
        exposed_users_per_look,
        holdout_users_per_look,
        looks,
        kind,
        alpha,
        repetitions,
        seed,
    };
    let got = py
        .detach(|| sequential::simulate(test))
        .map_err(problem::domain)?;
    Ok((
        got.rejected,
        got.missed,
        got.naive,
        got.fixed,
        got.mean_stop,
    ))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(_sequential_simulation, module)?)
}
