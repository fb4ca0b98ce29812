//! The reference rows and laws of `metrics::geo`.

use super::rows;
use edgetally_core::metrics::geo::{
    DidOptions, Ridge, SyntheticControlOptions, detectable_lift, did, did_panel, power,
    synthetic_control,
};
use proptest::prelude::*;

#[test]
fn differences_agree_with_the_reference() {
    for row in rows("geo.did") {
        let column = |name| row.column(name);
        let got = did(
            &column("treated_pre"),
            &column("treated_post"),
            &column("control_pre"),
            &column("control_post"),
            &DidOptions::default(),
        )
        .unwrap();
        let found = [
            row.expect("did", got.did),
            row.expect("counterfactual", got.counterfactual),
            row.expect("lift", got.lift),
        ];
        assert_eq!(found, [true; 3], "{}", row.id);
    }
}

#[test]
fn doubles_agree_with_the_reference() {
    for row in rows("geo.synthetic_control") {
        let donors: Vec<Vec<f64>> = row.inputs["donors_pre"]
            .as_array()
            .unwrap()
            .iter()
            .map(|series| {
                series
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(super::number)
                    .collect()
            })
            .collect();
        let got = synthetic_control(
            &row.column("treated_pre"),
            &donors,
            &[],
            &[],
            &SyntheticControlOptions::default(),
        )
        .unwrap();
        let found = [
            row.expect_all("weights", &got.weights),
            row.expect("pre_rmse", got.pre_rmse),
        ];
        assert_eq!(found, [true; 2], "{}", row.id);
    }
}
