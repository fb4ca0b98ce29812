//! Days, weeks, months: windows of time that can be compared.
//!
//! A day is a number, counted from 1970-01-01, in whatever time zone the caller keeps its days; a [`Span`] holds its start and
//! not its end. So two spans that touch share no day, and a week of hours changed for summer time is still seven days.
//!
//! ```
//! use edgetally_core::metrics::windows::{Date, WeekStart, Window};
//!
//! let day = Date::new(2026, 1, 1).unwrap().day();
//! let week = Window::Week(WeekStart::Monday).around(day).unwrap();
//! assert_eq!(week.start_date().to_string(), "2025-12-29");
//! assert_eq!(week.last_date().to_string(), "2026-01-04");
//! assert_eq!(Window::Week(WeekStart::Monday).label(day).unwrap(), "2026-W01");
//! assert!(week.is_complete(week.end) && !week.is_complete(week.end - 1));
//! assert!(week.is_mature(week.end + 7, 7)); // a week later the late conversions are in
//! ```

use core::fmt;

use super::domain::{DomainError, Rule};

/// Days are kept within this many of 1970, some 2.7 million years either way, so that no sum can overflow.
const MOST_DAYS: i64 = 1_000_000_000;

const OUT_OF_RANGE: Rule = Rule::Other("out_of_range", "is more than 10^9 days from 1970-01-01");

/// The first day of a week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeekStart {
    /// ISO 8601.
    #[default]
    Monday,
    /// As in the United States.
    Sunday,
}

/// A day of the Gregorian calendar, also before there was one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// The year; 0 is the year before 1.
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

impl Date {
    /// A date that exists.
    pub fn new(year: i64, month: u8, day: u8) -> Option<Self> {
        let date = Self { year, month, day };
        let near = (-2_000_000..=2_000_000).contains(&year);
        (near && Self::from_day(date.day()) == date).then_some(date)
    }

    /// The date of a day counted from 1970-01-01.
    pub fn from_day(day: i64) -> Self {
        // Years begin in March, so that the day that comes and goes is their last, and repeat after 400.
        let day = day.clamp(-MOST_DAYS, MOST_DAYS) + 719_468;
        let era = day.div_euclid(146_097);
        let of_era = day.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        // Five months from March on have 153 days, and so have the next five.
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 {
            from_march + 3
        } else {
            from_march - 9
        };
        let small = |number: i64| u8::try_from(number).unwrap_or(1);
        Self {
            year: era * 400 + year_of_era + i64::from(month <= 2),
            month: small(month),
            day: small(day),
        }
    }

    /// How many days after 1970-01-01.
    pub fn day(self) -> i64 {
        let month = i64::from(self.month);
        let year = self.year.clamp(-3_000_000, 3_000_000) - i64::from(month <= 2);
        let from_march = (month + 9).rem_euclid(12);
        let of_year = (153 * from_march + 2) / 5 + i64::from(self.day) - 1;
        let of_era = year.rem_euclid(400);
        let days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
        year.div_euclid(400) * 146_097 + days - 719_468
    }

    const fn quarter(self) -> u8 {
        (self.month.saturating_sub(1)) / 3 + 1
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// Which days belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Every day by itself.
    Day,
    /// Seven days.
    Week(WeekStart),
    /// A month of the calendar.
    Month,
    /// Three months of the calendar.
    Quarter,
    /// A year of the calendar.
    Year,
    /// The day and those before it, so many in all.
    Rolling(u32),
}

impl Window {
    /// The window that a day lies in.
    ///
    /// # Errors
    /// A day further than 10^9 from 1970, and a rolling window of no days.
    pub fn around(self, day: i64) -> Result<Span, DomainError> {
        check_day("date", day)?;
        let date = Date::from_day(day);
        let first = |year, month| {
            Date {
                year,
                month,
                day: 1,
            }
            .day()
        };
        Ok(match self {
            Self::Day => Span::new(day, day + 1),
            Self::Week(start) => {
                // 1970-01-01 was a Thursday.
                let into = match start {
                    WeekStart::Monday => (day + 3).rem_euclid(7),
                    WeekStart::Sunday => (day + 4).rem_euclid(7),
                };
                Span::new(day - into, day - into + 7)
            }
            Self::Month => {
                let (year, month) = match date.month {
                    12 => (date.year + 1, 1),
                    month => (date.year, month + 1),
                };
                Span::new(first(date.year, date.month), first(year, month))
            }
            Self::Quarter => {
                let start = date.quarter() * 3 - 2;
                let (year, month) = match start {
                    10 => (date.year + 1, 1),
                    month => (date.year, month + 3),
                };
                Span::new(first(date.year, start), first(year, month))
            }
            Self::Year => Span::new(first(date.year, 1), first(date.year + 1, 1)),
            Self::Rolling(0) => {
                return Err(DomainError::scalar("rolling", Rule::PositiveCount, 0.0));
            }
            Self::Rolling(days) => Span::new(day + 1 - i64::from(days), day + 1),
        })
    }

