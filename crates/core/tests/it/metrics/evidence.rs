//! Whether there is a curve, rows that are missing, and what came before the first row: laws of `metrics::response`.
#![allow(
    clippy::float_cmp,
    clippy::cast_precision_loss,
    reason = "what is exact is compared exactly"
)]

use edgetally_core::metrics::response::{
    Adstock, Bootstrap, Carry, Curve, FitOptions, Model, Noise, Scheme, Start, Verdict, compare,
    fit, leave_one_out, rolling_origin,
};

/// Normal numbers from a counter.
struct Normal(u64);

impl Normal {
    fn next(&mut self) -> f64 {
        let mut uniform = || {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64 + 1e-17
        };
        (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos()
    }
}

/// Spends of so much variation, and revenue on a Hill curve with noise of five per cent.
fn noisy(seed: u64, rows: usize) -> (Vec<f64>, Vec<f64>, Curve) {
    let truth = Curve::new(Model::Hill, &[400_000.0, 60_000.0, 1.6]).unwrap();
    let mut random = Normal(seed);
    let spend: Vec<f64> = (0..rows)
        .map(|_| 50_000.0 * (0.8 * random.next()).exp())
        .collect();
    let revenue = spend
        .iter()
        .map(|s| truth.revenue(*s) * (1.0 + 0.05 * random.next()))
        .collect();
    (spend, revenue, truth)
}

fn close(got: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        assert!(
            (got - want).abs() <= tolerance * want.abs(),
            "{got} for {want}"
        );
    }
}

/// What a fit says, without the places of the rows.
fn numbers(spend: &[f64], revenue: &[f64], options: &FitOptions<'_>) -> (Vec<f64>, usize, usize) {
    let got = fit(Model::Hill, spend, revenue, options).unwrap();
    let mut all = got.curve.values().to_vec();
    all.extend([got.rss, got.aicc, got.log_sd_spend, got.revenue_max]);
    all.extend(got.std_errors);
    all.extend([got.evidence.response, got.evidence.saturation]);
    (all, got.rows, got.missing_rows)
}

#[test]
fn a_missing_number_takes_its_row_along_and_nothing_else() {
    let (spend, revenue, _) = noisy(3, 30);
    let plain = FitOptions::default();
    let without = |all: &[f64], rows: &[usize]| -> Vec<f64> {
        let kept = all.iter().enumerate().filter(|(i, _)| !rows.contains(i));
        kept.map(|(_, x)| *x).collect()
    };
    let (mut holes, mut silent) = (spend.clone(), revenue.clone());
    holes[4] = f64::NAN;
    silent[9] = f64::NAN;
    let left = (without(&spend, &[4, 9]), without(&revenue, &[4, 9]));
    let (want, ..) = numbers(&left.0, &left.1, &plain);
    assert_eq!(numbers(&holes, &silent, &plain), (want.clone(), 28, 2));
    let mut weights = vec![1.0; 30];
    weights[4] = f64::NAN;
    weights[9] = f64::NAN;
    let weighted = FitOptions {
        weights: Some(&weights),
        ..plain
    };
    assert_eq!(numbers(&spend, &revenue, &weighted), (want, 28, 2));
    let got = fit(Model::Hill, &holes, &silent, &plain).unwrap();
    assert!(got.warnings(None).contains(&"missing_rows") && got.converged);
    // Resamples and cross-validation see the same rows.
    let draws = |spend: &[f64], revenue: &[f64]| {
        let fit = fit(Model::Hill, spend, revenue, &plain).unwrap();
        let bootstrap = Bootstrap::new(&fit, spend, revenue, &plain, Scheme::Case, 1).unwrap();
        (
            bootstrap.draws(0..20),
            leave_one_out(Model::Hill, spend, revenue, &plain).unwrap(),
        )
    };
    assert_eq!(draws(&holes, &silent), draws(&left.0, &left.1));
    assert!(rolling_origin(Model::Hill, &holes, &silent, &plain).unwrap() > 0.0);
    // Nothing left.
    assert_eq!(
        fit(Model::Hill, &[f64::NAN; 9], &revenue[..9], &plain)
            .unwrap_err()
            .code(),
        "too_few_rows"
    );
}

