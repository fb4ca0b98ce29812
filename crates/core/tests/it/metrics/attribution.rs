//! The reference rows and laws of `metrics::attribution`.

use std::collections::{BTreeMap, BTreeSet};

use edgetally_core::metrics::attribution::{
    HALF_LIFE_DAYS, MOST_STATES, POSITION, Paths, incrementality_factor, time_decay,
};

use super::{Row, rows};

/// A reproducible stream of numbers (splitmix64).
pub(super) struct Draw(pub(super) u64);

impl Draw {
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.bits() % n
    }
}

type Walk = (Vec<String>, bool, f64);

fn read(walks: &[Walk]) -> Paths {
    let mut paths = Paths::new();
    for (path, converted, count) in walks {
        paths
            .push(path.iter().map(String::as_str), *converted, *count)
            .unwrap();
    }
    paths
}

fn some_walks(draw: &mut Draw, channels: u64, most: u64) -> Vec<Walk> {
    (0..=draw.below(12))
        .map(|_| {
            let path = (0..=draw.below(most))
                .map(|_| format!("c{}", draw.below(channels)))
                .collect();
            (path, draw.below(2) == 0, (1 + draw.below(50)) as f64)
        })
        .collect()
}

fn near(got: &[f64], want: &[f64], what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (got, want) in got.iter().zip(want) {
        let close =
            (got.is_nan() && want.is_nan()) || (got - want).abs() <= 1e-10 * want.abs().max(1e-3);
        assert!(close, "{what}: {got:e} is not {want:e}");
    }
}

#[test]
fn every_reference_row_is_met() {
    for row in rows("attribution") {
        let mut paths = Paths::new();
        for path in row.inputs["paths"].as_array().unwrap() {
            let touches = path["path"].as_array().unwrap();
            paths
                .push(
                    touches.iter().map(|touch| touch.as_str().unwrap()),
                    path["converted"].as_bool().unwrap(),
                    path["count"].as_f64().unwrap(),
                )
                .unwrap();
        }
        let markov = paths.markov(1).unwrap();
        let models = [
            ("first", paths.first()),
            ("last", paths.last()),
            ("linear", paths.linear()),
            (
                "position_40_20_40",
                paths.position(POSITION.0, POSITION.1).unwrap(),
            ),
            ("linear_unique", paths.linear_unique()),
            ("shapley_sum_game", paths.shapley()),
            ("markov_removal_effect", markov.removal_effect),
            ("markov_order1", markov.credit),
        ];
        for (name, got) in &models {
            expect(&row, name, &paths.channels(), got);
        }
        assert_eq!(row.outputs.as_object().unwrap().len(), models.len() + 2);
        assert!(row.expect(
            "base_conversion_probability",
            markov.base_conversion_probability
        ));
        assert!(row.expect("total_conversions", paths.total_conversions()));
    }
    for row in rows("attribution.time_decay") {
        let weights = time_decay(&row.column("ages_days"), row.input("half_life_days")).unwrap();
        assert!(row.expect_all("weights", &weights));
        assert_eq!(row.input("half_life_days"), HALF_LIFE_DAYS);
    }
}

fn expect(row: &Row, name: &str, channels: &[&str], got: &[f64]) {
    let want = row.outputs[name].as_object().unwrap();
    let names: Vec<&str> = want.keys().map(String::as_str).collect();
    assert_eq!(names, channels, "{name}");
    for (channel, got) in channels.iter().zip(got) {
        row.close(name, *got, want[*channel].as_f64().unwrap());
    }
}

