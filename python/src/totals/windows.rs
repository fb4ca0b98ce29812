//! Days that belong together, and the days of instants in a time zone.

use edgetally_core::metrics::windows::{WeekStart, Window as Calendar};
use pyo3::prelude::*;

use crate::problem::{Code, Problem};

const DAY_MICROS: i64 = 86_400_000_000;

/// Days that belong together.
#[derive(Clone, Copy, Debug)]
pub(super) enum Window {
    Calendar(Calendar),
    /// So many days each, counted from Monday, 1970-01-05.
    Days(i64),
    /// All days together.
    All,
}

impl Window {
    pub(super) fn parse(name: &str, argument: i64) -> PyResult<Self> {
        Ok(Self::Calendar(match name {
            "day" => Calendar::Day,
            "week" if argument == 6 => Calendar::Week(WeekStart::Sunday),
            "week" => Calendar::Week(WeekStart::Monday),
            "month" => Calendar::Month,
            "quarter" => Calendar::Quarter,
            "year" => Calendar::Year,
            "days" if argument > 0 => return Ok(Self::Days(argument)),
            "all" => return Ok(Self::All),
            _ => {
                return Err(Problem::new(
                    Code::WrongType,
                    "window is none of day, week, month, quarter, year, and no number of days from 1",
                )
                .into());
            }
        }))
    }

    /// First day, and the day after the last.
    pub(super) fn around(self, day: i64) -> (i64, i64) {
        match self {
            // Days so far out that the calendar refuses them stay by themselves.
            Self::Calendar(calendar) => calendar
                .around(day)
                .map_or((day, day + 1), |span| (span.start, span.end)),
            Self::All => (0, i64::MAX),
            Self::Days(length) => {
                let start = day - (day - 4).rem_euclid(length);
                (start, start + length)
            }
        }
    }
}

/// From instants to days in a time zone: since when (in microseconds of UTC) which offset holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Zone {
    pub(super) since: Vec<i64>,
    pub(super) offset: Vec<i64>,
}

impl Zone {
    /// The day of an instant; `at` remembers the last change of clocks, since rows come mostly in order.
    #[inline]
    pub(super) fn day(&self, micros: i64, at: &mut usize) -> i64 {
        if self.offset.is_empty() {
            return micros.div_euclid(DAY_MICROS);
        }
        let fits = |at: usize| {
            self.since
                .get(at)
                .is_none_or(|since| *since <= micros || at == 0)
                && self.since.get(at + 1).is_none_or(|next| micros < *next)
        };
        if !fits(*at) {
            *at = self
                .since
                .partition_point(|since| *since <= micros)
                .saturating_sub(1);
        }
        let offset = self.offset.get(*at).copied().unwrap_or(0);
        micros.saturating_add(offset).div_euclid(DAY_MICROS)
    }
}
