//! What is refused of senders that do not read answers: counted, so that somebody sees it.

use crate::base::table::Table;
use crate::base::time::UnixMillis;
use crate::ledger::{Counts, Dimensions, Note, Report, State};
use crate::queue::envelope::close_report;
use crate::queue::id::Id;

/// Refused requests that no event and no message tells of, as one isolate counts them.
///
/// Anybody can send such requests, so they cost at most [`MOST`](Self::MOST) messages in [`WINDOW_MS`](Self::WINDOW_MS); what
/// is over goes along with the next message.
#[derive(Debug, Default)]
pub struct Refusals {
    counts: Counts,
    notes: Vec<Note>,
    window: i64,
    sent: u32,
}

impl Refusals {
    /// How many messages a window has.
    pub const MOST: u32 = 20;

    /// How long a window is, in milliseconds.
    pub const WINDOW_MS: i64 = 10_000;

    /// The source of a request whose sender is nobody's, in the ledger. No source can have this name.
    pub const UNKNOWN: &'static str = "(unknown)";

    /// Counts a refused request; `name` is what the ledger has for the event, and may be empty.
    pub fn add(&mut self, now: UnixMillis, worker: &str, of: (Option<&str>, &str, &str)) {
        let (source, code, name) = of;
        let source = source.unwrap_or(Self::UNKNOWN);
        let place = Dimensions {
            received: now,
            source,
            release: None,
            event: name,
            worker,
        };
        // A thousand made-up names are one line.
        let place = if self.counts.len() < 100 {
            place
        } else {
            Dimensions { event: "", ..place }
        };
        self.counts.add(place.line("", State::Malformed, code), 1);
        if self.notes.len() < Report::MOST_NOTES {
            self.notes.push(Note {
                at: now,
                source: source.to_owned(),
                event: name.to_owned(),
                event_id: String::new(),
                visitor: String::new(),
                what: Table::from_iter([(String::new(), format!("malformed:{code}"))]),
            });
        }
    }

    /// The message that tells of what was counted, where one is due. `id` is a new id.
    pub fn message(&mut self, now: UnixMillis, id: &str) -> Option<String> {
        if now.0 - self.window >= Self::WINDOW_MS {
            self.window = now.0;
            self.sent = 0;
        }
        if self.counts.is_empty() || self.sent >= Self::MOST {
            return None;
        }
        self.sent += 1;
        Some(close_report(&Report {
            id: Id::from(id).counts(0),
            counts: std::mem::take(&mut self.counts),
            notes: std::mem::take(&mut self.notes),
            ..Report::default()
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::envelope::{Message, open};

    #[test]
    fn nobody_can_make_a_message_of_every_request() {
        let mut refusals = Refusals::default();
        let (mut messages, mut counted) = (0, 0);
        let mut take = |refusals: &mut Refusals, now: i64| {
            let Some(text) = refusals.message(UnixMillis(now), "r-1") else {
                return 0;
            };
            let Ok(Message::Report(report)) = open(&text) else {
                panic!("{text}")
            };
            counted += report.counts.iter().map(|(_, n)| n).sum::<i64>();
            messages += 1;
            messages
        };
        for n in 0..5000_i64 {
            let name = format!("name_{n}");
            refusals.add(UnixMillis(1_000_000 + n), "w", (None, "not_found", &name));
            take(&mut refusals, 1_000_000 + n);
        }
        assert_eq!(take(&mut refusals, 1_009_999), 0, "the window is used up");
        assert_eq!(take(&mut refusals, 1_010_000), 21, "and another begins");
        assert_eq!((messages, counted), (21, 5000), "nothing is lost");
        assert_eq!(refusals.message(UnixMillis(2_000_000), "r-2"), None);
    }
}
