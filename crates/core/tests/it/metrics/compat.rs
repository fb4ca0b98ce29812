//! The reference rows and laws of `metrics::compat`.
#![allow(
    clippy::float_cmp,
    clippy::unreadable_literal,
    clippy::excessive_precision,
    clippy::many_single_char_names,
    clippy::doc_markdown,
    reason = "reference values as they were printed, and what is exact is compared exactly"
)]

use super::revenue::Draws;
use super::rows;
use edgetally_core::metrics::compat::{Difference, Gbstats, GbstatsSettings, gbstats_compat};

#[test]
fn growthbooks_numbers_are_given() {
    for row in rows("lift.gbstats_compat") {
        let absolute = row.inputs["difference"] == "absolute";
        let got = gbstats_compat(
            row.input("exposed_users"),
            row.input("exposed_conversions"),
            row.input("holdout_users"),
            row.input("holdout_conversions"),
            GbstatsSettings {
                difference: if absolute {
                    Difference::Absolute
                } else {
                    Difference::Relative
                },
                alpha: row.input("alpha"),
                tuning: row.input("tuning"),
                prior_mean: row.input("prior_mean"),
                prior_sd: row.input("prior_sd"),
            },
        )
        .unwrap();
        for (name, got) in [
            ("expected", got.expected),
            ("p_value", got.p_value),
            ("se", got.se),
            ("sequential_p", got.sequential_p),
            ("chance_to_win", got.chance_to_win),
        ] {
            assert!(row.expect(name, got), "{} lacks {name}", row.id);
        }
        for (name, got) in [
            ("ci", got.ci),
            ("sequential_ci", got.sequential_ci),
            ("credible", got.credible),
            ("risk", got.risk),
        ] {
            assert!(row.expect_all(name, &got), "{} lacks {name}", row.id);
        }
        // The rows of the absolute difference leave the prior out.
        assert_eq!(row.expect_all("prior_ci", &got.prior_ci), !absolute);
        row.expect("prior_expected", got.prior_expected);
        row.expect("prior_chance_to_win", got.prior_chance_to_win);
    }
}