    /// The window's name: `2026-11-22`, `2026-W47`, `2026-11`, `2026-Q4`, `2026`. Weeks that begin on Sunday have no number
    /// that everybody agrees on, and rolling windows have none at all: they are named by their first and last day.
    ///
    /// # Errors
    /// As [`Self::around`].
    pub fn label(self, day: i64) -> Result<String, DomainError> {
        let span = self.around(day)?;
        let date = Date::from_day(day);
        Ok(match self {
            Self::Day => date.to_string(),
            Self::Week(WeekStart::Monday) => {
                // A week belongs to the year of its Thursday.
                let thursday = span.start + 3;
                let year = Date::from_day(thursday).year;
                let new_year = Date {
                    year,
                    month: 1,
                    day: 1,
                }
                .day();
                format!("{year:04}-W{:02}", (thursday - new_year) / 7 + 1)
            }
            Self::Month => format!("{:04}-{:02}", date.year, date.month),
            Self::Quarter => format!("{:04}-Q{}", date.year, date.quarter()),
            Self::Year => format!("{:04}", date.year),
            Self::Week(WeekStart::Sunday) | Self::Rolling(_) => {
                format!("{}/{}", span.start_date(), span.last_date())
            }
        })
    }
}

fn check_day(argument: &'static str, day: i64) -> Result<(), DomainError> {
    if (-MOST_DAYS..=MOST_DAYS).contains(&day) {
        Ok(())
    } else {
        Err(DomainError::scalar(argument, OUT_OF_RANGE, day as f64))
    }
}

/// Days from a start, which belongs to it, to an end, which does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first day.
    pub start: i64,
    /// The day after the last.
    pub end: i64,
}

impl Span {
    const fn new(start: i64, end: i64) -> Self {
        Self { start, end }
    }

    /// Days from `start` up to `end`, without it.
    ///
    /// # Errors
    /// An end that is not after the start; a day further than 10^9 from 1970.
    pub fn between(start: i64, end: i64) -> Result<Self, DomainError> {
        check_day("start", start)?;
        check_day("end", end)?;
        if end <= start {
            return Err(DomainError::scalar(
                "end",
                Rule::Other("not_after", "is not after start"),
                end as f64,
            ));
        }
        Ok(Self::new(start, end))
    }

    /// How many days it has.
    pub const fn n_days(self) -> i64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether a day belongs to it.
    pub const fn contains(self, day: i64) -> bool {
        self.start <= day && day < self.end
    }

    /// The first day.
    pub fn start_date(self) -> Date {
        Date::from_day(self.start)
    }

    /// The last day, which is the one before [`Self::end`].
    pub fn last_date(self) -> Date {
        Date::from_day(self.end.saturating_sub(1))
    }

    /// Whether all of its days are over when `today` is not.
    pub const fn is_complete(self, today: i64) -> bool {
        today >= self.end
    }

    /// Whether data that reach over these days reach over all of its own.
    pub const fn is_covered_by(self, data: Self) -> bool {
        data.start <= self.start && self.end <= data.end
    }

    /// Whether conversions that come `lag_days` after the click have come for its last day too: `today - end >= lag`.
    pub const fn is_mature(self, today: i64, lag_days: i64) -> bool {
        today.saturating_sub(self.end) >= lag_days
    }

    /// Refuses to compare windows of different length, unless that is wanted: 31 days beat 28 without doing anything.
    ///
    /// # Errors
    /// Different lengths, when a mismatch is not allowed.
    pub fn compare(self, other: Self, allow_mismatch: bool) -> Result<(), DomainError> {
        if allow_mismatch || self.n_days() == other.n_days() {
            return Ok(());
        }
        Err(DomainError::scalar(
            "n_days",
            Rule::Other(
                "window_mismatch",
                "is not the other window's length: allow_mismatch compares them all the same",
            ),
            other.n_days() as f64,
        ))
    }
}
