//! The special functions against 50-digit references, and their laws.
//!
//! The tables were computed with 60 digits from the defining series and continued fractions, and rounded to doubles.
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

use edgetally_core::metrics::roots::bracketed;
use edgetally_core::metrics::special::*;

/// The relative error, with equal values (also 0 and infinite ones) at 0.
fn error(got: f64, want: f64) -> f64 {
    if got == want {
        0.0
    } else {
        ((got - want) / want).abs()
    }
}

fn near(what: &str, got: f64, want: f64, relative: f64) {
    let error = error(got, want);
    assert!(
        error <= relative,
        "{what}: {got:e} is not {want:e}, off by {error:e}"
    );
}

/// a, b, the exact one of x and 1 - x, whether that is 1 - x, lower tail, upper tail.
#[rustfmt::skip]
const BETA: &[(f64, f64, f64, bool, f64, f64)] = &[
    (1201.0, 98801.0, 0.0121, false, 0.606715396691688, 0.39328460330831205),
    (1201.0, 98801.0, 0.0095, false, 2.0841577628873456e-15, 0.9999999999999979),
    (9901.0, 890101.0, 0.0112, false, 0.9642076202937979, 0.03579237970620211),
    (1000001.0, 999000001.0, 0.001001, false, 0.8412241846944637, 0.1587758153055363),
    (500000000.0, 500000000.0, 0.49998, true, 0.8970483946682041, 0.1029516053317959),
    (500000000.0, 500000000.0, 0.5, false, 0.5, 0.5),
    (2.0, 1000000000.0, 3e-09, false, 0.8008517274247114, 0.19914827257528855),
    (2.0, 1000000000.0, 3e-09, true, 1.0, 0.0),
    (1.0, 1.0, 0.25, false, 0.25, 0.75),
    (0.5, 0.5, 1e-20, false, 6.366197723675813e-11, 0.999999999936338),
    (0.5, 0.5, 0.3, false, 0.36901011956554536, 0.6309898804344546),
    (0.5, 100.5, 0.001, false, 0.34576381289814123, 0.6542361871018588),
    (0.5, 100.5, 0.04, false, 0.9957759604379703, 0.004224039562029699),
    (1.0, 11.0, 0.5, false, 0.99951171875, 0.00048828125),
    (11.0, 1.0, 0.3, true, 0.019773267430000005, 0.98022673257),
    (0.001, 2.0, 0.25, false, 0.9993636271006047, 0.0006363728993953045),
    (0.001, 0.001, 0.5, false, 0.5, 0.5),
    (1e-08, 3.0, 0.1, false, 0.9999999900241491, 9.975850924832905e-09),
    (98267.45, 0.5, 1.95e-05, true, 0.050269157364767766, 0.9497308426352322),
    (98267.45, 0.5, 0.001, true, 1.1341630332667992e-44, 1.0),
    (30.5, 70.25, 0.31, false, 0.5738856882376353, 0.4261143117623647),
    (30.5, 70.25, 0.2, false, 0.00798598075635561, 0.9920140192436444),
    (30.5, 70.25, 0.45, false, 0.9988399310237228, 0.0011600689762772043),
    (150.0, 150.0, 0.5, false, 0.5, 0.5),
    (150.0, 150.0, 0.4, false, 0.0002356060556082245, 0.9997643939443918),
    (150.0, 150.0, 0.25, false, 8.279313675556273e-21, 1.0),
    (150.0, 10000000.0, 1.5e-05, false, 0.5109312352567946, 0.4890687647432054),
    (150.0, 10000000.0, 2.6e-05, false, 0.9999999999999502, 4.9807642188383714e-14),
    (101.0, 1000000000.0, 1.01e-07, false, 0.5132331945229176, 0.48676680547708245),
    (99.0, 1000000000.0, 1.01e-07, false, 0.59216747385159, 0.40783252614841004),
    (99.0, 1000000000.0, 2e-07, false, 0.9999999999999991, 9.040060029921285e-16),
    (1001.0, 999001.0, 0.001, false, 0.49160325270261224, 0.5083967472973878),
    (1001.0, 999001.0, 0.00111, false, 0.9995807732857376, 0.000419226714262477),
    (1001.0, 999001.0, 0.0005, false, 1.4523491180253453e-86, 1.0),
    (1001.0, 999001.0, 0.002, false, 1.0, 8.29514023004112e-136),
    (1000000.0, 2000.0, 0.002, true, 0.4614018419831416, 0.5385981580168584),
    (1000000000.0, 1000000000.0, 0.49999, false, 0.18554668476708924, 0.8144533152329108),
    (1000000000.0, 1.0, 1e-10, true, 0.9048374180314354, 0.09516258196856461),
    (1000000000.0, 1000000000.0, 0.4997, false, 6.692695769581035e-159, 1.0),
    (3000000000000000.0, 500000000000000.0, 0.1428571, true, 0.9999999999997848, 2.1512322239531318e-13),
    (100000.0, 100000.0, 0.497, false, 0.0036449523647139963, 0.996355047635286),
    (100000.0, 100000.0, 0.48, false, 6.371237476732216e-72, 1.0),
    (250.0, 250.0, 0.1, false, 2.6500729915636394e-113, 1.0),
    (0.001, 1000000000.0, 1e-09, false, 0.9997803916424146, 0.00021960835758537233),
    (1000.0, 0.001, 0.2, true, 6.162893798436873e-103, 1.0),
    (7.5, 3.25, 0.7, false, 0.47111796028427866, 0.5288820397157213),
    (201.0, 9999801.0, 2.005e-05, false, 0.4953023273877406, 0.5046976726122594),
    (2.0, 3.0, 1e-200, false, 0.0, 1.0),
    (46.0, 954.0, 0.046, false, 0.5182317864218483, 0.4817682135781517),
];

