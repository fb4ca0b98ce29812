//! How often events come: T1 (gone), T2 (against the others), T3 (all of it), T7 (both labels in the same hours).
//!
//! The number of visitors of a day is noise that no release explains, so an event is measured by the others of its source: by
//! `page_view`, which are the most and so the quietest measure, and by all events but `page_view` and itself, which have to agree
//! that it moved. So a `page_view` that is counted twice makes nothing else look gone, and an event that is counted twice is
//! found as that.

use super::evidence::{Books, Series};
use super::family::Member;
use super::plan::{GONE, Windows};
use super::question::{Looks, Question};
use super::statistics::{Cell, Change, Hours, Noise, Rate, Side, Tails};
use crate::base::table::sort_many;
use crate::base::time::{DAY_MS, HOUR_MS, UnixMillis};
use crate::ledger::Query;
use crate::metrics::math::{exp, ln, log1p};
use crate::metrics::special::student_cdf;

/// What every page counts.
pub(super) const PAGE_VIEW: &str = "page_view";

/// An event measured by one denominator.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measured {
    /// The denominator's name.
    pub by: &'static str,
    /// The counts.
    pub rate: Rate,
    /// The ratio to what was expected.
    pub change: Change,
    /// The tails of a fixed sample.
    tails: Tails,
    /// The logarithm of the evidence at each hour.
    evidence: Vec<f64>,
    /// The logarithm of the chance of none at all.
    ln_none: f64,
    /// How the denominator itself stands to what is usual in such hours.
    pub usual: f64,
    /// The noise.
    pub noise: Noise,
    /// Expected by hour.
    expected: Vec<f64>,
}

/// An event and what was found of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Volume<'a> {
    /// Its name.
    pub event: &'a str,
    /// How often it came.
    pub after: f64,
    /// How often it had come.
    pub before: f64,
    /// By each denominator; the first is the one that is told.
    pub measured: Vec<Measured>,
    /// The test among others.
    pub member: Member,
    /// How it stands itself to what is usual in such hours.
    pub usual: f64,
    /// The first hour of what is different.
    pub since: Option<UnixMillis>,
}

impl Volume<'_> {
    /// Whether it did not come at all although it should have.
    pub(super) fn is_gone(&self, chance: f64) -> bool {
        self.after <= 0.0
            && !self.measured.is_empty()
            && self
                .measured
                .iter()
                .all(|it| it.rate.expected >= GONE && it.ln_none <= ln(chance))
    }

    /// Whether the interval is wholly beyond the margin, and the other denominator's estimate is so too.
    pub(super) fn is_beyond(&self, margin: f64) -> bool {
        let Some((first, others)) = self.measured.split_first() else {
            return false;
        };
        let fell = first.change.high < 1.0 - margin
            && others.iter().all(|it| it.change.estimate < 1.0 - margin);
        let rose = first.change.low > 1.0 + margin
            && others.iter().all(|it| it.change.estimate > 1.0 + margin);
        fell || rose
    }

    /// The smallest drop that would have been found, and that the other denominator would have agreed to.
    pub(super) fn smallest(&self, level: f64, question: &Question) -> Option<f64> {
        let (margin, hourly) = (question.thresholds.volume, question.looks == Looks::Hourly);
        let mut most = None;
        for (at, it) in self.measured.iter().enumerate() {
            let one = if at == 0 {
                it.rate.smallest(level, margin, hourly)
            } else {
                it.rate.smallest(AGREES, 0.0, false)
            };
            // Its disappearance is found by a rule of its own.
            let gone =
                (it.rate.expected >= GONE && it.ln_none <= ln(question.rule())).then_some(1.0);
            let one = one.or(gone)?;
            most = Some(most.map_or(one, |most: f64| most.max(one)));
        }
        most
    }

    /// How many more would have to be expected to find that drop.
    pub(super) fn more(&self, drop: f64, level: f64, margin: f64, hourly: bool) -> f64 {
        let first = self.measured.first();
        first.map_or(0.0, |it| {
            let more = it.rate.needed(drop, level, margin, hourly) - it.rate.expected;
            more.max(1.0).ceil()
        })
    }
}

