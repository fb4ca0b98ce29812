//! The ids of the queue, and of everything that is made of them. Nothing else knows how they are spelt: whoever has one
//! asks it.
//!
//! | of | spelt |
//! |---|---|
//! | a request's messages | `a1`, `a1.1`, `a1.2` |
//! | counts of a request that found no room in them | `a1:0` |
//! | what is left of a message at a destination | `a1/meta.1~` and a number: root, destination, attempt |
//! | a letter or a receipt that is offered again | `a1=` and a number, which is the root of what follows |
//! | a dead letter | `a1#0#meta`: of the message, the event's index, the destination |
//! | a receipt | `a1#google_ads#r-1` |
//! | the further parts of a report | `a1!1~` and a number |
//!
//! An id does not grow however often its events go round. Release 0.1.0 spelt some without the number (`a1/meta.1`,
//! `a1!1`); they are read as well.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::base::backoff::mix;
use crate::base::text::Text;
use crate::ledger::After;

/// The id of a message, which is the id of the report on it as well.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Id<'a>(Text<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Id<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer).map(Self)
    }
}

impl fmt::Display for Id<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'a> From<&'a str> for Id<'a> {
    fn from(text: &'a str) -> Self {
        Self(text.into())
    }
}

/// How what is left of a message goes on. Parts that go different ways are messages of their own.
#[derive(Debug, Clone, Copy)]
pub struct Onward<'a> {
    /// The destination.
    pub destination: &'a str,
    /// How many attempts there were before.
    pub attempt: u32,
    /// Why it goes on.
    pub why: &'a str,
    /// An earlier request was not answered.
    pub unanswered: bool,
}

impl Id<'_> {
    /// Its text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    fn of(text: String) -> Id<'static> {
        Id(text.into())
    }

    /// Whether its events are counted already: all messages but a request's own carry what was left of others.
    pub fn is_continuation(&self) -> bool {
        self.as_str().contains('/')
    }

    /// The root: of what people see first.
    fn root(&self) -> &str {
        self.as_str().split('/').next().unwrap_or_default()
    }

    /// Of the n-th message of a request; the first one has the request's.
    pub fn message(&self, n: usize) -> Id<'static> {
        match n {
            0 => Self::of(self.as_str().to_owned()),
            n => Self::of(format!("{self}.{n}")),
        }
    }

    /// Of the n-th report of a request's counts that found no room in its messages.
    pub fn counts(&self, n: usize) -> String {
        format!("{self}:{n}")
    }

    /// Of the message that carries what is left of this one. The same run gives the same id, and another run another:
    /// what it leaves is other work, though it be of the same events.
    pub fn onward(&self, way: Onward<'_>, run: Run) -> Id<'static> {
        let Onward {
            destination,
            attempt,
            why,
            unanswered,
        } = way;
        let number = run
            .and(self.as_str())
            .and(why)
            .and(if unanswered { "?" } else { "" });
        Self::of(format!("{}/{destination}.{attempt}~{number}", self.root()))
    }

    /// Of the message that offers again what this letter or receipt is of. The root that it begins with is short, and its
    /// number is of the whole: one message has many letters.
    pub fn again(&self, destination: &str, attempt: u32, run: Run) -> Id<'static> {
        let first = self.as_str().split(['/', '#', '=']).next();
        let first = first.unwrap_or_default();
        Self::of(format!(
            "{first}={}/{destination}.{attempt}",
            run.and(self.as_str())
        ))
    }

    /// Of the letter of an event that a destination did not take.
    pub fn letter(&self, index: usize, destination: &str) -> String {
        format!("{self}#{index}#{destination}")
    }

    /// Of a letter whose event is known by a receipt.
    pub fn letter_of_receipt(receipt: &str, index: usize) -> String {
        format!("{receipt}#{index}")
    }

    /// Of a receipt, of which a report may have to say in several portions what it is of.
    pub fn receipt(&self, destination: &str, receipt: &str, portion: usize) -> String {
        match portion {
            0 => format!("{self}#{destination}#{receipt}"),
            n => format!("{self}#{destination}#{receipt}#{n}"),
        }
    }

    /// Of a further part of the report on it.
    pub fn part(&self, n: usize, run: Run) -> String {
        format!("{self}!{n}~{run}")
    }

    /// Of the report of what a repeated invocation may have delivered twice.
    pub fn twice(&self, deliveries: u32) -> String {
        format!("{self}!twice.{deliveries}")
    }

    /// Of the report that its events had to wait for what keeps the claims; once for all the times.
    pub fn held(&self) -> String {
        format!("{self}!held")
    }

    /// Of the report that books the verdict on these receipts, the first of which gives it the name.
    pub fn verdict(receipts: &[&str]) -> Id<'static> {
        let number = receipts.iter().fold(Run::new(), |run, id| run.and(id));
        let first = receipts.first().copied().unwrap_or_default();
        Self::of(format!("status:{first}~{number}"))
    }

    /// Of the report that puts a question off. Of the moment: nothing is counted, and doing it twice changes nothing.
    pub fn postponed(receipt: &str, now: i64) -> String {
        format!("status:{receipt}@{now}")
    }

    /// Of the report that books a letter as waiting again.
    pub fn replay(letter: &str, round: u32) -> Id<'static> {
        Self::of(format!("replay:{letter}:{round}"))
    }

    /// Of the report that says that the queue has a letter again.
    pub fn replayed(letter: &str, round: u32) -> String {
        format!("replayed:{letter}:{round}")
    }

    /// Of the report that books a letter as withdrawn, and lets it go.
    pub fn withdrawn(letter: &str) -> String {
        format!("withdrawn:{letter}")
    }

    /// Of the report that writes the receipts of a withdrawal, by its digest and its moment.
    pub fn withdrawal(digest: &str, now: i64) -> String {
        format!("withdrawal:{digest}@{now}")
    }

    /// Of the report on a message that cannot be worked off; of the queue's own id.
    pub fn quarantine(message: &str) -> String {
        format!("quarantine:{message}")
    }

    /// A number that looks like chance.
    pub fn seed(&self) -> u64 {
        Run::new().and(self.as_str()).0
    }

    /// Of the report that has to be applied before this part of one, as 0.1.0 wrote them. Since then a report says so
    /// itself ([`After`]).
    ///
    /// ```
    /// use edgetally_core::queue::id::Id;
    /// let before = |id: &'static str| Id::from(id).before();
    /// assert_eq!(before("a1"), None);
    /// assert_eq!(before("a1!1").as_deref(), Some("a1"));
    /// assert_eq!(before("a1!12").as_deref(), Some("a1!11"));
    /// ```
    pub fn before(&self) -> Option<String> {
        let (head, part) = self.as_str().rsplit_once('!')?;
        match part.parse::<u32>().ok()? {
            0 => None,
            1 => Some(head.to_owned()),
            part => Some(format!("{head}!{}", part - 1)),
        }
    }
}

