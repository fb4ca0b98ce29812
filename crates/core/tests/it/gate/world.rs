//! A shop whose traffic is known: what the gate's rates of false alarms and of finds are measured in.
//!
//! Counts of an hour are Poisson around base × daily curve (1 ± 0.8) × weekday × a day's effect (lognormal, sd 0.15) × an hour's
//! effect (gamma, sd 0.10). Events have fixed shares of that, but that each share has its own noise of 5 % from day to day. The
//! release comes at 10:00 on a weekday.

use edgetally_core::base::time::{DAY_MS, HOUR_MS, UnixMillis};
use edgetally_core::ledger::{Line, State};
use edgetally_core::metrics::math::{cos, exp, ln, sin};
use edgetally_core::metrics::special::{ln_gamma, normal_sf, poisson_pmf};
use edgetally_core::quality::releases::{
    Comparison, Evidence, Looks, Question, Severity, Verdict, compare,
};

/// The events, their shares of all, and what page views are.
pub const EVENTS: [(&str, f64); 4] = [
    ("page_view", 0.70),
    ("view_item", 0.20),
    ("add_to_cart", 0.08),
    ("purchase", 0.02),
];
/// The place of the event that is broken.
pub const PURCHASE: usize = 3;
/// So many days before the release.
pub const DAYS: usize = 28;
/// Its hour of the day.
pub const RELEASE: usize = 10;
/// A Thursday, 2026-11-19, 10:00 UTC.
pub const APPEARED: i64 = 1_795_082_400_000;

/// What the release did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Damage {
    /// Nothing.
    Quiet,
    /// Purchases happen this much as often as before.
    Times(f64),
    /// The e-mail address is missing in them.
    Field,
}

/// What was counted of one event in one hour: with an e-mail address and without, and how many of them the platform refused.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Count {
    pub with: f64,
    pub without: f64,
    pub refused: f64,
}

impl Count {
    pub fn all(self) -> f64 {
        self.with + self.without
    }
}

/// Random numbers by `SplitMix64`.
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Above 0 and below 1.
    pub fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0
    }

    pub fn normal(&mut self) -> f64 {
        let (u, v) = (self.uniform(), self.uniform());
        (-2.0 * ln(u)).sqrt() * cos(core::f64::consts::TAU * v)
    }

    /// Mean 1.
    pub fn lognormal(&mut self, sd: f64) -> f64 {
        exp(sd * self.normal() - 0.5 * sd * sd)
    }

    /// Mean 1 (Marsaglia and Tsang, 2000).
    pub fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && ln(self.uniform()) < 0.5 * x * x + d - d * v + d * ln(v) {
                return d * v / shape;
            }
        }
    }

    /// By multiplication where small, else by rejection (Hörmann, 1993, PTRS).
    pub fn poisson(&mut self, mean: f64) -> f64 {
        if mean < 12.0 {
            let (least, mut product, mut k) = (exp(-mean), self.uniform(), 0.0);
            while product > least {
                product *= self.uniform();
                k += 1.0;
            }
            return k;
        }
        let width = 0.931 + 2.53 * mean.sqrt();
        let slope = -0.059 + 0.02483 * width;
        let inverse = 1.1239 + 1.1328 / (width - 3.4);
        let quick = 0.9277 - 3.6224 / (width - 2.0);
        loop {
            let u = self.uniform() - 0.5;
            let v = self.uniform();
            let us = 0.5 - u.abs();
            let k = ((2.0 * slope / us + width) * u + mean + 0.43).floor();
            if us >= 0.07 && v <= quick {
                return k;
            }
            if k < 0.0 || (us < 0.013 && v > us) {
                continue;
            }
            if ln(v * inverse / (slope / (us * us) + width))
                <= k * ln(mean) - mean - ln_gamma(k + 1.0)
            {
                return k;
            }
        }
    }
}

/// One shop's month and the hours after the release.
#[derive(Debug, Clone)]
pub struct World {
    /// By day before (the earliest first) and hour of the window.
    pub days: Vec<Vec<[Count; 4]>>,
    /// By hour of the window, after the release.
    pub after: Vec<[Count; 4]>,
    /// The purchases of as many hours just before the release.
    pub just_before: Vec<f64>,
}

pub fn curve(hour: usize) -> f64 {
    1.0 + 0.8 * sin(core::f64::consts::TAU * (hour as f64 + 0.5 - 11.5) / 24.0)
}