/// Every event's volume.
pub(super) fn volumes<'a>(
    books: &Books<'a>,
    question: &Question,
    windows: &Windows,
) -> Vec<Volume<'a>> {
    let mut total: Option<Series> = None;
    let sum = |one: Cell, other: Cell| Cell {
        k: one.k + other.k,
        n: 0.0,
    };
    for series in books.volumes.values() {
        total = Some(match total {
            None => series.clone(),
            Some(total) => total.with(series, sum),
        });
    }
    let Some(total) = total else {
        return Vec::new();
    };
    let less = |one: Cell, other: Cell| Cell {
        k: one.k - other.k,
        n: 0.0,
    };
    let page_views = books.volumes.get(PAGE_VIEW);
    let usual = Usual::of(question, windows, &total);
    // Each event with what it is measured by, the quietest first.
    let mut pairs: Vec<(&str, &Series, Vec<Pair>)> = Vec::new();
    for (event, series) in books.volumes.iter() {
        let mut others = total.with(series, less);
        let mut by = Vec::new();
        if let Some(page_views) = page_views.filter(|_| *event != PAGE_VIEW) {
            others = others.with(page_views, less);
            by.extend(Pair::new(PAGE_VIEW, series, page_views));
        }
        // Others that are fewer than the event itself say little of it.
        let enough = |pair: &Pair| by.is_empty() || pair.expected() * inverse(&others) <= 0.5;
        let by_others = Pair::new("other events", series, &others).filter(enough);
        by.extend(by_others);
        pairs.push((*event, series, by));
    }
    let own: Vec<(f64, f64)> = pairs
        .iter()
        .filter_map(|(_, _, by)| {
            by.first()
                .map(|pair| (pair.a_day, pair.noise.own(pair.a_day)))
        })
        .collect();
    let mut volumes = Vec::new();
    for (at, (event, series, by)) in pairs.into_iter().enumerate() {
        let each = by.into_iter().filter_map(|pair| {
            let towards = towards(&own, at, pair.a_day);
            measure(pair, towards, question, windows, &usual)
        });
        let measured: Vec<Measured> = each.collect();
        let (after, before, _) = series.sums();
        let p = p_value(&measured, question.looks);
        let size = measured
            .first()
            .map_or(0.0, |it| it.rate.size(question.thresholds.see));
        volumes.push(Volume {
            event,
            after: after.k,
            before: before.k,
            since: measured
                .first()
                .and_then(|it| since(&series.after, &it.expected, &windows.after)),
            member: Member::new(p, size),
            usual: usual.ratio(series),
            measured,
        });
    }
    volumes
}

/// The dispersion that an event would have if its rate varied as those of the source's other events do that are at least half as
/// common: the median of them, since one that is noisy in itself says nothing of others.
fn towards(own: &[(f64, f64)], at: usize, a_day: f64) -> Option<f64> {
    let others = own.iter().enumerate().filter(|(other, _)| *other != at);
    let common = others.filter(|(_, (their, _))| *their >= 0.5 * a_day);
    let mut each: Vec<f64> = common.map(|(_, (_, own))| *own).collect();
    sort_many(&mut each, |one, other| one.total_cmp(other).is_lt());
    let middle = each.get(each.len() / 2)?;
    (each.len() >= 2).then_some(1.0 + middle * a_day)
}

/// An event and a denominator.
struct Pair {
    by: &'static str,
    /// The event's number, of both together.
    shares: Series,
    /// The denominator.
    reference: Series,
    /// The event's number of a day.
    a_day: f64,
    /// The noise by its own days.
    noise: Noise,
}

impl Pair {
    /// Nothing where one of the two never came before.
    fn new(by: &'static str, event: &Series, reference: &Series) -> Option<Self> {
        let of_both = |one: Cell, other: Cell| Cell {
            k: one.k.max(0.0),
            n: one.k.max(0.0) + other.k.max(0.0),
        };
        let shares = event.with(reference, of_both);
        let (_, before, all) = shares.sums();
        let days = shares.days.iter().filter(|day| day.n > 0.0).count();
        (before.k > 0.0 && before.n > before.k).then(|| Self {
            by,
            a_day: (all.k / days as f64).max(f64::MIN_POSITIVE),
            noise: Noise::of(&shares.days),
            shares,
            reference: reference.clone(),
        })
    }

    /// How many of the event come with so many of the others.
    fn expected(&self) -> f64 {
        let (after, before, _) = self.shares.sums();
        before.k * (after.n - after.k) / (before.n - before.k)
    }
}

/// So unlikely has the same movement to be by the other denominator.
const AGREES: f64 = 0.1;

fn p_value(measured: &[Measured], looks: Looks) -> f64 {
    let Some((first, others)) = measured.split_first() else {
        return 1.0;
    };
    let fell = first.change.estimate < 1.0;
    let agree = others.iter().all(|it| {
        let tail = if fell { it.tails.down } else { it.tails.up };
        tail <= AGREES
    });
    if !agree {
        return 1.0;
    }
    match looks {
        Looks::Once => first.tails.p(Side::Both),
        Looks::Hourly => exp(-first.evidence.iter().copied().fold(0.0, f64::max)),
    }
}

