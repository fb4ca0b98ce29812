//! Many tests in one comparison: how much of the level each gets, and what is left of a p-value among the others.
//!
//! What fails holds the chance of any false failure: Holm's procedure with weights (Holm, 1979, §4). A weight depends on how many
//! events a test has and never on how it came out: those that are optimal for what the test is to find (C. Roeder and
//! L. Wasserman, *Genome-wide significance levels and weighted hypothesis testing*, 2009). So a common event, whose smallest
//! change is found at any level, leaves the level to the rare ones.

use crate::base::table::sort_many;
use crate::metrics::multiplicity::adjust;
use crate::metrics::special::normal_sf;

/// One test among others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Member {
    /// Its p-value.
    pub p: f64,
    /// How many standard errors what it is to find is away from no change.
    pub size: f64,
    /// Its part of the level.
    pub level: f64,
    /// The p-value adjusted: it fails where that is at most the level of all.
    pub adjusted: f64,
    /// The same, for the share of false ones among those that are warned of.
    pub warned: f64,
}

impl Member {
    /// Before the others are known.
    pub(super) const fn new(p: f64, size: f64) -> Self {
        Self {
            p,
            size,
            level: 0.0,
            adjusted: 1.0,
            warned: 1.0,
        }
    }
}

/// Below so many standard errors a test cannot find what it is to find, and would only take level from those that can.
const HOPELESS: f64 = 1.5;

/// The share of the level that a group of tests gets, by its members' sizes: no more than `level` in all.
pub(super) fn share_out(members: &mut [Member], level: f64) {
    let at = |size: f64, c: f64| {
        if size < HOPELESS {
            0.0
        } else {
            // Beyond ten standard errors anything is found.
            let size = size.min(10.0);
            normal_sf(0.5 * size + c / size)
        }
    };
    let sum = |c: f64| -> f64 { members.iter().map(|member| at(member.size, c)).sum() };
    // One alone, or hopeful ones only: with a small constant they would get more than there is.
    let (mut much, mut little) = (-100.0, 400.0);
    for _ in 0..60 {
        let middle = 0.5 * (much + little);
        if sum(middle) > level {
            much = middle;
        } else {
            little = middle;
        }
    }
    for member in members {
        member.level = at(member.size, little);
    }
}

/// Adjusts the p-values of all groups together. `alpha` is the level that was shared out.
pub(super) fn judge(members: &mut [Member], alpha: f64, q: f64) {
    let mut order: Vec<usize> = (0..members.len()).collect();
    let ratio = |at: usize| {
        members.get(at).map_or(f64::INFINITY, |member| {
            if member.level > 0.0 {
                member.p / member.level
            } else {
                f64::INFINITY
            }
        })
    };
    sort_many(&mut order, |one, other| {
        ratio(*one).total_cmp(&ratio(*other)).is_lt()
    });
    let ratios: Vec<f64> = order.iter().map(|at| ratio(*at)).collect();
    let mut left: f64 = members.iter().map(|member| member.level).sum();
    let mut most = 0.0_f64;
    for (at, ratio) in order.into_iter().zip(ratios) {
        if let Some(member) = members.get_mut(at).filter(|_| ratio.is_finite()) {
            // Whoever has gone before has left its level to the rest.
            most = most.max(ratio * left.min(alpha)).min(1.0);
            member.adjusted = most;
            left -= member.level;
        }
    }
    let p: Vec<f64> = members
        .iter()
        .map(|member| member.p.clamp(0.0, 1.0))
        .collect();
    if let Ok(adjusted) = adjust(&p, q) {
        for (member, warned) in members.iter_mut().zip(adjusted.fdr_bh) {
            member.warned = warned;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_goes_where_it_is_needed_and_is_never_more_than_there_is() {
        let sizes = [1.0, 2.0, 3.0, 5.0, 30.0];
        let mut members = sizes.map(|size| Member::new(1.0, size));
        share_out(&mut members, 0.01);
        let levels = members.map(|member| member.level);
        let sum: f64 = levels.iter().sum();
        assert!(sum <= 0.01 && sum > 0.0099, "{levels:?}");
        assert!(levels[0] <= 0.0);
        assert!(
            levels[2] > 0.004 && levels[3] < levels[2] && levels[4] < 1e-4,
            "{levels:?}"
        );
        // Alone it has all.
        let mut alone = [Member::new(1.0, 3.0)];
        share_out(&mut alone, 0.01);
        assert!((alone[0].level - 0.01).abs() < 1e-9, "{alone:?}");
    }

    #[test]
    fn with_equal_weights_it_is_holms_procedure() {
        let p = [0.002, 0.04, 0.0024, 0.03];
        let mut members = p.map(|p| Member::new(p, 3.0));
        share_out(&mut members, 0.01);
        judge(&mut members, 0.01, 0.05);
        let holm = adjust(&p, 0.01).unwrap();
        for (member, (adjusted, warned)) in members.iter().zip(holm.holm.iter().zip(&holm.fdr_bh)) {
            assert!(
                (member.adjusted - adjusted).abs() < 1e-6,
                "{members:?} {holm:?}"
            );
            assert!((member.warned - warned).abs() < 1e-12);
        }
    }
}