#[test]
fn a_missing_week_of_carried_spend_is_waited_out() {
    let (spend, _, truth) = noisy(3, 60);
    let adstock = Adstock::new(0.5, false, None).unwrap();
    let carried = adstock.apply(&spend).unwrap();
    let revenue: Vec<f64> = carried.iter().map(|a| truth.revenue(*a)).collect();
    let with = |carry| FitOptions {
        carry,
        ..FitOptions::default()
    };
    let options = with(Carry::Fixed(adstock));
    // A missing revenue: its own row, and its spend works on.
    let mut silent = revenue.clone();
    silent[20] = f64::NAN;
    let got = fit(Model::Hill, &spend, &silent, &options).unwrap();
    assert_eq!((got.rows, got.missing_rows), (59, 1));
    close(got.curve.values(), truth.values(), 1e-6);
    // A missing spend: half, a quarter, an eighth, a sixteenth of what follows are unknown, and then less than a twentieth.
    let mut holes = spend.clone();
    holes[20] = f64::NAN;
    let got = fit(Model::Hill, &holes, &revenue, &options).unwrap();
    assert_eq!((got.rows, got.missing_rows), (56, 4));
    close(got.curve.values(), truth.values(), 0.03);
    // Two of them weigh together.
    holes[24] = f64::NAN;
    let got = fit(Model::Hill, &holes, &revenue, &options).unwrap();
    assert_eq!(got.missing_rows, 8);
    // A window forgets.
    let window = with(Carry::Fixed(Adstock::new(0.9, true, Some(3)).unwrap()));
    let got = fit(Model::Hill, &holes, &revenue, &window).unwrap();
    assert_eq!(got.missing_rows, 6);
    // What never decays is never known again.
    let endless = with(Carry::Fixed(Adstock::new(1.0, false, None).unwrap()));
    let got = fit(Model::Log, &holes, &revenue, &endless).unwrap();
    assert_eq!(got.rows, 20);
    // Where the adstock is sought, by the worst of them, so that all are fitted to the same rows.
    let sought = with(Carry::Estimate {
        normalize: false,
        max_lag: None,
        start: Start::Zero,
    });
    holes[24] = spend[24];
    let got = fit(Model::Hill, &holes, &revenue, &sought).unwrap();
    assert_eq!(got.missing_rows, 7);
    assert!((got.adstock.unwrap().theta - 0.5).abs() < 0.02);
}

#[test]
fn a_steady_past_starts_a_steady_spend_where_it_stays() {
    let with = |theta, normalize, lag, start| {
        Adstock::new(theta, normalize, lag)
            .unwrap()
            .starting(start)
            .unwrap()
    };
    for lag in [None, Some(1), Some(3), Some(50)] {
        for theta in [0.0, 0.3, 0.9] {
            for start in [Start::Steady, Start::Level(100.0)] {
                let got = with(theta, true, lag, start).apply(&[100.0; 6]).unwrap();
                close(&got, &[100.0; 6], 1e-12);
            }
            // As if the past had been rows.
            let spend = [70.0, 20.0, 0.0, 40.0];
            let long: Vec<f64> = core::iter::repeat_n(30.0, 2_000).chain(spend).collect();
            let got = with(theta, false, lag, Start::Level(30.0));
            let plain = with(theta, false, lag, Start::Zero);
            let want = plain.apply(&long).unwrap();
            close(&got.apply(&spend).unwrap(), &want[2_000..], 1e-12);
        }
    }
    let window = with(1.0, false, Some(4), Start::Level(5.0));
    let got = window.apply(&[1.0; 5]).unwrap();
    assert_eq!(got, [16.0, 12.0, 8.0, 4.0, 4.0]);
    let endless = Adstock::new(1.0, false, None).unwrap();
    let code = |start| endless.starting(start).unwrap_err().code();
    assert_eq!(code(Start::Steady), "never_decays");
    assert_eq!(code(Start::Level(-1.0)), "negative");
    // As large a window as there is does not take for ever.
    let wide = Adstock::new(1.0, true, Some(usize::MAX)).unwrap();
    assert!(wide.apply(&[1.0; 3]).unwrap()[2] > 0.0);
}