/// gbstats 0.8.0 itself, run on further tables: users and conversions of the exposed and of the holdout, 1 for absolute, alpha, tuning,
/// prior mean and sd; then the fields of the result in their order.
#[rustfmt::skip]
const FURTHER: &[[f64; 26]] = &[
    [900000.0, 9900.0, 100000.0, 1000.0, 0.0, 0.05, 1000.0, 0.0, 0.1, 0.09999999999999991, 0.028823261601164413, 0.1711767383988354, 0.005893699673723551, 0.036314980074038015, -0.0405190830510475, 0.2405190830510473, 1.0, 0.997053573307126, 0.028823946955595675, 0.17117605304440414, 0.10003225845160531, 3.2258451605404455e-05, 0.9951774372693134, 0.08834876164485751, 0.02144752671502123, 0.1552499965746938],
    [900000.0, 9900.0, 100000.0, 1000.0, 1.0, 0.1, 5000.0, 0.0, 0.3, 0.0009999999999999992, 0.00045176899025568644, 0.0015482310097443119, 0.002697533417137299, 0.0003332983314956404, -0.0001429110206104319, 0.00214291102061043, 0.3964209840532472, 0.9986514975608849, 0.0004517730305825207, 0.0015482269694174775, 0.0010001272297227937, 1.2722972279444576e-07, 0.9985679910133812, 0.000987807407799458, 0.0004429328422803318, 0.0015326819733185843],
    [1000.0, 10.0, 1000.0, 8.0, 0.0, 0.05, 1000.0, 0.1, 0.3, 0.25, -0.9076489838156221, 1.407648983815622, 0.6719594589106004, 0.5902859476558797, -1.5571469813660397, 2.0571469813660395, 1.0, 0.6640433398846879, -0.9069391979856201, 1.4069391979856198, 0.3813000789176629, 0.13130007891766293, 0.6875949697897378, 0.1307911617961511, -0.39338581768093794, 0.65496814127324],
    [1000.0, 10.0, 1000.0, 8.0, 1.0, 0.05, 200000.0, 0.1, 0.1, 0.002, -0.00628253313878669, 0.01028253313878669, 0.6358612082011335, 0.004223268876119539, -0.03636577693645411, 0.040365776936454115, 1.0, 0.6820955785618386, -0.006277454894223251, 0.010277454894223248, 0.0028703131715691614, 0.0008703131715691616, 0.8578402765761346, 0.0008415674388395757, -0.000699007515346729, 0.00238214239302588],
    [450.0, 25.0, 50.0, 1.0, 0.0, 0.05, 5000.0, 0.1, 0.3, 1.7777777777777775, -3.797320386038871, 7.3528759415944265, 0.5276015180580562, 2.802360361189177, -9.025474517446236, 12.58103007300179, 1.0, 0.7370854812086409, -3.7147476018556675, 7.270303157411222, 2.2245803328662417, 0.4468025550884641, 0.6550410116357496, 0.11900991432681532, -0.46563871150281066, 0.7036585401564411],
    [450.0, 25.0, 50.0, 1.0, 1.0, 0.05, 200000.0, 0.1, 0.1, 0.03555555555555555, -0.009310293954134533, 0.08042140506524563, 0.11875343451748499, 0.022552119181155517, -0.36086462888123316, 0.4319757399923443, 0.9857471797746018, 0.9425556137931248, -0.00864578581456421, 0.0797568969256753, 0.036109329940428564, 0.0005537743848730159, 0.8718881549889137, 0.0022618469080827653, -0.0016427567541557964, 0.006166450570321326],
    [20.0, 7.0, 20.0, 4.0, 0.0, 0.05, 5000.0, 0.1, 0.1, 0.7499999999999998, -1.1690840418598416, 2.669084041859841, 0.4334568552598239, 0.9470348462437905, -8.786049615480067, 10.286049615480067, 1.0, 0.7858037771624231, -1.1061541907422578, 2.6061541907422567, 0.86546536441028, 0.11546536441028021, 0.8594011347428834, 0.10716747070985527, -0.08774531806702476, 0.3020802594867353],
    [20.0, 7.0, 20.0, 4.0, 1.0, 0.01, 200000.0, 0.1, 0.3, 0.14999999999999997, -0.22803477013685486, 0.5280347701368548, 0.2881964318738728, 0.13919410907075055, -8.656700696438518, 8.956700696438519, 0.9998157432146132, 0.8594009502179103, -0.20854026502582118, 0.5085402650258211, 0.15998147885760372, 0.009981478857603747, 0.7681230410926847, 0.04036996735582154, -0.10155585702650899, 0.18229579173815205],
    [1000000000.0, 1000000.0, 1000000000.0, 1002000.0, 0.0, 0.01, 1000.0, 0.1, 0.3, -0.0019960079840319845, -0.005627876030045316, 0.001635860061981346, 0.15688430691731314, 0.00140998009361231, -0.009208201026484803, 0.005216185058420834, 1.0, 0.07844215338079796, -0.005627876026579196, 0.0016358600585152255, 4.994740398527813e-05, 0.0020459553880172628, 0.07867416560296486, -0.0019937550056003815, -0.005625582935962251, 0.0016380729247614878],
    [1000000000.0, 1000000.0, 1000000000.0, 1002000.0, 1.0, 0.05, 5000.0, 0.1, 0.1, -2.0000000000000486e-06, -4.771804875796008e-06, 7.718048757959111e-07, 0.15729879168312766, 1.4142121467446107e-06, -8.474886589935943e-06, 4.474886589935846e-06, 1.0, 0.07864939576373103, -4.77180487411856e-06, 7.718048741184623e-07, 5.025433389880998e-08, 2.050254333898858e-06, 0.08076240088380915, -1.9796456107651225e-06, -4.751174451592658e-06, 7.918832300624123e-07],
    [3000.0, 2990.0, 2000.0, 1980.0, 0.0, 0.05, 200000.0, 0.1, 0.3, 0.006734006734006777, 0.0018325794063602267, 0.011635434061653328, 0.007102979710346791, 0.0024997293070398306, -0.00852929494966035, 0.021997308417673906, 0.6003556934303621, 0.9964688729998893, 0.0018346273211094413, 0.011633386146904113, 0.00673671011345499, 2.7033794482128393e-06, 0.9964972031939094, 0.006740481687038045, 0.0018412723457878477, 0.01163969102828824],
    [3000.0, 2990.0, 2000.0, 1980.0, 1.0, 0.1, 200000.0, 0.1, 0.3, 0.00666666666666671, 0.0026170906524689945, 0.010716242680864425, 0.006793899743769982, 0.0024611800843106547, -0.007849342470277425, 0.021182675803610843, 0.6519971726969277, 0.9966229125953697, 0.0026183856784075974, 0.010714947654925821, 0.006669202274402234, 2.535607735524877e-06, 0.9966499810217835, 0.0066730068611156115, 0.002624864865614319, 0.010721148856616902],
    [5.0, 4.0, 7.0, 1.0, 0.0, 0.1, 1000.0, 0.1, 0.1, 4.600000000000001, -5.3216038796037815, 14.521603879603784, 0.4136111670477318, 5.333666656250652, -38.82253111685588, 48.02253111685588, 1.0, 0.8057789589107773, -4.173100944484016, 13.373100944484015, 5.1735454518194635, 0.5735454518194625, 0.8451832351452826, 0.10158127767235926, -0.06287518281337949, 0.26603773815809795],
    [5.0, 4.0, 7.0, 1.0, 1.0, 0.1, 5000.0, 0.0, 0.1, 0.6571428571428573, 0.24330841058454739, 1.0709773037011672, 0.01837088353578009, 0.22246957403263573, -3.25224080772617, 4.566526522011885, 0.9438989727160105, 0.9984308427363935, 0.29121297140892716, 1.0230727428767872, 0.6572428324075521, 9.997526469488269e-05, 0.5750671099516594, 0.0026985803120966804, -0.02075103151407295, 0.026148192138266305],
    [100000.0, 1200.0, 100000.0, 1300.0, 0.0, 0.1, 5000.0, 0.0, 0.3, -0.07692307692307686, -0.13732459035177938, -0.01652156349437433, 0.03619194782017199, 0.03672134238831939, -0.1941048965341277, 0.04025874268797401, 1.0, 0.018095345543234092, -0.13732431013703086, -0.01652184370912288, 0.0002409725889369773, 0.07716404951201383, 0.01879674148050616, -0.07578756282744108, -0.1357413266152314, -0.015833799039650785],
    [100000.0, 1200.0, 100000.0, 1300.0, 1.0, 0.1, 200000.0, 0.1, 0.1, -0.0009999999999999992, -0.0018172659969450313, -0.00018273400305496702, 0.044153981541534604, 0.000496860141287264, -0.0023732909096754063, 0.0003732909096754078, 0.4709073976298964, 0.0220763208560227, -0.0018172622054839767, -0.00018273779451602207, 4.077951914632988e-06, 0.0010040779519146321, 0.06388036764742402, -0.0007068460970534928, -0.00147025027319323, 5.655807908624402e-05],
];