/// a, x, lower tail, upper tail.
#[rustfmt::skip]
const GAMMA: &[(f64, f64, f64, f64)] = &[
    (1.0, 2.0, 0.8646647167633873, 0.1353352832366127),
    (0.5, 0.3, 0.5614219739190002, 0.4385780260809999),
    (0.5, 1.4, 0.9057356931587897, 0.09426430684121032),
    (0.5, 40.0, 1.0, 3.744097384202899e-19),
    (0.5, 1e-300, 1.1283791670955126e-150, 1.0),
    (0.001, 0.5, 0.9994399333435292, 0.0005600666564707498),
    (0.001, 3.0, 0.9999869268601987, 1.3073139801213742e-05),
    (5.0, 0.01, 8.264185641806499e-13, 0.9999999999991735),
    (5.0, 5.0, 0.5595067149347875, 0.4404932850652124),
    (5.0, 60.0, 1.0, 5.060046065842574e-21),
    (99.0, 99.0, 0.5133658023307904, 0.4866341976692096),
    (99.0, 140.0, 0.9998885385694418, 0.00011146143055819822),
    (101.0, 101.0, 0.5132327919185451, 0.48676720808145485),
    (101.0, 99.0, 0.4336434731874449, 0.5663565268125551),
    (101.0, 150.0, 0.9999909497404291, 9.050259570857873e-06),
    (101.0, 60.0, 8.685389315683087e-07, 0.9999991314610684),
    (10000.0, 10000.0, 0.5013298083399552, 0.4986701916600448),
    (10000.0, 10300.0, 0.9985295051036143, 0.0014704948963856813),
    (10000.0, 9500.0, 1.862454651795155e-07, 0.9999998137545348),
    (10000.0, 12000.0, 1.0, 3.3272024923451615e-79),
    (1000000.0, 1000000.0, 0.5001329807608725, 0.4998670192391274),
    (1000000.0, 1004000.0, 0.9999676545526865, 3.234544731347768e-05),
    (1000000.0, 995000.0, 2.749580359270071e-07, 0.9999997250419641),
    (1000000000.0, 1000000000.0, 0.5000042052208701, 0.4999957947791299),
    (1000000000.0, 1000100000.0, 0.9992170438380417, 0.0007829561619583269),
    (1000000000.0, 999700000.0, 1.1801323453707124e-21, 1.0),
    (1000000000.0, 1000500000.0, 1.0, 1.3536227638069915e-56),
    (1000000000.0, 998900000.0, 1.3126742088266184e-265, 1.0),
    (3.75, 2.125, 0.20472296547439914, 0.7952770345256008),
    (300.5, 700.25, 1.0, 1.0792290983956065e-65),
];

