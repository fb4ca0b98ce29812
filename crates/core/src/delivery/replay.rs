//! Dead letters that are offered again.

use crate::base::reason::Skip;
use crate::base::time::UnixMillis;
use crate::destinations::input::Input;
use crate::ledger::movement::{Movement, Step};
use crate::ledger::{Counts, DeadLetter, Dimensions, Report, State};
use crate::queue::envelope::Packer;
use crate::queue::id::{Id, Run};
use crate::queue::parcel::Parcel;
use crate::settings::Settings;

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

/// The rule by which a letter is too old to be offered again, where it is: its platform takes the event no more, as the check
/// before an attempt would find. A letter that is sent all the same comes back under another code, and the first one is lost.
///
/// Nothing is said of a destination that the settings do not have, nor of a letter that cannot be read.
pub fn too_old(settings: &Settings, letter: &DeadLetter, now: UnixMillis) -> Option<String> {
    let destination = &settings.destination(&letter.destination)?.destination;
    let parcel: Parcel<'_> = serde_json::from_str(&letter.parcel).ok()?;
    let mut legs = parcel.legs.iter();
    let leg = legs.find(|leg| leg.destination.as_str() == letter.destination)?;
    let input = Input::new(&parcel, leg.grant);
    (destination.check(&input, now) == Err(Skip::TooOld)).then(|| {
        let platform = destination.facts().platform;
        let until = destination.expires(&input).to_rfc3339();
        format!("{platform} takes this event until {until}")
    })
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

    fn settings() -> Settings {
        let text = r#"{
          "sources": {"shop": {"origins": ["https://shop.example"], "key": "pk_shop_0123456789abcdef", "destinations": ["hook"]}},
          "destinations": {"hook": {"platform": "webhook", "url": "https://hook.example/in", "most_age_days": 2}}}"#;
        Settings::load(text, &|_| Some("s".repeat(40))).unwrap()
    }

    #[test]
    fn a_letter_is_too_old_from_the_moment_on_at_which_its_platform_takes_it_no_more() {
        let settings = settings();
        let day = 86_400_000;
        let at = |n: &str, event: i64| DeadLetter {
            id: "e1#1#hook".to_owned(),
            at: UnixMillis(0),
            source: "shop".to_owned(),
            destination: n.to_owned(),
            event: "contact".to_owned(),
            event_id: "1".to_owned(),
            state: State::Dead,
            code: "http_500".to_owned(),
            parcel: format!(
                r#"{{"n":"contact","i":"1","t":{event},"r":{event},"to":[["{n}",0]]}}"#
            ),
            worker: String::new(),
        };
        let letter = at("hook", 10 * day);
        let judged = |now: i64| too_old(&settings, &letter, UnixMillis(now));
        assert_eq!(judged(12 * day - 1), None);
        assert_eq!(
            judged(12 * day).as_deref(),
            Some("webhook takes this event until 1970-01-13T00:00:00.000Z")
        );
        // Whose rule it is nobody knows, and what it is about.
        assert_eq!(
            too_old(&settings, &at("gone", 0), UnixMillis(99 * day)),
            None
        );
        let unreadable = DeadLetter {
            parcel: "{".to_owned(),
            ..letter.clone()
        };
        assert_eq!(too_old(&settings, &unreadable, UnixMillis(99 * day)), None);
    }

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
