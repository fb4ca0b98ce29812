//! Withdrawals of consent: kept by the ledger, heeded by whoever sends.

use serde_json::Value;

use crate::base::members::{Members, list_of};
use crate::base::table::Table;
use crate::base::time::{DAY_MS, UnixMillis};

/// What was withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawn {
    /// An event, by its id: every copy of it, whenever it comes.
    Event,
    /// A visitor, by the mark: everything that was received until then. What comes later brings its own consent.
    Visitor,
}

impl Withdrawn {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Event, Self::Visitor];

    /// Its name in the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Visitor => "visitor",
        }
    }

    /// How long it is kept, in milliseconds. A copy of an event may come for as long as ids are remembered, which is 90 days
    /// at most. What was received may be on its way for 16 days, and for 30 more in quarantine.
    pub const fn kept_ms(self) -> i64 {
        match self {
            Self::Event => 100 * DAY_MS,
            Self::Visitor => 50 * DAY_MS,
        }
    }
}

/// The withdrawals that one process has heard of.
///
/// What it has heard may be gone by for [`LEASE_MS`](Self::LEASE_MS), counted from when it asked. A withdrawal is
/// acknowledged when as much has passed since it was booked. So everybody who sends knows of it by then, and nobody has to
/// ask before each request.
///
/// While the ledger is away nothing is acknowledged, so what was heard shortly before is as good as all there is to hear, but
/// for what was acknowledged in between. It is gone by for [`AWAY_MS`](Self::AWAY_MS). After that, and where nothing was ever
/// heard, the events wait.
#[derive(Debug, Default)]
pub struct Withdrawals {
    /// The number of the last one.
    version: i64,
    heard: Option<UnixMillis>,
    /// The ledger did not answer since.
    away: bool,
    /// By kind, source and id: when.
    all: Table<String, UnixMillis>,
}

impl Withdrawals {
    /// For how long what was heard may be gone by, in milliseconds.
    pub const LEASE_MS: i64 = 3000;
    /// The same while the ledger is away.
    pub const AWAY_MS: i64 = 60_000;
    /// How many are kept. All of them go to whoever has heard of none yet, in one answer.
    pub const MOST: usize = 20_000;

    /// None.
    pub const fn new() -> Self {
        Self {
            version: 0,
            heard: None,
            away: false,
            all: Table::new(),
        }
    }

    /// The number of the last one that was heard of.
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Until when what was heard may be gone by; nothing where nothing was heard.
    pub fn until(&self) -> Option<UnixMillis> {
        let lasts = if self.away {
            Self::AWAY_MS
        } else {
            Self::LEASE_MS
        };
        self.heard.map(|heard| UnixMillis(heard.0 + lasts))
    }

    /// Whether what was heard may still be gone by.
    pub fn fresh(&self, now: UnixMillis) -> bool {
        self.until().is_some_and(|until| now < until)
    }

    /// The ledger was asked and did not answer.
    pub const fn miss(&mut self) {
        self.away = true;
    }

    /// Takes the ledger's answer: those since [`version`](Self::version), and the number of the last one. `asked` is when the
    /// question went out. Whether it was an answer.
    pub fn hear(&mut self, answer: Value, asked: UnixMillis) -> bool {
        self.read(answer, asked).is_some()
    }

    fn read(&mut self, answer: Value, asked: UnixMillis) -> Option<()> {
        let mut of = Members::of(answer)?;
        let version = of.whole("version")?;
        let news = list_of(of.take("withdrawn")?, |row| {
            let mut of = Members::of(row)?;
            let (kind, source, id) = (of.text("kind")?, of.text("source")?, of.text("id")?);
            Some((key(&kind, &source, &id), of.time("at")?))
        })?;
        // An older state of the ledger was restored, and it has told all of it.
        if version < self.version {
            self.all = Table::new();
        }
        if !news.is_empty() {
            let known = std::mem::take(&mut self.all).into_iter();
            let longest = Withdrawn::Event.kept_ms();
            self.all = known
                .filter(|(_, at)| asked.0 - at.0 < longest)
                .chain(news)
                .collect();
        }
        self.version = version;
        self.heard = Some(asked);
        self.away = false;
        Some(())
    }

