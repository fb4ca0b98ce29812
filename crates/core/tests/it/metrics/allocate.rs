//! The reference rows and laws of `metrics::allocate`.
#![allow(
    clippy::unreadable_literal,
    clippy::float_cmp,
    clippy::cast_precision_loss,
    clippy::excessive_precision,
    clippy::inconsistent_digit_grouping,
    reason = "references are as they were printed, and what is exact is compared exactly"
)]

use super::{number, rows};
use edgetally_core::metrics::allocate::{Allocation, Channel, allocate};
use edgetally_core::metrics::math;
use edgetally_core::metrics::response::{Curve, Model};
use proptest::prelude::*;

#[test]
fn plans_agree_with_the_reference() {
    for row in rows("allocate") {
        let bound = |name: &str, i: usize, other: f64| match row.inputs.get(name) {
            Some(values) => number(&values[i]),
            None => other,
        };
        let channels: Vec<Channel> = row.inputs["channels"]
            .as_array()
            .unwrap()
            .iter()
            .enumerate()
            .map(|(i, channel)| Channel {
                curve: super::response::curve(channel),
                lower: bound("lower", i, 0.0),
                upper: bound("upper", i, f64::INFINITY),
            })
            .collect();
        let got = allocate(&channels, row.input("budget"), None).unwrap().plan;
        let found = [
            row.expect_all("spend", &got.spend),
            row.expect("shadow_price", got.shadow_price),
            row.expect_all("revenue", &got.revenue),
            row.expect("total_revenue", got.total_revenue),
        ];
        assert_eq!(found, [true; 4], "{}", row.id);
    }
}

/// A channel of the table: model, parameters, bounds.
type Entry = (&'static str, &'static [f64], f64, f64);

