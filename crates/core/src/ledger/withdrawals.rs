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

/// The withdrawals that one process has heard of, and for how long it may rely on that.
///
/// Nobody asks before each request. Instead the ledger's answer may be relied on for a lease, and a withdrawal is
/// acknowledged when every lease is over that was given before it was booked: whoever sends after that has asked again, and
/// been told. Three rules make it hold, whatever takes how long and however clocks differ:
///
/// - The sender counts the lease from when it *asked*, by its own clock. The ledger counts from when it answers, which is
///   later, so that the ledger's end of it is never before the sender's. No time of one clock is compared with another's.
/// - The ledger gives the lease, and whoever asks relies on no more than what the answer says. One of an earlier release says
///   nothing, and means [`LEASE_MS`](Self::LEASE_MS).
/// - A lease that is longer than that is written down before it is given: a ledger that is started anew would not know of
///   it. The shortest is not, since every withdrawal waits that long anyway; so nothing is written while all is well.
///
/// An answer that takes longer than its lease is no use to anybody, and with one length for all a ledger of four seconds
/// would end all sending. So a sender wants [three times](Self::wanted) what the last answer took, which leaves two thirds
/// of it for sending. What a withdrawal's sender waits for grows with it, and must not grow beyond what the sender's own
/// HTTP client waits: [`MOST_LEASE_MS`](Self::MOST_LEASE_MS). A ledger that is slower still is as good as away.
///
/// While the ledger is away nothing is acknowledged, so what was heard before is as good as all there is to hear: it is relied
/// on until the ledger is asked again, a lease after it failed, and for [`AWAY_MS`](Self::AWAY_MS) in all. After that,
/// and where nothing was ever heard, the events wait.
#[derive(Debug, Default)]
pub struct Withdrawals {
    /// The number of the last one.
    version: i64,
    /// When the last question went out that was answered.
    heard: Option<UnixMillis>,
    /// Until when what was heard may be relied on.
    leased: UnixMillis,
    /// How long the last answer took, in milliseconds.
    took: i64,
    /// A question since, that was not answered.
    missed: Option<Missed>,
    /// By kind, source and id: when.
    all: Table<String, UnixMillis>,
}

/// A question that the ledger did not answer.
#[derive(Debug, Clone, Copy)]
struct Missed {
    asked: UnixMillis,
    /// When that was known.
    failed: UnixMillis,
}

impl Withdrawals {
    /// For how long what was heard may be relied on, in milliseconds: at least.
    pub const LEASE_MS: i64 = 3000;
    /// And at most: enough for a ledger that takes ten seconds.
    pub const MOST_LEASE_MS: i64 = 30_000;
    /// What a withdrawal waits beyond the last lease, since a runtime's clock stands still while it computes, and a request
    /// that was given out may have to wait for a connection.
    const BEYOND_MS: i64 = 1000;
    /// For how long in all what was heard is relied on while the ledger is away.
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
            leased: UnixMillis(0),
            took: 0,
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

    /// The lease that the next question is to ask for, in milliseconds.
    pub fn wanted(&self) -> i64 {
        Self::granted(Some(self.took.saturating_mul(3)))
    }

    /// The lease that the ledger gives to whoever wants one of that length.
    pub fn granted(wanted: Option<i64>) -> i64 {
        let wanted = wanted.unwrap_or(Self::LEASE_MS);
        wanted.clamp(Self::LEASE_MS, Self::MOST_LEASE_MS)
    }

    /// How long after it was booked a withdrawal is acknowledged, in milliseconds. `leased` is until when the longest lease
    /// goes that the ledger has written down.
    pub fn acknowledged_after(leased: UnixMillis, booked: UnixMillis) -> i64 {
        // A clock that was set back must not keep anybody waiting for good.
        let longest = Self::granted(Some(leased.0.saturating_sub(booked.0)));
        longest + Self::BEYOND_MS
    }

