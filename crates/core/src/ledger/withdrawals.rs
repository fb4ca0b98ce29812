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
/// What it has heard may be relied on for [`LEASE_MS`](Self::LEASE_MS), counted from when it asked. A withdrawal is
/// acknowledged [`ACKNOWLEDGED_MS`](Self::ACKNOWLEDGED_MS) after it was booked. So everybody who sends knows of it by then,
/// and nobody has to ask before each request.
///
/// While the ledger is away nothing is acknowledged, so what was heard before is as good as all there is to hear: it is relied
/// on until the ledger is asked again, a lease after it did not answer, and for [`AWAY_MS`](Self::AWAY_MS) in all. After that,
/// and where nothing was ever heard, the events wait.
#[derive(Debug, Default)]
pub struct Withdrawals {
    /// The number of the last one.
    version: i64,
    heard: Option<UnixMillis>,
    /// When it was asked since, and did not answer.
    missed: Option<UnixMillis>,
    /// By kind, source and id: when.
    all: Table<String, UnixMillis>,
}

impl Withdrawals {
    /// For how long what was heard may be relied on, in milliseconds.
    pub const LEASE_MS: i64 = 3000;
    /// How long after it was booked a withdrawal is acknowledged: longer than that, since a runtime's clock stands still while it
    /// computes, and a request that was given out may have to wait for a connection.
    pub const ACKNOWLEDGED_MS: i64 = 4000;
    /// The same as the lease, of a ledger that is away and asked once a lease.
    pub const AWAY_MS: i64 = 60_000;
    /// How many are kept. All of them go to whoever has heard of none yet, in one answer.
    pub const MOST: i64 = 20_000;

    /// Whether there is room for `more` of a source, where so many are `kept` of each. One half of the room is shared out
    /// evenly among the `sources`, so that none can keep another from withdrawing; the other half is for whoever needs more.
    ///
    /// ```
    /// use edgetally_core::ledger::Withdrawals;
    /// let kept = [("loud".to_owned(), 15_000), ("quiet".to_owned(), 4_999)];
    /// assert!(!Withdrawals::has_room("loud", 1, 2, &kept));
    /// assert!(Withdrawals::has_room("quiet", 1, 2, &kept));
    /// ```
    pub fn has_room(source: &str, more: i64, sources: i64, kept: &[(String, i64)]) -> bool {
        let known = kept.iter().any(|(name, _)| name == source);
        let there = i64::try_from(kept.len()).unwrap_or(i64::MAX) + i64::from(!known);
        let share = Self::MOST / 2 / sources.max(there);
        let (mut own, mut beyond) = (more, 0);
        for (name, n) in kept {
            if name == source {
                own += n;
            } else {
                beyond += (n - share).max(0);
            }
        }
        own <= share || beyond + own - share <= Self::MOST / 2
    }