/// Channels, budget, and the highest revenue and (at a margin of 0.35) profit that scipy 1.17.1 found:
/// `minimize(method="SLSQP", ftol=1e-14)` from 150 random starts each.
const SLSQP: &[(&[Entry], f64, f64, f64)] = &[
    (
        &[
            ("hill", &[121223.0, 31288.0, 1.64], 0.0, f64::INFINITY),
            ("negexp", &[167566.0, 56911.0], 0.0, f64::INFINITY),
            ("michaelis_menten", &[151001.0, 94846.0], 0.0, f64::INFINITY),
            ("hill", &[183951.0, 27097.0, 2.53], 0.0, f64::INFINITY),
        ],
        35225.0,
        121424.51569923373,
        7273.580494731308,
    ),
    (
        &[
            (
                "michaelis_menten",
                &[106548.0, 109275.0],
                0.0,
                f64::INFINITY,
            ),
            ("negexp", &[286626.0, 36377.0], 0.0, f64::INFINITY),
            ("michaelis_menten", &[128430.0, 23757.0], 0.0, f64::INFINITY),
        ],
        161003.0,
        367029.76606924064,
        30390.922739002563,
    ),
    (
        &[("power", &[92.4, 0.71], 14934.0, 117774.0)],
        81716.0,
        284059.9537802817,
        20148.255851021473,
    ),
    (
        &[("hill", &[167476.0, 32090.0, 2.15], 0.0, f64::INFINITY)],
        87447.0,
        150086.5768001373,
        0.0,
    ),
    (
        &[
            ("power", &[95.5, 0.72], 0.0, f64::INFINITY),
            ("log", &[443419.0, 46800.0], 0.0, f64::INFINITY),
        ],
        51454.0,
        353813.61388756236,
        72380.76486064683,
    ),
    (
        &[
            ("hill", &[201203.0, 39050.0, 2.45], 129.0, 829.0),
            ("michaelis_menten", &[280861.0, 66311.0], 182.0, 1515.0),
            ("hill", &[298291.0, 13805.0, 1.45], 119.0, 904.0),
            ("hill", &[891802.0, 30307.0, 2.97], 270.0, 1214.0),
            ("michaelis_menten", &[376445.0, 67322.0], 38.0, 5385.0),
        ],
        5385.0,
        27003.60074478647,
        4066.2602606748496,
    ),
    (
        &[
            ("hill", &[65132.0, 253169.0, 3.85], 0.0, f64::INFINITY),
            ("hill", &[161631.0, 27745.0, 1.38], 0.0, f64::INFINITY),
        ],
        87515.0,
        134145.83894855555,
        2083.744253712379,
    ),
    (
        &[
            ("hill", &[127237.0, 108398.0, 2.74], 0.0, f64::INFINITY),
            ("log", &[273455.0, 50348.0], 0.0, f64::INFINITY),
            ("log", &[219065.0, 25518.0], 0.0, f64::INFINITY),
            ("hill", &[491602.0, 28550.0, 1.46], 0.0, f64::INFINITY),
        ],
        143468.0,
        749058.3675425469,
        118702.4286398715,
    ),
    (
        &[
            ("log", &[276765.0, 79552.0], 1453.0, 10355.0),
            ("negexp", &[180877.0, 14075.0], 897.0, 7710.0),
            ("hill", &[262349.0, 15586.0, 3.37], 27.0, 11600.0),
            ("hill", &[191744.0, 46619.0, 3.72], 1372.0, 10805.0),
            ("negexp", &[248128.0, 36605.0], 681.0, 12634.0),
        ],
        47959.0,
        253448.1465564873,
        45009.68115212128,
    ),
    (
        &[
            ("hill", &[257019.0, 29478.0, 1.01], 0.0, f64::INFINITY),
            ("hill", &[325709.0, 26254.0, 0.81], 0.0, f64::INFINITY),
        ],
        20941.0,
        172174.76999085888,
        39320.16949680061,
    ),
    (
        &[
            ("hill", &[67280.0, 28847.0, 3.65], 0.0, f64::INFINITY),
            ("hill", &[118613.0, 70203.0, 1.86], 0.0, f64::INFINITY),
        ],
        129344.0,
        125627.08942325777,
        0.0,
    ),
    (
        &[("hill", &[597441.0, 23442.0, 3.79], 7933.0, 47434.0)],
        44549.0,
        549251.2213757678,
        147688.92748151874,
    ),
    (
        &[("hill", &[179255.0, 23836.0, 2.78], 0.0, f64::INFINITY)],
        64545.0,
        168678.30517045542,
        11711.177262380603,
    ),
    (
        &[
            ("hill", &[70953.0, 22073.0, 2.0], 0.0, f64::INFINITY),
            ("hill", &[451704.0, 31986.0, 3.5], 0.0, f64::INFINITY),
        ],
        71294.0,
        425939.4705229247,
        82615.22434758178,
    ),
];

fn entry((model, params, lower, upper): &Entry) -> Channel {
    Channel {
        curve: Curve::new(Model::parse(model).unwrap(), params).unwrap(),
        lower: *lower,
        upper: *upper,
    }
}

#[test]
fn no_plan_is_worse_than_a_general_optimiser_from_150_starts() {
    for (case, (entries, budget, revenue, profit)) in SLSQP.iter().enumerate() {
        let channels: Vec<Channel> = entries.iter().map(entry).collect();
        let got = allocate(&channels, *budget, Some(0.35)).unwrap();
        let profitable = got.profit_plan.as_ref().unwrap();
        assert!(
            got.plan.total_revenue >= revenue * (1.0 - 1e-9),
            "{case}: {} < {revenue}",
            got.plan.total_revenue
        );
        assert!(
            profitable.profit >= profit - 1e-6 * profit.abs().max(1.0),
            "{case}: {} < {profit}",
            profitable.profit
        );
        // What is claimed to be the most that any plan could gain is not less than what the optimiser found.
        assert!(
            got.plan.total_revenue + got.gap >= revenue * (1.0 - 1e-9),
            "{case}"
        );
        keeps_bounds(&channels, *budget, &got);
    }
}

fn keeps_bounds(channels: &[Channel], budget: f64, got: &Allocation) {
    let sum: f64 = got.plan.spend.iter().sum();
    assert!(
        (sum - budget).abs() <= 1e-9 * budget,
        "{sum} is not {budget}"
    );
    let plans = [Some(&got.plan), got.profit_plan.as_ref()];
    for plan in plans.into_iter().flatten() {
        assert!(plan.total_spend <= budget * (1.0 + 1e-9));
        for (channel, spend) in channels.iter().zip(&plan.spend) {
            assert!(
                *spend >= channel.lower && *spend <= channel.upper,
                "{spend} {channel:?}"
            );
        }
    }
}

