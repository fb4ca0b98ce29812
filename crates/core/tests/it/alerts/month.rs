//! A shop's weeks, hour by hour, and somebody who looks at each: what the rates of alerts are measured in.
//!
//! As the gate's world, and with more rhythm: of the visits of an evening more become purchases than of those of a morning (1 ± 0.3),
//! and at the weekend a tenth fewer.

use edgetally_core::alerts::{Incident, Kind, Look, Round, follow};
use edgetally_core::base::secret::Secret;
use edgetally_core::base::time::{DAY_MS, HOUR_MS, UnixMillis};
use edgetally_core::ledger::{Line, State};
use edgetally_core::metrics::math::sin;
use edgetally_core::settings::alerts::{Alerts, Form};

use super::world::{Count, Damage, Dice, EVENTS, PURCHASE, add, book, curve, line};

/// So many days are known before the first look.
pub const BEFORE: usize = 35;
/// A Monday, 2026-09-07, 00:00 UTC.
pub const FIRST: i64 = 1_788_739_200_000;

/// What an hour had.
#[derive(Debug, Clone, Copy, Default)]
struct Hour {
    all: [Count; 4],
    /// Of its first ten minutes.
    early: [Count; 4],
}

/// A shop's weeks.
#[derive(Debug, Clone)]
pub struct Month {
    hours: Vec<Hour>,
}

/// From which hour on what is broken, and until when.
#[derive(Debug, Clone, Copy)]
pub struct Broken {
    pub damage: Damage,
    pub from: usize,
    pub until: usize,
}

/// The rules without a setting.
pub fn rules() -> Alerts {
    Alerts {
        webhook: Secret::new("https://hooks.example/alerts"),
        form: Form::Slack,
        quiet_hours: None,
        urgent: true,
        address: Some("https://events.shop.example".to_owned()),
        volume: 0.15,
        coverage: 0.05,
        dead_letters: 10,
    }
}

fn counts(mean: f64, shares: [f64; 4], coverage: f64, dice: &mut Dice) -> [Count; 4] {
    let mut counts = [Count::default(); 4];
    for (count, share) in counts.iter_mut().zip(shares) {
        let mean = mean * share;
        count.with = dice.poisson(mean * coverage);
        count.without = dice.poisson(mean * (1.0 - coverage));
        count.refused = dice.poisson(count.all() * 0.004).min(count.all());
    }
    counts
}

impl Month {
    /// So many purchases an hour in the mean of a day, for so many days.
    pub fn new(per_hour: f64, days: usize, broken: Option<Broken>, dice: &mut Dice) -> Self {
        let base = per_hour / EVENTS[PURCHASE].1;
        let mut hours = Vec::new();
        for day in 0..days {
            let is_weekend = day % 7 >= 5;
            let weekday = [1.0, 1.0, 1.0, 1.0, 0.95, 0.75, 0.7][day % 7];
            let level = weekday * dice.lognormal(0.15);
            let mut shares = EVENTS.map(|(_, share)| share);
            for share in &mut shares[1..] {
                *share *= dice.lognormal(0.05);
            }
            let coverage = (0.8 + 0.02 * dice.normal()).clamp(0.0, 1.0);
            for hour in 0..24 {
                let evening = 1.0 + 0.3 * sin(core::f64::consts::TAU * (hour as f64 - 14.0) / 24.0);
                let mut shares = shares;
                shares[PURCHASE] *= evening * if is_weekend { 0.9 } else { 1.0 };
                let at = day * 24 + hour;
                let is_broken = broken.filter(|it| (it.from..it.until).contains(&at));
                let damage = is_broken.map_or(Damage::Quiet, |it| it.damage);
                let mean = base * level * curve(hour) * dice.gamma(100.0);
                let mut part = |share: f64| {
                    let mut of = shares;
                    if let Damage::Times(times) = damage {
                        of[PURCHASE] *= times;
                    }
                    let mut counts = counts(mean * share, of, coverage, dice);
                    if damage == Damage::Field {
                        let purchases = &mut counts[PURCHASE];
                        purchases.without += purchases.with;
                        purchases.with = 0.0;
                    }
                    counts
                };
                let early = part(1.0 / 6.0);
                let mut all = part(5.0 / 6.0);
                add(&mut all, &early);
                hours.push(Hour { all, early });
            }
        }
        Self { hours }
    }

    /// When it is ten minutes past, in the hour of that number.
    pub fn now(at: usize) -> UnixMillis {
        UnixMillis(FIRST + at as i64 * HOUR_MS + 600_000)
    }

