//! The reference rows and laws of `metrics::p_value`.
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

use super::rows;
use edgetally_core::metrics::p_value::*;
use edgetally_core::metrics::special::binomial_pmf;

use Alternative::{Greater, Less, TwoSided};

fn near(what: &str, got: f64, want: f64, relative: f64) {
    assert!(
        got == want || ((got - want) / want).abs() <= relative,
        "{what}: {got:e} is not {want:e}, off by {:e}",
        ((got - want) / want).abs()
    );
}

#[test]
fn reference_rows() {
    let mut unconditional = 0;
    for row in rows("lift.p_value") {
        let all = p_values(
            row.input("exposed_users"),
            row.input("exposed_conversions"),
            row.input("holdout_users"),
            row.input("holdout_conversions"),
            TwoSided,
        )
        .unwrap();
        row.expect("z_pooled", all.z_pooled);
        row.expect("p_pooled", all.p_pooled);
        row.expect("p_score", all.p_score);
        row.expect("z_unpooled", all.z_unpooled);
        row.expect("p_unpooled", all.p_unpooled);
        row.expect("p_fisher", all.p_fisher);
        unconditional += usize::from(row.expect("p_boschloo", all.p_boschloo));
        unconditional += usize::from(row.expect("p_barnard_pooled", all.p_barnard_pooled));
    }
    assert!(unconditional >= 8);
}

/// Exposed users and conversions, holdout users and conversions; Fisher two-sided, its mid-p, greater, less. From exact
/// integers, and for the large ones from sums with 40 digits.
#[rustfmt::skip]
const FISHER: &[[f64; 8]] = &[
    [10.0, 9.0, 10.0, 3.0, 0.019766611097880447, 0.010240533460347702, 0.009883305548940223, 0.9996427720885925],
    [50.0, 1.0, 450.0, 0.0, 0.1, 0.05, 0.1, 1.0],
    [34.0, 7.0, 34.0, 1.0, 0.05440013049506565, 0.02965625843042041, 0.027200065247532827, 0.9975438068171124],
    [1000.0, 0.0, 1000.0, 5.0, 0.06218757851634881, 0.031093789258174406, 1.0, 0.031093789258174406],
    [10.0, 5.0, 10.0, 5.0, 1.0, 0.8281408993483297, 0.6718591006516703, 0.6718591006516703],
    [7.0, 2.0, 5.0, 5.0, 0.027777777777777776, 0.01452020202020202, 1.0, 0.026515151515151516],
    [3.0, 3.0, 1.0, 0.0, 0.25, 0.125, 0.25, 1.0],
    [1.0, 1.0, 1.0, 0.0, 1.0, 0.5, 0.5, 1.0],
    [20.0, 0.0, 30.0, 1.0, 1.0, 0.7, 1.0, 0.6],
    [600.0, 300.0, 400.0, 250.0, 9.975836392713869e-05, 8.685558527982399e-05, 0.9999640252912647, 6.17802660299068e-05],
    [1000.0, 500.0, 1000.0, 400.0, 8.453719674485641e-06, 6.993431315797893e-06, 4.226859837242821e-06, 0.9999972334285214],
    [100000.0, 1200.0, 100000.0, 900.0, 5.030487703065959e-11, 4.383987923163762e-11, 2.5152438515329796e-11, 0.9999999999813125],
    [90000.0, 30.0, 10000.0, 2.0, 0.766342825663041, 0.6612099509267411, 0.36664496483217096, 0.8436207846404289],
    [900000.0, 9900.0, 100000.0, 1000.0, 0.0036638929057810727, 0.0035717557631640747, 0.0018373845888451953, 0.9983468896963889],
    [1000000.0, 500000.0, 1000000.0, 499000.0, 0.15771450478811258, 0.15729939730798792, 0.07885725239405629, 0.9215578550860684],
    [1000000.0, 500000.0, 1000000.0, 495000.0, 1.5520590910811864e-12, 1.5363990661605352e-12, 7.760295455405932e-13, 0.9999999999992396],
    [10000000.0, 5000000.0, 3000000.0, 1499000.0, 0.3113298746009565, 0.31117261903455623, 0.15574963931707456, 0.844564871815726],
    [1000000000.0, 1000000.0, 1000000000.0, 998000.0, 0.15709173986008876, 0.156884393933044, 0.07854586993004438, 0.9216614759970004],
    [1000000000.0, 1000000.0, 1000000000.0, 990000.0, 1.3252545081367746e-12, 1.3184952448315477e-12, 6.626272540683873e-13, 0.9999999999993441],
    [5000000.0, 2500000.0, 5000000.0, 2485000.0, 2.3949463899950016e-21, 2.380507992477537e-21, 1.1974731949975008e-21, 1.0],
    [1000000000.0, 100.0, 1000000000.0, 60.0, 0.001953727224012181, 0.001538315954645125, 0.0009768636120060905, 0.999438547657361],
    [4000000.0, 3999000.0, 1000000.0, 999900.0, 6.171521679177159e-23, 5.0718316615672155e-23, 1.0, 3.645522831236342e-23],
];