fn concave() -> impl Strategy<Value = Curve> {
    (0_usize..5, 4.0_f64..8.0, 3.0_f64..6.0, 0.2_f64..0.9).prop_map(|(model, top, half, shape)| {
        let (top, half) = (math::pow(10.0, top), math::pow(10.0, half));
        match Model::ALL[model] {
            Model::Power => Curve::new(Model::Power, &[top / 1e4, shape]),
            Model::Hill => Curve::new(Model::Hill, &[top, half, shape]),
            model => Curve::new(model, &[top, half]),
        }
        .unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    /// The budget is spent; who is not at a bound has the price as its return; who is, has no reason to leave it.
    #[test]
    fn concave_channels_have_one_marginal_return(
        curves in prop::collection::vec((concave(), 0.0_f64..0.15, 0.3_f64..3.0), 1..7),
        budget in 2.0_f64..7.0,
    ) {
        let budget = math::pow(10.0, budget);
        let share = budget / curves.len() as f64;
        let channels: Vec<Channel> = curves
            .iter()
            .map(|(curve, low, high)| Channel {
                curve: *curve,
                lower: low * share,
                upper: if *high > 2.0 { f64::INFINITY } else { high * share },
            })
            .collect();
        let most: f64 = channels.iter().map(|channel| channel.upper).sum();
        let got = allocate(&channels, budget, Some(0.4));
        if most < budget {
            prop_assert_eq!(got.unwrap_err().code(), "infeasible");
            return Ok(());
        }
        let got = got.unwrap();
        keeps_bounds(&channels, budget, &got);
        prop_assert_eq!(got.gap, 0.0);
        let profitable = got.profit_plan.as_ref().unwrap();
        for plan in [&got.plan, profitable] {
            for ((channel, spend), marginal) in channels.iter().zip(&plan.spend).zip(&plan.marginal_roas) {
                let price = plan.shadow_price;
                // Far out on a curve that levels off, what an exponential leaves is nothing, in either way of writing it.
                let near = 1e-9 * price + 1e-150;
                if *spend > channel.lower && *spend < channel.upper.min(budget) {
                    prop_assert!((marginal - price).abs() <= near, "{marginal} {price} {spend} {channel:?}");
                } else if channel.lower < channel.upper.min(budget) {
                    let low = *spend <= channel.lower;
                    let right = if low { *marginal <= price + near } else { *marginal >= price - near };
                    prop_assert!(right, "{marginal} {price} {spend} {channel:?}");
                }
            }
        }
        // The last unit of the profitable plan pays for itself.
        prop_assert!(profitable.shadow_price >= 2.5 * (1.0 - 1e-12));
        prop_assert!(profitable.profit >= got.plan.profit - 1e-9 * got.plan.total_revenue);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Curves with an S: no random exchange between two channels gains anything.
    #[test]
    fn no_exchange_between_channels_gains(
        curves in prop::collection::vec((11.0_f64..14.0, 9.0_f64..12.0, 0.6_f64..4.0), 2..5),
        budget in 8.0_f64..13.0,
        moves in prop::collection::vec((0_usize..5, 0_usize..5, 0.0_f64..1.0), 40),
    ) {
        let channels: Vec<Channel> = curves
            .iter()
            .map(|(top, half, n)| Channel {
                curve: Curve::new(Model::Hill, &[math::exp(*top), math::exp(*half), *n]).unwrap(),
                lower: 0.0,
                upper: f64::INFINITY,
            })
            .collect();
        let got = allocate(&channels, math::exp(budget), None).unwrap();
        keeps_bounds(&channels, math::exp(budget), &got);
        let plan = got.plan;
        for (from, to, share) in moves {
            let (from, to) = (from % channels.len(), to % channels.len());
            if from == to {
                continue;
            }
            let mut spend = plan.spend.clone();
            let amount = share * spend[from];
            spend[from] -= amount;
            spend[to] += amount;
            let revenue: f64 = channels.iter().zip(&spend).map(|(channel, spend)| channel.curve.revenue(*spend)).sum();
            prop_assert!(revenue <= plan.total_revenue * (1.0 + 1e-9), "{revenue} > {} by {amount} from {from} to {to}: {channels:?} {:?}", plan.total_revenue, plan.spend);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_bits_return_or_raise(
        bits in prop::collection::vec(any::<u64>(), 12),
        models in prop::collection::vec(0_usize..5, 2),
        margin in prop::option::of(any::<u64>()),
    ) {
        let value = |i: usize| f64::from_bits(bits[i]);
        let channels: Vec<Channel> = models
            .iter()
            .enumerate()
            .filter_map(|(i, model)| {
                let model = Model::ALL[*model];
                let values = [value(5 * i).abs(), value(5 * i + 1).abs(), value(5 * i + 2).abs()];
                let curve = Curve::new(model, &values[..model.parameters().len()]).ok()?;
                Some(Channel { curve, lower: value(5 * i + 3), upper: value(5 * i + 4) })
            })
            .collect();
        let _ = allocate(&channels, value(10), margin.map(f64::from_bits));
        // Within reach, where the search has something to do.
        let channels: Vec<Channel> = channels.iter().map(|channel| Channel { lower: 0.0, upper: f64::INFINITY, ..*channel }).collect();
        let _ = allocate(&channels, value(11).abs(), Some(0.5));
    }
}

#[test]
fn the_budget_may_be_nothing_or_everything() {
    let channels: Vec<Channel> = SLSQP[0].0.iter().map(entry).collect();
    let nothing = allocate(&channels, 0.0, Some(0.35)).unwrap();
    assert_eq!(nothing.plan.spend, [0.0; 4]);
    assert_eq!(nothing.profit_plan.unwrap().spend, [0.0; 4]);
    // The first unit goes where it brings most.
    assert_eq!(nothing.plan.shadow_price, 167_566.0 / 56_911.0);
    let alone = |model, values: &[f64]| Channel {
        curve: Curve::new(model, values).unwrap(),
        lower: 0.0,
        upper: f64::INFINITY,
    };
    let level = alone(Model::MichaelisMenten, &[400_000.0, 50_000.0]);
    let other = alone(Model::Log, &[90_000.0, 20_000.0]);
    let first = allocate(&[other, level], 0.0, Some(0.35)).unwrap();
    assert_eq!(first.plan.shadow_price, 8.0);
    assert_eq!(first.profit_plan.unwrap().shadow_price, 8.0);
    // A power curve starts upright, an S flat.
    let upright = alone(Model::Power, &[60.0, 0.75]);
    let got = allocate(&[upright, level], 0.0, None).unwrap();
    assert_eq!(got.plan.shadow_price, f64::INFINITY);
    let flat = alone(Model::Hill, &[400_000.0, 50_000.0, 2.0]);
    assert_eq!(allocate(&[flat], 0.0, None).unwrap().plan.shadow_price, 0.0);
    let half = Channel {
        lower: 50_000.0,
        ..level
    };
    let got = allocate(&[half], 50_000.0, Some(0.35)).unwrap();
    assert_eq!(got.plan.shadow_price, half.curve.marginal(50_000.0));
    // Not worth its cost: the price below which nothing is spent.
    assert_eq!(got.profit_plan.unwrap().shadow_price, 1.0 / 0.35);
    let fixed = Channel {
        upper: 50_000.0,
        ..half
    };
    assert!(
        allocate(&[fixed], 50_000.0, None)
            .unwrap()
            .plan
            .shadow_price
            .is_nan()
    );
    let bounded: Vec<Channel> = channels
        .iter()
        .map(|channel| Channel {
            upper: 100.0,
            ..*channel
        })
        .collect();
    assert_eq!(
        allocate(&bounded, 400.0, None).unwrap().plan.spend,
        [100.0; 4]
    );
    assert_eq!(
        allocate(&bounded, 401.0, None).unwrap_err().code(),
        "infeasible"
    );
    let low: Vec<Channel> = channels
        .iter()
        .map(|channel| Channel {
            lower: 50.0,
            ..*channel
        })
        .collect();
    assert_eq!(
        allocate(&low, 199.0, None).unwrap_err().code(),
        "infeasible"
    );
    // An undefined parameter leaves nothing defined.
    let unknown = Channel {
        curve: Curve::new(Model::Log, &[f64::NAN, 1.0]).unwrap(),
        ..channels[0]
    };
    assert!(
        allocate(&[unknown, channels[1]], 10.0, None)
            .unwrap()
            .plan
            .spend[1]
            .is_nan()
    );
    assert_eq!(allocate(&[], 1.0, None).unwrap_err().code(), "too_few_rows");
    let crossed = Channel {
        lower: 2.0,
        upper: 1.0,
        ..channels[0]
    };
    assert_eq!(
        allocate(&[crossed], 1.0, None).unwrap_err().code(),
        "exceeds"
    );
}

#[test]
fn the_first_units_of_a_small_channel_are_not_missed() {
    // The best is 80 for the first, whose start is steep, between two points of a coarse scan of the second.
    let channel = |values: &[f64]| Channel {
        curve: Curve::new(Model::Hill, values).unwrap(),
        lower: 0.0,
        upper: f64::INFINITY,
    };
    let pair = [
        channel(&[39_328.75391891332, 4_739.432057432838, 0.655211659281524]),
        channel(&[425_066.06164113537, 5_621.132959890573, 3.17957265711875]),
    ];
    let got = allocate(&pair, 1_897.6396416419248, None).unwrap();
    assert!(got.plan.total_revenue >= 13_956.0395, "{got:?}");
    assert!((got.plan.spend[0] - 80.0).abs() < 2.0);
}

#[test]
fn the_shadow_price_is_what_the_next_unit_brings() {
    let channel = |model, values: &[f64]| Channel {
        curve: Curve::new(model, values).unwrap(),
        lower: 0.0,
        upper: f64::INFINITY,
    };
    let pairs = [
        // Alone in its convex part; all of the budget in one, the other an S that would need more; two S.
        (
            channel(Model::Hill, &[5_772.0, 3_173.0, 0.99]),
            channel(Model::Hill, &[872_881.0, 2_489.0, 3.72]),
            600.0,
        ),
        (
            channel(Model::Power, &[595.9, 0.75]),
            channel(Model::Hill, &[901_517.0, 1_574.0, 2.27]),
            273.6,
        ),
        (
            channel(Model::Hill, &[624_357.0, 47_305.0, 2.12]),
            channel(Model::Hill, &[343_175.0, 37_423.0, 3.67]),
            7_511.7,
        ),
    ];
    for (one, other, budget) in pairs {
        let at = |budget: f64| allocate(&[one, other], budget, Some(1.0)).unwrap();
        let (got, more) = (at(budget), at(budget + 0.001));
        let slope = (more.plan.total_revenue - got.plan.total_revenue) / 0.001;
        assert!(
            (got.plan.shadow_price / slope - 1.0).abs() < 1e-4,
            "{} for {slope}",
            got.plan.shadow_price
        );
        assert_eq!(
            got.profit_plan.unwrap().shadow_price,
            got.plan.shadow_price.max(1.0)
        );
    }
}

#[test]
fn spending_the_budget_can_lose_money() {
    let curve = Curve::new(Model::MichaelisMenten, &[100_000.0, 10_000.0]).unwrap();
    let channel = Channel {
        curve,
        lower: 0.0,
        upper: f64::INFINITY,
    };
    let got = allocate(&[channel, channel], 100_000.0, Some(0.4)).unwrap();
    let profitable = got.profit_plan.unwrap();
    assert!(got.plan.shadow_price < 2.5 && (profitable.shadow_price - 2.5).abs() < 1e-12);
    let alone = curve.optimum(0.4, None).unwrap();
    assert!((profitable.spend[0] - alone.optimal_spend).abs() < 1e-6);
    assert!(
        (profitable.profit - 2.0 * alone.profit).abs() < 1e-6
            && profitable.profit > got.plan.profit
    );
}
