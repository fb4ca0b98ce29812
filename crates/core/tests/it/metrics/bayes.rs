//! The reference rows and laws of `metrics::bayes`.
#![allow(
    clippy::float_cmp,
    clippy::many_single_char_names,
    clippy::similar_names,
    clippy::unreadable_literal,
    clippy::excessive_precision,
    clippy::doc_markdown,
    clippy::large_types_passed_by_value,
    reason = "formulas, exact values and reference digits"
)]

use super::{number, rows};
use edgetally_core::metrics::bayes::*;
use edgetally_core::metrics::special::{beta_cdf, beta_quantile};

fn near(what: &str, got: f64, want: f64, relative: f64) {
    assert!(
        got == want || ((got - want) / want).abs() <= relative,
        "{what}: {got:e} is not {want:e}, off by {:e}",
        ((got - want) / want).abs()
    );
}

#[test]
fn reference_rows() {
    for row in rows("lift.bayes") {
        let choices = Choices {
            prior_alpha: row.input("prior_alpha"),
            prior_beta: row.input("prior_beta"),
            credible: row.input("credible"),
            ..Choices::default()
        };
        let got = compare(
            row.input("exposed_users"),
            row.input("exposed_conversions"),
            row.input("holdout_users"),
            row.input("holdout_conversions"),
            &choices,
        )
        .unwrap();
        row.expect("prob_lift_positive", got.prob_lift_positive);
        row.expect("prob_lift_not_positive", got.prob_lift_not_positive);
        row.expect("posterior_mean_diff", got.posterior_mean_diff);
        row.expect("expected_loss_ship", got.expected_loss_ship);
        row.expect("expected_loss_keep", got.expected_loss_keep);
        for (name, got) in [
            ("diff_credible", got.diff_credible),
            ("ratio_credible", got.ratio_credible),
        ] {
            assert!(row.expect_all(name, &[got.low, got.high]));
            // Closer than the rows ask.
            for (got, want) in [got.low, got.high]
                .iter()
                .zip(row.outputs[name].as_array().unwrap())
            {
                near(&format!("{} {name}", row.id), *got, number(want), 1e-11);
            }
        }
    }
}

/// Exposed users and conversions, holdout users and conversions, prior; probability of no lift, loss when shipped, mean
/// difference. Integrated with 40 digits in the odds' logarithm.
#[rustfmt::skip]
const REFERENCE: &[[f64; 9]] = &[
    [100000.0, 1200.0, 100000.0, 900.0, 1.0, 1.0, 2.1915090891713166e-11, 1.4560622246644038e-15, 0.002999940001199976],
    [10000.0, 500.0, 10000.0, 460.0, 1.0, 1.0, 0.09299072961785648, 0.00013127474708471708, 0.003999200159968006],
    [900000.0, 9900.0, 100000.0, 1000.0, 1.0, 1.0, 0.0018173335596800727, 1.853554275543267e-07, 0.0009912868602479372],
    [100000.0, 1000.0, 900000.0, 9900.0, 1.0, 1.0, 0.9981826664403199, 0.0009914722156754915, -0.0009912868602479372],
    [10.0, 9.0, 10.0, 3.0, 1.0, 1.0, 0.0037593984962406013, 0.00023556333288464126, 0.5],
    [1000.0, 0.0, 1000.0, 5.0, 1.0, 1.0, 0.9844919531835792, 0.005005450690975708, -0.00499001996007984],
    [100.0, 0.0, 100.0, 0.0, 0.5, 0.5, 0.5, 0.0031437530478613555, 0.0],
    [10.0, 0.0, 1000000.0, 1000.0, 1.0, 1.0, 0.010955978801352207, 5.498081644877414e-06, 0.08233233533532933],
    [1000000.0, 12000.0, 1000000.0, 9000.0, 1.0, 1.0, 8.247327561701405e-97, 5.686950497627313e-102, 0.002999994000012],
    [100.0, 0.0, 100000.0, 1000.0, 0.5, 0.5, 0.8442063327366396, 0.006305221784442758, -0.00505440490149554],
    [0.0, 0.0, 0.0, 0.0, 0.5, 0.5, 0.5, 0.20264236728467555, 0.0],
    [200000.0, 2000.0, 50000.0, 900.0, 1.0, 1.0, 1.0, 0.008014379277830356, -0.008014379277830356],
    [30.0, 0.0, 30.0, 29.0, 0.5, 0.5, 1.0, 0.9354838709677419, -0.9354838709677419],
    [5000.0, 40.0, 2000.0, 3.0, 1.0, 1.0, 0.000365439835326559, 2.287318486007024e-07, 0.006198719313473412],
];