/// Conversions of the chain without a channel, by walking it until nearly nobody is left.
fn walked_without(walks: &[Walk], order: usize, gone: &str) -> f64 {
    type State = Vec<String>;
    let mut next: BTreeMap<State, BTreeMap<Option<State>, f64>> = BTreeMap::new();
    let mut converts: BTreeMap<State, f64> = BTreeMap::new();
    let mut total: BTreeMap<State, f64> = BTreeMap::new();
    for (path, converted, count) in walks {
        let mut state = Vec::new();
        for end in 1..=path.len() {
            let to = path[end.saturating_sub(order)..end].to_vec();
            *total.entry(state.clone()).or_default() += count;
            *next
                .entry(state)
                .or_default()
                .entry(Some(to.clone()))
                .or_default() += count;
            state = to;
        }
        *total.entry(state.clone()).or_default() += count;
        if *converted {
            *converts.entry(state).or_default() += count;
        }
    }
    let mut here = BTreeMap::from([(Vec::new(), total[&Vec::new()])]);
    let mut done = 0.0;
    for _ in 0..20_000 {
        let mut there: BTreeMap<State, f64> = BTreeMap::new();
        for (state, mass) in &here {
            if state.last().is_some_and(|last| last == gone) {
                continue;
            }
            done += mass * converts.get(state).unwrap_or(&0.0) / total[state];
            for (to, count) in next.get(state).into_iter().flatten() {
                *there.entry(to.clone().unwrap()).or_default() += mass * count / total[state];
            }
        }
        if there.values().sum::<f64>() < 1e-14 {
            break;
        }
        here = there;
    }
    done
}

#[test]
fn removal_effects_are_those_of_a_walk() {
    let mut draw = Draw(1);
    for _ in 0..120 {
        let walks = some_walks(&mut draw, 5, 5);
        let paths = read(&walks);
        for order in 1..=3 {
            let markov = paths.markov(order).unwrap();
            let total = paths.total_conversions();
            let want: Vec<f64> = paths
                .channels()
                .iter()
                .map(|gone| match total {
                    0.0 => f64::NAN,
                    total => 1.0 - walked_without(&walks, order, gone) / total,
                })
                .collect();
            near(
                &markov.removal_effect,
                &want,
                &format!("order {order} of {walks:?}"),
            );
        }
    }
}

#[test]
fn from_the_longest_path_on_the_effect_is_the_share_of_paths_that_touch_the_channel() {
    let mut draw = Draw(2);
    for _ in 0..300 {
        let walks = some_walks(&mut draw, 6, 4);
        let paths = read(&walks);
        let total = paths.total_conversions();
        let want: Vec<f64> = paths
            .channels()
            .iter()
            .map(|channel| {
                let through = walks.iter().filter(|(path, converted, _)| {
                    *converted && path.iter().any(|touch| touch == channel)
                });
                through.map(|(.., count)| count).sum::<f64>() / total
            })
            .collect();
        for order in [4, 5, 100, usize::MAX] {
            near(
                &paths.markov(order).unwrap().removal_effect,
                &want,
                "long order",
            );
        }
    }
}

#[test]
fn the_shapley_value_by_brute_force_is_the_equal_split() {
    let mut draw = Draw(3);
    for _ in 0..200 {
        let walks = some_walks(&mut draw, 4, 4);
        let paths = read(&walks);
        let channels = paths.channels();
        let n = channels.len();
        let worth = |set: usize| -> f64 {
            let within = |path: &[String]| {
                path.iter().all(|touch| {
                    let place = channels.iter().position(|name| name == touch).unwrap();
                    set >> place & 1 == 1
                })
            };
            let kept = walks
                .iter()
                .filter(|(path, converted, _)| *converted && within(path));
            kept.map(|(.., count)| count).sum()
        };
        let factorial = |n: usize| (1..=n).product::<usize>() as f64;
        let want: Vec<f64> = (0..n)
            .map(|one| {
                (0..1 << n)
                    .filter(|set| set >> one & 1 == 0)
                    .map(|set: usize| {
                        let size = set.count_ones() as usize;
                        let weight = factorial(size) * factorial(n - size - 1) / factorial(n);
                        weight * (worth(set | 1 << one) - worth(set))
                    })
                    .sum()
            })
            .collect();
        near(&paths.shapley(), &want, "shapley");
    }
}