#[test]
fn fisher_is_exact_at_any_size() {
    for &[n1, x1, n0, x0, two, mid, greater, less] in FISHER {
        let what = format!("{x1} of {n1}, {x0} of {n0}");
        let got = fisher(n1, x1, n0, x0, TwoSided).unwrap();
        near(&what, got.p_fisher, two, 2e-12);
        near(&what, got.p_fisher_mid, mid, 2e-12);
        near(
            &what,
            fisher(n1, x1, n0, x0, Greater).unwrap().p_fisher,
            greater,
            2e-12,
        );
        near(
            &what,
            fisher(n1, x1, n0, x0, Less).unwrap().p_fisher,
            less,
            2e-12,
        );
        // Swapped arms, and conversions for their absence.
        let swapped = fisher(n0, x0, n1, x1, TwoSided).unwrap();
        near(&what, swapped.p_fisher, two, 2e-12);
        near(&what, swapped.p_fisher_mid, mid, 2e-12);
        let absent = fisher(n1, n1 - x1, n0, n0 - x0, TwoSided).unwrap();
        near(&what, absent.p_fisher, two, 2e-12);
        near(
            &what,
            fisher(n0, x0, n1, x1, Greater).unwrap().p_fisher,
            less,
            2e-12,
        );
    }
}

/// The definition, in numbers that are exact: every table of small arms.
#[test]
fn fisher_of_every_small_table() {
    fn choose(n: u64, k: u64) -> u64 {
        (0..k).fold(1, |product, i| product * (n - i) / (i + 1))
    }
    for (n1, n0) in [(1, 1), (1, 5), (7, 5), (8, 8), (13, 4), (12, 18)] {
        for x1 in 0..=n1 {
            for x0 in 0..=n0 {
                let s: u64 = x1 + x0;
                let weights: Vec<u64> = (0..=n1)
                    .map(|k| {
                        if k <= s && s - k <= n0 {
                            choose(n1, k) * choose(n0, s - k)
                        } else {
                            0
                        }
                    })
                    .collect();
                let seen = weights[x1 as usize];
                let not_more: u64 = weights.iter().filter(|w| **w <= seen).sum();
                let as_likely: u64 = weights.iter().filter(|w| **w == seen).sum();
                let total = choose(n1 + n0, s) as f64;
                let got = fisher(n1 as f64, x1 as f64, n0 as f64, x0 as f64, TwoSided).unwrap();
                let what = format!("{x1} of {n1}, {x0} of {n0}");
                near(&what, got.p_fisher, not_more as f64 / total, 1e-13);
                if s > 0 && s < n1 + n0 {
                    near(
                        &what,
                        got.p_fisher_mid,
                        (not_more as f64 - as_likely as f64 / 2.0) / total,
                        1e-13,
                    );
                } else {
                    assert_eq!((got.p_fisher, got.p_fisher_mid), (1.0, 1.0));
                }
            }
        }
    }
}

