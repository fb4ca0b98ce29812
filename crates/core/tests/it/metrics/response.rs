//! The reference rows and laws of `metrics::response`.
#![allow(
    clippy::unreadable_literal,
    clippy::float_cmp,
    clippy::cast_precision_loss,
    clippy::excessive_precision,
    clippy::inconsistent_digit_grouping,
    reason = "references are as they were printed, and what is exact is compared exactly"
)]

use super::{Row, rows};
use edgetally_core::metrics::response::{
    Adstock, Bootstrap, Carry, Curve, Draws, FitOptions, Loss, Model, Noise, Scheme, Start,
    compare, fit, incremental, leave_one_out, rolling_origin, two_point,
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

/// Forty rows around a Hill curve over 8,000 of baseline, three of them far off.
const SPEND: [f64; 40] = [
    17575.0, 5240.0, 26250.0, 31148.0, 2308.0, 4138.0, 14989.0, 10051.0, 13159.0, 6200.0, 29480.0,
    26904.0, 14178.0, 36847.0, 20348.0, 6165.0, 18618.0, 5636.0, 29455.0, 12773.0, 11312.0, 7238.0,
    40146.0, 11625.0, 9086.0, 9731.0, 21570.0, 18563.0, 19370.0, 19687.0, 91811.0, 9267.0, 8425.0,
    6423.0, 23257.0, 36904.0, 12058.0, 6272.0, 6361.0, 23993.0,
];
const REVENUE: [f64; 40] = [
    152579.42, 49616.24, 176724.89, 330726.61, 22047.98, 38292.05, 136495.37, 92348.62, 121086.31,
    57017.13, 202154.16, 197823.1, 109203.93, 213129.69, 154098.57, 53955.5, 147351.57, 28375.92,
    184543.53, 120493.21, 88607.44, 64699.38, 228701.38, 108104.02, 86912.13, 93265.91, 161521.72,
    144919.2, 164704.92, 154073.52, 472839.49, 77312.66, 71824.8, 60828.08, 175672.06, 230285.13,
    103602.04, 58043.93, 60751.02, 172827.74,
];
const WEIGHTS: [f64; 40] = [
    1.721, 0.75, 0.534, 0.635, 1.584, 1.193, 0.742, 1.252, 0.728, 1.544, 1.169, 1.072, 0.952,
    1.445, 1.043, 0.631, 0.677, 1.943, 1.863, 1.55, 0.899, 1.954, 1.668, 1.575, 1.174, 0.908,
    0.645, 1.854, 1.184, 0.804, 0.959, 1.369, 0.765, 1.785, 1.638, 1.579, 1.148, 1.441, 1.376,
    1.475,
];

fn all_close(name: &str, got: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len(), "{name}");
    for (got, want) in got.iter().zip(want) {
        let close = (got - want).abs() <= tolerance * want.abs();
        assert!(close, "{name}: {got:e} is not {want:e}");
    }
}