    /// Whether an event must not be sent. `visitor` is the visitor's mark.
    pub fn cover(
        &self,
        source: &str,
        event_id: &str,
        visitor: Option<&str>,
        received: UnixMillis,
    ) -> bool {
        if self.all.is_empty() {
            return false;
        }
        let find = |of: Withdrawn, id| self.all.get(key(of.as_str(), source, id).as_str());
        find(Withdrawn::Event, event_id).is_some()
            || visitor
                .and_then(|mark| find(Withdrawn::Visitor, mark))
                .is_some_and(|at| received <= *at)
    }
}

/// Names of sources and kinds have no line breaks.
fn key(kind: &str, source: &str, id: &str) -> String {
    [kind, source, id].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(version: i64, rows: &[(&str, &str, i64)]) -> Value {
        let rows: Vec<Value> = rows
            .iter()
            .map(|(kind, id, at)| json!({"kind": kind, "source": "shop", "id": id, "at": at}))
            .collect();
        json!({"version": version, "withdrawn": rows})
    }

    #[test]
    fn an_event_is_covered_for_good_and_a_visitor_until_then() {
        let mut all = Withdrawals::new();
        assert!(!all.cover("shop", "o-1", Some("m"), UnixMillis(0)));
        assert!(all.hear(
            answer(2, &[("event", "o-1", 50), ("visitor", "m", 50)]),
            UnixMillis(60)
        ));
        assert_eq!(
            (all.version(), all.until()),
            (2, Some(UnixMillis(60 + Withdrawals::LEASE_MS)))
        );
        for (source, id, visitor, received, covered) in [
            ("shop", "o-1", None, 1_000_000, true),
            ("other", "o-1", None, 0, false),
            ("shop", "o-2", None, 0, false),
            ("shop", "o-2", Some("m"), 50, true),
            ("shop", "o-2", Some("m"), 51, false),
            ("other", "o-2", Some("m"), 0, false),
            // An id is no mark, and a mark no id.
            ("shop", "m", Some("o-1"), 0, false),
        ] {
            let found = all.cover(source, id, visitor, UnixMillis(received));
            assert_eq!(found, covered, "{source} {id} {visitor:?} {received}");
        }
        // Withdrawn again, later.
        assert!(all.hear(answer(3, &[("visitor", "m", 90)]), UnixMillis(95)));
        assert!(all.cover("shop", "o-2", Some("m"), UnixMillis(90)));
        assert!(all.cover("shop", "o-1", None, UnixMillis(90)));
    }

    #[test]
    fn what_is_no_answer_changes_nothing_and_an_older_ledger_begins_anew() {
        let mut all = Withdrawals::new();
        assert!(all.hear(answer(7, &[("event", "o-1", 50)]), UnixMillis(60)));
        for wrong in [
            json!(null),
            json!({}),
            json!({"version": 8}),
            json!({"version": 8, "withdrawn": [{"kind": "event"}]}),
        ] {
            assert!(!all.hear(wrong, UnixMillis(70)));
        }
        assert_eq!(
            (all.version(), all.until()),
            (7, Some(UnixMillis(60 + Withdrawals::LEASE_MS)))
        );
        assert!(all.hear(answer(3, &[("event", "o-2", 50)]), UnixMillis(80)));
        assert!(!all.cover("shop", "o-1", None, UnixMillis(0)));
        assert!(all.cover("shop", "o-2", None, UnixMillis(0)));
        // What is too old to matter goes with the next news.
        let late = UnixMillis(50 + Withdrawn::Event.kept_ms());
        assert!(all.hear(answer(4, &[("event", "o-3", late.0)]), late));
        assert!(!all.cover("shop", "o-2", None, UnixMillis(0)));
        assert!(all.cover("shop", "o-3", None, UnixMillis(0)));
    }

    #[test]
    fn what_was_heard_lasts_longer_while_the_ledger_is_away_and_not_for_long() {
        let mut all = Withdrawals::new();
        all.miss();
        assert!(!all.fresh(UnixMillis(0)));
        assert!(all.hear(answer(1, &[]), UnixMillis(0)));
        for (away, lasts) in [(false, Withdrawals::LEASE_MS), (true, Withdrawals::AWAY_MS)] {
            if away {
                all.miss();
            }
            assert!(all.fresh(UnixMillis(lasts - 1)) && !all.fresh(UnixMillis(lasts)));
        }
        assert!(all.hear(answer(1, &[]), UnixMillis(10)));
        assert!(!all.fresh(UnixMillis(10 + Withdrawals::LEASE_MS)));
    }
}