/// The definitions of the unconditional tests, by enumeration on a fine grid of the common rate.
#[test]
fn unconditional_tests_by_enumeration() {
    for (n1, x1, n0, x0) in [
        (7, 5, 9, 2),
        (10, 9, 10, 3),
        (5, 0, 31, 9),
        (12, 12, 3, 0),
        (6, 2, 6, 3),
        (2, 1, 40, 1),
    ] {
        let [fn1, fx1, fn0, fx0] = [n1, x1, n0, x0].map(f64::from);
        for alternative in [TwoSided, Greater, Less] {
            let statistic = |i: i64, j: i64| {
                let (s, n) = (i + j, i64::from(n1 + n0));
                let cross = i * i64::from(n0) - j * i64::from(n1);
                // A fraction: signed square of z.
                let signed = match alternative {
                    TwoSided => cross * cross,
                    Greater => cross * cross.abs(),
                    Less => -cross * cross.abs(),
                };
                if s == 0 || s == n {
                    (0, 1)
                } else {
                    (signed, s * (n - s))
                }
            };
            let seen = statistic(x1.into(), x0.into());
            let region: Vec<(f64, f64)> = (0..=n1)
                .flat_map(|i| (0..=n0).map(move |j| (i, j)))
                .filter(|&(i, j)| {
                    let (top, bottom) = statistic(i.into(), j.into());
                    top * seen.1 >= seen.0 * bottom
                })
                .map(|(i, j)| (f64::from(i), f64::from(j)))
                .collect();
            let grid = |region: &[(f64, f64)]| {
                (0..=4000_u32).fold(0.0_f64, |most, step| {
                    let p = f64::from(step) / 4000.0;
                    let q = 1.0 - p;
                    let first: Vec<f64> = (0..=n1)
                        .map(|i| binomial_pmf(i.into(), fn1, p, q))
                        .collect();
                    let second: Vec<f64> = (0..=n0)
                        .map(|j| binomial_pmf(j.into(), fn0, p, q))
                        .collect();
                    let sum = region
                        .iter()
                        .map(|(i, j)| first[*i as usize] * second[*j as usize])
                        .sum();
                    most.max(sum)
                })
            };
            let what = format!("{x1} of {n1}, {x0} of {n0}, {alternative:?}");
            let got = barnard(fn1, fx1, fn0, fx0, alternative).unwrap().p_barnard;
            let want = grid(&region);
            near(&format!("Barnard {what}"), got, want, 2e-5);
            assert!(got >= want * (1.0 - 1e-12), "{what}: {got} is below {want}");
            if alternative == TwoSided {
                continue;
            }
            let limit = fisher(fn1, fx1, fn0, fx0, alternative).unwrap().p_fisher * (1.0 + 1e-9);
            let region: Vec<(f64, f64)> = (0..=n1)
                .flat_map(|i| (0..=n0).map(move |j| (f64::from(i), f64::from(j))))
                .filter(|&(i, j)| fisher(fn1, i, fn0, j, alternative).unwrap().p_fisher <= limit)
                .collect();
            let got = boschloo(fn1, fx1, fn0, fx0, alternative).unwrap();
            let want = grid(&region);
            near(&format!("Boschloo {what}"), got, want, 2e-5);
            assert!(got >= want * (1.0 - 1e-12), "{what}: {got} is below {want}");
        }
    }
}

/// 9 of 10 against 3 of 10 and 7 of 10 against 1 of 10 have the same z, which rounding hides: one is the other with the arms
/// exchanged and conversions counted as their absence.
#[test]
fn ties_are_ties() {
    let one = barnard(10.0, 9.0, 10.0, 3.0, TwoSided).unwrap();
    let other = barnard(10.0, 7.0, 10.0, 1.0, TwoSided).unwrap();
    near("exact", one.p_barnard, other.p_barnard, 1e-14);
    near("scipy", one.p_barnard_pooled, 0.006930722169346628, 1e-8);
    near("scipy", other.p_barnard_pooled, 0.007955551147460955, 1e-8);
}

