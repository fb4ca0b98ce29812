//! The reference rows and laws of `metrics::geo`.
#![allow(
    clippy::unreadable_literal,
    clippy::float_cmp,
    clippy::cast_precision_loss,
    clippy::excessive_precision,
    clippy::inconsistent_digit_grouping,
    reason = "references are as they were printed, and what is exact is compared exactly"
)]

use super::rows;
use edgetally_core::metrics::geo::{
    CounterfactualOptions, Did, DidOptions, NO_VARIANCE, PERFECT_FIT, Ridge,
    SyntheticControlOptions, TOO_FEW_DONORS, TOO_FEW_REGIONS, TOO_FEW_ROWS, counterfactual,
    detectable_lift, did, did_panel, power, synthetic_control,
};
use proptest::prelude::*;

#[test]
fn differences_agree_with_the_reference() {
    for row in rows("geo.did") {
        let column = |name| row.column(name);
        let got = did(
            &column("treated_pre"),
            &column("treated_post"),
            &column("control_pre"),
            &column("control_post"),
            &DidOptions::default(),
        )
        .unwrap();
        let found = [
            row.expect("did", got.did),
            row.expect("counterfactual", got.counterfactual),
            row.expect("lift", got.lift),
        ];
        assert_eq!(found, [true; 3], "{}", row.id);
    }
}

#[test]
fn doubles_agree_with_the_reference() {
    for row in rows("geo.synthetic_control") {
        let donors: Vec<Vec<f64>> = row.inputs["donors_pre"]
            .as_array()
            .unwrap()
            .iter()
            .map(|series| {
                series
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(super::number)
                    .collect()
            })
            .collect();
        let got = synthetic_control(
            &row.column("treated_pre"),
            &donors,
            &[],
            &[],
            &SyntheticControlOptions::default(),
        )
        .unwrap();
        let found = [
            row.expect_all("weights", &got.weights),
            row.expect("pre_rmse", got.pre_rmse),
        ];
        assert_eq!(found, [true; 2], "{}", row.id);
    }
}

/// Fourteen regions and eight periods: more weights than can be told apart without the simplex.
const DONORS: [[f64; 8]; 14] = [
    [30.7, 32.5, 32.4, 36.7, 34.2, 33.3, 34.4, 35.1],
    [31.7, 32.8, 32.4, 31.7, 31.3, 31.9, 26.5, 31.1],
    [33.8, 27.1, 26.8, 31.2, 29.7, 34.3, 39.0, 36.4],
    [39.1, 35.4, 38.9, 36.5, 32.0, 27.9, 28.0, 27.9],
    [29.5, 32.5, 29.7, 29.2, 25.8, 26.0, 22.6, 19.0],
    [54.5, 54.6, 56.5, 64.1, 66.5, 66.1, 66.3, 64.1],
    [43.7, 42.7, 48.0, 47.0, 45.9, 44.7, 46.5, 47.1],
    [63.1, 61.4, 62.3, 68.1, 67.4, 69.0, 73.7, 75.3],
    [57.7, 51.5, 58.7, 59.9, 63.7, 62.3, 67.8, 69.3],
    [64.1, 61.4, 62.5, 61.0, 60.3, 55.5, 54.0, 54.5],
    [53.9, 54.1, 56.1, 55.2, 53.4, 51.5, 54.3, 49.7],
    [48.6, 47.3, 47.7, 47.5, 44.2, 50.3, 50.9, 46.8],
    [55.9, 56.2, 58.1, 54.0, 56.2, 52.0, 49.7, 52.2],
    [70.2, 69.9, 69.0, 72.8, 69.6, 70.4, 71.1, 74.1],
];
const TREATED: [f64; 8] = [34.4, 32.5, 33.1, 34.1, 34.5, 34.5, 34.4, 35.8];
/// Four treated regions and seven controls, five periods before and three after.
const PANEL: [[f64; 8]; 11] = [
    [92.0, 102.6, 99.1, 101.4, 96.6, 108.5, 107.2, 102.5],
    [105.8, 105.2, 113.9, 100.0, 107.7, 118.8, 119.2, 118.9],
    [80.2, 82.7, 72.7, 82.6, 78.1, 87.3, 83.8, 83.9],
    [96.6, 92.4, 92.4, 94.9, 96.9, 107.0, 104.3, 106.4],
    [72.7, 69.2, 77.1, 78.5, 78.6, 75.2, 75.1, 72.8],
    [98.0, 90.6, 101.2, 84.4, 93.4, 97.5, 95.6, 97.9],
    [113.9, 105.8, 109.2, 104.2, 101.0, 104.8, 112.3, 110.3],
    [93.0, 100.0, 101.1, 100.7, 103.2, 95.9, 98.0, 97.5],
    [97.2, 101.8, 94.9, 98.0, 100.1, 97.8, 102.9, 99.2],
    [116.5, 115.0, 107.6, 107.3, 116.8, 109.0, 117.1, 110.8],
    [90.1, 101.6, 96.5, 90.6, 93.8, 94.8, 93.9, 97.3],
];