    /// Until when what was heard may be relied on; nothing where nothing was heard.
    pub fn until(&self) -> Option<UnixMillis> {
        let heard = self.heard?;
        let away = |missed: Missed| {
            UnixMillis((missed.failed.0 + Self::LEASE_MS).min(heard.0 + Self::AWAY_MS))
        };
        Some(
            self.missed
                .map_or(self.leased, |missed| self.leased.max(away(missed))),
        )
    }

    /// Whether what was heard may still be relied on.
    pub fn fresh(&self, now: UnixMillis) -> bool {
        self.until().is_some_and(|until| now < until)
    }

    /// The ledger was asked at `asked`, and it is known now that there is no answer. A later question may have been answered
    /// meanwhile.
    pub fn miss(&mut self, asked: UnixMillis, now: UnixMillis) {
        let later = |missed: Missed| missed.asked <= asked;
        if self.heard.is_none_or(|heard| heard < asked) && self.missed.is_none_or(later) {
            self.missed = Some(Missed { asked, failed: now });
        }
    }

    /// Takes the ledger's answer, which came now: those since `since`, which was the [`version`](Self::version) when the
    /// question went out at `asked`, the number of the last one, and the lease. Whether it was an answer.
    pub fn hear(&mut self, since: i64, answer: Value, asked: UnixMillis, now: UnixMillis) -> bool {
        let heard = self.read(since, answer, asked).is_some();
        if heard {
            self.took = now.0 - asked.0;
        }
        heard
    }

