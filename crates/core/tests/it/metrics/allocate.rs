//! The reference rows and laws of `metrics::allocate`.

use super::{number, rows};
use edgetally_core::metrics::allocate::{Allocation, Channel, allocate};
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