/// x, upper tail, density.
#[rustfmt::skip]
const NORMAL: &[(f64, f64, f64)] = &[
    (0.0, 0.5, 0.3989422804014327),
    (0.1, 0.460172162722971, 0.39695254747701175),
    (0.5, 0.3085375387259869, 0.35206532676429947),
    (1.0, 0.15865525393145705, 0.24197072451914334),
    (1.0000000001, 0.15865525390725999, 0.24197072449494628),
    (1.5, 0.06680720126885807, 0.12951759566589172),
    (1.959963984540054, 0.025000000000000012, 0.05844506980503538),
    (2.5, 0.006209665325776135, 0.017528300493568537),
    (3.0, 0.0013498980316300946, 0.0044318484119380075),
    (5.0, 2.866515718791939e-07, 1.4867195147342977e-06),
    (6.58, 2.3522413444041675e-11, 1.582035638732911e-10),
    (6.581179073395735, 2.3336601598219752e-11, 1.5698081252653788e-10),
    (8.3, 5.205569744890254e-17, 4.3816394355093325e-16),
    (10.0, 7.619853024160525e-24, 7.694598626706419e-23),
    (15.7, 7.56210317468378e-56, 1.1920285127791407e-54),
    (20.0, 2.7536241186062337e-89, 5.520948362159764e-88),
    (25.0, 3.056696706382561e-138, 7.653929736419392e-137),
    (30.0, 4.906713927148187e-198, 1.4736461348785476e-196),
    (37.0, 5.725571222524577e-300, 2.1200065515246056e-298),
    (37.5, 4.605353009581955e-308, 1.7282337322841054e-306),
];

/// p, quantile.
#[rustfmt::skip]
const NORMAL_QUANTILE: &[(f64, f64)] = &[
    (2.3e-308, -37.5184972450123),
    (1e-300, -37.0470962993612),
    (1e-100, -21.273453560965326),
    (1e-50, -14.933337534788489),
    (1e-20, -9.262340089798407),
    (4.7e-11, -6.476298502848825),
    (1e-08, -5.612001244174789),
    (1e-05, -4.264890793922825),
    (0.001, -3.0902323061678136),
    (0.01, -2.326347874040841),
    (0.024, -1.9773684281819468),
    (0.025, -1.9599639845400543),
    (0.07, -1.4757910281791706),
    (0.075, -1.439531470938456),
    (0.08, -1.4050715603096327),
    (0.1, -1.2815515655446004),
    (0.2, -0.8416212335729142),
    (0.3, -0.5244005127080408),
    (0.4, -0.2533471031357997),
    (0.45, -0.12566134685507402),
    (0.499, -0.002506630899571766),
    (0.4999999, -2.5066282747031063e-07),
    (0.49999999999999994, -1.3914582123358836e-16),
];

/// t, degrees of freedom, upper tail.
#[rustfmt::skip]
const STUDENT: &[(f64, f64, f64)] = &[
    (0.0, 3.0, 0.5),
    (0.5, 1.0, 0.35241638234956674),
    (1.96, 196534.9, 0.02499860059357316),
    (1.959976, 196534.9, 0.025000003220063995),
    (7.5, 196534.9, 3.2042126974601036e-14),
    (30.0, 196534.9, 1.3737154959124313e-197),
    (2.0, 5.5, 0.0483771951155925),
    (2.0, 0.5, 0.22275744509156561),
    (10000000000.0, 0.5, 3.207009754142229e-06),
    (1e-09, 7.0, 0.4999999996150086),
    (3.0, 1000000.0, 0.0013499312707108985),
    (3.0, 1000000000.0, 0.0013498980648689578),
    (3.0, 1000000000000.0, 0.0013498980316633334),
    (3.0, 1000000000000000.0, 0.0013498980316301278),
    (40.0, 1000000.0, 0.0),
    (12.7, 1.0, 0.02501216384467208),
    (5.0, 30.0, 1.1648342733503898e-05),
    (100.0, 30.0, 9.923058983635125e-40),
    (1e+200, 2.0, 0.0),
];