#[test]
fn every_model_hands_out_all_conversions_and_no_more_whatever_the_order_of_rows() {
    let mut draw = Draw(4);
    for _ in 0..2_000 {
        let mut walks = some_walks(&mut draw, 6, 6);
        walks.push((vec!["c0".to_owned()], true, 3.0));
        let models = |paths: &Paths| {
            vec![
                paths.first(),
                paths.last(),
                paths.linear(),
                paths.linear_unique(),
                paths.position(0.4, 0.4).unwrap(),
                paths.position(0.1, 0.7).unwrap(),
                paths.markov(1).unwrap().credit,
                paths.markov(2).unwrap().credit,
            ]
        };
        let paths = read(&walks);
        let total = paths.total_conversions();
        let credits = models(&paths);
        for credit in &credits {
            near(&[credit.iter().sum()], &[total], "total");
            assert!(credit.iter().all(|credit| *credit >= 0.0));
        }
        walks.reverse();
        let turned = read(&walks);
        assert_eq!(turned.channels(), paths.channels());
        for (credit, turned) in credits.iter().zip(models(&turned)) {
            near(&turned, credit, "reversed rows");
        }
        let names: BTreeSet<&str> = walks
            .iter()
            .flat_map(|(path, ..)| path.iter().map(String::as_str))
            .collect();
        assert_eq!(paths.channels(), Vec::from_iter(names));
    }
}

#[test]
fn position_gives_single_and_paired_touches_what_is_left() {
    let mut paths = Paths::new();
    paths.push(["a"], true, 10.0).unwrap();
    paths.push(["b", "c"], true, 10.0).unwrap();
    paths.push(["d", "e", "f", "g"], true, 10.0).unwrap();
    near(
        &paths.position(0.4, 0.4).unwrap(),
        &[10.0, 5.0, 5.0, 4.0, 1.0, 1.0, 4.0],
        "40/20/40",
    );
    near(
        &paths.position(0.2, 0.6).unwrap(),
        &[10.0, 2.5, 7.5, 2.0, 1.0, 1.0, 6.0],
        "20/20/60",
    );
    near(
        &paths.position(0.0, 0.0).unwrap(),
        &[10.0, 5.0, 5.0, 0.0, 5.0, 5.0, 0.0],
        "middle",
    );
}

#[test]
fn time_decay_of_paths_is_time_decay_of_their_ages() {
    let mut paths = Paths::new();
    paths
        .push_aged(["a", "b", "a"], &[14.0, 7.0, 0.0], true, 7.0)
        .unwrap();
    paths.push(["c"], false, 9.0).unwrap();
    paths.push_aged(["b"], &[4000.0], true, 2.0).unwrap();
    near(
        &paths.time_decay(7.0).unwrap(),
        &[5.0, 4.0, 0.0],
        "time decay",
    );
    paths.push(["c"], true, 9.0).unwrap();
    let error = paths.time_decay(7.0).unwrap_err();
    assert_eq!((error.code(), error.index), ("age_missing", Some(3)));
}

#[test]
fn very_old_touches_still_share_a_conversion() {
    near(
        &time_decay(&[1e6, 1e6], 7.0).unwrap(),
        &[0.5, 0.5],
        "equal ages",
    );
    near(&time_decay(&[1e6, 0.0], 7.0).unwrap(), &[0.0, 1.0], "one");
    assert!(
        time_decay(&[f64::NAN, 1.0], 7.0)
            .unwrap()
            .iter()
            .all(|weight| weight.is_nan())
    );
    assert!(time_decay(&[], 7.0).unwrap().is_empty());
}

#[test]
fn a_rare_leak_keeps_its_digits() {
    // One visitor in 10^12 converts through `b`; the effect of `b` is all of it.
    let mut paths = Paths::new();
    paths.push(["a", "a"], false, 1e12).unwrap();
    paths.push(["a", "b"], true, 1.0).unwrap();
    let markov = paths.markov(1).unwrap();
    near(&markov.removal_effect, &[1.0, 1.0], "leak");
    // And a channel that adds almost nothing keeps a small effect exactly.
    paths.push(["c"], true, 1e-9).unwrap();
    let markov = paths.markov(1).unwrap();
    let want = 1e-9 / (1.0 + 1e-9);
    assert!((markov.removal_effect[2] / want - 1.0).abs() < 1e-14);
}