#[test]
fn boschloo_is_never_above_fisher_one_sided() {
    for (n1, n0) in [(40.0, 60.0), (100.0, 100.0), (300.0, 300.0), (20.0, 500.0)] {
        for (p1, p0) in [(0.1, 0.2), (0.5, 0.3), (0.02, 0.0), (1.0, 0.9)] {
            let (x1, x0) = (f64::floor(n1 * p1), f64::floor(n0 * p0));
            for alternative in [Greater, Less] {
                let exact = fisher(n1, x1, n0, x0, alternative).unwrap().p_fisher;
                let got = boschloo(n1, x1, n0, x0, alternative).unwrap();
                assert!(
                    got <= exact * (1.0 + 1e-12),
                    "{x1} of {n1}, {x0} of {n0}: {got} {exact}"
                );
                assert!(got > 0.0);
            }
        }
    }
}

#[test]
fn one_p_value_is_chosen() {
    let chosen = |n1, x1, n0, x0| p_value(n1, x1, n0, x0, TwoSided).unwrap();
    assert_eq!(chosen(100_000.0, 1200.0, 100_000.0, 900.0).method, "score");
    assert_eq!(chosen(10.0, 9.0, 10.0, 3.0).method, "fisher_mid");
    // 10 expected in 9:1 arms are 1 in the small one.
    assert_eq!(chosen(900.0, 10.0, 100.0, 0.0).method, "fisher_mid");
    assert_eq!(chosen(900.0, 50.0, 100.0, 0.0).method, "score");
    let all = p_values(10.0, 9.0, 10.0, 3.0, TwoSided).unwrap();
    assert_eq!((all.p_value, all.method), (all.p_fisher_mid, "fisher_mid"));
}

#[test]
fn nothing_and_everything() {
    for x in [0.0, 1.0] {
        for alternative in [TwoSided, Greater, Less] {
            let all = p_values(100.0, 100.0 * x, 50.0, 50.0 * x, alternative).unwrap();
            for p in [
                all.p_value,
                all.p_pooled,
                all.p_score,
                all.p_unpooled,
                all.p_fisher,
                all.p_fisher_mid,
                all.p_boschloo,
                all.p_barnard_pooled,
            ] {
                assert_eq!(p, 1.0);
            }
            assert_eq!((all.z_pooled, all.z_unpooled), (0.0, 0.0));
        }
    }
    // All against none.
    let all = p_values(10.0, 10.0, 12.0, 0.0, TwoSided).unwrap();
    assert_eq!((all.z_unpooled, all.p_unpooled), (f64::INFINITY, 0.0));
    near("all against none", all.p_fisher, 1.0 / 646_646.0, 1e-13);
    // No users, or not known how many.
    for (n, x) in [(0.0, 0.0), (f64::NAN, 0.0), (10.0, f64::NAN)] {
        for all in [
            p_values(n, x, 10.0, 1.0, TwoSided).unwrap(),
            p_values(10.0, 1.0, n, x, TwoSided).unwrap(),
        ] {
            assert!(
                all.p_value.is_nan()
                    && all.z_pooled.is_nan()
                    && all.p_fisher.is_nan()
                    && all.p_fisher_mid.is_nan()
            );
            assert!(
                all.p_score.is_nan()
                    && all.p_pooled.is_nan()
                    && all.p_unpooled.is_nan()
                    && all.z_unpooled.is_nan()
            );
            assert!(
                all.p_boschloo.is_nan() && all.p_barnard_pooled.is_nan() && all.p_barnard.is_nan()
            );
        }
    }
}

#[test]
fn counts_are_checked() {
    let code = |n1, x1, n0, x0| {
        let error = p_values(n1, x1, n0, x0, TwoSided).unwrap_err();
        (error.argument, error.code())
    };
    assert_eq!(code(-1.0, 0.0, 10.0, 1.0), ("exposed_users", "not_a_count"));
    assert_eq!(
        code(10.0, 11.0, 10.0, 1.0),
        ("exposed_conversions", "exceeds")
    );
    assert_eq!(code(10.0, 1.0, 10.5, 1.0), ("holdout_users", "not_a_count"));
    assert_eq!(
        code(10.0, 1.0, 10.0, 11.0),
        ("holdout_conversions", "exceeds")
    );
    assert_eq!(
        Alternative::named("larger").unwrap_err().argument,
        "alternative"
    );
    assert_eq!(
        Alternative::NAMES
            .iter()
            .map(|name| Alternative::named(name).unwrap())
            .collect::<Vec<_>>(),
        [TwoSided, Greater, Less]
    );
}