/// What a day is like.
struct Day {
    level: f64,
    shares: [f64; 4],
    coverage: f64,
    refused: f64,
}

impl Day {
    fn new(weekday: usize, dice: &mut Dice) -> Self {
        let level = [1.0, 1.0, 1.0, 1.0, 0.95, 0.75, 0.7][weekday % 7] * dice.lognormal(0.15);
        let mut shares = EVENTS.map(|(_, share)| share);
        for share in &mut shares[1..] {
            *share *= dice.lognormal(0.05);
        }
        Self {
            level,
            shares,
            coverage: (0.8 + 0.02 * dice.normal()).clamp(0.0, 1.0),
            refused: 0.004 * dice.lognormal(0.2),
        }
    }

    fn hour(&self, mean: f64, damage: Damage, dice: &mut Dice) -> [Count; 4] {
        let mean = mean * self.level * dice.gamma(100.0);
        let mut counts = [Count::default(); 4];
        for (at, count) in counts.iter_mut().enumerate() {
            let (mut mean, mut coverage) = (mean * self.shares[at], self.coverage);
            if at == PURCHASE {
                match damage {
                    Damage::Quiet => {}
                    Damage::Times(times) => mean *= times,
                    Damage::Field => coverage = 0.0,
                }
            }
            count.with = dice.poisson(mean * coverage);
            count.without = dice.poisson(mean * (1.0 - coverage));
            // Thinned as a Poisson variable would be, and never more than there are.
            count.refused = dice.poisson(count.all() * self.refused).min(count.all());
        }
        counts
    }
}

impl World {
    /// `per_hour` purchases are expected in an hour of the window, which has so many hours.
    pub fn new(per_hour: f64, hours: usize, damage: Damage, dice: &mut Dice) -> Self {
        let window: Vec<usize> = (RELEASE..RELEASE + hours).collect();
        let usual = window.iter().map(|hour| curve(*hour)).sum::<f64>() / hours as f64;
        let base = per_hour / EVENTS[PURCHASE].1 / usual;
        // Thursday is the fourth day of the week.
        let days = (0..DAYS).map(|day| {
            let today = Day::new(day + 3, dice);
            let each = window.iter().map(|hour| base * curve(*hour));
            each.map(|mean| today.hour(mean, Damage::Quiet, dice))
                .collect()
        });
        let days = days.collect();
        let today = Day::new(DAYS + 3, dice);
        let before = (RELEASE + 24 - hours.min(24)..RELEASE + 24).map(|hour| base * curve(hour));
        let just_before = before
            .map(|mean| today.hour(mean, Damage::Quiet, dice)[PURCHASE].all())
            .collect();
        let after = window
            .iter()
            .map(|hour| today.hour(base * curve(*hour), damage, dice))
            .collect();
        Self {
            days,
            after,
            just_before,
        }
    }

    /// The ledger's answers when so many hours of the window are over.
    pub fn evidence(&self, hours: usize) -> Evidence {
        let mut evidence = Evidence::default();
        let mut sum = [Count::default(); 4];
        for (day, counts) in self.days.iter().enumerate() {
            let start = APPEARED - (DAYS - day) as i64 * DAY_MS;
            let mut of_day = [[Count::default(); 4]; 2];
            for (hour, count) in counts.iter().take(hours).enumerate() {
                let at = start + hour as i64 * HOUR_MS;
                adopt(&mut evidence.adoption, at, "r1", count);
                // A window over midnight is part of two days.
                let late = usize::from(RELEASE + hour >= 24);
                add(&mut of_day[late], count);
                add(&mut sum, count);
            }
            for (late, count) in of_day.iter().enumerate() {
                let at = UnixMillis(start + late as i64 * DAY_MS)
                    .0
                    .div_euclid(DAY_MS)
                    * DAY_MS;
                if count[0].all() > 0.0 {
                    book(&mut evidence.history, at, "", count);
                }
            }
        }
        book(&mut evidence.before, 0, "", &sum);
        for (hour, count) in self.after.iter().take(hours).enumerate() {
            let at = APPEARED + hour as i64 * HOUR_MS;
            adopt(&mut evidence.adoption, at, "r2", count);
            book(&mut evidence.after, at, "", count);
        }
        evidence
    }