fn donors() -> Vec<Vec<f64>> {
    DONORS.iter().map(|series| series.to_vec()).collect()
}

/// References: scipy 1.17.1, `minimize(method="SLSQP", ftol=1e-16)` from thirty starts; the correction by its formula in `NumPy`.
#[test]
fn a_double_is_the_nearest_on_the_simplex() {
    let plain = SyntheticControlOptions::default();
    let got = synthetic_control(&TREATED, &donors(), &[], &[], &plain).unwrap();
    let want = [
        0.143779713,
        0.460772039,
        0.279462046,
        0.041250656,
        0.0,
        0.0,
        0.0,
        0.0,
        0.074735546,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
    ];
    for (got, want) in got.weights.iter().zip(want) {
        assert!((got - want).abs() < 1e-6, "{got} {want}");
    }
    assert!((got.pre_rmse - 0.36012711779485).abs() < 1e-12);
    assert!(got.effect.is_empty() && got.incremental.is_nan() && got.p_value.is_nan());

    let ridge = SyntheticControlOptions {
        ridge: Ridge::Fixed(25.0),
        ..plain
    };
    let got = synthetic_control(&TREATED, &donors(), &[], &[], &ridge).unwrap();
    let want = [
        0.13958101148559016,
        0.45151729291805665,
        0.2918451467278292,
        0.03307676853333832,
        -0.0009603351764622186,
        0.00903874529137427,
        -0.0064413397563988,
        -0.014546190843489237,
        0.11402786041789295,
        0.01673485709674167,
        0.013844914573924061,
        -0.039876574116738644,
        0.038985524148186575,
        -0.04682768129982301,
    ];
    for (got, want) in got.augmented_weights.iter().zip(want) {
        assert!((got - want).abs() < 1e-6, "{got} {want}");
    }
    assert!((got.augmented_weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    let auto = SyntheticControlOptions {
        ridge: Ridge::Auto,
        ..plain
    };
    let auto = synthetic_control(&TREATED, &donors(), &[], &[], &auto).unwrap();
    assert!(auto.ridge.unwrap() > 0.0 && auto.pre_rmse <= got.pre_rmse.max(0.36012711779485));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Karush, Kuhn and Tucker: no donor's share could grow with gain, and those that have one gain alike.
    #[test]
    fn a_double_satisfies_the_conditions_of_an_optimum(
        (treated, donors) in (1_usize..9, 1_usize..16).prop_flat_map(|(periods, count)| (
            prop::collection::vec(-100.0_f64..100.0, periods),
            prop::collection::vec(prop::collection::vec(-100.0_f64..100.0, periods), count),
        )),
        twin in any::<bool>(),
    ) {
        let mut donors = donors;
        if twin {
            // A donor twice, and the treated region among them.
            donors.push(donors[0].clone());
            donors.push(treated.clone());
        }
        let got = synthetic_control(&treated, &donors, &[], &[], &SyntheticControlOptions::default()).unwrap();
        let weights = &got.weights;
        prop_assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        prop_assert!(weights.iter().all(|weight| *weight >= 0.0));
        let residual: Vec<f64> = (0..treated.len())
            .map(|t| treated[t] - donors.iter().zip(weights).map(|(series, weight)| series[t] * weight).sum::<f64>())
            .collect();
        let gain = |series: &[f64]| series.iter().zip(&residual).map(|(x, r)| x * r).sum::<f64>();
        let mean: f64 = donors.iter().zip(weights).map(|(series, weight)| weight * gain(series)).sum();
        for (series, weight) in donors.iter().zip(weights) {
            prop_assert!(gain(series) <= mean + 1e-7, "{} {mean} {weight}", gain(series));
            if *weight > 1e-9 {
                prop_assert!((gain(series) - mean).abs() <= 1e-7, "{} {mean} {weight}", gain(series));
            }
        }
        if twin {
            prop_assert!(got.pre_rmse < 1e-9);
        }
    }

    #[test]
    fn any_bits_return_or_raise(bits in prop::collection::vec(any::<u64>(), 24), plain in prop::collection::vec(-1e3_f64..1e3, 24), mixed in 0_usize..24) {
        let all: Vec<f64> = (0..24).map(|i| if i >= mixed { f64::from_bits(bits[i]) } else { plain[i] }).collect();
        let rows: Vec<Vec<f64>> = all.chunks(3).map(<[f64]>::to_vec).collect();
        let options = DidOptions { permutations: 50, spend: Some(all[0]), ..DidOptions::default() };
        let _ = did(&rows[0], &rows[1], &rows[2], &rows[3], &options);
        let _ = did_panel(&rows[0..2], &rows[2..4], &rows[4..6], &rows[6..8], &options);
        for ridge in [Ridge::None, Ridge::Fixed(all[1]), Ridge::Auto] {
            let options = SyntheticControlOptions { ridge, ..SyntheticControlOptions::default() };
            let _ = synthetic_control(&rows[0], &rows[1..4], &rows[4], &rows[5..8], &options);
        }
        let _ = power(&rows[0], &rows[1..4], 1, 1, &[all[2]], 0.5);
    }
}

/// References: scipy 1.17.1, `ttest_ind(equal_var=False)` of the regions' changes; the 330 relabellings counted in Python with
/// Welch's statistic for one effect after another, and the ends found by bisection.
#[test]
fn a_panel_counts_regions_and_not_rows() {
    let part = |rows: core::ops::Range<usize>, periods: core::ops::Range<usize>| -> Vec<Vec<f64>> {
        PANEL[rows]
            .iter()
            .map(|region| region[periods.clone()].to_vec())
            .collect()
    };
    let options = DidOptions {
        confidence: 0.9,
        spend: Some(40.0),
        ..DidOptions::default()
    };
    let run = |options: &DidOptions| {
        did_panel(
            &part(0..4, 0..5),
            &part(0..4, 5..8),
            &part(4..11, 0..5),
            &part(4..11, 5..8),
            options,
        )
        .unwrap()
    };
    let got = run(&options);
    let close =
        |got: f64, want: f64| assert!((got - want).abs() <= 1e-10 * want.abs(), "{got} {want}");
    close(got.did, 8.648571428571428);
    close(got.degrees_of_freedom, 4.5036572379818045);
    close(got.interval.low, 5.298057970968223);
    close(got.interval.high, 11.907612775489842);
    close(got.p_value, 1.0 / 330.0);
    close(got.incremental, 8.648571428571428 * 12.0);
    close(got.iroas.estimate, 8.648571428571428 * 12.0 / 40.0);
    close(got.iroas.low, 5.298057970968223 * 12.0 / 40.0);
    assert_eq!(got.flag, None);
    // Too many to count: a random part of them, the observed one included.
    let random = run(&DidOptions {
        permutations: 200,
        ..options
    });
    assert!(
        random.p_value >= 1.0 / 201.0 && random.p_value < 0.05,
        "{}",
        random.p_value
    );
    assert_eq!(
        random,
        run(&DidOptions {
            permutations: 200,
            ..options
        })
    );
    // Labels exchanged, the sign is.
    let other = did_panel(
        &part(4..11, 0..5),
        &part(4..11, 5..8),
        &part(0..4, 0..5),
        &part(0..4, 5..8),
        &options,
    )
    .unwrap();
    close(other.did, -got.did);
    close(other.p_value, got.p_value);
}

#[test]
fn an_effect_that_was_put_in_comes_out() {
    let series = |from: usize, to: usize| {
        DONORS
            .iter()
            .map(|series| series[from..to].to_vec())
            .collect::<Vec<_>>()
    };
    // A treated region that is a mixture of donors.
    let mix: Vec<f64> = (0..8)
        .map(|t| 0.5 * DONORS[0][t] + 0.3 * DONORS[6][t] + 0.2 * DONORS[12][t])
        .collect();
    let raised: Vec<f64> = mix[5..].iter().map(|y| y * 1.1).collect();
    let options = SyntheticControlOptions {
        spend: Some(2.0),
        confidence: 0.9,
        ..SyntheticControlOptions::default()
    };
    let got =
        synthetic_control(&mix[..5], &series(0, 5), &raised, &series(5, 8), &options).unwrap();
    assert!(got.pre_rmse < 1e-9);
    assert!((got.lift - 0.1).abs() < 1e-9, "{got:?}");
    let sum: f64 = mix[5..].iter().map(|y| 0.1 * y).sum();
    assert!((got.incremental - sum).abs() < 1e-8 && (got.iroas.estimate - sum / 2.0).abs() < 1e-8);
    assert!((got.average_effect.estimate - sum / 3.0).abs() < 1e-8);
    // One donor of fourteen went further from its own double, for how well that had met it.
    assert!((got.p_value - 2.0 / 15.0).abs() < 1e-12, "{}", got.p_value);
    assert_eq!(got.flags, [PERFECT_FIT]);
    assert_eq!(got.placebo_effects.len(), 14);
    // Fourteen placebo effects say nothing about 95 %, but something about 90 %.
    assert!(got.average_effect.low.is_finite());
    let wider = SyntheticControlOptions {
        confidence: 0.95,
        ..options
    };
    let wider =
        synthetic_control(&mix[..5], &series(0, 5), &raised, &series(5, 8), &wider).unwrap();
    assert_eq!(wider.average_effect.high, f64::INFINITY);
}

#[test]
fn power_grows_with_the_lift() {
    let lifts = [0.0, 0.02, 0.1, 0.5, 2.0];
    let got = power(&TREATED, &donors(), 2, 3, &lifts, 0.15).unwrap();
    assert_eq!(got.windows, 4);
    assert!(got.power.is_sorted(), "{:?}", got.power);
    assert!(got.power[0] < 0.5 && got.power[4] == 1.0, "{:?}", got.power);
    let least = detectable_lift(&got, 0.8);
    assert!(lifts.contains(&least) && least > 0.0);
    assert!(detectable_lift(&got, 1.1).is_nan());
    assert_eq!(
        power(&TREATED, &donors(), 7, 3, &lifts, 0.1)
            .unwrap_err()
            .code(),
        "too_few_rows"
    );
}

#[test]
fn lists_that_do_not_belong_together_are_refused() {
    let options = DidOptions::default();
    let code = |a: &[f64], b: &[f64]| did(a, b, &[1.0], &[1.0], &options).unwrap_err().code();
    assert_eq!(code(&[], &[1.0]), "too_few_rows");
    assert_eq!(code(&[f64::INFINITY], &[1.0]), "not_finite");
    let got = did(&[1.0], &[f64::NAN], &[1.0], &[1.0], &options).unwrap();
    assert!(got.did.is_nan() && got.lift.is_nan());
    // One row has no variance: an estimate without an interval.
    let got = did(&[1.0], &[3.0], &[1.0], &[1.0], &options).unwrap();
    assert!(got.did == 2.0 && got.std_error.is_nan() && got.interval.low.is_nan());
    let plain = SyntheticControlOptions::default();
    let code = |treated: &[f64], donors: &[Vec<f64>], after: &[f64], donors_after: &[Vec<f64>]| {
        synthetic_control(treated, donors, after, donors_after, &plain)
            .unwrap_err()
            .code()
    };
    assert_eq!(code(&[1.0, 2.0], &[vec![1.0]], &[], &[]), "length_mismatch");
    assert_eq!(code(&[1.0], &[vec![1.0]], &[1.0], &[]), "length_mismatch");
    assert_eq!(code(&[], &[vec![]], &[], &[]), "too_few_rows");
    assert_eq!(code(&[1.0], &[], &[], &[]), "too_few_rows");
    let unknown = synthetic_control(
        &[1.0, f64::NAN],
        &[vec![1.0, 2.0]],
        &[1.0],
        &[vec![1.0]],
        &plain,
    )
    .unwrap();
    assert!(unknown.weights[0].is_nan() && unknown.effect[0].is_nan() && unknown.p_value.is_nan());
}

fn columns(values: &[f64]) -> Vec<Vec<f64>> {
    values.iter().map(|x| vec![*x]).collect()
}

/// Regions by what they changed.
fn changed(treated: &[f64], control: &[f64], options: &DidOptions) -> Did {
    let before = |values: &[f64]| columns(&vec![0.0; values.len()]);
    did_panel(
        &before(treated),
        &columns(treated),
        &before(control),
        &columns(control),
        options,
    )
    .unwrap()
}

#[test]
fn what_does_not_vary_has_no_interval() {
    let options = DidOptions::default();
    let panel = |rows: usize, value: f64| vec![vec![value]; rows];
    for scale in [1.0, 0.1, 1e-200, 3e180] {
        let got = did_panel(
            &panel(3, 100.0 * scale),
            &panel(3, 110.0 * scale),
            &panel(3, 90.0 * scale),
            &panel(3, 99.0 * scale),
            &options,
        )
        .unwrap();
        assert!((got.did - scale).abs() < 1e-13 * scale);
        assert!(got.interval.low.is_nan() && got.interval.high.is_nan());
        assert!(got.p_value.is_nan() && got.std_error.is_nan());
        assert_eq!(got.flag, Some(NO_VARIANCE));
        let flat = |rows: usize| vec![0.1 * scale; rows];
        let got = did(&flat(4), &flat(4), &flat(7), &flat(7), &options).unwrap();
        assert!(got.did == 0.0 && got.interval.low.is_nan() && got.interval.high.is_nan());
        assert_eq!(got.flag, Some(NO_VARIANCE));
    }
    // Equal changes that differ in their last digit.
    let got = did_panel(
        &[vec![0.2], vec![0.3]],
        &[vec![0.3], vec![0.4]],
        &[vec![0.6], vec![0.7]],
        &[vec![0.7], vec![0.8]],
        &options,
    )
    .unwrap();
    assert_eq!(got.flag, Some(NO_VARIANCE));
    assert!(got.did.abs() < 1e-15 && got.p_value.is_nan() && got.interval.low.is_nan());
    // All controls alike, and half of the relabellings leave nothing but the estimate.
    let half = DidOptions {
        confidence: 0.5,
        ..options
    };
    let got = changed(&[5.0], &[1.0, 0.0, 0.0, -1.0, 0.0], &half);
    assert!(got.flag == Some(NO_VARIANCE) && got.interval.low.is_nan() && got.p_value.is_nan());
    // One row tells of no variance.
    let got = did(&[1.0], &[3.0, 4.0], &[1.0, 2.0], &[1.0, 5.0], &options).unwrap();
    assert!(got.flag == Some(TOO_FEW_ROWS) && got.interval.low.is_nan());
    // Three against three have twenty relabellings, and two of them are always as extreme.
    let got = changed(&[5.0, 6.0, 7.0], &[0.0, 1.0, 2.5], &options);
    assert_eq!(got.flag, Some(TOO_FEW_REGIONS));
    assert!(got.p_value == 0.1 && got.interval.high == f64::INFINITY);
    let got = changed(&[5.0], &[0.0], &options);
    assert!(got.flag == Some(TOO_FEW_REGIONS) && got.interval.low == f64::NEG_INFINITY);
}

#[test]
fn a_double_that_meets_exactly_is_not_trusted_without_limit() {
    let donors = donors();
    let part = |from: usize, to: usize| -> Vec<Vec<f64>> {
        donors
            .iter()
            .map(|series| series[from..to].to_vec())
            .collect()
    };
    let options = SyntheticControlOptions {
        confidence: 0.9,
        ..SyntheticControlOptions::default()
    };
    let got = synthetic_control(
        &DONORS[3][..5],
        &part(0, 5),
        &DONORS[3][5..],
        &part(5, 8),
        &options,
    )
    .unwrap();
    assert_eq!(got.flags, [PERFECT_FIT]);
    assert!(got.p_value == 1.0 && got.average_effect.low < -0.5 && got.average_effect.high > 0.5);
    let alone = synthetic_control(
        &[1.0, 2.0],
        &part(0, 2)[..1],
        &[3.0],
        &part(2, 3)[..1],
        &options,
    );
    let alone = alone.unwrap();
    assert!(alone.p_value.is_nan() && alone.average_effect.low.is_nan());
    assert_eq!(alone.flags, [TOO_FEW_DONORS]);
    // Nothing moves at all.
    let still = vec![vec![2.0; 4]; 30];
    let got = synthetic_control(&[2.0; 4], &still, &[2.0; 4], &still, &options).unwrap();
    assert_eq!(got.flags, [PERFECT_FIT, NO_VARIANCE]);
    assert!(got.p_value.is_nan() && got.average_effect.low.is_nan());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// The interval of regions holds what the test does not reject, at zero and at its own ends.
    #[test]
    fn regions_never_contradict_themselves(
        treated in prop::collection::vec(-4_i8..5, 1..5),
        control in prop::collection::vec(-4_i8..5, 1..7),
        rough in any::<bool>(),
        noise in prop::collection::vec(-1.0_f64..1.0, 12),
        confidence in prop::sample::select(vec![0.5, 0.8, 0.9, 0.95]),
        permutations in prop::sample::select(vec![40_u64, 10_000]),
    ) {
        let mut noise = noise.iter().map(|x| if rough { 0.0 } else { *x });
        let mut values = |counts: &[i8]| -> Vec<f64> { counts.iter().map(|x| f64::from(*x) + noise.next().unwrap()).collect() };
        let (treated, control) = (values(&treated), values(&control));
        let options = DidOptions { confidence, permutations, ..DidOptions::default() };
        let got = changed(&treated, &control, &options);
        let excluded = |got: &Did| got.interval.low > 0.0 || got.interval.high < 0.0;
        prop_assert!(got.interval.low < got.interval.high || (got.interval.low.is_nan() && got.flag.is_some()), "{got:?}");
        if got.interval.low.is_nan() {
            return Ok(());
        }
        prop_assert_eq!(excluded(&got), got.p_value <= 1.0 - confidence, "{:?}", got);
        for (end, outwards) in [(got.interval.low, -1.0), (got.interval.high, 1.0)] {
            if end.is_finite() {
                for (effect, inside) in [(end - 1e-7 * outwards, true), (end + 1e-7 * outwards, false)] {
                    let less: Vec<f64> = treated.iter().map(|x| x - effect).collect();
                    let p = changed(&less, &control, &options).p_value;
                    prop_assert_eq!(p > 1.0 - confidence, inside, "{} {} {:?}", p, effect, got);
                }
            }
        }
    }

    #[test]
    fn doubles_never_contradict_themselves(
        series in prop::collection::vec(prop::collection::vec(-50_i8..50, 9), 3..24),
        confidence in prop::sample::select(vec![0.5, 0.8, 0.9, 0.95]),
        scale in prop::sample::select(vec![1.0, 0.1]),
    ) {
        let rows: Vec<Vec<f64>> = series.iter().map(|row| row.iter().map(|x| f64::from(*x) * scale).collect()).collect();
        let part = |row: &Vec<f64>, from: usize, to: usize| row[from..to].to_vec();
        let before: Vec<Vec<f64>> = rows.iter().map(|row| part(row, 0, 6)).collect();
        let after: Vec<Vec<f64>> = rows.iter().map(|row| part(row, 6, 9)).collect();
        let options = SyntheticControlOptions { confidence, ..SyntheticControlOptions::default() };
        let got = synthetic_control(&before[0], &before[1..], &after[0], &after[1..], &options).unwrap();
        let ends = got.average_effect;
        prop_assert!(ends.low < ends.high || !got.flags.is_empty(), "{got:?}");
        if !ends.low.is_nan() {
            prop_assert_eq!(ends.low > 0.0 || ends.high < 0.0, got.p_value <= 1.0 - confidence, "{:?}", got);
        }
        let infinite = 1.0 / (rows.len() as f64) > 1.0 - confidence;
        if !ends.low.is_nan() {
            prop_assert_eq!(ends.high == f64::INFINITY, infinite);
            prop_assert_eq!(got.flags.contains(&TOO_FEW_DONORS), infinite);
        }
    }

    /// Money counted in another unit, where that changes no digit.
    #[test]
    fn a_power_of_two_changes_nothing_but_the_unit(
        cells in prop::collection::vec(1.0_f64..1000.0, 56),
        exponent in -900_i32..900,
    ) {
        let unit = 2.0_f64.powi(exponent);
        let rows = |unit: f64| -> Vec<Vec<f64>> { cells.chunks(7).map(|row| row.iter().map(|x| x * unit).collect()).collect() };
        let run = |unit: f64| {
            let part = |from: usize, to: usize, t: usize, u: usize| -> Vec<Vec<f64>> {
                rows(unit)[from..to].iter().map(|row| row[t..u].to_vec()).collect()
            };
            let options = DidOptions { spend: Some(unit), ..DidOptions::default() };
            let panel = did_panel(&part(0, 3, 0, 4), &part(0, 3, 4, 7), &part(3, 8, 0, 4), &part(3, 8, 4, 7), &options).unwrap();
            let all = rows(unit);
            let flat = did(&all[0], &all[1], &all[2], &all[3], &options).unwrap();
            let options = SyntheticControlOptions { ridge: Ridge::Auto, confidence: 0.8, spend: Some(unit) };
            let double = synthetic_control(&all[0][..4], &part(1, 8, 0, 4), &all[0][4..], &part(1, 8, 4, 7), &options).unwrap();
            (panel, flat, double)
        };
        let (one, scaled) = (run(1.0), run(unit));
        for (one, scaled) in [(one.0, scaled.0), (one.1, scaled.1)] {
            for (x, y) in [
                (one.did, scaled.did), (one.std_error, scaled.std_error), (one.incremental, scaled.incremental),
                (one.interval.low, scaled.interval.low), (one.interval.high, scaled.interval.high),
            ] {
                prop_assert_eq!(x * unit, y);
            }
            prop_assert_eq!(one.p_value.to_bits(), scaled.p_value.to_bits());
            prop_assert_eq!((one.lift, one.iroas, one.degrees_of_freedom), (scaled.lift, scaled.iroas, scaled.degrees_of_freedom));
        }
        let (one, scaled) = (one.2, scaled.2);
        prop_assert_eq!(&one.weights, &scaled.weights);
        prop_assert_eq!((one.p_value, one.lift, one.iroas), (scaled.p_value, scaled.lift, scaled.iroas));
        for (x, y) in [(one.average_effect.low, scaled.average_effect.low), (one.pre_rmse, scaled.pre_rmse), (one.effect[0], scaled.effect[0])] {
            prop_assert_eq!(x * unit, y);
        }
    }
}

/// A season of three, a covariate, a drift; four added in the last five periods.
fn history() -> (Vec<f64>, Vec<f64>) {
    let covariate: Vec<f64> = (0..20).map(|t| f64::from(t * 11 % 7) / 2.0).collect();
    let outcome = (0..20)
        .map(|t| {
            let season = [1.0, -2.0, 0.5][t % 3];
            let more = if t < 15 { 0.0 } else { 4.0 };
            50.0 + (t * 7 % 5) as f64 + 0.4 * t as f64 + season + 1.5 * covariate[t] + more
        })
        .collect();
    (outcome, covariate)
}

/// References: `NumPy`, generalised least squares with the whole matrix of covariances for each of the 41 ratios of variances, mixed
/// by the restricted likelihood; scipy 1.17.1's Student distribution and root search.
#[test]
fn a_forecast_agrees_with_the_whole_matrix() {
    let (y, x) = history();
    let options = CounterfactualOptions {
        season: 3,
        spend: Some(10.0),
        ..CounterfactualOptions::default()
    };
    let got = counterfactual(
        &y[..15],
        &y[15..],
        &[x[..15].to_vec()],
        &[x[15..].to_vec()],
        &options,
    )
    .unwrap();
    let close = |got: f64, want: f64| assert!((got - want).abs() <= 1e-9, "{got} {want}");
    close(got.average_effect.estimate, 5.797057281676494);
    close(got.average_effect.low, -0.045175202943369186);
    close(got.average_effect.high, 11.136307947096519);
    close(got.p_value, 0.05132471943179473);
    close(got.prob_positive, 1.0 - 0.5 * got.p_value);
    close(got.incremental.estimate, got.effect.iter().sum());
    close(got.iroas.low, got.incremental.low / 10.0);
    assert_eq!((got.expected.len(), got.coefficients.len()), (5, 1));
    assert!(got.flags.is_empty() && got.noise > 0.0 && got.wandering > 0.0);
    for (expected, y) in got.expected.iter().zip(&y[15..]) {
        assert!(expected.low < expected.estimate && expected.estimate < expected.high && *y > 0.0);
    }
}

#[test]
fn a_forecast_knows_what_it_cannot_know() {
    let plain = CounterfactualOptions::default();
    let run = |pre: &[f64], post: &[f64], options: &CounterfactualOptions| {
        counterfactual(pre, post, &[], &[], options)
    };
    let still = run(&[0.1; 9], &[0.1; 3], &plain).unwrap();
    assert_eq!(still.flags, [NO_VARIANCE]);
    assert!(still.average_effect.low.is_nan() && still.p_value.is_nan());
    assert!(still.average_effect.estimate.abs() < 1e-15);
    let (_, x) = history();
    let own = counterfactual(
        &x[..15],
        &x[15..],
        &[x[..15].to_vec()],
        &[x[15..].to_vec()],
        &plain,
    )
    .unwrap();
    assert_eq!(own.flags, [PERFECT_FIT]);
    assert!(own.average_effect.high.is_nan() && own.average_effect.estimate.abs() < 1e-12);
    let unknown = run(&[1.0, 2.0, f64::NAN, 4.0, 5.0, 3.0], &[1.0], &plain).unwrap();
    assert!(unknown.average_effect.estimate.is_nan() && unknown.p_value.is_nan());
    let twice = vec![x[..15].to_vec(); 2];
    let later = vec![x[15..].to_vec(); 2];
    let twice = counterfactual(&x[..15], &x[15..], &twice, &later, &plain).unwrap();
    assert!(twice.average_effect.estimate.is_nan() && twice.coefficients[0].is_nan());
    let code = |pre: &[f64], post: &[f64], season| {
        let options = CounterfactualOptions { season, ..plain };
        run(pre, post, &options).unwrap_err().code()
    };
    assert_eq!(code(&[1.0; 4], &[1.0], 1), "too_few_rows");
    assert_eq!(code(&[1.0; 10], &[1.0], 7), "too_few_rows");
    assert_eq!(code(&[1.0; 10], &[], 1), "too_few_rows");
    assert_eq!(code(&[1.0; 10], &[1.0], 0), "not_a_count");
    assert_eq!(code(&[f64::INFINITY; 10], &[1.0], 1), "not_finite");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_forecast_never_contradicts_itself_and_knows_no_unit(
        values in prop::collection::vec(-10.0_f64..10.0, 30),
        added in 0.0_f64..30.0,
        exponent in -900_i32..900,
        confidence in prop::sample::select(vec![0.5, 0.8, 0.95]),
    ) {
        let unit = 2.0_f64.powi(exponent);
        let options = CounterfactualOptions { confidence, season: 2, ..CounterfactualOptions::default() };
        let run = |unit: f64| {
            let series = |from: usize, to: usize, more: f64| -> Vec<f64> {
                values[from..to].iter().map(|x| (100.0 + x + more) * unit).collect()
            };
            counterfactual(&series(0, 12, 0.0), &series(12, 15, added), &[series(15, 27, 0.0)], &[series(27, 30, 0.0)], &options).unwrap()
        };
        let (one, scaled) = (run(1.0), run(unit));
        let ends = one.average_effect;
        prop_assert!(ends.low < ends.estimate && ends.estimate < ends.high);
        prop_assert_eq!(ends.low > 0.0 || ends.high < 0.0, one.p_value <= 1.0 - confidence, "{:?}", one);
        prop_assert_eq!(one.p_value, scaled.p_value);
        prop_assert_eq!((ends.low * unit, ends.high * unit), (scaled.average_effect.low, scaled.average_effect.high));
        prop_assert_eq!(&one.coefficients, &scaled.coefficients);
    }

    #[test]
    fn any_bits_are_forecast_or_refused(bits in prop::collection::vec(any::<u64>(), 24)) {
        let all: Vec<f64> = bits.iter().map(|bits| f64::from_bits(*bits)).collect();
        let _ = counterfactual(&all[..9], &all[9..12], &[all[12..21].to_vec()], &[all[21..].to_vec()], &CounterfactualOptions::default());
    }
}