#[test]
fn probabilities_and_losses_have_their_digits() {
    for &[n1, x1, n0, x0, alpha, beta, not_positive, ship, difference] in REFERENCE {
        let what = format!("{x1} of {n1}, {x0} of {n0}");
        let got = probabilities(n1, x1, n0, x0, alpha, beta).unwrap();
        near(&what, got.prob_lift_not_positive, not_positive, 1e-12);
        near(&what, got.expected_loss_ship, ship, 2e-12);
        near(&what, got.posterior_mean_diff, difference, 1e-15);
        let keep = ship + difference;
        assert!(
            (got.expected_loss_keep - keep).abs() <= 1e-15 + 1e-12 * keep.abs(),
            "{what}"
        );
        // The other way round.
        let swapped = probabilities(n0, x0, n1, x1, alpha, beta).unwrap();
        near(&what, swapped.prob_lift_positive, not_positive, 1e-12);
        near(&what, swapped.expected_loss_keep, ship, 2e-12);
        // Conversions for their absence.
        let absent = probabilities(n1, n1 - x1, n0, n0 - x0, beta, alpha).unwrap();
        near(&what, absent.prob_lift_positive, not_positive, 1e-12);
        near(&what, absent.expected_loss_keep, ship, 2e-12);
    }
    // Twelve against nine in a thousand, of a hundred thousand each: and still with digits where it is 1e-144 and less.
    let tiny = probabilities(1e6, 13_000.0, 1e6, 9_000.0, 1.0, 1.0).unwrap();
    assert!(tiny.prob_lift_not_positive > 0.0 && tiny.prob_lift_not_positive < 1e-144);
    assert!(tiny.expected_loss_ship > 0.0 && tiny.expected_loss_ship < tiny.prob_lift_not_positive);
}

/// The exact probability for a holdout of whole counts: a finite sum of positive terms, here of few users.
#[test]
fn against_the_finite_sum() {
    // With uniform priors and p0 of Beta(1, n + 1): P(p1 <= p0) = E[(1 - p1)^(n + 1)], a product.
    for n in [0.0, 3.0, 10.0, 500.0] {
        for (n1, x1) in [(0.0, 0.0), (7.0, 2.0), (10.0, 10.0), (4000.0, 50.0)] {
            let (mut want, mut k) = (1.0, 0.0);
            while k <= n {
                want *= (n1 - x1 + 1.0 + k) / (n1 + 2.0 + k);
                k += 1.0;
            }
            // P(p0 >= t) is (1 - t)^(n + 1).
            let got = probabilities(n1, x1, n, 0.0, 1.0, 1.0).unwrap();
            near(
                &format!("{x1} of {n1}, 0 of {n}"),
                got.prob_lift_not_positive,
                want,
                1e-12,
            );
        }
    }
}

/// A holdout that is known exactly: the difference is the exposed posterior moved, the ratio is it stretched.
#[test]
fn a_holdout_that_is_known() {
    let (n0, x0) = (9e15, 9e13);
    for (n1, x1) in [(1000.0, 12.0), (1e6, 10_300.0), (50.0, 0.0), (40.0, 39.0)] {
        let (a, b) = (x1 + 1.0, n1 - x1 + 1.0);
        let got = compare(
            n1,
            x1,
            n0,
            x0,
            &Choices {
                threshold: Some(0.002),
                rope: Some(0.001),
                ..Choices::default()
            },
        )
        .unwrap();
        let what = format!("{x1} of {n1}");
        for (p, difference, ratio) in [
            (0.025, got.diff_credible.low, got.ratio_credible.low),
            (0.975, got.diff_credible.high, got.ratio_credible.high),
        ] {
            let rate = beta_quantile(a, b, p, 1.0 - p).0;
            assert!(
                (difference - (rate - 0.01)).abs() < 1e-7,
                "{what}: {difference} {rate}"
            );
            near(&what, ratio, rate / 0.01, 1e-5);
        }
        let above = beta_cdf(a, b, 0.012, 0.988).1;
        assert!(
            (got.prob_above_threshold - above).abs() < 1e-4,
            "{what}: {} {above}",
            got.prob_above_threshold
        );
        let within = beta_cdf(a, b, 0.011, 0.989).0 - beta_cdf(a, b, 0.009, 0.991).0;
        assert!(
            (got.prob_in_rope - within).abs() < 1e-4,
            "{what}: {} {within}",
            got.prob_in_rope
        );
    }
}

