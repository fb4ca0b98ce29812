//! The reference rows and laws of `metrics::response`.

use super::{Row, rows};
use edgetally_core::metrics::response::{
    Adstock, Bootstrap, Carry, Curve, Draws, FitOptions, Loss, Model, Noise, Scheme, compare, fit,
    incremental, leave_one_out, rolling_origin, two_point,
};
use proptest::prelude::*;

fn model(row: &Row) -> Model {
    Model::parse(row.inputs["model"].as_str().unwrap()).unwrap()
}

pub(super) fn curve(value: &serde_json::Value) -> Curve {
    Curve::named(
        Model::parse(value["model"].as_str().unwrap()).unwrap(),
        |name| value["params"].get(name).map(super::number),
    )
    .unwrap()
}

#[test]
fn evaluations_agree_with_the_reference() {
    for row in rows("response.eval") {
        let got = curve(&row.inputs).evaluate(row.input("spend")).unwrap();
        let found = [
            row.expect("revenue", got.revenue),
            row.expect("marginal_roas", got.marginal_roas),
            row.expect("average_roas", got.average_roas),
            row.expect("elasticity", got.elasticity),
        ];
        assert_eq!(found, [true; 4], "{}", row.id);
    }
}

#[test]
fn optima_agree_with_the_reference() {
    for row in rows("response.optimum") {
        let got = curve(&row.inputs)
            .optimum(row.input("margin"), row.given("cap"))
            .unwrap();
        let found = [
            row.expect("optimal_spend", got.optimal_spend),
            row.expect("revenue", got.revenue),
            row.expect("profit", got.profit),
            row.expect("marginal_roas", got.marginal_roas),
        ];
        assert_eq!(found, [true; 4], "{}", row.id);
    }
}

#[test]
fn fits_agree_with_the_reference() {
    for row in rows("response.fit") {
        let (spend, revenue) = (row.column("spend"), row.column("revenue"));
        let got = fit(model(&row), &spend, &revenue, &FitOptions::default()).unwrap();
        for ((name, value), error) in got.curve.params().zip(&got.std_errors) {
            row.close(name, value, super::number(&row.outputs["params"][name]));
            row.close(
                name,
                *error,
                super::number(&row.outputs["std_errors"][name]),
            );
        }
        let best = got.optimum(row.input("margin"), None, false, 0.95).unwrap();
        let (marginal, error) = got.marginal_roas(50_000.0).unwrap();
        let found = [
            row.expect("rss", got.rss),
            row.expect("sigma", got.sigma),
            row.expect("r2", got.r2),
            row.expect("aic", got.aic),
            row.expect("aicc", got.aicc),
            row.expect("bic", got.bic),
            row.expect("optimal_spend", best.spend.estimate),
            row.expect("log_optimal_spend_se", best.log_spend_se),
            row.expect_all("optimal_spend_ci_delta", &[best.spend.low, best.spend.high]),
            row.expect("marginal_roas_50000", marginal),
            row.expect("marginal_roas_50000_se", error),
        ];
        assert_eq!(found, [true; 11], "{}", row.id);
        assert!(got.converged, "{}", row.id);
        assert_eq!(got.warnings(Some(0.4)), Vec::<&str>::new(), "{}", row.id);
    }
}

#[test]
fn choices_agree_with_the_reference() {
    for row in rows("response.select") {
        let models: Vec<Model> = row.inputs["candidates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| Model::parse(name.as_str().unwrap()).unwrap())
            .collect();
        let got = compare(
            &models,
            &row.column("spend"),
            &row.column("revenue"),
            &FitOptions::default(),
        )
        .unwrap();
        let ranking: Vec<&str> = got
            .candidates
            .iter()
            .map(|candidate| candidate.fit.model().name())
            .collect();
        assert_eq!(
            serde_json::json!(ranking),
            row.outputs["ranking"],
            "{}",
            row.id
        );
        assert_eq!(
            got.best().unwrap().model().name(),
            row.outputs["best"],
            "{}",
            row.id
        );
        for candidate in &got.candidates {
            let name = candidate.fit.model().name();
            row.close(
                name,
                candidate.delta_aicc,
                super::number(&row.outputs["delta_aicc"][name]),
            );
        }
    }
}

#[test]
fn two_points_an_increment_and_adstock_agree_with_the_reference() {
    for row in rows("response.two_point") {
        let pair = |name| <[f64; 2]>::try_from(row.column(name)).unwrap();
        let got = two_point(model(&row), pair("spend"), pair("revenue")).unwrap();
        for (name, value) in got.params() {
            assert!(row.expect(name, value), "{} {name}", row.id);
        }
    }
    for row in rows("response.incremental") {
        let got = incremental(row.input("extra_spend"), row.input("extra_revenue")).unwrap();
        assert!(row.expect("marginal_roas", got));
    }
    for row in rows("adstock") {
        let lag = row.inputs["max_lag"].as_u64().map(|lag| lag as usize);
        let normalize = row.inputs["normalize"].as_bool().unwrap();
        let got = Adstock::new(row.input("theta"), normalize, lag)
            .unwrap()
            .apply(&row.column("spend"))
            .unwrap();
        assert!(row.expect_all("adstock", &got), "{}", row.id);
    }
}