/// The difference of products is rounded once: neighbours at 2^52 are told apart, and equal rates are equal.
#[test]
fn the_numerator_is_exact() {
    let n = 4_503_599_627_370_496.0;
    let z = z_tests(
        n,
        3_000_000_000_000_001.0,
        n,
        3_000_000_000_000_000.0,
        TwoSided,
    )
    .unwrap();
    assert!(z.z_pooled > 0.0 && z.p_pooled < 1.0);
    let z = z_tests(3e15, 7e14, 6e15, 1.4e15, TwoSided).unwrap();
    assert_eq!((z.z_pooled, z.z_unpooled, z.p_score), (0.0, 0.0, 1.0));
}

#[test]
fn laws_of_many_tables() {
    let mut state = 7_u64;
    let mut below = |most: f64| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((state >> 11) as f64 / 9007199254740992.0 * (most + 1.0))
            .floor()
            .min(most)
    };
    for round in 0..100_000 {
        let size = [20.0, 300.0, 40_000.0, 3e6, 2e12][round % 5];
        let (n1, n0) = (1.0 + below(size), 1.0 + below(size));
        // Similar rates, or a p-value is too small to be wrong.
        let rate = below(1000.0) / 1000.0;
        let x1 = below(n1.min((n1 * rate).ceil()));
        let x0 = (n0 * (x1 / n1)).round().min(n0);
        let x0 = (x0 + below((4.0 * n0.sqrt()).floor()) - (2.0 * n0.sqrt()).floor()).clamp(0.0, n0);
        let what = format!("{x1} of {n1}, {x0} of {n0}");
        let z = z_tests(n1, x1, n0, x0, TwoSided).unwrap();
        let swapped = z_tests(n0, x0, n1, x1, TwoSided).unwrap();
        assert_eq!(z.z_pooled, -swapped.z_pooled, "{what}");
        near(&what, z.p_score, swapped.p_score, 1e-14);
        assert!(z.p_score >= z.p_pooled && z.p_score <= 1.0, "{what}");
        if round % 10 < 5 {
            let two = fisher(n1, x1, n0, x0, TwoSided).unwrap();
            let turned = fisher(n1, n1 - x1, n0, n0 - x0, TwoSided).unwrap();
            let greater = fisher(n1, x1, n0, x0, Greater).unwrap();
            let less = fisher(n1, x1, n0, x0, Less).unwrap();
            near(&what, two.p_fisher, turned.p_fisher, 1e-10);
            assert!(
                two.p_fisher_mid <= two.p_fisher
                    && two.p_fisher >= greater.p_fisher.min(less.p_fisher) * (1.0 - 1e-12),
                "{what}"
            );
            // Both tails hold what was seen: together 1 and that once more, which the mid-p takes off.
            if two.p_fisher_mid < 1.0 {
                near(&what, greater.p_fisher_mid + less.p_fisher_mid, 1.0, 1e-10);
            }
        }
    }
}

#[test]
fn any_bits_return_or_raise() {
    let mut state = 3_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let bits = state ^ (state >> 31);
        match bits % 8 {
            0 => f64::from_bits(bits),
            1 => 9007199254740992.0,
            2 => f64::NAN,
            _ => (bits >> (20 + bits % 40)) as f64,
        }
    };
    let mut accepted = 0;
    for _ in 0..200_000 {
        let (n1, x1, n0, x0) = (next(), next(), next(), next());
        for (x1, x0) in [(x1, x0), ((x1 % n1).trunc(), (x0 % n0).trunc())] {
            if let Ok(all) = p_value(n1, x1, n0, x0, TwoSided) {
                accepted += 1;
                assert!(
                    all.p_value.is_nan() || (0.0..=1.0).contains(&all.p_value),
                    "{n1} {x1} {n0} {x0}"
                );
                let Fisher { p_fisher, .. } = fisher(n1, x1, n0, x0, Less).unwrap();
                assert!(p_fisher.is_nan() || (0.0..=1.0).contains(&p_fisher));
            }
        }
    }
    assert!(accepted > 10_000);
}
