//! Dead letters that are offered again.

use crate::ledger::movement::{Movement, Step};
use crate::ledger::{Counts, DeadLetter, Dimensions, Report, State};
use crate::queue::envelope::Packer;
use crate::queue::id::{Id, Run};
use crate::queue::parcel::Parcel;

/// A dead letter that is offered again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// Id of the message: of the letter and the round, so that the same round sent twice is counted once.
    pub id: String,
    /// The message for the queue.
    pub message: String,
    /// What the ledger books before the message is sent: the event is waiting for another attempt.
    pub booked: Report,
    /// What the ledger is told once the queue has the message: the letter is none any more.
    pub sent: Report,
}

/// What the ledger is told once the queue has a letter, or a message that was quarantined.
pub fn replayed(letter: &str, round: u32) -> Report {
    Report {
        id: Id::replayed(letter, round),
        revived: vec![letter.to_owned()],
        ..Report::default()
    }
}

/// Offers a dead letter again. `round` tells replays of the same letter apart.
pub fn replay(letter: &DeadLetter, round: u32) -> Option<Replay> {
    let mut parcel: Parcel<'_> = serde_json::from_str(&letter.parcel).ok()?;
    parcel
        .legs
        .retain(|leg| leg.destination.as_str() == letter.destination);
    let run = Run::new().and(&round.to_string());
    let booking = Id::replay(&letter.id, round);
    let id = Id::from(letter.id.as_str()).again(&letter.destination, 0, run);
    let of = Dimensions {
        received: parcel.received,
        source: &letter.source,
        release: parcel.release.as_ref(),
        event: &parcel.name,
        worker: &letter.worker,
    };
    let mut counts = Counts::default();
    counts.add(of.line(&letter.destination, letter.state, &letter.code), -1);
    if let Some(kind) = parcel.apart {
        let code = kind.at(letter.state);
        counts.add(of.line(&letter.destination, State::Apart, &code), -1);
    }
    counts.add(of.line(&letter.destination, State::Retrying, ""), 1);
    counts.add(of.line(&letter.destination, State::Replayed, ""), 1);
    let moved = Movement {
        steps: vec![
            Step::out_of(&letter.destination, letter.state, &letter.code),
            Step::into(&letter.destination, State::Retrying, ""),
        ],
        ..parcel.movement(&letter.source, &letter.worker)
    };
    let mut packer = Packer::whole(id.as_str(), &letter.source, 0).after(&run.after(&booking));
    packer.add(&parcel);
    Some(Replay {
        message: packer.finish().into_iter().next()?,
        booked: Report {
            id: booking.to_string(),
            run: run.to_string(),
            counts,
            moved: vec![moved],
            ..Report::default()
        },
        sent: replayed(&letter.id, round),
        id: id.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::UnixMillis;

    #[test]
    fn one_round_of_a_letter_is_one_message() {
        let letter = DeadLetter {
            id: "e1#1#hook".to_owned(),
            at: UnixMillis(0),
            source: "shop".to_owned(),
            destination: "hook".to_owned(),
            event: "contact".to_owned(),
            event_id: "1".to_owned(),
            state: State::Dead,
            code: "http_500".to_owned(),
            parcel: r#"{"n":"contact","i":"1","t":1,"r":1,"to":[["hook",0]]}"#.to_owned(),
            worker: String::new(),
        };
        let first = replay(&letter, 1).unwrap();
        assert_eq!(replay(&letter, 1).unwrap(), first);
        assert!(first.message.contains(&first.id), "{}", first.message);
        assert_eq!(first.booked.id, "replay:e1#1#hook:1");
        let second = replay(&letter, 2).unwrap();
        assert_ne!(first.id, second.id);
        assert_ne!(first.booked.id, second.booked.id);
        assert_ne!(first.sent.id, second.sent.id);
        assert_eq!(first.sent.revived, [letter.id.as_str()]);
        let unreadable = DeadLetter {
            parcel: "{".to_owned(),
            ..letter
        };
        assert!(replay(&unreadable, 1).is_none());
    }
}
