//! Whether the events that matter most arrived: today against the same day of the weeks before.

use super::chart::{Mark, Plot, Scale, band, line};
use super::filter::{Filter, WEEKS};
use super::html::Html;
use super::words::{count, moment, stamp, weekday};
use crate::base::time::{DAY_MS, HOUR_MS, UnixMillis};
use crate::ledger::{Line, State};

/// What a line adds to the volume: copies that were well-formed, without tests and robots.
pub(super) const fn volume(line: &Line, n: i64) -> i64 {
    match line.state {
        State::Accepted => n,
        State::Apart => -n,
        _ => 0,
    }
}

/// How today looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// There has never been one.
    Nothing,
    /// There is nothing to compare with.
    New,
    /// None, where seven or more are usual by now: that is chance once in a thousand days.
    Gone,
    /// Fewer than by chance.
    Fewer,
    Usual,
    More,
}

/// The arrivals of a day and of the days that it is held against.
#[derive(Debug)]
pub(super) struct Arrivals {
    /// By hour of today, up to this one.
    today: Vec<i64>,
    /// By hour of those of the days before that had any, the latest first.
    before: Vec<[i64; 24]>,
    midnight: UnixMillis,
    /// The minutes of today that are over.
    minutes: i64,
}

const MINUTES: i64 = 60;

impl Arrivals {
    pub(super) fn new(filter: &Filter, now: UnixMillis, days: &[Vec<(Line, i64)>]) -> Self {
        let midnight = filter.midnight(now);
        let hours = |(week, lines): (i64, &Vec<(Line, i64)>)| {
            let since = midnight.0 - week * 7 * DAY_MS;
            let mut hours = [0; 24];
            for (line, n) in lines {
                let at = (line.hour.0 - since).div_euclid(HOUR_MS);
                if let Some(sum) = usize::try_from(at).ok().and_then(|at| hours.get_mut(at)) {
                    *sum += volume(line, *n);
                }
            }
            hours
        };
        let mut days = (0..).zip(days).map(hours);
        let today = days.next().unwrap_or_default();
        let minutes = (now.0 - midnight.0) / 60_000;
        let begun = usize::try_from(minutes / MINUTES + 1).unwrap_or(24);
        Self {
            today: today.into_iter().take(begun).collect(),
            before: days
                .take(WEEKS)
                .filter(|hours| hours.iter().any(|n| *n != 0))
                .collect(),
            midnight,
            minutes,
        }
    }

    pub(super) fn today(&self) -> i64 {
        self.today.iter().sum()
    }

    /// How many there were in a day by this time; of the hour that is not over, as much as is over of it.
    fn by_now(&self, hours: &[i64; 24]) -> i64 {
        let whole = usize::try_from(self.minutes / MINUTES).unwrap_or(24);
        let rest = hours.get(whole).copied().unwrap_or(0) * (self.minutes % MINUTES);
        hours.iter().take(whole).sum::<i64>() + (rest + MINUTES / 2) / MINUTES
    }

    /// How many there were by this time in each of the days before.
    pub(super) fn earlier(&self) -> Vec<i64> {
        self.before.iter().map(|hours| self.by_now(hours)).collect()
    }

    /// How many are usual by now: the mean of the days before.
    pub(super) fn usual(&self) -> Option<i64> {
        mean(&self.earlier())
    }

    /// The spread is that between the days before, and no less than chance's.
    pub(super) fn verdict(&self) -> Verdict {
        let earlier = self.earlier();
        let Some(usual) = mean(&earlier) else {
            let none = self.today() == 0 && self.before.is_empty();
            return if none { Verdict::Nothing } else { Verdict::New };
        };
        let today = self.today();
        let days = i64::try_from(earlier.len()).unwrap_or(1);
        let squares: i64 = earlier.iter().map(|n| (n - usual).pow(2)).sum();
        let spread = (squares / (days - 1).max(1)).max(usual);
        // Beyond two standard deviations of the difference from a mean of so many days.
        let beyond = (today - usual).pow(2) * days > 4 * spread * (days + 1);
        if today == 0 && usual >= 7 {
            Verdict::Gone
        } else if beyond && today < usual {
            Verdict::Fewer
        } else if beyond {
            Verdict::More
        } else {
            Verdict::Usual
        }
    }

