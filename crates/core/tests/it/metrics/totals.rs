//! The laws of `metrics::totals`, and the reference rows of sums by segment.
#![expect(
    clippy::float_cmp,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "sums are exact"
)]

use edgetally_core::metrics::math::ratio;
use edgetally_core::metrics::totals::{Keyed, Term, Totals};
use proptest::prelude::*;

use super::exact::Bits;
use super::rows;

const TERMS: [Term; 3] = [Term::Sum(0), Term::Sum(1), Term::Product(0, 1)];

#[test]
fn the_ratio_of_a_segment_is_a_ratio_of_sums() {
    for row in rows("segment.roas") {
        let names: Vec<&str> = row.inputs["channel"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect();
        let codes: Vec<u32> = (0..names.len() as u32).collect();
        let mut totals = Totals::new(vec![Term::Sum(0), Term::Sum(1)], names.len());
        let (spend, revenue) = (row.column("spend"), row.column("revenue"));
        totals.add(&codes, &[&spend, &revenue]).unwrap();
        let keyed = Keyed::new(&names, &totals).unwrap();
        for (group, name) in keyed.keys().enumerate() {
            let (spend, revenue) = (keyed.totals().sum(0, group), keyed.totals().sum(1, group));
            let name = core::str::from_utf8(name).unwrap();
            assert!(row.expect(name, ratio(revenue, spend)), "{name}");
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_and_nothing_is_added() {
    let mut totals = Totals::new(TERMS.to_vec(), 2);
    for (codes, columns) in [
        (&[0, 1][..], &[&[1.0, 2.0][..]][..]),
        (&[0, 1], &[&[1.0, 2.0], &[1.0]]),
        (&[0, 2], &[&[1.0, 2.0], &[1.0, 2.0]]),
        (&[0], &[]),
    ] {
        let error = totals.add(codes, columns).unwrap_err();
        assert!(["length_mismatch", "unknown_group"].contains(&error.code()));
    }
    assert_eq!(totals, Totals::new(TERMS.to_vec(), 2));
    assert_eq!(totals.add(&[], &[&[], &[]]), Ok(()));

    let other = Totals::new(vec![Term::Sum(0)], 2);
    assert_eq!(
        totals.merge(&other, &[0, 1]).unwrap_err().code(),
        "unlike_totals"
    );
    let same = totals.clone();
    assert_eq!(
        totals.merge(&same, &[0]).unwrap_err().code(),
        "length_mismatch"
    );
    assert_eq!(
        totals.merge(&same, &[0, 2]).unwrap_err().code(),
        "unknown_group"
    );
    assert_eq!(Keyed::merge(&[]).unwrap_err().code(), "too_few_rows");
    assert_eq!(
        Keyed::new(&["a"], &totals).unwrap_err().code(),
        "length_mismatch"
    );
}

#[test]
fn groups_without_rows_have_no_name_and_equal_names_are_one() {
    let mut totals = Totals::new(vec![Term::Sum(0)], 4);
    totals.add(&[0, 1, 3], &[&[1.0, 2.0, 4.0]]).unwrap();
    let keyed = Keyed::new(&["b", "a", "nothing", "b"], &totals).unwrap();
    assert_eq!(keyed.keys().collect::<Vec<_>>(), [b"a", b"b"]);
    assert_eq!(keyed.totals().column(0), [2.0, 5.0]);
    assert_eq!((keyed.totals().rows(1), keyed.totals().rows(9)), (2, 0));
    assert!(keyed.totals().sum(0, 9).is_nan());
}

fn summed(rows: &[(u8, f64, f64)]) -> Keyed {
    let names: Vec<String> = (0..=255).map(|key: u8| key.to_string()).collect();
    let codes: Vec<u32> = rows.iter().map(|row| row.0.into()).collect();
    let x: Vec<f64> = rows.iter().map(|row| row.1).collect();
    let y: Vec<f64> = rows.iter().map(|row| row.2).collect();
    let mut totals = Totals::new(TERMS.to_vec(), 0);
    totals.grow(256);
    totals.add(&codes, &[&x, &y]).unwrap();
    Keyed::new(&names, &totals).unwrap()
}

fn mixed(bits: &mut Bits) -> f64 {
    match bits.below(5) {
        0 => 0.0,
        1 => bits.below(1000) as f64,
        2 => bits.below(1_000_000) as f64 / 100.0,
        3 => -(bits.below(1000) as f64) / 7.0,
        _ => f64::from_bits(bits.next()),
    }
}

#[test]
fn long_columns_agree_with_short_ones() {
    // Whole blocks, mixed blocks, and blocks cut elsewhere.
    let mut bits = Bits(11);
    let mut rows: Vec<(u8, f64, f64)> = (0..20_000)
        .map(|row| {
            let whole = row < 9000;
            let x = if whole {
                bits.below(9) as f64 - 4.0
            } else {
                mixed(&mut bits)
            };
            (bits.below(7) as u8, x, mixed(&mut bits))
        })
        .collect();
    let want = summed(&rows);
    let parts: Vec<Keyed> = rows.chunks(617).map(summed).collect();
    let got = Keyed::merge(&parts.iter().rev().collect::<Vec<_>>()).unwrap();
    assert_eq!(got, want);
    assert_eq!(got.to_bytes(), want.to_bytes());
    rows.reverse();
    assert_eq!(summed(&rows).to_bytes(), want.to_bytes());
    // A group's sum is the sum of its rows alone.
    let of_three = rows.iter().filter(|row| row.0 == 3).map(|row| row.2);
    let group = want.keys().position(|key| key == b"3").unwrap();
    let alone = of_three.collect::<edgetally_core::metrics::exact::Exact>();
    assert_eq!(want.totals().exact(1, group), Some(alone));
}

#[test]
fn columns_of_money_agree_with_sums_one_by_one() {
    // More rows than the quick parts take, amounts of cents up to the largest that are quick, and both signs.
    let mut bits = Bits(5);
    let amounts: Vec<f64> = (0..200_000)
        .map(|row| {
            let cents = bits.below(100_000_000_000) as f64 / 100.0;
            if row % 3 == 0 { -cents } else { cents }
        })
        .collect();
    let codes: Vec<u32> = amounts.iter().map(|_| bits.below(3) as u32).collect();
    let mut totals = Totals::new(vec![Term::Sum(0)], 3);
    for (codes, amounts) in codes.chunks(70_001).zip(amounts.chunks(70_001)) {
        totals.add(codes, &[amounts]).unwrap();
    }
    let mut sums = vec![edgetally_core::metrics::exact::Exact::default(); 3];
    for (code, amount) in codes.iter().zip(&amounts) {
        sums[*code as usize].add(*amount);
    }
    for (group, sum) in sums.iter().enumerate() {
        assert_eq!(totals.exact(0, group).as_ref(), Some(sum));
        assert_eq!(totals.sum(0, group), sum.to_f64());
    }
    let doubled = totals.clone();
    totals.merge(&doubled, &[0, 1, 2]).unwrap();
    assert_eq!(totals.sum(0, 1), 2.0 * sums[1].to_f64());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_partition_has_the_same_bytes(
        rows in prop::collection::vec((0_u8..6, any::<f64>(), any::<f64>()), 1..80),
        size in 1_usize..80,
        turn in any::<bool>(),
    ) {
        let want = summed(&rows);
        let mut parts: Vec<Keyed> = rows
            .chunks(size)
            .map(|part| Keyed::from_bytes(&summed(part).to_bytes()).unwrap())
            .collect();
        if turn {
            parts.reverse();
        }
        let got = Keyed::merge(&parts.iter().collect::<Vec<_>>()).unwrap();
        prop_assert_eq!(got.to_bytes(), want.to_bytes());

        // The same, as columns of names and states.
        let states: Vec<(Vec<u8>, Vec<u8>)> = parts
            .iter()
            .flat_map(|part| part.keys().enumerate().map(|(g, key)| (key.to_vec(), part.state(g))))
            .collect();
        let pairs = states.iter().map(|(key, state)| (&**key, &**state));
        let got = Keyed::from_states(TERMS.to_vec(), pairs).unwrap();
        prop_assert_eq!(got.to_bytes(), want.to_bytes());
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        rows in prop::collection::vec((any::<u8>(), any::<f64>(), any::<f64>()), 1..5),
        at in any::<prop::sample::Index>(),
        to in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = summed(&rows).to_bytes();
        prop_assert!(Keyed::from_bytes(&bytes[..cut.index(bytes.len())]).is_err());
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(read) = Keyed::from_bytes(&bytes) {
            prop_assert_eq!(read.to_bytes(), bytes);
        }
    }
}
