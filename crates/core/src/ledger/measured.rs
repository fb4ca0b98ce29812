//! The codes of what is measured beside the law. Each is one of a few, whatever senders and platforms do, so that the ledger's
//! lines stay as many as they are events, destinations and hours.

use serde::{Deserialize, Serialize};

use super::State;
use crate::base::time::{DAY_MS, UnixMillis};

/// The parts that matter, in the order of their letters in a code.
pub const PARTS: [(char, &str); 7] = [
    ('v', "value"),
    ('c', "currency"),
    ('o', "transaction_id"),
    ('i', "items"),
    ('t', "event_time"),
    ('u', "page_url"),
    ('r', "release"),
];

/// The seconds up to which latencies are counted together; a longer one is `more`.
pub const LATENCIES: [u32; 10] = [1, 2, 5, 10, 30, 60, 300, 1_800, 7_200, 86_400];

/// The code of a latency above the last of [`LATENCIES`].
pub const LONGER: &str = "more";

/// The code of the time from receipt to delivery: the seconds that it took at most.
pub(crate) fn latency(received: UnixMillis, delivered: UnixMillis) -> String {
    let taken = delivered.0.saturating_sub(received.0);
    let mut within = LATENCIES.iter();
    let bound = within.find(|seconds| taken <= i64::from(**seconds) * 1000);
    bound.map_or_else(|| LONGER.to_owned(), u32::to_string)
}

/// How far a sender's time may be off before it is told, and the code, the furthest first. What lies more than five minutes
/// ahead is refused.
const SKEWS: [(i64, &str); 4] = [
    (-7 * DAY_MS, "behind_7d"),
    (-DAY_MS, "behind_1d"),
    (-3_600_000, "behind_1h"),
    (60_000, "ahead_1m"),
];

/// The code of how far the sender's time is from that of receipt, at least; nothing where it is as good as the same.
pub(crate) fn skew(said: UnixMillis, received: UnixMillis) -> Option<&'static str> {
    let off = said.0.saturating_sub(received.0);
    let beyond = |bound: i64| {
        if bound < 0 {
            off <= bound
        } else {
            off >= bound
        }
    };
    let found = SKEWS.iter().find(|(bound, _)| beyond(*bound));
    found.map(|(_, code)| *code)
}

/// What an event is counted apart as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Apart {
    /// A test event.
    Test,
    /// A robot's.
    Bot,
}

impl Apart {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Test, Self::Bot];

    /// Its code under the empty destination.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Bot => "bot",
        }
    }

    /// The code of what became of it at a destination.
    pub fn at(self, state: State) -> String {
        [self.as_str(), ":", state.as_str()].concat()
    }
}

/// The code, under [`State::Priced`], of values that are too large to be summed.
pub const TOO_LARGE: &str = "too_large";

/// Stands in a line for a sum that is beyond what can be summed.
pub const NO_SUM: i64 = i64::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_within_and_what_is_beyond_all_of_them_is_more() {
        for (ms, code) in [
            (-5, "1"),
            (0, "1"),
            (1_000, "1"),
            (1_001, "2"),
            (10_001, "30"),
            (86_400_000, "86400"),
            (86_400_001, "more"),
            (i64::MAX, "more"),
        ] {
            assert_eq!(latency(UnixMillis(0), UnixMillis(ms)), code, "{ms}");
        }
    }

    #[test]
    fn a_time_is_off_from_a_minute_ahead_and_an_hour_behind() {
        let now = 1_795_342_531_000;
        for (off, code) in [
            (0, None),
            (59_999, None),
            (60_000, Some("ahead_1m")),
            (-3_599_999, None),
            (-3_600_000, Some("behind_1h")),
            (-DAY_MS, Some("behind_1d")),
            (-7 * DAY_MS + 1, Some("behind_1d")),
            (-7 * DAY_MS, Some("behind_7d")),
            (-now, Some("behind_7d")),
        ] {
            assert_eq!(skew(UnixMillis(now + off), UnixMillis(now)), code, "{off}");
        }
    }
}