#[test]
fn laws_of_many_tables() {
    let mut state = 11_u64;
    let mut uniform = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 11) as f64 / 9007199254740992.0
    };
    for round in 0..280 {
        let sizes = [
            (10.0, 10.0),
            (30.0, 3000.0),
            (400.0, 500.0),
            (1e5, 1e4),
            (1e6, 1e6),
            (1e9, 20.0),
            (1e9, 1e9),
        ];
        let (most1, most0) = sizes[round % sizes.len()];
        let (n1, n0) = ((uniform() * most1).floor(), (uniform() * most0).floor());
        let rate = [0.001, 0.02, 0.5, 0.97][round % 4];
        let x1 = (n1 * rate * (1.0 + 0.2 * (uniform() - 0.5)))
            .floor()
            .min(n1);
        let x0 = (n0 * rate * (1.0 + 0.2 * (uniform() - 0.5)))
            .floor()
            .min(n0);
        let prior = [0.5, 1.0, 3.0][round % 3];
        let choices = Choices {
            prior_alpha: prior,
            prior_beta: prior,
            threshold: Some(0.0),
            rope: Some(1.0),
            ..Choices::default()
        };
        let what = format!("{x1} of {n1}, {x0} of {n0}, prior {prior}");
        let got = compare(n1, x1, n0, x0, &choices).unwrap();
        let swapped = compare(n0, x0, n1, x1, &choices).unwrap();
        // Chances.
        assert!(
            (got.prob_lift_positive + got.prob_lift_not_positive - 1.0).abs() < 1e-15,
            "{what}"
        );
        near(
            &what,
            got.prob_lift_positive.min(got.prob_lift_not_positive),
            swapped
                .prob_lift_positive
                .min(swapped.prob_lift_not_positive),
            1e-10,
        );
        assert!(
            (got.prob_above_threshold - got.prob_lift_positive).abs() < 1e-12,
            "{what}: {} {}",
            got.prob_above_threshold,
            got.prob_lift_positive
        );
        assert!((got.prob_in_rope - 1.0).abs() < 1e-12, "{what}");
        // Losses.
        assert!(
            got.expected_loss_ship >= 0.0 && got.expected_loss_keep >= 0.0,
            "{what}"
        );
        let scale = got.expected_loss_ship.max(got.expected_loss_keep);
        assert!(
            (got.expected_loss_keep - got.expected_loss_ship - got.posterior_mean_diff).abs()
                <= 1e-14 * scale,
            "{what}"
        );
        // Intervals: reflected, reciprocal, around the estimate, and with as much outside as asked for.
        let (difference, back) = (got.diff_credible, swapped.diff_credible);
        assert!(
            (difference.low + back.high).abs() <= 1e-9 * (difference.high - difference.low),
            "{what}: {difference:?} {back:?}"
        );
        assert!(
            difference.low < difference.estimate && difference.estimate < difference.high,
            "{what}"
        );
        let (ratio, back) = (got.ratio_credible, swapped.ratio_credible);
        near(&what, ratio.low, 1.0 / back.high, 1e-9);
        near(&what, ratio.estimate, 1.0 / back.estimate, 1e-9);
        assert!(
            ratio.low < ratio.estimate && ratio.estimate < ratio.high,
            "{what}"
        );
        for (end, want) in [(difference.low, 0.975), (difference.high, 0.025)] {
            let again = compare(
                n1,
                x1,
                n0,
                x0,
                &Choices {
                    threshold: Some(end),
                    ..choices
                },
            )
            .unwrap();
            assert!(
                (again.prob_above_threshold - want).abs() < 1e-10,
                "{what}: {} at {end}",
                again.prob_above_threshold
            );
        }
        // Both intervals exclude no difference together.
        assert_eq!(difference.low > 0.0, ratio.low > 1.0, "{what}");
        assert_eq!(
            difference.low > 0.0,
            got.prob_lift_not_positive < 0.025,
            "{what}"
        );
    }
}