    /// The day of the week, on the viewer's clock.
    pub(super) fn weekday(&self, filter: &Filter) -> &'static str {
        weekday(filter.local(self.midnight))
    }

    /// What was counted up to the end of each hour; places are minutes.
    fn sums(hours: &[i64], until: i64) -> Vec<(i64, i64)> {
        let mut sum = 0;
        let ends = (1..).zip(hours).map(|(hour, n)| {
            sum += n;
            ((hour * MINUTES).min(until), sum)
        });
        std::iter::once((0, 0)).chain(ends).collect()
    }

    /// Draws the day.
    pub(super) fn draw(&self, html: &mut Html, filter: &Filter, event: &str) {
        let today = Self::sums(&self.today, self.minutes.max(1));
        let before: Vec<Vec<(i64, i64)>> = self
            .before
            .iter()
            .map(|hours| Self::sums(hours, 24 * MINUTES))
            .collect();
        let of = |choose: fn(&[i64]) -> Option<i64>| -> Vec<(i64, i64)> {
            let at = |hour: usize| -> Vec<i64> {
                let sums = before.iter().filter_map(|sums| sums.get(hour));
                sums.map(|(_, n)| *n).collect()
            };
            let places = (0..).zip(0..25_usize);
            places
                .filter_map(|(place, hour)| Some((place * MINUTES, choose(&at(hour))?)))
                .collect()
        };
        let least = of(|sums| sums.iter().min().copied());
        let most = of(|sums| sums.iter().max().copied());
        let usual = of(mean);
        let highest = most.iter().chain(&today).map(|(_, n)| *n).max();
        let scale = Scale::over(highest.unwrap_or(0));
        let mut shapes = Vec::new();
        if !usual.is_empty() {
            shapes.push(("band", band(scale, &least, &most)));
            shapes.push(("usual", line(scale, &usual)));
        }
        shapes.push(("today", line(scale, &today)));
        let day = self.weekday(filter);
        html.markup(r#"<figure class="chart">"#);
        Plot {
            title: &format!(
                "{event} today and on the same day of the weeks before, added up hour by hour"
            ),
            scale,
            said: count,
            wide: 24 * MINUTES,
            shapes,
            marks: Vec::<Mark>::new(),
            ticks: [0, 6, 12, 18]
                .into_iter()
                .map(|hour| (hour * MINUTES, format!("{hour:02}:00")))
                .collect(),
        }
        .draw(html);
        html.put(r#"<figcaption><span class="key k-today">Today</span>"#, &[]);
        if !usual.is_empty() {
            let days = count(i64::try_from(before.len()).unwrap_or(0));
            html.put(
                r#"<span class="key k-usual">Usual on a {}</span><span class="key k-band">Least to most of {} before</span>"#,
                &[day, &days],
            );
        }
        html.markup(r#"</figcaption><p class="readout" aria-live="polite"></p>"#);
        self.table(html, &today, &[usual, least, most]);
        html.markup("</figure>");
    }

    fn table(&self, html: &mut Html, today: &[(i64, i64)], before: &[Vec<(i64, i64)>; 3]) {
        html.markup(r#"<details><summary>The same as a table</summary><div class="wide" tabindex="0" role="region" aria-label="Added up by hour"><table><thead><tr><th scope="col">By the end of the hour from</th><th scope="col">Today</th><th scope="col">Usual</th><th scope="col">Least</th><th scope="col">Most</th></tr></thead><tbody>"#);
        for (hour, place) in (0..24).zip(1_usize..) {
            let at = UnixMillis(self.midnight.0 + hour * HOUR_MS);
            html.put(
                r#"<tr><th scope="row"><time datetime="{}" data-as="hour">{}</time></th>"#,
                &[&stamp(at), &moment(at)],
            );
            for sums in std::iter::once(today).chain(before.iter().map(Vec::as_slice)) {
                let n = sums.get(place).map(|(_, n)| count(*n));
                html.put("<td>{}</td>", &[n.as_deref().unwrap_or("–")]);
            }
            html.markup("</tr>");
        }
        html.markup("</tbody></table></div></details>");
    }
}

/// The mean, as a whole number.
fn mean(numbers: &[i64]) -> Option<i64> {
    let n = i64::try_from(numbers.len()).ok().filter(|n| *n > 0)?;
    Some((numbers.iter().sum::<i64>() + n / 2).div_euclid(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(since: i64, each: &[i64]) -> Vec<(Line, i64)> {
        (0..)
            .zip(each)
            .map(|(hour, n)| {
                let line = Line {
                    hour: UnixMillis(since + hour * HOUR_MS),
                    source: String::new(),
                    release: String::new(),
                    event: String::new(),
                    destination: String::new(),
                    state: State::Accepted,
                    code: String::new(),
                    worker: String::new(),
                };
                (line, *n)
            })
            .collect()
    }

    fn arrivals(today: &[i64], before: &[&[i64]]) -> Arrivals {
        // Half past two in the morning.
        let now = UnixMillis::parse_rfc3339("2026-11-23T02:30:00Z").unwrap();
        let filter = Filter::default();
        let midnight = filter.midnight(now).0;
        let mut days = vec![day(midnight, today)];
        for (week, hours) in (1..).zip(before) {
            days.push(day(midnight - week * 7 * DAY_MS, hours));
        }
        Arrivals::new(&filter, now, &days)
    }

    #[test]
    fn today_is_held_against_the_same_time_of_the_days_before() {
        let of = |today: &[i64], before: &[&[i64]]| {
            let all = arrivals(today, before);
            (all.today(), all.usual(), all.verdict())
        };
        assert_eq!(of(&[], &[]), (0, None, Verdict::Nothing));
        assert_eq!(of(&[3], &[&[0], &[]]), (3, None, Verdict::New));
        let weeks: [&[i64]; 4] = [
            &[10, 10, 20, 99],
            &[12, 10, 20, 99],
            &[8, 10, 20],
            &[10, 10, 20],
        ];
        assert_eq!(of(&[9, 11, 9], &weeks), (29, Some(30), Verdict::Usual));
        assert_eq!(of(&[9, 3, 0], &weeks), (12, Some(30), Verdict::Fewer));
        assert_eq!(of(&[40, 30, 2], &weeks), (72, Some(30), Verdict::More));
        assert_eq!(of(&[], &weeks), (0, Some(30), Verdict::Gone));
        // Six are no reason to wake anybody.
        assert_eq!(of(&[], &[&[3, 3, 0], &[3, 3, 0]]).2, Verdict::Usual);
    }

    #[test]
    fn tests_and_robots_are_no_arrivals() {
        let mut all = arrivals(&[5], &[]);
        assert_eq!(all.today(), 5);
        let now = UnixMillis::parse_rfc3339("2026-11-23T02:30:00Z").unwrap();
        let mut lines = day(all.midnight.0, &[5]);
        let mut apart = lines[0].clone();
        apart.0.state = State::Apart;
        apart.1 = 2;
        lines.push(apart);
        all = Arrivals::new(&Filter::default(), now, &[lines]);
        assert_eq!(all.today(), 3);
    }
}