/// References: scipy 1.17.1, `least_squares` from nine starts, tolerances 1e-15, errors from its Jacobian.
#[test]
fn weights_baseline_losses_and_noise_agree_with_scipy() {
    let hill = |options: FitOptions<'_>| fit(Model::Hill, &SPEND, &REVENUE, &options).unwrap();

    // A weight of zero leaves the row out.
    let mut kept = [1.0; 40];
    for row in [3, 17, 30] {
        kept[row] = 0.0;
    }
    let got = hill(FitOptions {
        baseline: true,
        weights: Some(&kept),
        ..FitOptions::default()
    });
    assert_eq!(got.rows, 37);
    let params: Vec<f64> = got
        .curve
        .values()
        .iter()
        .copied()
        .chain([got.baseline])
        .collect();
    all_close(
        "baseline",
        &params,
        &[
            324115.87382906367,
            22013.536464636254,
            1.3045356212919401,
            5127.801553987301,
        ],
        1e-6,
    );
    all_close(
        "baseline",
        &got.std_errors,
        &[
            56603.60992966526,
            4121.40252111693,
            0.22637855153207273,
            12517.8963034911,
        ],
        1e-6,
    );
    all_close("baseline", &[got.rss], &[1482935333.3977048], 1e-10);

    let got = hill(FitOptions {
        weights: Some(&WEIGHTS),
        ..FitOptions::default()
    });
    all_close(
        "weights",
        got.curve.values(),
        &[3215176.6887962194, 844376.5502160748, 0.8041508334410872],
        1e-5,
    );
    all_close(
        "weights",
        &got.std_errors,
        &[4635862.260854343, 1936722.5169852797, 0.09074546390539975],
        1e-4,
    );
    all_close("weights", &[got.rss], &[15808101412.12856], 1e-10);

    let got = hill(FitOptions {
        noise: Noise::Multiplicative,
        ..FitOptions::default()
    });
    all_close(
        "noise",
        got.curve.values(),
        &[768282.1207647581, 75101.83281816842, 1.025433598220965],
        1e-6,
    );
    all_close(
        "noise",
        &got.std_errors,
        &[284225.13428330683, 42228.721651533975, 0.08016793107701144],
        1e-6,
    );
    all_close("noise", &[got.rss], &[0.7023306973246132], 1e-10);

    for (loss, params, cost) in [
        (
            Loss::Huber,
            [4673514.79972022, 1483365.8297096484, 0.7888593088474741],
            6501907319.990947,
        ),
        (
            Loss::SoftL1,
            [4067517.4300761786, 1183854.800154113, 0.7971917563985932],
            5790546691.143508,
        ),
    ] {
        let got = hill(FitOptions {
            loss,
            loss_scale: Some(12_000.0),
            ..FitOptions::default()
        });
        all_close("loss", got.curve.values(), &params, 2e-4);
        // The criterion is made of the loss: n ln(cost / n) + 2 K.
        let deviance = 40.0 * edgetally_core::metrics::math::ln(cost / 40.0) + 8.0;
        all_close("loss", &[got.aic], &[deviance], 1e-11);
    }
}

/// A power curve with multiplicative noise is a straight line in logarithms. References: statsmodels 0.15.0, `OLS`, its
/// `HAC` covariance with three lags and correction, and `RLM` with Huber's T, covariance H1.
#[test]
fn a_power_curve_in_logarithms_agrees_with_statsmodels() {
    let line = |options: FitOptions<'_>| {
        let options = FitOptions {
            noise: Noise::Multiplicative,
            ..options
        };
        let got = fit(Model::Power, &SPEND, &REVENUE, &options).unwrap();
        let k = got.curve.values()[0];
        let b = got.curve.values()[1];
        let found = [
            edgetally_core::metrics::math::ln(k),
            b,
            got.std_errors[0] / k,
            got.std_errors[1],
        ];
        (found, got)
    };
    let (found, got) = line(FitOptions::default());
    all_close(
        "OLS",
        &found,
        &[
            3.52757491817826,
            0.8484775439291483,
            0.30151340239072344,
            0.0315303384013874,
        ],
        1e-11,
    );
    all_close("OLS", &[got.r2], &[0.9501404927477012], 1e-12);
    let (found, _) = line(FitOptions {
        newey_west: Some(3),
        ..FitOptions::default()
    });
    all_close(
        "HAC",
        &found,
        &[
            3.52757491817826,
            0.8484775439291483,
            0.3719712053874171,
            0.038511340268226724,
        ],
        1e-11,
    );
    let (found, _) = line(FitOptions {
        loss: Loss::Huber,
        ..FitOptions::default()
    });
    all_close(
        "RLM",
        &found,
        &[
            3.842663319212562,
            0.8161659246467612,
            0.21094423125158263,
            0.022059195188159082,
        ],
        1e-8,
    );
}

/// Curves whose parameters are what advertising has, and spends that show them.
fn curves() -> impl Strategy<Value = Curve> {
    (0_usize..5, 10.0_f64..16.0, 8.0_f64..11.0, -0.7_f64..1.2).prop_map(
        |(model, top, half, shape)| {
            let exp = edgetally_core::metrics::math::exp;
            let (top, half, shape) = (exp(top), exp(half), exp(shape));
            match Model::ALL[model] {
                Model::Power => Curve::new(Model::Power, &[top / 1e3, 0.27 * shape]),
                Model::Hill => Curve::new(Model::Hill, &[top, half, shape]),
                model => Curve::new(model, &[top, half]),
            }
            .unwrap()
        },
    )
}

/// From 1,000 to 120,000, evenly in logarithms.
fn ladder(rows: usize) -> Vec<f64> {
    let step = edgetally_core::metrics::math::ln(120.0) / (rows as f64 - 1.0);
    (0..rows)
        .map(|i| 1_000.0 * edgetally_core::metrics::math::exp(step * i as f64))
        .collect()
}

/// Normal deviates from a counter: twelve uniforms less six are near enough.
struct Noisy(u64);