#[test]
fn spend_that_does_nothing_has_no_optimum() {
    let (spend, revenue, _) = noisy(11, 26);
    let plain = FitOptions::default();
    let mut random = Normal(1);
    let flat: Vec<f64> = spend
        .iter()
        .map(|_| 20_000.0 + 1_000.0 * random.next())
        .collect();
    let falling = [500.0, 400.0, 300.0, 200.0, 100.0];
    let rising = [100.0, 200.0, 300.0, 400.0, 500.0];
    let none: &[&str] = &["no_response"];
    let cases: [(&[f64], &[f64], &[&str], Verdict); 5] = [
        (&spend, &flat, none, Verdict::NoResponse),
        (
            &rising,
            &falling,
            &["no_response", "not_increasing"],
            Verdict::NotIncreasing,
        ),
        (&spend, &[20_000.0; 26], none, Verdict::NoResponse),
        (&spend, &[0.1; 26], none, Verdict::NoResponse),
        (&spend, &[0.0; 26], none, Verdict::NoResponse),
    ];
    for (spend, revenue, words, verdict) in cases {
        for model in Model::ALL {
            let Ok(got) = fit(model, spend, revenue, &plain) else {
                panic!("{model:?}");
            };
            assert_eq!(got.evidence.verdict(), verdict, "{model:?}");
            let warnings = got.warnings(Some(0.4));
            for word in words {
                assert!(warnings.contains(word), "{model:?} {warnings:?}");
            }
            let best = got.optimum(0.4, None, false, 0.95).unwrap();
            assert!(
                best.spend.estimate.is_nan()
                    && best.spend.low.is_nan()
                    && best.optimum.profit.is_nan()
                    && best.uncapped.is_nan()
                    && best.log_spend_se.is_nan(),
                "{model:?} {best:?}"
            );
        }
        let all = compare(&Model::ALL, spend, revenue, &plain).unwrap();
        assert!(all.averaged_optimal_spend(0.4, 1e9).unwrap().is_nan());
        assert!(!all.candidates[0].fit.evidence.constant_aicc.is_nan());
    }
    // A curve that is there is seen, in any unit.
    let got = fit(Model::Hill, &spend, &revenue, &plain).unwrap();
    assert_eq!(got.evidence.verdict(), Verdict::Curve, "{:?}", got.evidence);
    assert!(got.evidence.constant_aicc > got.aicc && got.evidence.line_aicc > got.aicc);
    for exponent in [-300, -60, 60, 300] {
        let factor = 2.0_f64.powi(exponent);
        let scaled: Vec<f64> = revenue.iter().map(|y| y * factor).collect();
        let cents: Vec<f64> = spend.iter().map(|s| s * factor).collect();
        for (spend, revenue) in [(&spend, &scaled), (&cents, &revenue)] {
            let other = fit(Model::Hill, spend, revenue, &plain).unwrap().evidence;
            assert_eq!(other.response.to_bits(), got.evidence.response.to_bits());
            assert_eq!(
                other.saturation.to_bits(),
                got.evidence.saturation.to_bits()
            );
        }
    }
}