/// What the others' own number adds to the variance of one that is expected.
fn inverse(others: &Series) -> f64 {
    let (after, before, _) = others.sums();
    1.0 / after.k + 1.0 / before.k
}

/// An event by one denominator; nothing where there is nothing to expect.
fn measure(
    pair: Pair,
    towards: Option<f64>,
    question: &Question,
    windows: &Windows,
    usual: &Usual,
) -> Option<Measured> {
    let Pair {
        by,
        shares,
        reference,
        noise,
        ..
    } = pair;
    let (after, before, _) = shares.sums();
    let (m, big_m) = (after.n - after.k, before.n - before.k);
    let by_days = towards.map_or(noise, |towards| noise.drawn(towards));
    let hours = windows
        .concurrent
        .then(|| Hours::new(&shares.after, &shares.before, by_days))
        .flatten();
    let noise = hours.map_or(by_days, |hours| hours.noise);
    let expected = expected_by_hour(&shares, before);
    let mut rate = Rate::new((after.k, m), (before.k, big_m), noise)?;
    let mut tails = rate.tails((after.k, m), (before.k, big_m));
    if let Some(hours) = hours {
        // What was expected follows from the common ratio, so that hours with another mix of labels do not mislead.
        let common = after.k / hours.odds_ratio;
        let sum: f64 = expected.iter().sum();
        rate = rate.expecting(if common.is_finite() && common > 0.0 {
            common
        } else {
            sum
        });
        tails = hours.noise.tails(hours.z);
    }
    let evidence = if question.looks == Looks::Hourly {
        evidence(&shares, &expected, before, noise)
    } else {
        Vec::new()
    };
    Some(Measured {
        by,
        rate,
        change: rate.change(),
        tails,
        evidence,
        ln_none: -before.k * log1p(m / big_m) / noise.scale(),
        usual: usual.ratio(&reference),
        noise,
        expected,
    })
}

/// How many of the event would come with as many others, hour by hour: by the same hour of the other label where there is one.
fn expected_by_hour(shares: &Series, before: Cell) -> Vec<f64> {
    let same_hours = shares.before.len() == shares.after.len() && shares.before.len() > 1;
    let others = shares.after.iter().enumerate().map(|(at, hour)| {
        let base = shares
            .before
            .get(at)
            .filter(|cell| same_hours && cell.n > cell.k);
        let base = base.copied().unwrap_or(before);
        (hour.n - hour.k) * base.k / (base.n - base.k)
    });
    others
        .map(|it| if it.is_finite() { it } else { 0.0 })
        .collect()
}

/// The evidence of all hours up to each.
fn evidence(shares: &Series, expected: &[f64], before: Cell, noise: Noise) -> Vec<f64> {
    let (mut sum, mut mean) = (Cell::default(), 0.0);
    let hours = shares.after.iter().zip(expected);
    hours
        .map(|(hour, expected)| {
            sum.add(*hour);
            mean += expected;
            let so_far = Rate::new(
                (sum.k, sum.n - sum.k),
                (before.k, before.n - before.k),
                noise,
            );
            so_far.map_or(0.0, |rate| rate.expecting(mean).log_evidence(sum.k))
        })
        .collect()
}

/// The hour from which on the counts are least like what was expected.
pub(super) fn since(counts: &[Cell], expected: &[f64], hours: &[UnixMillis]) -> Option<UnixMillis> {
    let (mut sum, mut mean) = (0.0, 0.0);
    let (mut most, mut first) = (0.0, None);
    let from_the_end = counts.iter().zip(expected).zip(hours).rev();
    for ((cell, expected), hour) in from_the_end {
        sum += cell.k;
        mean += expected;
        let gain = if sum > 0.0 { sum * ln(sum / mean) } else { 0.0 } - (sum - mean);
        if gain.is_finite() && gain > most {
            (most, first) = (gain, Some(*hour));
        }
    }
    first
}

/// What is usual in the hours that are compared, per hour.
struct Usual {
    hours: f64,
    usual_hours: f64,
}