impl Noisy {
    fn next(&mut self) -> f64 {
        let mut sum = -6.0;
        for _ in 0..12 {
            self.0 = self
                .0
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            sum += (self.0 >> 11) as f64 / 9007199254740992.0;
        }
        sum
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn slopes_elasticities_and_inverses_belong_together(curve in curves(), place in 0.01_f64..1.0) {
        let spend = 120_000.0 * place;
        let got = curve.evaluate(spend).unwrap();
        let step = spend * 1e-5;
        let slope = (curve.revenue(spend + step) - curve.revenue(spend - step)) / (2.0 * step);
        prop_assert!((slope - got.marginal_roas).abs() <= 1e-6 * got.marginal_roas.abs() + 1e-9 * got.average_roas, "{slope} {got:?}");
        prop_assert!((got.elasticity * got.average_roas - got.marginal_roas).abs() <= 1e-12 * got.marginal_roas);
        if spend > curve.inflexion() * 1.01 {
            let back = curve.inverse_marginal(got.marginal_roas);
            prop_assert!((back - spend).abs() <= 1e-8 * spend, "{back} {spend}");
        }
    }

    /// No other spend leaves more.
    #[test]
    fn an_optimum_is_one(curve in curves(), margin in 0.01_f64..1.0, cap in prop::option::of(0.0_f64..200_000.0), share in prop::collection::vec(0.0_f64..3.0, 20)) {
        let best = curve.optimum(margin, cap).unwrap();
        prop_assert!(best.optimal_spend <= cap.unwrap_or(f64::INFINITY));
        prop_assert!(best.profit >= 0.0);
        for share in share {
            let spend = (share * best.optimal_spend.max(10_000.0)).min(cap.unwrap_or(f64::INFINITY));
            let profit = margin * curve.revenue(spend) - spend;
            prop_assert!(profit <= best.profit + 1e-9 * spend.max(1.0), "{spend} {profit} {best:?}");
        }
        // A column says the same.
        let name = format!("response.optimum.{}", curve.model().name());
        let calculator = edgetally_core::metrics::registry::find(&name).unwrap();
        use edgetally_core::metrics::calculator::Value;
        let values: Vec<Value<'_>> = curve.values().iter().map(|value| Value::One(*value))
            .chain([Value::One(margin), cap.map_or(Value::Absent, Value::One)]).collect();
        let row = calculator.one(&values).unwrap();
        prop_assert_eq!(row[0].to_bits(), best.optimal_spend.to_bits());
        prop_assert_eq!(row[2].to_bits(), best.profit.to_bits());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Without noise the curve itself comes back, with a baseline too, and as well from logarithms.
    #[test]
    fn exact_data_give_their_curve_back(curve in curves(), baseline in 0.0_f64..20_000.0, kind in 0_u8..3) {
        let spend = ladder(20);
        let level = if kind == 1 { baseline } else { 0.0 };
        let revenue: Vec<f64> = spend.iter().map(|s| level + curve.revenue(*s)).collect();
        // A curve that is straight or flat over all that is seen cannot be told from others.
        let bend = curve.marginal(1_000.0) / curve.marginal(120_000.0);
        prop_assume!(!(0.5..=2.0).contains(&bend));
        prop_assume!(curve.revenue(2_000.0) > 1e-4 * curve.revenue(120_000.0) && curve.revenue(2_000.0) < 0.7 * curve.revenue(120_000.0));
        let options = FitOptions {
            baseline: kind == 1,
            noise: if kind == 2 { Noise::Multiplicative } else { Noise::Additive },
            ..FitOptions::default()
        };
        let got = fit(curve.model(), &spend, &revenue, &options).unwrap();
        for (a, b) in got.curve.values().iter().zip(curve.values()) {
            prop_assert!((a - b).abs() <= 1e-5 * b, "{got:?} {curve:?}");
        }
        prop_assert!((got.baseline - level).abs() <= 1e-4 * revenue[19], "{got:?}");
    }

    /// With noise: nothing near is better, units change nothing, and a weight of two is a row twice.
    #[test]
    fn a_fit_is_the_lowest_point_in_any_units(curve in curves(), seed in any::<u64>(), units in 0.001_f64..1_000.0) {
        let spend = ladder(24);
        let mut noise = Noisy(seed);
        let revenue: Vec<f64> = spend.iter().map(|s| curve.revenue(*s) * (1.0 + 0.03 * noise.next())).collect();
        let got = fit(curve.model(), &spend, &revenue, &FitOptions::default()).unwrap();
        let cost = |values: &[f64]| -> f64 {
            let Ok(other) = Curve::new(curve.model(), values) else { return f64::INFINITY };
            spend.iter().zip(&revenue).map(|(s, y)| (y - other.revenue(*s)) * (y - other.revenue(*s))).sum()
        };
        let values = got.curve.values();
        prop_assert!((cost(values) - got.rss).abs() <= 1e-9 * got.rss, "{got:?}");
        prop_assert!(got.rss <= cost(curve.values()) * (1.0 + 1e-9), "{got:?} {curve:?}");
        for i in 0..values.len() {
            for factor in [0.999, 1.001] {
                let mut other = values.to_vec();
                other[i] *= factor;
                prop_assert!(cost(&other) >= got.rss * (1.0 - 1e-9));
            }
        }
        // Beyond all bounds there is no valley to be precise in.
        prop_assume!(got.warnings(None).is_empty());
        let scaled: Vec<f64> = revenue.iter().map(|y| y * units).collect();
        let money: Vec<f64> = spend.iter().map(|s| s * units).collect();
        let same = fit(curve.model(), &money, &scaled, &FitOptions::default()).unwrap();
        let (a, b) = (got.marginal_roas(50_000.0).unwrap(), same.marginal_roas(50_000.0 * units).unwrap());
        prop_assert!((a.0 - b.0).abs() <= 1e-7 * a.0 && (a.1 - b.1).abs() <= 1e-5 * a.1, "{a:?} {b:?}");
        let mut weights = vec![1.0; 24];
        weights[5] = 2.0;
        let weighted = fit(curve.model(), &spend, &revenue, &FitOptions { weights: Some(&weights), ..FitOptions::default() }).unwrap();
        let (mut twice, mut twice_revenue) = (spend.clone(), revenue.clone());
        twice.push(spend[5]);
        twice_revenue.push(revenue[5]);
        let doubled = fit(curve.model(), &twice, &twice_revenue, &FitOptions::default()).unwrap();
        for (a, b) in weighted.curve.values().iter().zip(doubled.curve.values()) {
            prop_assert!((a - b).abs() <= 1e-6 * b, "{weighted:?} {doubled:?}");
        }
    }

    #[test]
    fn any_bits_return_or_raise(
        bits in prop::collection::vec(any::<u64>(), 24),
        plain in prop::collection::vec(-1.0_f64..1e6, 24),
        mixed in 0_usize..24,
        model in 0_usize..5,
        options in any::<[bool; 5]>(),
    ) {
        // All bits, and numbers of which some are all bits.
        let values = |i: usize| if i >= mixed { f64::from_bits(bits[i]).abs() } else { plain[i].abs() };
        let spend: Vec<f64> = (0..12).map(values).collect();
        let revenue: Vec<f64> = (12..24).map(values).collect();
        let [baseline, multiplicative, robust, carry, lag] = options;
        let options = FitOptions {
            through_origin: carry,
            periods: false,
            baseline,
            weights: None,
            loss: if robust { Loss::Huber } else { Loss::Linear },
            loss_scale: None,
            noise: if multiplicative { Noise::Multiplicative } else { Noise::Additive },
            carry: if carry { Carry::Fixed(Adstock { theta: 0.5, normalize: false, max_lag: Some(3), start: Start::Level(5.0) }) } else { Carry::None },
            newey_west: lag.then_some(2),
        };
        let model = Model::ALL[model];
        if let Ok(got) = fit(model, &spend, &revenue, &options) {
            let _ = got.optimum(0.4, None, false, 0.9).unwrap();
            let _ = got.warnings(Some(0.4));
            let draws = Bootstrap::new(&got, &spend, &revenue, &options, Scheme::Case, bits[0]).unwrap().draws(0..3);
            let _ = draws.optimal_spend(0.4, f64::INFINITY, 0.9).unwrap();
        }
        let point = |i: usize| f64::from_bits(bits[i]);
        let _ = two_point(model, [point(0), point(1)], [point(2), point(3)]);
        let _ = incremental(point(0), point(1));
        if let Ok(curve) = Curve::new(model, &[point(4).abs(), point(5).abs(), point(6).abs()][..model.parameters().len()]) {
            let _ = curve.evaluate(point(7));
            let _ = curve.optimum(plain[0].abs() / 1e6, Some(point(8)));
            let _ = curve.optimum(point(9), None);
            let _ = curve.inverse_marginal(point(10));
        }
        if let Ok(adstock) = Adstock::new(point(11), multiplicative, lag.then_some(mixed)) {
            let _ = adstock.apply(&spend);
        }
    }
}

#[test]
fn two_points_of_a_curve_give_the_curve() {
    for (model, values) in [
        (Model::Power, [60.0, 0.75]),
        (Model::Log, [90_000.0, 20_000.0]),
        (Model::MichaelisMenten, [400_000.0, 50_000.0]),
        (Model::Negexp, [300_000.0, 40_000.0]),
    ] {
        let curve = Curve::new(model, &values).unwrap();
        let spend = [80_000.0, 10_000.0];
        let got = two_point(model, spend, spend.map(|s| curve.revenue(s))).unwrap();
        all_close(model.name(), got.values(), &values, 1e-11);
        let code = |revenue| two_point(model, spend, revenue).unwrap_err().code();
        if model != Model::Power {
            // Revenue that falls, and revenue that rises faster than spend.
            assert_eq!(code([1.0, 2.0]), "no_such_curve");
            assert_eq!(code([100.0, 2.0]), "no_such_curve");
        }
        assert_eq!(code([0.0, 2.0]), "not_positive");
        assert_eq!(
            two_point(model, [5.0, 5.0], [1.0, 2.0]).unwrap_err().code(),
            "no_variation"
        );
        assert!(
            two_point(model, [f64::NAN, 5.0], [1.0, 2.0])
                .unwrap()
                .values()[0]
                .is_nan()
        );
    }
    assert_eq!(
        two_point(Model::Hill, [1.0, 2.0], [1.0, 2.0])
            .unwrap_err()
            .code(),
        "not_identified"
    );
}

#[test]
fn two_points_that_no_float_can_join_are_refused() {
    // b would be 79 and k below the smallest float; c would be e^-2500.
    let steep = two_point(Model::Power, [1.2209e7, 1.23164e7], [211_180.0, 422_361.0]);
    assert_eq!(steep.unwrap_err().code(), "no_such_curve");
    let flat = two_point(Model::Log, [6_246.0, 12_492.0], [396.152, 396.260]);
    assert_eq!(flat.unwrap_err().code(), "no_such_curve");
}

#[test]
fn a_window_sums_its_lags_and_a_steady_spend_has_a_steady_adstock() {
    let spend: Vec<f64> = ladder(30);
    for (theta, normalize, max_lag) in [
        (0.6, false, None),
        (0.6, true, None),
        (0.6, false, Some(4)),
        (0.6, true, Some(4)),
        (1.0, true, Some(5)),
        (0.0, true, Some(1)),
    ] {
        let adstock = Adstock::new(theta, normalize, max_lag).unwrap();
        let got = adstock.apply(&spend).unwrap();
        let steady = adstock.apply(&[7.0; 200]).unwrap();
        assert!(
            (steady[199] - 7.0 * adstock.steady()).abs() < 1e-12 * steady[199],
            "{adstock:?}"
        );
        let pow = |lag: usize| edgetally_core::metrics::math::pow(theta, lag as f64);
        let sum: f64 = (0..max_lag.unwrap_or(2_000)).map(pow).sum();
        for t in 0..30 {
            let direct: f64 = (0..=t.min(max_lag.unwrap_or(100) - 1))
                .map(|lag| pow(lag) * spend[t - lag])
                .sum();
            let direct = if normalize { direct / sum } else { direct };
            assert!((got[t] - direct).abs() <= 1e-13 * direct, "{adstock:?} {t}");
        }
    }
    assert_eq!(
        Adstock::new(1.0, true, None).unwrap_err().code(),
        "never_decays"
    );
    assert_eq!(
        Adstock::new(1.1, false, None).unwrap_err().code(),
        "not_a_rate"
    );
    assert_eq!(
        Adstock::new(0.5, false, Some(0)).unwrap_err().code(),
        "not_a_count"
    );
    let got = Adstock::new(0.5, false, Some(2))
        .unwrap()
        .apply(&[1.0, f64::NAN, 1.0, 1.0])
        .unwrap();
    assert!(got[1].is_nan() && got[2].is_nan() && got[3] == 1.5);
}

#[test]
fn the_optimum_of_carried_spend_is_that_of_a_steady_one() {
    let mut noise = Noisy(11);
    let spend: Vec<f64> = (0..120)
        .map(|_| 8_000.0 * edgetally_core::metrics::math::exp(0.7 * noise.next()))
        .collect();
    let truth = Curve::new(Model::MichaelisMenten, &[400_000.0, 60_000.0]).unwrap();
    let carried = Adstock::new(0.55, false, None)
        .unwrap()
        .apply(&spend)
        .unwrap();
    let revenue: Vec<f64> = carried
        .iter()
        .map(|a| truth.revenue(*a) * (1.0 + 0.01 * noise.next()))
        .collect();
    let options = FitOptions {
        carry: Carry::Estimate {
            normalize: false,
            max_lag: None,
            start: Start::Zero,
        },
        ..FitOptions::default()
    };
    let got = fit(Model::MichaelisMenten, &spend, &revenue, &options).unwrap();
    let theta = got.adstock.unwrap().theta;
    assert!((theta - 0.55).abs() < 0.02, "{theta}");
    // In the long run a unit per period is 1 / (1 - theta) of adstock.
    let steady = 1.0 / (1.0 - theta);
    let best = got.optimum(0.4, None, true, 0.95).unwrap();
    let direct = (0..400_000)
        .map(|i| f64::from(i) * 0.5)
        .map(|s| (0.4 * got.curve.revenue(s * steady) - s, s))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .unwrap();
    assert!(
        (best.uncapped - direct.1).abs() <= 1.0,
        "{best:?} {direct:?}"
    );
    let (marginal, _) = got.marginal_roas(best.uncapped).unwrap();
    assert!((marginal - 2.5).abs() < 1e-9);
    // With the theta known, the same numbers but for the parameter that was counted.
    let known = FitOptions {
        carry: Carry::Fixed(got.adstock.unwrap()),
        ..FitOptions::default()
    };
    let known = fit(Model::MichaelisMenten, &spend, &revenue, &known).unwrap();
    assert_eq!(known.curve, got.curve);
    assert!(known.sigma < got.sigma && known.aicc < got.aicc);
}

fn noisy_hill(seed: u64, rows: usize, log_sd: f64) -> (Vec<f64>, Vec<f64>, Curve) {
    let truth = Curve::new(Model::Hill, &[400_000.0, 40_000.0, 1.5]).unwrap();
    let mut noise = Noisy(seed);
    let spend: Vec<f64> = (0..rows)
        .map(|_| 30_000.0 * edgetally_core::metrics::math::exp(log_sd * noise.next()))
        .collect();
    let revenue = spend
        .iter()
        .map(|s| truth.revenue(*s) * (1.0 + 0.1 * noise.next()))
        .collect();
    (spend, revenue, truth)
}

#[test]
fn resamples_do_not_depend_on_how_the_work_is_divided() {
    let (spend, revenue, _) = noisy_hill(3, 52, 0.8);
    for (scheme, loss) in [
        (Scheme::Case, Loss::Linear),
        (Scheme::series(52), Loss::Linear),
        (Scheme::Case, Loss::Huber),
    ] {
        let options = FitOptions {
            loss,
            ..FitOptions::default()
        };
        let got = fit(Model::Hill, &spend, &revenue, &options).unwrap();
        let bootstrap = Bootstrap::new(&got, &spend, &revenue, &options, scheme, 9).unwrap();
        let whole = bootstrap.draws(0..60);
        let mut parts: Draws = bootstrap.draws(0..13);
        parts.extend(bootstrap.draws(13..14));
        parts.extend(bootstrap.draws(14..60));
        assert_eq!(whole, parts);
        assert_eq!(whole.failed(), 0);
        let other = Bootstrap::new(&got, &spend, &revenue, &options, scheme, 10).unwrap();
        assert_ne!(whole, other.draws(0..60));
    }
    assert_eq!(Scheme::series(52), Scheme::MovingBlock(4));
    assert_eq!(Scheme::series(64), Scheme::MovingBlock(4));
}

/// A draw is the fit of its rows, to the tolerance of the search.
#[test]
fn the_spread_of_the_draws_is_that_of_the_estimate() {
    let (spend, revenue, _) = noisy_hill(21, 200, 0.8);
    // Noise of even size, for which the linearised errors hold.
    let got = fit(
        Model::MichaelisMenten,
        &spend,
        &revenue,
        &FitOptions {
            noise: Noise::Multiplicative,
            ..FitOptions::default()
        },
    )
    .unwrap();
    let options = FitOptions {
        noise: Noise::Multiplicative,
        ..FitOptions::default()
    };
    let draws = Bootstrap::new(&got, &spend, &revenue, &options, Scheme::Case, 1)
        .unwrap()
        .draws(0..400);
    for (i, error) in got.std_errors.iter().enumerate() {
        let column: Vec<f64> = draws.values.iter().map(|row| row[i]).collect();
        let mean = column.iter().sum::<f64>() / 400.0;
        let spread = (column.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 399.0).sqrt();
        assert!(
            (0.75..1.4).contains(&(spread / error)),
            "{i}: {spread} {error}"
        );
    }
}

/// Nominal 95 % for the marginal return at 30,000; Hill, 52 rows, log-sd of spend 0.8, ten per cent noise.
#[test]
fn percentile_intervals_cover_what_they_say() {
    const STUDIES: u64 = 150;
    let mut covered = 0;
    for study in 0..STUDIES {
        let (spend, revenue, truth) = noisy_hill(1_000 + study, 52, 0.8);
        let options = FitOptions::default();
        let got = fit(Model::Hill, &spend, &revenue, &options).unwrap();
        let draws = Bootstrap::new(&got, &spend, &revenue, &options, Scheme::Case, study)
            .unwrap()
            .draws(0..200);
        let [low, high] = draws.marginal_roas(30_000.0, 0.95).unwrap();
        let seen = truth.marginal(30_000.0);
        covered += u64::from(low <= seen && seen <= high);
    }
    assert!(covered * 100 >= STUDIES * 90, "{covered} of {STUDIES}");
}

#[test]
fn warnings_say_what_the_data_cannot_show() {
    let (spend, revenue, _) = noisy_hill(5, 52, 0.1);
    let got = fit(Model::Hill, &spend, &revenue, &FitOptions::default()).unwrap();
    assert!(
        got.warnings(Some(0.4)).contains(&"little_variation"),
        "{:?}",
        got.warnings(Some(0.4))
    );
    let spend = ladder(10);
    let straight: Vec<f64> = spend.iter().map(|s| 3.0 * s).collect();
    let got = fit(Model::Negexp, &spend, &straight, &FitOptions::default()).unwrap();
    let words = got.warnings(Some(0.5));
    assert!(
        words.contains(&"saturation_not_seen") && words.contains(&"straight_line"),
        "{words:?}"
    );
    // A bend that was seen, and an optimum far beyond: by half as much again, and no further.
    let curved: Vec<f64> = spend.iter().map(|s| 3e6 * s / (1e6 + s)).collect();
    let got = fit(
        Model::MichaelisMenten,
        &spend,
        &curved,
        &FitOptions::default(),
    )
    .unwrap();
    let words = got.warnings(Some(0.5));
    assert!(words.contains(&"optimum_outside_range"), "{words:?}");
    let optimum = got.optimum(0.5, None, false, 0.95).unwrap();
    assert!(
        optimum.capped
            && (optimum.spend.estimate - 180_000.0).abs() < 1e-6
            && optimum.uncapped > 180_000.0
    );
    assert!(!got.optimum(0.5, None, true, 0.95).unwrap().capped);
    assert!(
        (got.optimum(0.5, Some(100.0), true, 0.95)
            .unwrap()
            .spend
            .estimate
            - 100.0)
            .abs()
            < 1e-12
    );
    let falling: Vec<f64> = spend.iter().map(|s| -s).collect();
    assert!(
        fit(Model::Log, &spend, &falling, &FitOptions::default())
            .unwrap()
            .warnings(None)
            .contains(&"not_increasing")
    );
}

#[test]
fn data_that_hold_no_curve_are_refused_and_nan_is_carried() {
    let spend = ladder(10);
    let plain = FitOptions::default();
    let code = |spend: &[f64], revenue: &[f64], options: &FitOptions<'_>| {
        fit(Model::Hill, spend, revenue, options)
            .unwrap_err()
            .code()
    };
    assert_eq!(
        code(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0], &plain),
        "too_few_rows"
    );
    assert_eq!(code(&[5.0; 10], &spend, &plain), "no_variation");
    assert_eq!(
        code(&[0.0, 0.0, 0.0, 0.0, 5.0, 6.0], &[1.0; 6], &plain),
        "no_variation"
    );
    assert_eq!(code(&spend, &spend[..9], &plain), "length_mismatch");
    assert_eq!(code(&[-1.0; 10], &spend, &plain), "negative");
    let infinite = [f64::INFINITY; 10];
    assert_eq!(code(&spend, &infinite, &plain), "not_finite");
    let both = FitOptions {
        baseline: true,
        noise: Noise::Multiplicative,
        ..plain
    };
    assert_eq!(
        code(&spend, &spend, &both),
        "baseline_with_multiplicative_noise"
    );
    let logs = FitOptions {
        noise: Noise::Multiplicative,
        ..plain
    };
    assert_eq!(code(&spend, &[0.0; 10], &logs), "not_positive");
    // An undefined adstock leaves nothing defined.
    let unknown = FitOptions {
        carry: Carry::Fixed(Adstock::new(f64::NAN, false, None).unwrap()),
        ..plain
    };
    let got = fit(Model::Hill, &spend, &spend, &unknown).unwrap();
    assert!(
        got.curve
            .values()
            .iter()
            .chain(&got.std_errors)
            .chain([&got.rss, &got.aicc])
            .all(|x| x.is_nan())
    );
    assert!(
        got.optimum(0.4, None, false, 0.95)
            .unwrap()
            .spend
            .estimate
            .is_nan()
    );
    assert!(got.marginal_roas(1.0).unwrap().0.is_nan() && got.predict(1.0).unwrap().0.is_nan());
    let draws = Bootstrap::new(&got, &spend, &spend, &unknown, Scheme::Case, 0)
        .unwrap()
        .draws(0..3);
    assert_eq!(draws.failed(), 3);
}

