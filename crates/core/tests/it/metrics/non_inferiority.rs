//! The laws of `metrics::non_inferiority`.

use super::revenue::Draws;
use edgetally_core::metrics::non_inferiority::{Margin, non_inferiority};
use edgetally_core::metrics::proportion::{Arms, Difference, Level, Ratio};

#[test]
fn the_test_is_inverted_by_the_score_interval() {
    let mut draws = Draws(43);
    let level = Level::two_sided(0.95).unwrap();
    let mut kinds = [0, 0];
    for _ in 0..20_000 {
        let mut count = |most: f64| (draws.next() * most).floor() + 5.0;
        let (n1, n0) = (count(5e3), count(5e3));
        let rate = 0.5 * draws.next();
        let (x1, x0) = (
            (n1 * rate * (0.8 + 0.4 * draws.next())).floor().min(n1),
            (n0 * rate).floor(),
        );
        let arms = Arms::new(n1, x1, n0, x0).unwrap();
        let size = 0.01 + 0.2 * draws.next();
        let low = arms.difference(Difference::Score, &level).low;
        let ratio = arms.ratio(Ratio::Score, &level).low;
        for (margin, above) in [
            (Margin::Absolute(size), low > -size),
            (Margin::Relative(size), ratio > 1.0 - size),
        ] {
            let p = non_inferiority(n1, x1, n0, x0, margin).unwrap().p_value;
            if (p - 0.025).abs() > 1e-7 && !p.is_nan() {
                assert_eq!(p < 0.025, above, "{arms:?} {margin:?} {p} {low} {ratio}");
                kinds[usize::from(above)] += 1;
            }
        }
    }
    assert!(kinds[0] > 3_000 && kinds[1] > 3_000, "{kinds:?}");
}

#[test]
fn wrong_margins_are_refused_and_any_bits_return() {
    let refused = |margin| {
        let error = non_inferiority(9.0, 1.0, 9.0, 1.0, margin).unwrap_err();
        (error.argument, error.code())
    };
    assert_eq!(
        refused(Margin::Relative(5.0)),
        ("non_inferiority", "not_inside_0_1")
    );
    assert_eq!(
        refused(Margin::Absolute(0.0)),
        ("non_inferiority", "not_inside_0_1")
    );
    let mut draws = Draws(44);
    for _ in 0..50_000 {
        let mut x = || draws.bits();
        for margin in [Margin::Absolute(x()), Margin::Relative(x())] {
            let _ = non_inferiority(x(), x(), x(), x(), margin);
        }
    }
}

#[test]
fn where_all_converted_the_variance_is_that_of_the_margin_alone() {
    // The likeliest rates are 1 and 1 less the margin: z² is margin / (1 - margin) n1 (N - 1) / N.
    let (n1, n0, margin) = (642_178.0, 3.0, 0.000_328_119_280_596_218_66);
    let test = non_inferiority(n1, n1, n0, n0, Margin::Relative(margin)).unwrap();
    let users = n1 + n0;
    let z = (margin / (1.0 - margin) * n1 * (users - 1.0) / users).sqrt();
    assert!((test.z / z - 1.0).abs() < 1e-12, "{} {z}", test.z);
}