    fn read(&mut self, since: i64, answer: Value, asked: UnixMillis) -> Option<()> {
        let mut of = Members::of(answer)?;
        let version = of.whole("version")?;
        let lease: i64 = of.whole("lease").unwrap_or(Self::LEASE_MS);
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
        // Every lease that was given is waited for, so the one that ends last counts.
        self.leased = self.leased.max(UnixMillis(asked.0 + lease));
        if self
            .missed
            .is_some_and(|missed| Some(missed.asked) <= self.heard)
        {
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

    /// Hears an answer that takes no time.
    fn hear(all: &mut Withdrawals, answer: Value, at: i64) -> bool {
        let since = all.version();
        all.hear(since, answer, UnixMillis(at), UnixMillis(at))
    }

    #[test]
    fn an_event_is_covered_for_good_and_a_visitor_until_then() {
        let mut all = Withdrawals::new();
        assert!(!all.cover("shop", "o-1", Some("m"), UnixMillis(0)));
        assert!(hear(
            &mut all,
            answer(2, &[("event", "o-1", 50), ("visitor", "m", 50)]),
            60
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
        assert!(hear(&mut all, answer(3, &[("visitor", "m", 90)]), 95));
        assert!(all.cover("shop", "o-2", Some("m"), UnixMillis(90)));
        assert!(all.cover("shop", "o-1", None, UnixMillis(90)));
    }

    #[test]
    fn what_is_no_answer_changes_nothing_and_an_older_ledger_begins_anew() {
        let mut all = Withdrawals::new();
        assert!(hear(&mut all, answer(7, &[("event", "o-1", 50)]), 60));
        for wrong in [
            json!(null),
            json!({}),
            json!({"version": 8}),
            json!({"version": 8, "withdrawn": [{"kind": "event"}]}),
        ] {
            assert!(!hear(&mut all, wrong, 70));
        }
        assert_eq!(
            (all.version(), all.until()),
            (7, Some(UnixMillis(60 + Withdrawals::LEASE_MS)))
        );
        assert!(hear(&mut all, answer(3, &[("event", "o-2", 50)]), 80));
        assert!(!all.cover("shop", "o-1", None, UnixMillis(0)));
        assert!(all.cover("shop", "o-2", None, UnixMillis(0)));
        // What is too old to matter goes with the next news.
        let late = UnixMillis(50 + Withdrawn::Event.kept_ms());
        assert!(hear(
            &mut all,
            answer(4, &[("event", "o-3", late.0)]),
            late.0
        ));
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
        assert!(hear(&mut all, answer(5, &[("event", "o-1", 50)]), 60));
        // Two questions go out with the same version, and the later state comes first.
        let (first, second) = (
            answer(6, &[("event", "o-2", 70)]),
            answer(7, &[("event", "o-2", 70), ("event", "o-3", 80)]),
        );
        assert!(all.hear(5, second, UnixMillis(90), UnixMillis(90)));
        assert!(all.hear(5, first, UnixMillis(85), UnixMillis(91)));
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
        let miss = |all: &mut Withdrawals, asked, now| all.miss(UnixMillis(asked), UnixMillis(now));
        miss(&mut all, 0, 0);
        assert!(!all.fresh(UnixMillis(0)));
        assert!(hear(&mut all, answer(1, &[]), 10));
        assert_eq!(all.until(), Some(UnixMillis(10 + lease)));
        // It may take long to say nothing.
        miss(&mut all, 10 + lease, 10 + 4 * lease);
        assert_eq!(all.until(), Some(UnixMillis(10 + 5 * lease)));
        // A question of before that failed later says nothing new.
        miss(&mut all, 11, 10 + 5 * lease);
        assert_eq!(all.until(), Some(UnixMillis(10 + 5 * lease)));
        miss(&mut all, 9 + away, 10 + away - 1);
        assert_eq!(all.until(), Some(UnixMillis(10 + away)));
        assert!(!all.fresh(UnixMillis(10 + away)));
        // It is back; a question of before that failed late says nothing.
        assert!(hear(&mut all, answer(1, &[]), 10 + away));
        miss(&mut all, 10 + lease, 20 + away);
        assert_eq!(all.until(), Some(UnixMillis(10 + away + lease)));
    }

    #[test]
    fn a_lease_is_as_long_as_the_ledger_says_and_asks_for_more_where_it_is_slow() {
        let (lease, most) = (Withdrawals::LEASE_MS, Withdrawals::MOST_LEASE_MS);
        let of = |lease: Value| {
            let mut answer = answer(1, &[]);
            answer["lease"] = lease;
            answer
        };
        let mut all = Withdrawals::new();
        assert_eq!(all.wanted(), lease);
        for (took, wanted) in [
            (-5, lease),
            (900, lease),
            (1001, 3003),
            (9000, 27_000),
            (10_001, most),
            (i64::MAX, most),
        ] {
            all.hear(
                all.version(),
                of(json!(lease)),
                UnixMillis(0),
                UnixMillis(took),
            );
            assert_eq!(all.wanted(), wanted, "{took}");
            assert_eq!(Withdrawals::granted(Some(wanted)), wanted);
        }
        // From when it was asked, and by the answer alone: an earlier release gives what it always gave.
        let mut all = Withdrawals::new();
        for (given, asked, until) in [
            (json!(null), 100, 100 + lease),
            (json!(20_000), 200, 20_200),
            // The longer one is waited for as well.
            (json!(lease), 300, 20_200),
            (json!(lease), 20_000, 23_000),
        ] {
            assert!(all.hear(1, of(given), UnixMillis(asked), UnixMillis(asked + 10)));
            assert_eq!(all.until(), Some(UnixMillis(until)));
        }
        for (wanted, granted) in [
            (None, lease),
            (Some(-1), lease),
            (Some(4000), 4000),
            (Some(i64::MAX), most),
        ] {
            assert_eq!(Withdrawals::granted(wanted), granted);
        }
        let after =
            |leased| Withdrawals::acknowledged_after(UnixMillis(leased), UnixMillis(50_000));
        assert_eq!(after(0), 4000);
        assert_eq!(after(53_001), 4001);
        assert_eq!(after(80_000), 31_000);
        assert_eq!(after(i64::MAX), 31_000);
    }
}