/// A number of what one run came to: two that came to the same have the same. Only what the run that the ledger knows of
/// has left behind counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run(u64);

impl Default for Run {
    fn default() -> Self {
        Self::new()
    }
}

impl Run {
    /// Of nothing yet.
    pub const fn new() -> Self {
        Self(0)
    }

    /// With a further text.
    #[must_use]
    pub fn and(self, text: &str) -> Self {
        // The length tells "a", "b" from "ab".
        let begun = mix(self.0 ^ text.len() as u64);
        let add = |seed: u64, byte: u8| mix(seed ^ u64::from(byte));
        Self(text.bytes().fold(begun, add))
    }

    /// What builds upon the report of that id, if it is of this run.
    pub fn after(self, report: &Id<'_>) -> After {
        After {
            id: report.as_str().to_owned(),
            run: self.to_string(),
        }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_never_has_the_id_of_anything_before_it() {
        let runs = [Run::new().and("one"), Run::new().and("other")];
        let mut known = vec![("a1".to_owned(), 0)];
        let mut last = known.clone();
        for _ in 0..3 {
            let mut next = Vec::new();
            for (id, attempt) in &last {
                for (why, more) in [("attempt", 1), ("wait", 0), ("hand_on", 0)] {
                    for (unanswered, run) in [false, true]
                        .into_iter()
                        .flat_map(|one| runs.map(|run| (one, run)))
                    {
                        let way = Onward {
                            destination: "meta",
                            attempt: attempt + more,
                            why,
                            unanswered,
                        };
                        let of = Id::from(id.as_str());
                        let child = of.onward(way, run);
                        assert_eq!(child, of.onward(way, run));
                        assert!(
                            child.is_continuation() && child.as_str().len() <= 26,
                            "{child}"
                        );
                        assert!(
                            known.iter().all(|(other, _)| *other != child.as_str()),
                            "{child}"
                        );
                        known.push((child.to_string(), attempt + more));
                        next.push((child.to_string(), attempt + more));
                    }
                }
            }
            last = next;
        }
        assert_eq!(known.len(), 1 + 12 + 144 + 1728);
    }

    #[test]
    fn ids_do_not_grow_however_often_something_is_offered_again() {
        let run = Run::new().and("run");
        let mut id = Id::from("a1b2c3-0").message(3);
        let mut lengths = Vec::new();
        for round in 0..5 {
            let letter = id.letter(499, "google_ads");
            let again = Id::from(letter.as_str()).again("google_ads", round, run);
            assert!(again.is_continuation());
            assert_ne!(again, id);
            lengths.push(again.as_str().len());
            id = again;
        }
        assert!(
            lengths.iter().all(|length| *length == lengths[0]),
            "{lengths:?}"
        );
    }
}
