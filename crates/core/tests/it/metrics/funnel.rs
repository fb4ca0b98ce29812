//! The funnel backwards, input by input, and with the uncertainty of counts.

use edgetally_core::metrics::funnel::{
    FunnelCounts, Goal, Inputs, Output, Period, decompose, elasticity, probability_profit_positive,
    solve, tornado, uncertainty,
};
use proptest::prelude::*;

use super::{Row, number, rows};

fn inputs(row: &Row) -> Inputs {
    Inputs {
        cpm: row.input("cpm"),
        ctr: row.input("ctr"),
        cvr: row.input("cvr"),
        aov: row.input("aov"),
        gross_margin: row.input("gross_margin"),
        payment_fees: row.input("payment_fees"),
        shipping: row.input("shipping"),
        returns: row.input("returns"),
    }
}

const SHOP: Inputs = Inputs {
    cpm: 12.0,
    ctr: 0.015,
    cvr: 0.03,
    aov: 80.0,
    gross_margin: 0.6,
    payment_fees: 0.03,
    shipping: 0.0,
    returns: 0.0,
};

#[test]
fn reference_rows_of_solve() {
    for row in rows("funnel.solve") {
        let goal = match row.given("target_roas") {
            Some(target) => Goal::Roas(target),
            None => Goal::ProfitPerMille(row.input("target_profit_per_mille")),
        };
        let got = solve(
            row.input("cpm"),
            row.input("ctr"),
            row.input("cvr"),
            row.input("aov"),
            row.input("margin"),
            goal,
        )
        .unwrap();
        row.expect("required_cvr", got.required_cvr);
        row.expect("required_ctr", got.required_ctr);
        row.expect("required_aov", got.required_aov);
        row.expect("max_cpm", got.max_cpm);
        row.expect("max_cpc", got.max_cpc);
        row.expect("max_cpa", got.max_cpa);
        assert!(got.feasible, "{}", row.id);
    }
}