/// p, degrees of freedom, quantile.
#[rustfmt::skip]
const STUDENT_QUANTILE: &[(f64, f64, f64)] = &[
    (0.975, 196534.9, 1.959976055096437),
    (0.975, 1.0, 12.706204736174694),
    (0.975, 2.5, 3.5746548420036817),
    (0.975, 30.0, 2.0422724563012378),
    (0.995, 1000000.0, 2.575834220105334),
    (0.975, 1000000000.0, 1.959963986912325),
    (0.975, 1000000000000.0, 1.9599639845424262),
    (0.975, 1000000000000000.0, 1.9599639845400563),
    (0.75, 0.7, 1.2003307434574066),
    (0.5000001, 5.0, 2.634305522753727e-07),
    (0.999999, 3.0, 103.29946777942897),
    (0.9999999999, 3.0, 2225.769223296075),
    (0.6, 100.0, 0.2540221824582278),
    (1e-10, 12.5, -18.391607466099845),
    (1e-100, 12.5, -296453973.45433456),
    (1e-20, 196534.9, -9.263362760848207),
];

/// k, n, p, binomial probability.
#[rustfmt::skip]
const BINOMIAL: &[(f64, f64, f64, f64)] = &[
    (3.0, 10.0, 0.5, 0.1171875),
    (0.0, 1000000000.0, 1e-09, 0.3678794409875026),
    (1.0, 1000000000.0, 1e-09, 0.36787944135538203),
    (1000000.0, 1000000000.0, 0.001, 0.00039914186800791017),
    (1005000.0, 1000000000.0, 0.001, 1.4960821574177119e-09),
    (1000000.0, 1000000000.0, 0.0011, 0.0),
    (5.0, 7.0, 0.999, 2.0895209790105016e-05),
    (7.0, 7.0, 1e-30, 1.0000000000000006e-210),
    (3.0, 7.0, 1e-30, 3.500000000000001e-89),
    (450.0, 900.0, 0.6, 2.797390123615143e-10),
    (500000000000000.0, 1000000000000000.0, 0.5, 2.5231325220201594e-08),
];

/// k, mean, Poisson probability.
#[rustfmt::skip]
const POISSON: &[(f64, f64, f64)] = &[
    (0.0, 3.0, 0.049787068367863944),
    (3.0, 3.0, 0.22404180765538775),
    (10.0, 3.0, 0.0008101511794681432),
    (1000000.0, 1000000.0, 0.00039894224715624404),
    (1000000.0, 1005000.0, 1.549733499744597e-09),
    (1000000000.0, 1000000000.0, 1.2615662609049494e-05),
    (1000000000.0, 1000200000.0, 2.6072241645407253e-14),
    (200.0, 1.0, 0.0),
    (1.0, 1e-300, 1e-300),
    (5.0, 700.0, 1.3809298639247538e-292),
];

/// k, good, bad, drawn, hypergeometric probability.
#[rustfmt::skip]
const HYPERGEOMETRIC: &[(f64, f64, f64, f64, f64)] = &[
    (1.0, 2.0, 2.0, 2.0, 0.6666666666666666),
    (1200.0, 2100.0, 197900.0, 100000.0, 6.464997799021972e-12),
    (1050.0, 2100.0, 197900.0, 100000.0, 0.017501320068540105),
    (1.0, 1.0, 499.0, 50.0, 0.1),
    (0.0, 1.0, 499.0, 50.0, 0.9),
    (5.0, 5.0, 1995.0, 1000.0, 0.031093789258174406),
    (1000000.0, 1998000.0, 1998002000.0, 1000000000.0, 0.0002073459270447691),
    (10.0, 2000.0, 1000000.0, 500.0, 9.105264894374257e-08),
    (30.0, 32.0, 99968.0, 90000.0, 0.21026574947259988),
];

#[test]
fn normal_tails_and_density() {
    for &(x, upper, density) in NORMAL {
        near(&format!("sf({x})"), normal_sf(x), upper, 1e-15);
        near(&format!("cdf(-{x})"), normal_cdf(-x), upper, 1e-15);
        near(&format!("pdf({x})"), normal_pdf(x), density, 1e-15);
        near(&format!("cdf({x})"), normal_cdf(x), 1.0 - upper, 2e-16);
    }
    assert_eq!(normal_cdf(f64::NEG_INFINITY), 0.0);
    assert_eq!(normal_sf(f64::NEG_INFINITY), 1.0);
    assert_eq!(normal_pdf(f64::INFINITY), 0.0);
    assert!(normal_cdf(f64::NAN).is_nan() && normal_pdf(f64::NAN).is_nan());
}

