//! What events have with them and what becomes of them: T4 (shares), T6 (amounts), T7 (both labels in the same hours).

use super::evidence::{Amount, Fraction, Kind};
use super::family::Member;
use super::plan::Windows;
use super::question::{By, Looks, Question};
use super::statistics::{Cell, Change, Hours, Mean, Noise, Shares, Side};
use super::volumes::since;
use crate::base::time::UnixMillis;
use crate::ledger::State;

/// A share or an amount, and what was found of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Share<'a> {
    /// What of; nothing for an amount.
    pub kind: Option<Kind>,
    /// The event.
    pub event: &'a str,
    /// The destination.
    pub destination: &'a str,
    /// The word of consent, or the currency.
    pub word: &'a str,
    /// After.
    pub after: Cell,
    /// Before.
    pub before: Cell,
    /// A difference of shares, or a ratio of amounts.
    pub change: Change,
    /// Whether the interval lies wholly beyond what counts, on a side that is bad.
    pub is_beyond: bool,
    /// Whether it can fail a comparison, or is only told.
    pub can_fail: bool,
    /// The test among others.
    pub member: Member,
    /// The first hour of what is different.
    pub since: Option<UnixMillis>,
}

/// How much worse is too much: falling by, and rising by.
struct Margin {
    fall: Option<f64>,
    rise: Option<f64>,
}

impl Margin {
    fn of(kind: Kind, question: &Question) -> Self {
        let limits = question.thresholds;
        let (fall, rise) = match kind {
            // The score: of its whole scale.
            Kind::Key(_) | Kind::Part(_) | Kind::Score => (Some(limits.coverage), None),
            Kind::Consent => (Some(limits.coverage), Some(limits.coverage)),
            // Fewer duplicates: page and server no longer have the same ids.
            Kind::Outcome(State::Duplicate) => (Some(limits.coverage), Some(limits.duplicates)),
            Kind::Outcome(State::Rejected) | Kind::Malformed => (None, Some(limits.rejects)),
            Kind::Outcome(_) | Kind::Late => (None, Some(limits.coverage)),
        };
        Self { fall, rise }
    }

    const fn side(&self) -> Side {
        match (self.fall, self.rise) {
            (_, None) => Side::Down,
            (None, Some(_)) => Side::Up,
            (Some(_), Some(_)) => Side::Both,
        }
    }

    fn is_beyond(&self, change: Change) -> bool {
        self.fall.is_some_and(|fall| change.high < -fall)
            || self.rise.is_some_and(|rise| change.low > rise)
    }

    /// What the test is to find: half of a coverage, or several times what counts.
    fn target(&self, before: f64) -> f64 {
        match (self.fall, self.rise) {
            (Some(fall), _) => (0.5 * before).max(2.0 * fall),
            (None, Some(rise)) => (4.0 * rise).min(0.2),
            (None, None) => 0.0,
        }
    }
}

/// Below so many on either side nothing is compared.
const FEWEST: f64 = 10.0;

/// Every share that has something to compare.
pub(super) fn shares<'a>(
    fractions: &[Fraction<'a>],
    question: &Question,
    windows: &Windows,
) -> Vec<Share<'a>> {
    let each = fractions
        .iter()
        .filter_map(|fraction| share(fraction, question, windows));
    each.collect()
}