#[test]
fn reference_rows_of_tornado_and_elasticity() {
    for row in rows("funnel.tornado") {
        let output = Output::named(row.inputs["output"].as_str().unwrap()).unwrap();
        let got = tornado(&inputs(&row), row.input("swing"), output).unwrap();
        row.expect("base", got.base);
        let order: Vec<&str> = row.outputs["order"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect();
        assert_eq!(
            got.bars.iter().map(|bar| bar.input).collect::<Vec<_>>(),
            order
        );
        row.expect_all(
            "low",
            &got.bars.iter().map(|bar| bar.low).collect::<Vec<_>>(),
        );
        row.expect_all(
            "high",
            &got.bars.iter().map(|bar| bar.high).collect::<Vec<_>>(),
        );
        row.expect_all(
            "swing",
            &got.bars.iter().map(|bar| bar.swing).collect::<Vec<_>>(),
        );
    }
    for row in rows("funnel.elasticity") {
        let output = Output::named(row.inputs["output"].as_str().unwrap()).unwrap();
        let got = elasticity(&inputs(&row), output).unwrap();
        row.expect("cpm", got.cpm);
        row.expect("ctr", got.ctr);
        row.expect("cvr", got.cvr);
        row.expect("aov", got.aov);
        row.expect("gross_margin", got.gross_margin);
        row.expect("payment_fees", got.payment_fees);
        assert_eq!((got.shipping, got.returns), (0.0, 0.0));
    }
}

#[test]
fn reference_rows_of_uncertainty() {
    for row in rows("funnel.uncertainty") {
        let prior = row.column("prior");
        let got = uncertainty(&FunnelCounts {
            impressions: row.input("impressions"),
            clicks: row.input("clicks"),
            conversions: row.input("conversions"),
            cpm: row.input("cpm"),
            aov: row.input("aov"),
            margin: row.input("margin"),
            confidence: row.input("confidence"),
            prior: (prior[0], prior[1]),
        })
        .unwrap();
        row.expect("cpa", got.cpa);
        row.expect("log_cpa_se", got.log_cpa_se);
        row.expect_all(
            "cpa_ci_delta",
            &[got.cpa_ci_delta.low, got.cpa_ci_delta.high],
        );
        row.expect_all(
            "cpa_ci_poisson",
            &[got.cpa_ci_poisson.low, got.cpa_ci_poisson.high],
        );
        row.expect("roas", got.roas);
        row.expect_all(
            "roas_ci_delta",
            &[got.roas_ci_delta.low, got.roas_ci_delta.high],
        );
        row.expect(
            "posterior_mean_conversion_per_impression",
            got.posterior_mean_conversion_per_impression,
        );
        // The rows' absolute tolerance would let any tiny probability pass.
        let want = number(&row.outputs["prob_profit_positive"]);
        assert!(
            (got.prob_profit_positive - want).abs() <= 1e-9 * want,
            "{} {:e} {want:e}",
            row.id,
            got.prob_profit_positive
        );
    }
}

/// Against quadrature at 60 digits (mpmath).
#[test]
fn probabilities_of_profit_keep_their_digits() {
    for (ctr, cvr, bound, want) in PROBABILITIES {
        let got = probability_profit_positive(*ctr, *cvr, 1000.0 * bound, 1.0);
        assert!(
            (got - want).abs() <= 1e-12 * want,
            "{ctr:?} {cvr:?} {bound} {got:e} {want:e}"
        );
    }
    // Below 1e-299, where the tail of the second rate underflows.
    let never = probability_profit_positive((29_586.0, 5e6), (51.0, 29_536.0), 0.3, 1.0);
    assert_eq!(never, 0.0);
    let p = |cpm, worth| probability_profit_positive((3.0, 5.0), (2.0, 9.0), cpm, worth);
    assert_eq!(p(0.0, 1.0), 1.0);
    assert_eq!(p(1000.0, 1.0), 0.0);
    assert_eq!(p(1.0, 0.0), 0.0);
    assert_eq!(p(1.0, -1.0), 0.0);
    assert!(p(f64::NAN, 1.0).is_nan());
    assert!(probability_profit_positive((0.0, 1.0), (1.0, 1.0), 1.0, 1.0).is_nan());
}

type Pair = (f64, f64);
const PROBABILITIES: &[(Pair, Pair, f64, f64)] = &[
    // Two uniform rates: 1 - k + k ln k.
    ((1.0, 1.0), (1.0, 1.0), 0.25, 0.403_426_409_720_027_35),
    ((3.0, 5.0), (2.0, 9.0), 0.05, 0.53525782725907988),
    ((3.0, 5.0), (2.0, 9.0), 0.6, 6.20278031759643834e-7),
    ((0.5, 0.5), (0.5, 0.5), 0.3, 0.328651816993271333),
    ((101.0, 9901.0), (1.0, 101.0), 0.01, 1.11025621506036209e-44),
    (
        (3001.0, 197001.0),
        (1.0, 3001.0),
        0.0002631578947368421,
        1.35431028012065579e-23,
    ),
    ((31.0, 970.0), (6.0, 26.0), 0.2, 1.13640602605387029e-88),
    ((2.0, 1.0), (1.0, 2.0), 0.999, 6.6683340003335417e-10),
    ((1.0, 100001.0), (1.0, 1.0), 0.0001, 3.82755554771687092e-6),
    ((50.0, 50.0), (50.0, 50.0), 0.9, 1.99811150506158215e-73),
    (
        (301.0, 19701.0),
        (10.0, 292.0),
        0.0002631578947368421,
        0.956819026879782336,
    ),
    (
        (15001.0, 985001.0),
        (451.0, 14551.0),
        0.00044,
        0.693288092097230827,
    ),
];

#[test]
fn what_cannot_be_reached_is_not_a_number() {
    let got = solve(12.0, 0.015, 0.03, 80.0, 0.57, Goal::Roas(1000.0)).unwrap();
    assert!(!got.feasible && got.required_cvr.is_nan() && got.required_aov > 0.0);
    let loss = solve(12.0, 0.015, 0.03, 80.0, -0.1, Goal::ProfitPerMille(1.0)).unwrap();
    assert!(!loss.feasible && loss.required_aov.is_nan() && loss.max_cpm.is_nan());
    let dear = solve(12.0, 0.015, 0.03, 80.0, 0.57, Goal::ProfitPerMille(30.0)).unwrap();
    assert!(!dear.feasible && dear.max_cpm.is_nan() && dear.required_cvr > 0.03);
    let none = solve(12.0, 0.0, 0.03, 80.0, 0.57, Goal::Roas(2.0)).unwrap();
    assert!(!none.feasible && none.required_cvr.is_nan() && none.max_cpa == 40.0);
    assert!(
        !solve(f64::NAN, 0.1, 0.1, 1.0, 0.5, Goal::Roas(2.0))
            .unwrap()
            .feasible
    );
}

#[test]
fn a_tornado_stops_rates_at_one_and_leaves_out_what_does_nothing() {
    let full = Inputs {
        ctr: 0.9,
        cvr: 0.9,
        ..SHOP
    };
    let got = tornado(&full, 0.2, Output::RevenuePerMille).unwrap();
    let names: Vec<&str> = got.bars.iter().map(|bar| bar.input).collect();
    assert_eq!(names, ["aov", "ctr", "cvr"]);
    assert_eq!(got.bars[1].high, 1000.0 * 1.0 * 0.9 * 80.0);
    let cpc = tornado(&SHOP, 0.2, Output::Cpc).unwrap();
    assert_eq!(
        cpc.bars.iter().map(|bar| bar.input).collect::<Vec<_>>(),
        ["ctr", "cpm"]
    );
    assert!(
        elasticity(&Inputs { cvr: 0.0, ..SHOP }, Output::Cpa)
            .unwrap()
            .cpm
            .is_nan()
    );
    assert_eq!(
        Output::named("profit").unwrap_err().code(),
        "unknown_choice"
    );
}

#[test]
fn no_impressions_and_no_orders() {
    let counts = |impressions, clicks, conversions| FunnelCounts {
        impressions,
        clicks,
        conversions,
        cpm: 12.0,
        aov: 80.0,
        margin: 0.57,
        confidence: 0.95,
        prior: (1.0, 1.0),
    };
    let nothing = uncertainty(&counts(0.0, 0.0, 0.0)).unwrap();
    assert!(nothing.cpa.is_nan() && nothing.roas.is_nan() && nothing.cpa_ci_poisson.low.is_nan());
    // Only the prior: two uniform rates.
    let k: f64 = 12.0 / (1000.0 * 80.0 * 0.57);
    assert!((nothing.prob_profit_positive - (1.0 - k + k * k.ln())).abs() < 1e-14);
    let all = uncertainty(&counts(100.0, 100.0, 100.0)).unwrap();
    // A sample without variance is not certainty.
    assert!(
        all.log_cpa_se.is_nan() && all.cpa_ci_delta.low.is_nan() && all.roas_ci_delta.high.is_nan()
    );
    assert!(all.cpa_ci_poisson.low < all.cpa && all.cpa < all.cpa_ci_poisson.high);
    let none = uncertainty(&FunnelCounts {
        cpm: 0.0,
        ..counts(100.0, 10.0, 4.0)
    })
    .unwrap();
    assert!(none.cpa == 0.0 && none.cpa_ci_delta.low.is_nan() && none.cpa_ci_poisson.high.is_nan());
    let free = uncertainty(&FunnelCounts {
        cpm: 0.0,
        ..counts(100.0, 10.0, 1.0)
    })
    .unwrap();
    assert!(free.cpa == 0.0 && free.roas.is_nan() && free.prob_profit_positive == 1.0);
    let error = uncertainty(&counts(100.0, 10.0, 11.0)).unwrap_err();
    assert_eq!((error.argument, error.code()), ("conversions", "exceeds"));
    let error = uncertainty(&FunnelCounts {
        prior: (0.0, 1.0),
        ..counts(9.0, 1.0, 1.0)
    })
    .unwrap_err();
    assert_eq!((error.argument, error.code()), ("prior", "not_positive"));
}

#[test]
fn a_period_without_orders_has_no_decomposition() {
    let before = Period {
        cpm: 12.0,
        ctr: 0.015,
        cvr: 0.03,
        aov: 80.0,
        margin: 0.57,
    };
    let none = decompose(&before, &Period { cvr: 0.0, ..before }).unwrap();
    assert!(none.log_ratio.is_nan() && none.cpa_after.is_nan() && none.profit_cvr.is_nan());
    assert!((none.profit_change + 20.52).abs() < 1e-12);
    let same = decompose(&before, &before).unwrap();
    assert!(same.log_ratio == 0.0 && same.cpm_share.is_nan() && same.profit_change == 0.0);
}

fn rate() -> impl Strategy<Value = f64> {
    (0.001_f64..0.99).prop_map(|x| x * x)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// Put back into the funnel, each solution reaches the goal.
    #[test]
    fn solutions_reach_the_goal(
        cpm in 0.1..50.0, ctr in rate(), cvr in rate(), aov in 1.0..500.0, margin in 0.05..1.0,
        roas in 0.1..20.0, profit in -5.0..50.0,
    ) {
        let revenue = |ctr: f64, cvr: f64, aov: f64| 1000.0 * ctr * cvr * aov;
        let close = |got: f64, want: f64| got.is_nan() || (got - want).abs() <= 1e-9 * (1.0 + want.abs());
        let s = solve(cpm, ctr, cvr, aov, margin, Goal::Roas(roas)).unwrap();
        prop_assert!(close(revenue(ctr, s.required_cvr, aov) / cpm, roas));
        prop_assert!(close(revenue(s.required_ctr, cvr, aov) / cpm, roas));
        prop_assert!(close(revenue(ctr, cvr, s.required_aov) / cpm, roas));
        prop_assert!(close(revenue(ctr, cvr, aov) / s.max_cpm, roas));
        prop_assert!(close(s.max_cpc / cvr, s.max_cpa));
        prop_assert_eq!(s.feasible, roas * cpm <= revenue(ctr, 1.0, aov) && roas * cpm <= revenue(1.0, cvr, aov));
        let s = solve(cpm, ctr, cvr, aov, margin, Goal::ProfitPerMille(profit)).unwrap();
        if cpm + profit > 0.0 {
            prop_assert!(close(revenue(ctr, s.required_cvr, aov) * margin - cpm, profit));
            prop_assert!(close(revenue(s.required_ctr, cvr, aov) * margin - cpm, profit));
            prop_assert!(close(revenue(ctr, cvr, s.required_aov) * margin - cpm, profit));
        }
        prop_assert!(close(revenue(ctr, cvr, aov) * margin - s.max_cpm, profit));
        prop_assert!(close(s.max_cpc * 1000.0 * ctr, s.max_cpm) && close(s.max_cpa * 1000.0 * ctr * cvr, s.max_cpm));
    }

    /// Elasticities are the slopes of the logarithms.
    #[test]
    fn elasticities_are_slopes(
        cpm in 0.1..50.0, ctr in rate(), cvr in rate(), aov in 1.0..500.0, margin in 0.5..0.9,
        fees in 0.0..0.1, which in 0_usize..6,
    ) {
        let base = Inputs { cpm, ctr, cvr, aov, gross_margin: margin, payment_fees: fees, shipping: 0.05, returns: 0.02 };
        let output = Output::named(Output::NAMES[which]).unwrap();
        let at = |inputs: &Inputs| tornado(inputs, 0.0, output).unwrap().base;
        let e = elasticity(&base, output).unwrap();
        let h = 1e-5;
        let slope = |change: &dyn Fn(&mut Inputs, f64)| {
            let (mut low, mut high) = (base, base);
            change(&mut low, 1.0 - h);
            change(&mut high, 1.0 + h);
            (at(&high) - at(&low)) / (2.0 * h * at(&base))
        };
        // Near a profit of zero elasticities are huge, and so is the rounding of the slope.
        let close = |got: f64, want: f64| (got - want).abs() <= 1e-4 * (1.0 + want.abs()) * (1.0 + e.cpm.abs());
        prop_assert!(close(slope(&|i, f| i.cpm *= f), e.cpm));
        prop_assert!(close(slope(&|i, f| i.ctr *= f), e.ctr));
        prop_assert!(close(slope(&|i, f| i.cvr *= f), e.cvr));
        prop_assert!(close(slope(&|i, f| i.aov *= f), e.aov));
        prop_assert!(close(slope(&|i, f| i.gross_margin *= f), e.gross_margin));
        prop_assert!(close(slope(&|i, f| i.payment_fees *= f), e.payment_fees));
        prop_assert!(close(slope(&|i, f| i.shipping *= f), e.shipping));
        prop_assert!(close(slope(&|i, f| i.returns *= f), e.returns));
    }

    /// The parts add up, for the cost per order and for profit, and turn with the periods.
    #[test]
    fn decompositions_add_up(
        a in prop::array::uniform5(0.001_f64..1.0), b in prop::array::uniform5(0.001_f64..1.0),
    ) {
        let period = |x: [f64; 5]| Period { cpm: 50.0 * x[0], ctr: x[1], cvr: x[2], aov: 300.0 * x[3], margin: x[4] };
        let change = decompose(&period(a), &period(b)).unwrap();
        let whole = (change.cpa_after / change.cpa_before).ln();
        prop_assert!((change.cpm + change.ctr + change.cvr - whole).abs() < 1e-12);
        prop_assert!((change.log_ratio - whole).abs() < 1e-12);
        prop_assert!((change.cpm_share + change.ctr_share + change.cvr_share - 1.0).abs() < 1e-9 / change.log_ratio.abs().min(1.0));
        let parts = change.profit_cpm + change.profit_ctr + change.profit_cvr + change.profit_aov + change.profit_margin;
        let size = change.profit_ctr.abs() + change.profit_cvr.abs() + change.profit_aov.abs() + change.profit_margin.abs() + 50.0;
        prop_assert!((parts - change.profit_change).abs() < 1e-11 * size, "{parts} {change:?}");
        let back = decompose(&period(b), &period(a)).unwrap();
        prop_assert!((back.log_ratio + change.log_ratio).abs() < 1e-12);
        prop_assert!((back.profit_ctr + change.profit_ctr).abs() < 1e-11 * size);
    }

    #[test]
    fn any_bits_return_or_raise(bits in prop::array::uniform10(any::<u64>())) {
        let x = bits.map(f64::from_bits);
        let _ = solve(x[0], x[1], x[2], x[3], x[4], Goal::Roas(x[5]));
        let _ = solve(x[0], x[1], x[2], x[3], x[4], Goal::ProfitPerMille(x[5]));
        let period = |i: usize| Period { cpm: x[i], ctr: x[i + 1], cvr: x[i + 2], aov: x[i + 3], margin: x[i + 4] };
        let _ = decompose(&period(0), &period(5));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A dearer thousand impressions never makes a profit more likely, whatever the counts.
    #[test]
    fn the_probability_falls_with_the_price(
        impressions in (0.0_f64..27.0).prop_map(|log| log.exp().floor()), share in 0.0_f64..=1.0, bought in 0.0_f64..=1.0,
        cpm in 0.0..100.0, aov in 0.0..500.0, prior in 0.3..3.0,
    ) {
        let clicks = (impressions * share * share).floor();
        let conversions = (clicks * bought * bought).floor();
        let at = |cpm: f64| uncertainty(&FunnelCounts {
            impressions, clicks, conversions, cpm, aov, margin: 0.5, confidence: 0.9,
            prior: (prior, 1.0),
        }).unwrap().prob_profit_positive;
        let (cheap, dear) = (at(cpm), at(cpm * 1.01));
        prop_assert!((0.0..=1.0).contains(&cheap) && (0.0..=1.0).contains(&dear));
        prop_assert!(dear <= cheap * (1.0 + 1e-11) + 1e-10, "{cheap:e} {dear:e}");
    }
}