fn fields(got: &Gbstats) -> [f64; 17] {
    [
        got.expected,
        got.ci[0],
        got.ci[1],
        got.p_value,
        got.se,
        got.sequential_ci[0],
        got.sequential_ci[1],
        got.sequential_p,
        got.chance_to_win,
        got.credible[0],
        got.credible[1],
        got.risk[0],
        got.risk[1],
        got.prior_chance_to_win,
        got.prior_expected,
        got.prior_ci[0],
        got.prior_ci[1],
    ]
}

#[test]
fn growthbooks_numbers_are_given_on_further_tables() {
    for row in FURTHER {
        let got = gbstats_compat(
            row[0],
            row[1],
            row[2],
            row[3],
            GbstatsSettings {
                difference: if row[4] == 1.0 {
                    Difference::Absolute
                } else {
                    Difference::Relative
                },
                alpha: row[5],
                tuning: row[6],
                prior_mean: row[7],
                prior_sd: row[8],
            },
        )
        .unwrap();
        for (field, (got, want)) in fields(&got).into_iter().zip(&row[9..]).enumerate() {
            // Their p-values, risks and differences lose digits; 1e-13 is what is left of them.
            let close = (got - want).abs() <= 1e-13 + 1e-9 * want.abs();
            assert!(close, "{row:?} field {field}: {got} {want}");
        }
    }
}