#[test]
fn normal_quantiles() {
    for &(p, quantile) in NORMAL_QUANTILE {
        near(
            &format!("quantile({p})"),
            normal_quantile(p),
            quantile,
            2e-15,
        );
        near(
            &format!("quantile_sf({p})"),
            normal_quantile_sf(p),
            -quantile,
            2e-15,
        );
    }
    near("0.975", normal_quantile(0.975), 1.959963984540054, 2e-16);
    assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
    assert_eq!(normal_quantile(1.0), f64::INFINITY);
    for outside in [-1e-300, 1.0000000000000002, f64::NAN, f64::INFINITY] {
        assert!(normal_quantile(outside).is_nan(), "{outside}");
    }
}

/// What the rounding of an exponent allows: `e^-700` has lost three digits more than `e^-1`.
fn tolerance(tail: f64) -> f64 {
    3e-14 + 7e-16 * tail.ln().abs()
}

#[test]
fn beta_tails() {
    for &(a, b, exact, is_complement, lower, upper) in BETA {
        let (x, y) = if is_complement {
            (1.0 - exact, exact)
        } else {
            (exact, 1.0 - exact)
        };
        let (got_lower, got_upper) = beta_cdf(a, b, x, y);
        let what = format!("beta({a}, {b}; {exact})");
        near(&format!("{what} lower"), got_lower, lower, tolerance(lower));
        near(&format!("{what} upper"), got_upper, upper, tolerance(upper));
        // Mirrored.
        let mirrored = beta_cdf(b, a, y, x);
        near(&what, mirrored.0, got_upper, 1e-14);
        near(&what, mirrored.1, got_lower, 1e-14);
    }
}

#[test]
fn beta_quantiles_give_their_chances_back() {
    let shapes = [
        (1.0, 1.0),
        (0.5, 0.5),
        (0.5, 1000.5),
        (1.0, 11.0),
        (3.0, 1e9),
        (1201.0, 98801.0),
        (1e6, 999e6),
        (5e8, 5e8),
        (98267.45, 0.5),
        (0.001, 2.0),
        (46.0, 954.0),
        (30.0, 0.25),
        (1e9, 1.0),
    ];
    let chances = [1e-300, 1e-100, 1e-20, 1e-9, 1e-5, 0.001, 0.025, 0.2, 0.5];
    for (a, b) in shapes {
        for small in chances {
            for (p, q) in [(small, 1.0 - small), (1.0 - small, small)] {
                let (x, y) = beta_quantile(a, b, p, q);
                if x.min(y) < 1e-290 {
                    continue; // the quantile itself underflows
                }
                let (lower, upper) = beta_cdf(a, b, x, y);
                // A quantile is a double: its neighbours are as far apart as this in the tail.
                let density = (a * b / (a + b)).sqrt() * normal_quantile(small).abs().max(1.0);
                let conditioning =
                    f64::EPSILON * x.max(y).min(1.0) * (1.0 + a.min(b) + density.min(1e6));
                let what = format!("a {a} b {b} p {p} q {q} x {x}");
                let got = if p <= q { lower } else { upper };
                near(&what, got, small, tolerance(small) + conditioning);
                assert!((x + y - 1.0).abs() <= 8.0 * f64::EPSILON, "{what} y {y}");
            }
        }
    }
    assert_eq!(beta_quantile(2.0, 3.0, 0.0, 1.0), (0.0, 1.0));
    assert_eq!(beta_quantile(2.0, 3.0, 1.0, 0.0), (1.0, 0.0));
    // Closed forms: x^n, and the arcsine law.
    near("power", beta_quantile(10.0, 1.0, 1e-30, 1.0).0, 1e-3, 1e-15);
    near(
        "power",
        beta_quantile(1.0, 1e9, 0.05, 0.95).0,
        5.129329438623506e-11,
        1e-15,
    );
    near(
        "arcsine",
        beta_quantile(0.5, 0.5, 1.0 / 3.0, 2.0 / 3.0).0,
        0.25,
        2e-15,
    );
}