#[test]
fn left_out_rows_are_predicted_from_the_others() {
    let (spend, revenue, _) = noisy_hill(8, 30, 0.8);
    let plain = FitOptions::default();
    let mut sum = 0.0;
    for row in 0..30 {
        let without = |all: &[f64]| -> Vec<f64> {
            all.iter()
                .enumerate()
                .filter(|(i, _)| *i != row)
                .map(|(_, x)| *x)
                .collect()
        };
        let others = fit(Model::Hill, &without(&spend), &without(&revenue), &plain).unwrap();
        let error = revenue[row] - others.predict(spend[row]).unwrap().0;
        sum += error * error;
    }
    let got = leave_one_out(Model::Hill, &spend, &revenue, &plain).unwrap();
    all_close("leave-one-out", &[got], &[(sum / 30.0).sqrt()], 1e-6);
    let mut sum = 0.0;
    for row in 15..30 {
        let before = fit(Model::Hill, &spend[..row], &revenue[..row], &plain).unwrap();
        let error = revenue[row] - before.predict(spend[row]).unwrap().0;
        sum += error * error;
    }
    let got = rolling_origin(Model::Hill, &spend, &revenue, &plain).unwrap();
    all_close("rolling origin", &[got], &[(sum / 15.0).sqrt()], 1e-6);
}