#[test]
fn what_cannot_be_attributed_is_refused_with_its_row() {
    let mut paths = Paths::new();
    paths.push(["a"], true, 1.0).unwrap();
    let code = |result: Result<(), edgetally_core::metrics::DomainError>| {
        let error = result.unwrap_err();
        (error.code(), error.argument, error.index)
    };
    assert_eq!(
        code(paths.push([], true, 1.0)),
        ("empty_path", "path", Some(1))
    );
    assert_eq!(
        code(paths.push(["b"], true, -1.0)),
        ("negative", "count", Some(1))
    );
    assert_eq!(
        code(paths.push(["b"], true, f64::INFINITY)),
        ("negative", "count", Some(1))
    );
    assert_eq!(
        code(paths.push_aged(["b"], &[], true, 1.0)),
        ("length_mismatch", "ages_days", Some(1))
    );
    assert_eq!(
        code(paths.push_aged(["b"], &[-1.0], true, 1.0)),
        ("negative", "ages_days", Some(1))
    );
    assert_eq!(
        code(paths.push_ids(&[77], None, true, 1.0)),
        ("unknown_channel", "path", Some(1))
    );
    assert_eq!(paths.markov(0).unwrap_err().code(), "not_a_count");
    assert_eq!(paths.position(0.6, 0.6).unwrap_err().code(), "exceeds");
    assert_eq!(paths.time_decay(0.0).unwrap_err().code(), "not_positive");
    // A refused path leaves nothing behind.
    assert_eq!((paths.len(), paths.first()[0]), (1, 1.0));
    let many: Vec<String> = (0..=MOST_STATES).map(|n| n.to_string()).collect();
    paths
        .push(many.iter().map(String::as_str), true, 1.0)
        .unwrap();
    assert_eq!(paths.markov(1).unwrap_err().code(), "too_many_states");
    assert_eq!(
        incrementality_factor(1.0, -1.0).unwrap_err().code(),
        "negative"
    );
    assert!(incrementality_factor(1.0, 0.0).unwrap().is_nan());
    assert_eq!(incrementality_factor(-5.0, 10.0).unwrap(), -0.5);
}

#[test]
fn without_conversions_credit_is_zero_and_effects_are_undefined() {
    let mut paths = Paths::new();
    assert!(paths.base_conversion_probability().is_nan());
    assert!(paths.is_empty() && paths.markov(1).unwrap().credit.is_empty());
    paths.push(["a", "b"], false, 4.0).unwrap();
    let markov = paths.markov(1).unwrap();
    assert_eq!(markov.base_conversion_probability, 0.0);
    assert!(
        markov
            .removal_effect
            .iter()
            .chain(&markov.credit)
            .all(|x| x.is_nan())
    );
    assert_eq!(paths.linear(), [0.0, 0.0]);
    // A path that nobody walked changes nothing.
    paths.push(["c", "c"], true, 0.0).unwrap();
    paths.push(["a"], true, 2.0).unwrap();
    near(
        &paths.markov(1).unwrap().removal_effect,
        &[1.0, 0.0, 0.0],
        "unwalked",
    );
}

#[test]
fn any_numbers_give_numbers_or_an_error() {
    let mut draw = Draw(5);
    for _ in 0..20_000 {
        let mut paths = Paths::new();
        for _ in 0..4 {
            let path: Vec<String> = (0..draw.below(5))
                .map(|_| draw.below(4).to_string())
                .collect();
            let count = f64::from_bits(draw.bits() & 0x7FFF_FFFF_FFFF_FFFF);
            let converted = draw.below(2) == 0;
            let path = path.iter().map(String::as_str);
            if draw.below(2) == 0 {
                let _ = paths.push(path, converted, count);
            } else {
                let ages: Vec<f64> = path
                    .clone()
                    .map(|_| f64::from_bits(draw.bits() >> 1))
                    .collect();
                let _ = paths.push_aged(path, &ages, converted, count);
            }
        }
        let any = f64::from_bits(draw.bits());
        let _ = (paths.position(any, 0.1), paths.time_decay(any));
        for order in 1..3 {
            let _ = paths.markov(order).unwrap();
        }
    }
}