    /// The same as lines of the ledger, hour by hour and with their labels.
    pub fn lines(&self) -> Vec<(Line, i64)> {
        let mut lines = Vec::new();
        for (day, counts) in self.days.iter().enumerate() {
            let start = APPEARED - (DAYS - day) as i64 * DAY_MS;
            for (hour, count) in counts.iter().enumerate() {
                book(&mut lines, start + hour as i64 * HOUR_MS, "r1", count);
            }
        }
        for (hour, count) in self.after.iter().enumerate() {
            book(&mut lines, APPEARED + hour as i64 * HOUR_MS, "r2", count);
        }
        lines
    }

    /// What is asked when so many hours are over.
    pub fn question(hours: usize, looks: Looks) -> Question {
        Question {
            before: Some("r1".to_owned()),
            looks,
            ..Question::new("shop", "r2", UnixMillis(APPEARED + hours as i64 * HOUR_MS))
        }
    }

    /// The gate's answer.
    pub fn compare(&self, hours: usize, looks: Looks) -> Comparison {
        compare(&Self::question(hours, looks), &self.evidence(hours)).unwrap()
    }

    /// Purchases after, and in the same hours of each of the four weeks before.
    fn purchases(&self, hours: usize) -> (f64, [f64; 4]) {
        let sum =
            |counts: &[[Count; 4]]| counts.iter().take(hours).map(|it| it[PURCHASE].all()).sum();
        let weeks = [0, 7, 14, 21].map(|day| sum(&self.days[day]));
        (sum(&self.after), weeks)
    }

    /// The exact conditional test on volume, against the same hours of four weeks: whether it is below 1 %.
    pub fn exact_volume(&self, hours: usize) -> bool {
        let (k, weeks) = self.purchases(hours);
        let all = k + weeks.iter().sum::<f64>();
        // Binomial with a fifth; the normal tail where it is long.
        let (mean, sd) = (all / 5.0, (all * 0.16).sqrt());
        if all > 2000.0 {
            return 2.0 * normal_sf(((k - mean).abs() - 0.5).max(0.0) / sd) < 0.01;
        }
        let mass = |j: f64| edgetally_core::metrics::special::binomial_pmf(j, all, 0.2, 0.8);
        let seen = mass(k) * (1.0 + 1e-9);
        let mut p = 0.0;
        let mut j = 0.0;
        while j <= all {
            let one = mass(j);
            if one <= seen {
                p += one;
            }
            j += 1.0;
        }
        p < 0.01
    }

    /// Mann and Whitney's test on the hours, against as many hours just before, as Kayenta has it: whether it is below 1 %.
    pub fn mann_whitney(&self, hours: usize) -> bool {
        let after: Vec<f64> = self
            .after
            .iter()
            .take(hours)
            .map(|it| it[PURCHASE].all())
            .collect();
        let before = &self.just_before[self.just_before.len() - hours..];
        let mut u = 0.0;
        for one in &after {
            for other in before {
                u += if one > other {
                    1.0
                } else if one == other {
                    0.5
                } else {
                    0.0
                };
            }
        }
        mann_whitney_p(u, hours) < 0.01
    }

    /// More than 20 % away from the same hours a week ago.
    pub fn threshold(&self, hours: usize) -> bool {
        let (k, weeks) = self.purchases(hours);
        (k / weeks[3] - 1.0).abs() > 0.2
    }
}

/// Two-sided and exact, of two samples of one size without ties.
pub fn mann_whitney_p(u: f64, n: usize) -> f64 {
    // ways[i][s]: how many ways to choose i ranks with the rank sum s, less the smallest sum.
    let most = n * n;
    let mut ways = vec![vec![0.0; most + 1]; n + 1];
    ways[0][0] = 1.0;
    for rank in 0..2 * n {
        for chosen in (1..=n.min(rank + 1)).rev() {
            // A rank that is chosen as the i-th beats as many others as it has below it.
            let beaten = rank + 1 - chosen;
            if beaten > n {
                continue;
            }
            for s in (beaten..=most).rev() {
                let more = ways[chosen - 1][s - beaten];
                ways[chosen][s] += more;
            }
        }
    }
    let all: f64 = ways[n].iter().sum();
    let low = u.min(most as f64 - u);
    let tail: f64 = ways[n]
        .iter()
        .enumerate()
        .filter(|(s, _)| *s as f64 <= low)
        .map(|(_, w)| w)
        .sum();
    (2.0 * tail / all).min(1.0)
}