#[test]
fn a_straight_line_has_no_optimum_unless_nothing_pays() {
    let spend: Vec<f64> = (1..=10).map(|i| f64::from(i) * 1_000.0).collect();
    let plain = FitOptions::default();
    for base in [0.0, 5_000.0] {
        let straight: Vec<f64> = spend.iter().map(|s| base + 3.0 * s).collect();
        let got = fit(Model::Log, &spend, &straight, &plain).unwrap();
        assert_eq!(got.evidence.verdict(), Verdict::StraightLine);
        close(&[got.evidence.line[1]], &[3.0], 1e-9);
        assert!((got.evidence.line[0] - base).abs() < 1e-6);
        let best = got.optimum(0.5, None, true, 0.95).unwrap();
        assert!(best.spend.estimate.is_nan() && best.uncapped.is_nan() && !best.capped);
        assert!(
            !got.warnings(Some(0.5)).contains(&"optimum_outside_range"),
            "{:?}",
            got.warnings(Some(0.5))
        );
    }
    // Not even the first unit pays.
    let straight: Vec<f64> = spend.iter().map(|s| 3.0 * s).collect();
    let got = fit(Model::Log, &spend, &straight, &plain).unwrap();
    assert_eq!(got.warnings(Some(0.1)).last(), Some(&"no_profitable_spend"));
    let best = got.optimum(0.1, None, true, 0.95).unwrap();
    assert!(best.spend.estimate == 0.0 && best.spend.low.is_nan());
    // That it starts at zero is what makes it a curve: seen when it is said, and not before.
    let mut random = Normal(4);
    let narrow: Vec<f64> = (0..26).map(|_| 3.0 * (0.1 * random.next()).exp()).collect();
    let level: Vec<f64> = narrow
        .iter()
        .map(|s| 8.0 * s / (1.0 + s) + 0.1 * random.next())
        .collect();
    let got = fit(Model::MichaelisMenten, &narrow, &level, &plain).unwrap();
    assert_eq!(got.evidence.verdict(), Verdict::StraightLine);
    let known = FitOptions {
        through_origin: true,
        ..plain
    };
    let got = fit(Model::MichaelisMenten, &narrow, &level, &known).unwrap();
    assert_eq!(got.evidence.verdict(), Verdict::Curve);
}

#[test]
fn a_curve_is_seen_by_chance_as_often_as_it_should_be() {
    const STUDIES: usize = 1_000;
    let mut random = Normal(77);
    for (rows, weighted, noise) in [
        (8, false, Noise::Additive),
        (26, true, Noise::Additive),
        (26, false, Noise::Multiplicative),
    ] {
        let mut weights = vec![1.0; rows];
        if weighted {
            weights.fill_with(|| (0.7 * random.next()).exp());
        }
        let options = FitOptions {
            weights: Some(&weights),
            noise,
            ..FitOptions::default()
        };
        let (mut flat, mut line, mut curve) = (0, 0, 0);
        for _ in 0..STUDIES {
            let spend: Vec<f64> = (0..rows).map(|_| (0.8 * random.next()).exp()).collect();
            let mut seen = |level: fn(f64) -> f64| {
                let rows = spend.iter().zip(&weights);
                let revenue: Vec<f64> = rows
                    .map(|(s, w)| {
                        let error = 0.1 * random.next();
                        if noise == Noise::Multiplicative {
                            level(*s) * error.exp()
                        } else {
                            level(*s) + 3.0 * error / w.sqrt()
                        }
                    })
                    .collect();
                fit(Model::Log, &spend, &revenue, &options).unwrap()
            };
            let none = seen(|_| 5.0).evidence;
            flat += usize::from(none.response < 0.05) + usize::from(none.falling < 0.05);
            line += usize::from(seen(|s| 2.0 + s).evidence.saturation < 0.05);
            curve += usize::from(seen(|s| 8.0 * s / (1.0 + s)).identified());
        }
        // Five per cent, and three standard errors of the count.
        let counts = format!("{rows} {weighted} {noise:?}: {flat} {line} {curve}");
        println!("{counts}");
        assert!(flat <= 2 * STUDIES / 20 + 30, "{counts}");
        assert!(line <= STUDIES / 20 + 21, "{counts}");
        assert!(
            flat >= STUDIES / 20 && line >= STUDIES / 50,
            "nothing is ever seen: {counts}"
        );
        assert!(curve * 2 >= STUDIES, "{counts}");
    }
}