    /// What a look ten minutes past that hour is answered: the same that a ledger would say to [`Look::queries`].
    pub fn answers(&self, at: usize) -> Vec<Vec<(Line, i64)>> {
        let mut traffic = Vec::new();
        for hour in (at / 24 - BEFORE) * 24..=at {
            let counts = if hour == at {
                &self.hours[hour].early
            } else {
                &self.hours[hour].all
            };
            let all: f64 = counts.iter().map(|count| count.all()).sum();
            if all > 0.0 {
                let when = FIRST + hour as i64 * HOUR_MS;
                let mut line = line(when, "web-1", "", "", State::Accepted, "");
                line.source.clear();
                traffic.push((line, all as i64));
            }
        }
        let mut answers = vec![traffic];
        // The running hour and the one before it.
        let [after, history] = self.window(at - 1, at + 1, Some(at));
        let only_volumes = |lines: Vec<(Line, i64)>| {
            let kept = lines
                .into_iter()
                .filter(|(line, _)| line.state == State::Accepted && line.destination.is_empty());
            kept.map(|(line, n)| {
                (
                    Line {
                        code: "page".to_owned(),
                        ..line
                    },
                    n,
                )
            })
            .collect()
        };
        answers.extend([only_volumes(after), only_volumes(history)]);
        for hours in Look::WINDOWS {
            answers.extend(self.window(at - usize::from(hours), at, None));
        }
        answers
    }

    fn window(&self, from: usize, until: usize, running: Option<usize>) -> [Vec<(Line, i64)>; 2] {
        let (mut after, mut history) = (Vec::new(), Vec::new());
        for hour in from..until {
            let counts = if running == Some(hour) {
                &self.hours[hour].early
            } else {
                &self.hours[hour].all
            };
            book(&mut after, FIRST + hour as i64 * HOUR_MS, "", counts);
        }
        let of_day: Vec<usize> = (from..until).map(|hour| hour % 24).collect();
        let first = if of_day.len() == 24 {
            (from / 24 - 28) * 24
        } else {
            from - 28 * 24
        };
        for day in first / 24..=from / 24 {
            let mut sum = [Count::default(); 4];
            for hour in of_day.iter().map(|hour| day * 24 + hour) {
                if (first..from).contains(&hour) {
                    add(&mut sum, &self.hours[hour].all);
                }
            }
            book(&mut history, FIRST + day as i64 * DAY_MS, "", &sum);
        }
        [after, history]
    }

    /// All of it as lines of the ledger, up to a look.
    pub fn lines(&self, at: usize) -> Vec<(Line, i64)> {
        let mut lines = Vec::new();
        for (hour, counts) in self.hours.iter().take(at + 1).enumerate() {
            let counts = if hour == at {
                &counts.early
            } else {
                &counts.all
            };
            book(&mut lines, FIRST + hour as i64 * HOUR_MS, "web-1", counts);
        }
        lines
    }

    /// Looks once an hour, and gives all incidents.
    pub fn watch(&self, from: usize, until: usize) -> Vec<Incident> {
        let rules = rules();
        let mut incidents: Vec<Incident> = Vec::new();
        for at in from..until {
            let now = Self::now(at);
            let look = Look::new("shop", now, None, &rules);
            let is_open = incidents.iter().any(|incident| incident.over.is_none());
            let round = Round {
                conditions: look.conditions(self.answers(at), is_open),
                sources: vec!["shop".to_owned()],
                looked: vec![("shop".to_owned(), true)],
                standing: true,
            };
            incidents = follow(incidents, round, now);
        }
        incidents
    }
}

/// How many incidents somebody is told of in quiet weeks, by kind; and in how many days that was.
pub fn quiet(per_hour: f64, worlds: usize, days: usize, seed: u64) -> Vec<Kind> {
    let mut told = Vec::new();
    for world in 0..worlds {
        let mut dice = Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ world as u64);
        let month = Month::new(per_hour, BEFORE + days, None, &mut dice);
        let incidents = month.watch(BEFORE * 24, (BEFORE + days) * 24);
        told.extend(incidents.iter().map(|incident| incident.condition.kind));
    }
    told
}

/// After how many hours what is broken is told, in each world; nothing where it is not within so many. It breaks at another hour
/// in each.
pub fn found(
    per_hour: f64,
    damage: Damage,
    worlds: usize,
    within: usize,
    seed: u64,
) -> Vec<Option<usize>> {
    let each = (0..worlds).map(|world| {
        let mut dice = Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ world as u64);
        let from = BEFORE * 24 + (world * 7) % 168;
        let broken = Broken {
            damage,
            from,
            until: usize::MAX,
        };
        let month = Month::new(per_hour, BEFORE + 9, Some(broken), &mut dice);
        let is_it = |incident: &Incident| match damage {
            Damage::Field => {
                incident.condition.kind == Kind::Share
                    && incident.condition.what.starts_with("email")
            }
            _ => {
                incident.condition.event == EVENTS[PURCHASE].0
                    && matches!(incident.condition.kind, Kind::Gone | Kind::Volume)
            }
        };
        let incidents = month.watch(from, from + within + 1);
        let told = incidents.iter().filter(|incident| is_it(incident));
        let first = told.map(|incident| incident.opened.0).min()?;
        usize::try_from((first - FIRST) / HOUR_MS)
            .ok()
            .map(|at| at - from)
    });
    each.collect()
}