pub fn add(sum: &mut [Count; 4], counts: &[Count; 4]) {
    for (sum, count) in sum.iter_mut().zip(counts) {
        sum.with += count.with;
        sum.without += count.without;
        sum.refused += count.refused;
    }
}

pub fn line(
    at: i64,
    release: &str,
    event: &str,
    destination: &str,
    state: State,
    code: &str,
) -> Line {
    Line {
        hour: UnixMillis(at),
        source: "shop".to_owned(),
        release: release.to_owned(),
        event: event.to_owned(),
        destination: destination.to_owned(),
        state,
        code: code.to_owned(),
        worker: String::new(),
    }
}

fn adopt(lines: &mut Vec<(Line, i64)>, at: i64, release: &str, counts: &[Count; 4]) {
    let all: f64 = counts.iter().map(|count| count.all()).sum();
    lines.push((line(at, release, "", "", State::Accepted, ""), all as i64));
}

/// The lines of an hour. An empty label is what a question that asked for one has in its answer.
pub fn book(lines: &mut Vec<(Line, i64)>, at: i64, release: &str, counts: &[Count; 4]) {
    for ((event, _), count) in EVENTS.iter().zip(counts) {
        let mut put = |destination: &str, state, code: &str, n: f64| {
            if n > 0.0 {
                let mut line = line(at, release, event, destination, state, code);
                if release.is_empty() {
                    line.source.clear();
                }
                lines.push((line, n as i64));
            }
        };
        put("", State::Accepted, "page", count.all());
        put("", State::Keys, "en", count.with);
        put("", State::Keys, "n", count.without);
        put("", State::Parts, "tu", count.all());
        put("meta", State::Accepted, "", count.all());
        put("meta", State::Delivered, "", count.all() - count.refused);
        put("meta", State::Rejected, "invalid", count.refused);
        put("meta", State::Keys, "en", count.with);
        put("meta", State::Keys, "n", count.without);
    }
}

/// Whether the comparison failed by what was done.
pub fn is_found(comparison: &Comparison, damage: Damage) -> bool {
    comparison.findings.iter().any(|finding| {
        finding.severity == Severity::Fail
            && finding.event == EVENTS[PURCHASE].0
            && match damage {
                Damage::Quiet => true,
                Damage::Times(_) => finding.what == "volume",
                Damage::Field => finding.what == "email",
            }
    })
}

/// How often each method raised an alarm in one look.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alarms {
    pub gate: usize,
    pub inconclusive: usize,
    pub exact: usize,
    pub mann_whitney: usize,
    pub threshold: usize,
}

/// One look after so many hours, in many worlds.
pub fn one_look(per_hour: f64, hours: usize, damage: Damage, runs: usize, seed: u64) -> Alarms {
    let mut alarms = Alarms::default();
    for run in 0..runs {
        let mut dice = Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ run as u64);
        let world = World::new(per_hour, hours, damage, &mut dice);
        let comparison = world.compare(hours, Looks::Once);
        let is_alarm = if damage == Damage::Quiet {
            comparison.verdict == Verdict::Fail
        } else {
            is_found(&comparison, damage)
        };
        alarms.gate += usize::from(is_alarm);
        alarms.inconclusive += usize::from(comparison.verdict == Verdict::Inconclusive);
        alarms.exact += usize::from(world.exact_volume(hours));
        alarms.mann_whitney += usize::from(world.mann_whitney(hours));
        alarms.threshold += usize::from(world.threshold(hours));
    }
    alarms
}

/// A look each hour until something is found: after how many hours, in each world; 0 where nothing is.
pub fn hourly_looks(
    per_hour: f64,
    hours: usize,
    damage: Damage,
    runs: usize,
    seed: u64,
) -> Vec<usize> {
    let each = (0..runs).map(|run| {
        let mut dice = Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ run as u64);
        let world = World::new(per_hour, hours, damage, &mut dice);
        let found = |hour: &usize| {
            let comparison = world.compare(*hour, Looks::Hourly);
            if damage == Damage::Quiet {
                comparison.verdict == Verdict::Fail
            } else {
                is_found(&comparison, damage)
            }
        };
        (1..=hours).find(found).unwrap_or(0)
    });
    each.collect()
}

/// That the dice are what they are said to be.
pub fn poisson_tail(k: f64, mean: f64) -> f64 {
    (0..=k as i64).map(|j| poisson_pmf(j as f64, mean)).sum()
}