#[test]
fn arguments_are_checked() {
    let code = |n1, x1, choices: Choices| {
        let error = compare(n1, x1, 100.0, 3.0, &choices).unwrap_err();
        (error.argument, error.code())
    };
    let default = Choices::default();
    assert_eq!(code(100.5, 1.0, default), ("exposed_users", "not_a_count"));
    assert_eq!(
        code(100.0, 101.0, default),
        ("exposed_conversions", "exceeds")
    );
    assert_eq!(
        code(
            100.0,
            5.0,
            Choices {
                prior_alpha: 0.0,
                ..default
            }
        ),
        ("prior_alpha", "not_positive")
    );
    assert_eq!(
        code(
            100.0,
            5.0,
            Choices {
                prior_beta: -1.0,
                ..default
            }
        ),
        ("prior_beta", "not_positive")
    );
    assert_eq!(
        code(
            100.0,
            5.0,
            Choices {
                credible: 1.0,
                ..default
            }
        ),
        ("credible", "not_inside_0_1")
    );
    assert_eq!(
        code(
            100.0,
            5.0,
            Choices {
                rope: Some(-0.1),
                ..default
            }
        ),
        ("rope", "negative")
    );
    assert_eq!(
        code(
            100.0,
            5.0,
            Choices {
                threshold: Some(f64::INFINITY),
                ..default
            }
        ),
        ("threshold", "not_finite")
    );
}

#[test]
fn nan_is_carried() {
    let default = Choices::default();
    let all = compare(f64::NAN, 1.0, 10.0, 1.0, &default).unwrap();
    assert!(
        all.prob_lift_positive.is_nan()
            && all.diff_credible.low.is_nan()
            && all.expected_loss_keep.is_nan()
    );
    let part = compare(
        20.0,
        1.0,
        10.0,
        1.0,
        &Choices {
            credible: f64::NAN,
            ..default
        },
    )
    .unwrap();
    assert!(part.diff_credible.low.is_nan() && part.ratio_credible.high.is_nan());
    assert!(!part.prob_lift_positive.is_nan() && !part.diff_credible.estimate.is_nan());
    assert!(part.prob_in_rope.is_nan() && part.prob_above_threshold.is_nan());
}

#[test]
fn any_bits_return_or_raise() {
    let mut state = 5_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let bits = state ^ (state >> 31);
        match bits % 8 {
            0 => f64::from_bits(bits),
            1 => 9007199254740992.0,
            2 => (bits >> 11) as f64 / 9007199254740992.0,
            _ => (bits >> (20 + bits % 40)) as f64,
        }
    };
    let mut accepted = 0;
    for _ in 0..3000 {
        let (n1, n0) = (next(), next());
        let (x1, x0) = ((next() % n1).trunc(), (next() % n0).trunc());
        let (alpha, beta) = (next().abs(), next().abs());
        if let Ok(got) = probabilities(n1, x1, n0, x0, alpha, beta) {
            accepted += 1;
            let p = got.prob_lift_positive;
            assert!(
                p.is_nan() || (-1e-12..=1.0 + 1e-12).contains(&p),
                "{x1} of {n1}, {x0} of {n0}, {alpha} {beta}: {p}"
            );
        }
        let choices = Choices {
            prior_alpha: alpha,
            prior_beta: beta,
            credible: next(),
            rope: Some(next()),
            threshold: Some(next()),
        };
        let _ = compare(n1, x1, n0, x0, &choices);
    }
    assert!(accepted > 500, "{accepted}");
}