impl Usual {
    fn of(question: &Question, windows: &Windows, total: &Series) -> Self {
        let part = |hour: &UnixMillis| {
            let passed = (question.until.0 - hour.0).clamp(0, HOUR_MS);
            f64::from(u32::try_from(passed).unwrap_or(0)) / 3_600_000.0
        };
        let days = total.days.iter().filter(|day| day.k > 0.0).count();
        let a_day = (windows.hours_of_day & Query::WHOLE_DAY).count_ones();
        Self {
            // In hours that are shared the other label has its part, so its own number says nothing.
            hours: if windows.concurrent {
                f64::NAN
            } else {
                windows.after.iter().map(part).sum()
            },
            usual_hours: days as f64 * f64::from(a_day),
        }
    }

    /// The number of an hour over the usual number; `NaN` where it is not known.
    fn ratio(&self, series: &Series) -> f64 {
        let (after, _, days) = series.sums();
        (after.k / self.hours) / (days.k / self.usual_hours)
    }
}

/// T3: all events of the source, against the same hours of the weeks before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Total {
    /// How many came in whole hours.
    pub after: f64,
    /// How many were expected.
    pub expected: f64,
    /// The ratio.
    pub change: Change,
    /// The p-value of as few.
    pub down: f64,
    /// Of as many.
    pub up: f64,
}

/// `None` where labels share the hours, no hour is over, or less than two weeks are known.
pub(super) fn total(question: &Question, windows: &Windows) -> Option<Total> {
    if windows.concurrent {
        return None;
    }
    let over: Vec<UnixMillis> = windows
        .after
        .iter()
        .copied()
        .filter(|hour| hour.0 + HOUR_MS <= question.until.0)
        .collect();
    let first = windows.traffic.first()?.hour;
    let traffic = |hour: i64| {
        let at = windows
            .traffic
            .binary_search_by_key(&hour, |it| it.hour.0)
            .ok()?;
        windows.traffic.get(at).map(|it| it.all)
    };
    let after: f64 = over.iter().filter_map(|hour| traffic(hour.0)).sum();
    let week_before = |week: i64| -> Option<f64> {
        let shift = week * 7 * DAY_MS;
        let hours = over.iter().map(|hour| hour.0 - shift);
        let known = hours
            .clone()
            .all(|hour| hour >= first.0 && hour < windows.appeared.0);
        (known && !over.is_empty()).then(|| hours.filter_map(traffic).sum())
    };
    let weeks: Vec<f64> = (1..=4).filter_map(week_before).collect();
    let many = weeks.len() as f64;
    let expected = weeks.iter().sum::<f64>() / many;
    if weeks.len() < 2 || expected <= 0.0 {
        return None;
    }
    let (phi, df) = dispersion_of_days(windows, first)?;
    let error = (phi * expected * (1.0 + 1.0 / many)).sqrt();
    let (down, up) = student_cdf((after - expected) / error, df);
    let width = crate::metrics::special::student_quantile(0.9, df) * error / expected;
    let ratio = after / expected;
    Some(Total {
        after,
        expected,
        change: Change {
            estimate: ratio,
            low: (ratio - width).max(0.0),
            high: ratio + width,
        },
        down,
        up,
    })
}

/// How much the same hours of the same weekday vary: Pearson's statistic over its degrees of freedom, and these.
fn dispersion_of_days(windows: &Windows, first: UnixMillis) -> Option<(f64, f64)> {
    const DAYS: usize = 28;
    let mut days = [0.0_f64; DAYS];
    let mut known = [false; DAYS];
    let today = windows.appeared.0.div_euclid(DAY_MS);
    for hour in &windows.traffic {
        let back = today - hour.hour.0.div_euclid(DAY_MS) - 1;
        let slot = usize::try_from(back).ok();
        let is_asked = Query::hour_of_day(hour.hour) & windows.hours_of_day != 0;
        if let Some(day) = slot.and_then(|slot| days.get_mut(slot)) {
            *day += if is_asked { hour.all } else { 0.0 };
        }
    }
    for (back, known) in known.iter_mut().enumerate() {
        let start = (today - 1 - i64::try_from(back).unwrap_or_default()) * DAY_MS;
        *known = start >= first.0;
    }
    let (mut sum, mut df) = (0.0, 0.0);
    for weekday in 0..7 {
        let same = days.iter().zip(known).skip(weekday).step_by(7);
        let same: Vec<f64> = same
            .filter(|(_, known)| *known)
            .map(|(day, _)| *day)
            .collect();
        let mean = same.iter().sum::<f64>() / same.len() as f64;
        if same.len() > 1 && mean > 0.0 {
            sum += same
                .iter()
                .map(|day| (day - mean) * (day - mean) / mean)
                .sum::<f64>();
            df += (same.len() - 1) as f64;
        }
    }
    (df >= 7.0).then(|| ((sum / df).max(1.0), df))
}
