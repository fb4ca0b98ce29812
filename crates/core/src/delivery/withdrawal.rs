//! Dead letters whose consent was withdrawn: nobody offers them again.

use sha2::{Digest, Sha256};

use super::accounting::told;
use crate::base::hex::Hex;
use crate::base::reason::Refusal;
use crate::base::table::Table;
use crate::base::time::UnixMillis;
use crate::ledger::decided::{Gathered, Ruling};
use crate::ledger::movement::{Movement, Step};
use crate::ledger::{Counts, DeadLetter, Dimensions, Note, Report, State};
use crate::queue::id::Id;
use crate::queue::parcel::Parcel;

/// What the ledger books of a letter that was withdrawn: it is blocked, and no letter any more. Nothing where it cannot be
/// read, and so cannot be offered again either.
pub fn withdraw(letter: &DeadLetter, now: UnixMillis) -> Option<Report> {
    let parcel: Parcel<'_> = serde_json::from_str(&letter.parcel).ok()?;
    let of = Dimensions {
        received: parcel.received,
        source: &letter.source,
        release: parcel.release.as_ref(),
        event: &parcel.name,
        worker: &letter.worker,
    };
    let code = Refusal::ConsentWithdrawn.code();
    let mut counts = Counts::default();
    counts.add(of.line(&letter.destination, letter.state, &letter.code), -1);
    counts.add(of.line(&letter.destination, State::Blocked, code), 1);
    if let Some(kind) = parcel.apart {
        for (state, n) in [(letter.state, -1), (State::Blocked, 1)] {
            counts.add(
                of.line(&letter.destination, State::Apart, &kind.at(state)),
                n,
            );
        }
    }
    Some(Report {
        id: Id::withdrawn(&letter.id),
        counts,
        moved: vec![Movement {
            steps: vec![
                Step::out_of(&letter.destination, letter.state, &letter.code),
                Step::into(&letter.destination, State::Blocked, code),
            ],
            ..parcel.movement(&letter.source, &letter.worker)
        }],
        notes: vec![Note {
            at: now,
            source: letter.source.clone(),
            event: letter.event.clone(),
            event_id: letter.event_id.clone(),
            visitor: parcel.mark(),
            what: Table::from_iter([(letter.destination.clone(), told(State::Blocked, code))]),
        }],
        revived: vec![letter.id.clone()],
        ..Report::default()
    })
}

/// What the ledger writes of a withdrawal: a receipt for each event that it is known to be about, by name and id. `what` is
/// the id or the mark, of which nothing but a digest is told.
pub fn receipts(
    source: &str,
    ruling: &Ruling,
    what: &str,
    events: &[(String, String)],
    now: UnixMillis,
) -> Report {
    let digest = Hex::of(&Sha256::digest(what).into());
    let digest = digest.as_str();
    let mut gathered = Gathered::new(source, now);
    for (event, event_id) in events {
        gathered.add(ruling, digest, event, event_id, false);
    }
    Report {
        id: Id::withdrawal(digest, now.0),
        decided: gathered.finish(),
        ..Report::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_withdrawn_letter_is_blocked_and_gone() {
        let letter = DeadLetter {
            id: "e1#1#hook".to_owned(),
            at: UnixMillis(0),
            source: "shop".to_owned(),
            destination: "hook".to_owned(),
            event: "contact".to_owned(),
            event_id: "1".to_owned(),
            state: State::Dead,
            code: "http_500".to_owned(),
            parcel: r#"{"n":"contact","i":"1","t":1,"r":1,"w":"m","to":[["hook",0]]}"#.to_owned(),
            worker: String::new(),
        };
        let report = withdraw(&letter, UnixMillis(5)).unwrap();
        let lines: Vec<_> = report
            .counts
            .iter()
            .map(|(line, n)| (line.state, line.code.as_str(), n))
            .collect();
        assert_eq!(
            lines,
            [
                (State::Blocked, "consent_withdrawn", 1),
                (State::Dead, "http_500", -1)
            ]
        );
        assert_eq!(report.revived, [letter.id.as_str()]);
        assert_eq!(report.notes[0].visitor, "m");
        assert_eq!(withdraw(&letter, UnixMillis(9)).unwrap().id, report.id);
        let unreadable = DeadLetter {
            parcel: String::new(),
            ..letter
        };
        assert!(withdraw(&unreadable, UnixMillis(5)).is_none());
    }
}