#[test]
fn an_undecided_choice_averages_its_optima() {
    let (spend, revenue, _) = noisy_hill(8, 24, 0.5);
    let got = compare(&Model::ALL, &spend, &revenue, &FitOptions::default()).unwrap();
    let weights: f64 = got
        .candidates
        .iter()
        .map(|candidate| candidate.weight)
        .sum();
    assert!((weights - 1.0).abs() < 1e-12);
    let close: Vec<_> = got
        .candidates
        .iter()
        .filter(|candidate| candidate.delta_aicc < 2.0)
        .collect();
    assert!(close.len() > 1, "the test wants an undecided choice");
    let sum: f64 = close.iter().map(|candidate| candidate.weight).sum();
    let mean: f64 = close
        .iter()
        .map(|candidate| {
            candidate.weight / sum
                * candidate
                    .fit
                    .optimum(0.4, None, true, 0.9)
                    .unwrap()
                    .uncapped
        })
        .sum();
    all_close(
        "average",
        &[got.averaged_optimal_spend(0.4, f64::INFINITY).unwrap()],
        &[mean],
        1e-12,
    );
    assert_eq!(
        compare(&[], &spend, &revenue, &FitOptions::default())
            .unwrap_err()
            .code(),
        "no_candidates"
    );
}

/// Prices so low that a naive inverse overflows on the way.
#[test]
fn an_inverse_reaches_the_smallest_prices() {
    let curve = Curve::new(Model::MichaelisMenten, &[1e4, 1e3]).unwrap();
    for price in [1e-12, 1e-200, 1e-305] {
        let spend = curve.inverse_marginal(price);
        assert!(
            (curve.marginal(spend) - price).abs() <= 1e-9 * price,
            "{price:e} {spend:e}"
        );
    }
}