#[test]
fn gamma_tails_and_quantiles() {
    for &(a, x, lower, upper) in GAMMA {
        let (got_lower, got_upper) = gamma_cdf(a, x);
        near(
            &format!("gamma({a}; {x}) lower"),
            got_lower,
            lower,
            tolerance(lower),
        );
        near(
            &format!("gamma({a}; {x}) upper"),
            got_upper,
            upper,
            tolerance(upper),
        );
        if lower.min(upper) > 1e-290 && x > 1e-290 {
            // As far as the chances of a double argument tell.
            let quantile = gamma_quantile(a, lower, upper);
            let again = gamma_cdf(a, quantile);
            let want = lower.min(upper);
            let got = if lower <= upper { again.0 } else { again.1 };
            near(
                &format!("gamma quantile ({a}; {x})"),
                got,
                want,
                3e-14 + 4e-16 * (x + a).min(1e6),
            );
        }
    }
    near("chi2", chi2_sf(10.827566170662733, 1.0), 0.001, 1e-14);
    near("chi2 2", chi2_sf(2000.0, 2.0), 0.0, 0.0);
    near(
        "exponential",
        gamma_quantile(1.0, 0.5, 0.5),
        core::f64::consts::LN_2,
        1e-15,
    );
    assert_eq!(gamma_quantile(3.0, 0.0, 1.0), 0.0);
    assert_eq!(gamma_quantile(3.0, 1.0, 0.0), f64::INFINITY);
    near("factorial", ln_gamma(101.0), 363.73937555556347, 1e-15);
}

#[test]
fn student_tails_and_quantiles() {
    for &(t, df, upper) in STUDENT {
        near(
            &format!("student({t}, {df})"),
            student_cdf(t, df).1,
            upper,
            5e-14,
        );
        near(
            &format!("student(-{t}, {df})"),
            student_cdf(-t, df).0,
            upper,
            5e-14,
        );
    }
    for &(p, df, quantile) in STUDENT_QUANTILE {
        near(
            &format!("student quantile({p}, {df})"),
            student_quantile(p, df),
            quantile,
            1e-14,
        );
        if p > 1e-3 {
            near(
                &format!("student quantile({p}, {df})"),
                student_quantile(1.0 - p, df),
                -quantile,
                1e-9,
            );
        }
    }
    assert_eq!(student_quantile(0.5, 4.0), 0.0);
    assert_eq!(student_quantile(1.0, 4.0), f64::INFINITY);
    assert_eq!(student_quantile(0.0, 4.0), f64::NEG_INFINITY);
    assert_eq!(
        student_quantile(0.975, f64::INFINITY),
        normal_quantile(0.975)
    );
    assert!(student_quantile(0.975, 0.0).is_nan());
}

#[test]
fn probabilities_of_counts() {
    for &(k, n, p, want) in BINOMIAL {
        near(
            &format!("binomial({k}; {n}, {p})"),
            binomial_pmf(k, n, p, 1.0 - p),
            want,
            3e-14,
        );
    }
    for &(k, mu, want) in POISSON {
        near(
            &format!("poisson({k}; {mu})"),
            poisson_pmf(k, mu),
            want,
            1e-13,
        );
    }
    for &(k, good, bad, drawn, want) in HYPERGEOMETRIC {
        near(
            &format!("hypergeometric({k}; {good}, {bad}, {drawn})"),
            hypergeometric_pmf(k, good, bad, drawn),
            want,
            3e-14,
        );
    }
    let all: f64 = (0..=40)
        .map(|k| binomial_pmf(f64::from(k), 40.0, 0.3, 0.7))
        .sum();
    near("sum", all, 1.0, 1e-14);
    assert_eq!(binomial_pmf(1.5, 3.0, 0.5, 0.5), 0.0);
    assert_eq!(binomial_pmf(0.0, 0.0, 0.0, 1.0), 1.0);
    assert_eq!(binomial_pmf(3.0, 3.0, 1.0, 0.0), 1.0);
    assert_eq!(poisson_pmf(0.0, 0.0), 1.0);
    assert_eq!(hypergeometric_pmf(0.0, 0.0, 0.0, 0.0), 1.0);
    assert!(hypergeometric_pmf(0.0, 1.0, 1.0, 3.0).is_nan());
}