#[test]
fn no_answer_is_not_no_effect() {
    for (x1, x0) in [(0.0, 5.0), (5.0, 0.0), (100.0, 5.0), (0.0, 0.0)] {
        let got = gbstats_compat(100.0, x1, 100.0, x0, GbstatsSettings::default()).unwrap();
        // gbstats: effect 0, interval from 0 to 0, p-value 1.
        for (field, got) in fields(&got).into_iter().enumerate() {
            // The always-valid p-value stays at 1: nothing was learnt at this look.
            assert!(got.is_nan() || field == 7, "{x1} {x0} field {field}: {got}");
        }
    }
    let got = gbstats_compat(f64::NAN, 1.0, 10.0, 1.0, GbstatsSettings::default()).unwrap();
    assert!(fields(&got).iter().all(|field| field.is_nan()));
}

#[test]
fn risks_differ_by_the_effect_and_stay_positive() {
    let mut draws = Draws(2);
    for _ in 0..50_000 {
        let (n1, n0) = (
            (draws.next() * 1e5).floor() + 2.0,
            (draws.next() * 1e5).floor() + 2.0,
        );
        let (x1, x0) = (
            (draws.next() * n1).floor(),
            (draws.next() * draws.next() * n0).floor(),
        );
        let got = gbstats_compat(n1, x1, n0, x0, GbstatsSettings::default()).unwrap();
        if got.se.is_nan() {
            continue;
        }
        let [keep, choose] = got.risk;
        assert!(keep >= 0.0 && choose >= 0.0);
        assert!((keep - choose - got.expected).abs() <= 1e-12 * (1.0 + keep));
        assert!(
            got.sequential_ci[0] < got.credible[0],
            "{n1} {x1} {n0} {x0}"
        );
    }
}

#[test]
fn wrong_settings_are_refused() {
    let with = |change: fn(&mut GbstatsSettings)| {
        let mut settings = GbstatsSettings::default();
        change(&mut settings);
        gbstats_compat(10.0, 1.0, 10.0, 1.0, settings)
            .unwrap_err()
            .argument
    };
    assert_eq!(with(|settings| settings.alpha = 1.0), "alpha");
    assert_eq!(with(|settings| settings.tuning = 0.0), "tuning");
    assert_eq!(with(|settings| settings.prior_sd = -1.0), "prior_sd");
    assert_eq!(
        with(|settings| settings.prior_mean = f64::INFINITY),
        "prior_mean"
    );
    let error = gbstats_compat(10.0, 11.0, 10.0, 1.0, GbstatsSettings::default()).unwrap_err();
    assert_eq!(
        (error.argument, error.code()),
        ("exposed_conversions", "exceeds")
    );
}

#[test]
fn any_bits_return_or_raise() {
    let mut draws = Draws(12);
    for _ in 0..30_000 {
        let settings = GbstatsSettings {
            difference: Difference::Absolute,
            alpha: draws.bits(),
            tuning: draws.bits(),
            prior_mean: draws.bits(),
            prior_sd: draws.bits(),
        };
        let _ = gbstats_compat(
            draws.bits(),
            draws.bits(),
            draws.bits(),
            draws.bits(),
            settings,
        );
        let _ = gbstats_compat(50.0, 5.0, 40.0, 2.0, settings);
    }
}

#[test]
fn the_row_by_row_calculator_is_this_function() {
    use edgetally_core::metrics::calculator::Value;
    use edgetally_core::metrics::registry::find;
    for row in rows("lift.gbstats_compat") {
        let calculator = find("lift.gbstats_compat").unwrap();
        let values: Vec<Value<'_>> = calculator
            .arguments
            .iter()
            .map(|argument| match argument.name {
                "difference" => {
                    Value::One(f64::from(u8::from(row.inputs["difference"] == "absolute")))
                }
                name => row.given(name).map_or(Value::Absent, Value::One),
            })
            .collect();
        let got = calculator.one(&values).unwrap();
        let at = |name: &str| got[calculator.output(name).unwrap()];
        for name in [
            "expected",
            "p_value",
            "se",
            "sequential_p",
            "chance_to_win",
            "prior_chance_to_win",
            "prior_expected",
        ] {
            row.expect(name, at(name));
        }
        for name in ["ci", "sequential_ci", "credible", "prior_ci"] {
            row.expect_all(
                name,
                &[at(&format!("{name}.low")), at(&format!("{name}.high"))],
            );
        }
    }
}