    /// None.
    pub const fn new() -> Self {
        Self {
            version: 0,
            heard: None,
            missed: None,
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

    /// Until when what was heard may be relied on; nothing where nothing was heard.
    pub fn until(&self) -> Option<UnixMillis> {
        let heard = self.heard?;
        Some(UnixMillis(match self.missed {
            None => heard.0 + Self::LEASE_MS,
            Some(missed) => (missed.0 + Self::LEASE_MS).min(heard.0 + Self::AWAY_MS),
        }))
    }

    /// Whether what was heard may still be relied on.
    pub fn fresh(&self, now: UnixMillis) -> bool {
        self.until().is_some_and(|until| now < until)
    }

    /// The ledger was asked then, and did not answer. A later question may have been answered meanwhile.
    pub fn miss(&mut self, asked: UnixMillis) {
        if self.heard.is_none_or(|heard| heard < asked) {
            self.missed = self.missed.max(Some(asked));
        }
    }

    /// Takes the ledger's answer: those since `since`, which was the [`version`](Self::version) when the question went out at
    /// `asked`, and the number of the last one. Whether it was an answer.
    pub fn hear(&mut self, since: i64, answer: Value, asked: UnixMillis) -> bool {
        self.read(since, answer, asked).is_some()
    }

    fn read(&mut self, since: i64, answer: Value, asked: UnixMillis) -> Option<()> {
        let mut of = Members::of(answer)?;
        let version = of.whole("version")?;
        let news = list_of(of.take("withdrawn")?, |row| {
            let mut of = Members::of(row)?;
            let (kind, source, id) = (of.text("kind")?, of.text("source")?, of.text("id")?);
            Some((key(&kind, &source, &id), of.time("at")?))
        })?;
        // An older state of the ledger was restored, and it has told all of it.
        let restored = version < since;
        if restored {
            self.all = Table::new();
        }
        // The answer to a question that went out with this one came first, and has told as much and more.
        if !restored && version < self.version {
            return Some(());
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
        self.heard = self.heard.max(Some(asked));
        if self.missed <= self.heard {
            self.missed = None;
        }
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
            all.version(),
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
        assert!(all.hear(
            all.version(),
            answer(3, &[("visitor", "m", 90)]),
            UnixMillis(95)
        ));
        assert!(all.cover("shop", "o-2", Some("m"), UnixMillis(90)));
        assert!(all.cover("shop", "o-1", None, UnixMillis(90)));
    }

    #[test]
    fn what_is_no_answer_changes_nothing_and_an_older_ledger_begins_anew() {
        let mut all = Withdrawals::new();
        assert!(all.hear(
            all.version(),
            answer(7, &[("event", "o-1", 50)]),
            UnixMillis(60)
        ));
        for wrong in [
            json!(null),
            json!({}),
            json!({"version": 8}),
            json!({"version": 8, "withdrawn": [{"kind": "event"}]}),
        ] {
            assert!(!all.hear(all.version(), wrong, UnixMillis(70)));
        }
        assert_eq!(
            (all.version(), all.until()),
            (7, Some(UnixMillis(60 + Withdrawals::LEASE_MS)))
        );
        assert!(all.hear(
            all.version(),
            answer(3, &[("event", "o-2", 50)]),
            UnixMillis(80)
        ));
        assert!(!all.cover("shop", "o-1", None, UnixMillis(0)));
        assert!(all.cover("shop", "o-2", None, UnixMillis(0)));
        // What is too old to matter goes with the next news.
        let late = UnixMillis(50 + Withdrawn::Event.kept_ms());
        assert!(all.hear(all.version(), answer(4, &[("event", "o-3", late.0)]), late));
        assert!(!all.cover("shop", "o-2", None, UnixMillis(0)));
        assert!(all.cover("shop", "o-3", None, UnixMillis(0)));
    }

    #[test]
    fn a_source_has_its_share_whatever_the_others_do_and_all_of_the_room_where_it_is_alone() {
        let kept = |all: &[(&str, i64)]| -> Vec<(String, i64)> {
            all.iter()
                .map(|(name, n)| ((*name).to_owned(), *n))
                .collect()
        };
        let room = Withdrawals::has_room;
        assert!(room("a", 1, 1, &[]));
        assert!(room("a", 1, 1, &kept(&[("a", Withdrawals::MOST - 1)])));
        assert!(!room("a", 1, 1, &kept(&[("a", Withdrawals::MOST)])));
        assert!(!room("a", 2, 1, &kept(&[("a", Withdrawals::MOST - 1)])));
        // Of four, each has 2,500 and what is left of 10,000.
        let loud = kept(&[("a", 12_500)]);
        assert!(!room("a", 1, 4, &loud));
        for quiet in ["b", "c", "d"] {
            assert!(room(quiet, 2_500, 4, &loud), "{quiet}");
            assert!(!room(quiet, 2_501, 4, &loud), "{quiet}");
        }
        let even = kept(&[("a", 7_500), ("b", 5_000)]);
        assert!(room("a", 2_500, 4, &even) && !room("a", 2_501, 4, &even));
        // A source that the settings no longer have takes its room until they are forgotten.
        let gone = kept(&[("gone", 15_000)]);
        assert!(room("a", 5_000, 1, &gone) && !room("a", 5_001, 1, &gone));
    }

    #[test]
    fn an_answer_that_was_overtaken_takes_nothing_back() {
        let mut all = Withdrawals::new();
        assert!(all.hear(0, answer(5, &[("event", "o-1", 50)]), UnixMillis(60)));
        // Two questions go out with the same version, and the later state comes first.
        let (first, second) = (
            answer(6, &[("event", "o-2", 70)]),
            answer(7, &[("event", "o-2", 70), ("event", "o-3", 80)]),
        );
        assert!(all.hear(5, second, UnixMillis(90)));
        assert!(all.hear(5, first, UnixMillis(85)));
        assert_eq!(
            (all.version(), all.until()),
            (7, Some(UnixMillis(90 + Withdrawals::LEASE_MS)))
        );
        for id in ["o-1", "o-2", "o-3"] {
            assert!(all.cover("shop", id, None, UnixMillis(0)), "{id}");
        }
    }

    #[test]
    fn a_ledger_that_is_away_is_asked_every_few_seconds_and_not_relied_on_for_long() {
        let (lease, away) = (Withdrawals::LEASE_MS, Withdrawals::AWAY_MS);
        let mut all = Withdrawals::new();
        all.miss(UnixMillis(0));
        assert!(!all.fresh(UnixMillis(0)));
        assert!(all.hear(0, answer(1, &[]), UnixMillis(10)));
        assert_eq!(all.until(), Some(UnixMillis(10 + lease)));
        all.miss(UnixMillis(10 + lease));
        assert_eq!(all.until(), Some(UnixMillis(10 + 2 * lease)));
        all.miss(UnixMillis(10 + away - 1));
        assert_eq!(all.until(), Some(UnixMillis(10 + away)));
        assert!(!all.fresh(UnixMillis(10 + away)));
        // It is back; a question of before that failed late says nothing.
        assert!(all.hear(1, answer(1, &[]), UnixMillis(10 + away)));
        all.miss(UnixMillis(10 + lease));
        assert_eq!(all.until(), Some(UnixMillis(10 + away + lease)));
    }
}