#[test]
fn quadrature_is_exact_for_polynomials() {
    let weights: f64 = GAUSS_LEGENDRE_16.iter().map(|(_, weight)| weight).sum();
    near("weights", weights, 1.0, 1e-15);
    near(
        "x^30",
        gauss_legendre(|x| (0..30).fold(1.0, |power, _| power * x), 0.0, 1.0),
        1.0 / 31.0,
        1e-14,
    );
    near(
        "panels",
        gauss_legendre_panels(|x| 1.0 / (1.0 + x * x), 0.0, 1.0, 4),
        core::f64::consts::FRAC_PI_4,
        1e-15,
    );
}

#[test]
fn roots_are_found_and_nothing_is_evaluated_twice() {
    let mut calls = 0;
    let f = |x: f64| {
        calls += 1;
        x * x * x - 2.0 * x - 5.0
    };
    near(
        "cubic",
        bracketed(f, 2.0, 3.0, -1.0, 16.0, 0.0),
        2.0945514815423265,
        4e-16,
    );
    assert!(calls <= 12, "{calls}");
    // A jump, a flat foot, a root at an end, no root, no number.
    near(
        "jump",
        bracketed(
            |x| if x < 0.3 { -1.0 } else { 1.0 },
            0.0,
            1.0,
            -1.0,
            1.0,
            0.0,
        ),
        0.3,
        4e-16,
    );
    let ninth = |x: f64| (x - 0.7) * (x - 0.7) * (x - 0.7) * (x - 0.7) * (x - 0.7);
    assert!((bracketed(ninth, 0.0, 1.0, ninth(0.0), ninth(1.0), 1e-12) - 0.7).abs() < 1e-12);
    assert_eq!(bracketed(|x| x, 0.0, 1.0, 0.0, 1.0, 0.0), 0.0);
    assert!(bracketed(|x| x, 1.0, 2.0, 1.0, 2.0, 0.0).is_nan());
    assert!(bracketed(|_| f64::NAN, -1.0, 2.0, -1.0, 2.0, 0.0).is_nan());
    assert!(bracketed(|x| x, -1.0, 2.0, f64::NAN, 2.0, 0.0).is_nan());
    assert!(bracketed(|x| x, f64::NEG_INFINITY, 2.0, -1.0, 2.0, 0.0).is_nan());
}

#[test]
fn any_bits_return() {
    let mut state = 1_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let bits = state ^ (state >> 29);
        // A third each: any bits, a chance or small number, a count.
        match bits % 3 {
            0 => f64::from_bits(bits),
            1 => (bits >> 11) as f64 / 9007199254740992.0,
            _ => ((bits >> 40) as f64).trunc(),
        }
    };
    for _ in 0..100_000 {
        let (a, b, c, d) = (next(), next(), next(), next());
        let (lower, upper) = beta_cdf(a, b, c, 1.0 - c);
        assert!(
            lower.is_nan() || (0.0..=1.0).contains(&lower) && (0.0..=1.0).contains(&upper),
            "{a} {b} {c}"
        );
        let (lower, upper) = gamma_cdf(a, b);
        assert!(
            lower.is_nan() || (0.0..=1.0).contains(&lower) && (0.0..=1.0).contains(&upper),
            "{a} {b}"
        );
        let (lower, upper) = student_cdf(a, b);
        assert!(
            lower.is_nan() || (0.0..=1.0).contains(&lower) && (0.0..=1.0).contains(&upper),
            "{a} {b}"
        );
        let p = binomial_pmf(a, b, c, 1.0 - c);
        assert!(
            p.is_nan() || (0.0..=1.0 + 1e-12).contains(&p),
            "{a} {b} {c} {p}"
        );
        let p = poisson_pmf(a, b);
        assert!(
            p.is_nan() || (0.0..=1.0 + 1e-12).contains(&p),
            "{a} {b} {p}"
        );
        let p = hypergeometric_pmf(a, b, c, d);
        assert!(
            p.is_nan() || (0.0..=1.0 + 1e-9).contains(&p),
            "{a} {b} {c} {d} {p}"
        );
        let _ = (
            normal_cdf(a),
            normal_quantile(a),
            normal_pdf(a),
            ln_gamma(a),
            chi2_sf(a, b),
        );
        if a.to_bits() % 16 == 0 {
            let _ = (
                beta_quantile(a, b, c, d),
                gamma_quantile(a, b, c),
                student_quantile(a, b),
            );
        }
    }
}