fn share<'a>(fraction: &Fraction<'a>, question: &Question, windows: &Windows) -> Option<Share<'a>> {
    let series = &fraction.series;
    let (after, before, _) = series.sums();
    let nothing = after.k <= 0.0 && before.k <= 0.0;
    let everything = after.k >= after.n && before.k >= before.n;
    if after.n < FEWEST || before.n < FEWEST || nothing || everything {
        return None;
    }
    let margin = Margin::of(fraction.kind, question);
    let by_days = Noise::of(&series.days);
    let hours = windows
        .concurrent
        .then(|| Hours::new(&series.after, &series.before, by_days))
        .flatten();
    let noise = hours.map_or(by_days, |hours| hours.noise);
    let shares = Shares {
        after,
        before,
        noise,
    };
    let mut change = shares.change();
    let mut tails = shares.tails();
    if let Some(hours) = hours {
        tails = noise.tails(hours.z);
        // The interval of all hours together, moved to their common difference.
        let shift = hours.difference - change.estimate;
        if shift.is_finite() {
            change = Change {
                estimate: hours.difference,
                low: change.low + shift,
                high: change.high + shift,
            };
        }
    }
    let target = margin.target(before.share());
    let p = match question.looks {
        Looks::Once => tails.p(margin.side()),
        Looks::Hourly => hourly(&series.after, before, noise, 0.5 * target),
    };
    Some(Share {
        kind: Some(fraction.kind),
        event: fraction.event,
        destination: fraction.destination,
        word: fraction.word,
        after,
        before,
        change,
        is_beyond: margin.is_beyond(change),
        can_fail: fraction.kind != Kind::Late || question.by == By::Worker,
        member: Member::new(p, shares.size(-target)),
        since: first_hour(&series.after, before.share(), &windows.after),
    })
}

/// The smallest p-value of all looks, hour after hour.
fn hourly(hours: &[Cell], before: Cell, noise: Noise, width: f64) -> f64 {
    let (mut sum, mut p) = (Cell::default(), 1.0);
    for hour in hours {
        sum.add(*hour);
        let so_far = Shares {
            after: sum,
            before,
            noise,
        };
        p = so_far.look(width, p);
    }
    p
}

/// Counted by whichever is rarer: those that have it, or those that do not.
fn first_hour(hours: &[Cell], share: f64, names: &[UnixMillis]) -> Option<UnixMillis> {
    let is_rare = share < 0.5;
    let share = if is_rare { share } else { 1.0 - share };
    let counts: Vec<Cell> = hours
        .iter()
        .map(|hour| Cell {
            k: if is_rare { hour.k } else { hour.n - hour.k },
            n: hour.n,
        })
        .collect();
    // What never was there before is expected a little, so that its first hour can be told.
    let expected: Vec<f64> = hours.iter().map(|hour| hour.n * share.max(1e-6)).collect();
    since(&counts, &expected, names)
}

/// Every event's mean amount by currency, and its mean estimate by destination.
pub(super) fn amounts<'a>(
    all: &[Amount<'a>],
    question: &Question,
    windows: &Windows,
) -> Vec<Share<'a>> {
    // The days' own variance is the only one that is known, so there is no evidence that is valid at any time.
    if question.looks == Looks::Hourly {
        return Vec::new();
    }
    let each = all.iter().filter_map(|amount| {
        let (after, before, _) = amount.series.sums();
        if after.n < FEWEST || before.n < FEWEST {
            return None;
        }
        let mean = Mean::new(after, before, &amount.series.days)?;
        let margin = question.thresholds.volume;
        let is_score = !amount.destination.is_empty();
        let (is_beyond, side, target) = if is_score {
            // What the scale allows is a part of what there was.
            let usual = before.share();
            let margin = Margin::of(Kind::Score, question);
            let fall = (mean.change.high - 1.0) * usual;
            let is_beyond = margin.fall.is_some_and(|least| fall < -least);
            (
                is_beyond,
                Side::Down,
                (margin.target(usual) / usual).min(1.0),
            )
        } else {
            let is_beyond = mean.change.high < 1.0 - margin || mean.change.low > 1.0 + margin;
            (is_beyond, Side::Both, 0.5)
        };
        Some(Share {
            kind: is_score.then_some(Kind::Score),
            event: amount.event,
            destination: amount.destination,
            word: amount.currency,
            after,
            before,
            change: mean.change,
            is_beyond,
            can_fail: true,
            member: Member::new(mean.tails.p(side), mean.size(target)),
            since: windows.after.first().copied(),
        })
    });
    each.collect()
}
