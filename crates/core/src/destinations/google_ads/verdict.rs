//! The verdict on a request: how many of its events failed, by reason (Data Manager API, diagnostics, read 2026-11-22).

use serde_json::Value;

use super::reply::{at, code, list, number};
use crate::exchange::outcome::{Judged, Meaning, Verdict};

/// Reasons of a verdict that ask for nothing: Google has the event, once already, or with no click of an ad before it.
/// An event without consent is not among them: Google has refused it, and whoever asks for consent should see that.
const EXPECTED: &[&str] = &[
    "CLICK_NOT_FOUND",
    "DUPLICATE_GCLID",
    "DUPLICATE_TRANSACTION_ID",
];

/// The verdict about the one destination of a request; `None` where the status cannot be understood.
pub(super) fn judged(status: &Value) -> Option<Verdict> {
    let state = at(status, "/requestStatus").as_str()?;
    let failed = match state {
        "SUCCESS" | "PARTIAL_SUCCESS" => false,
        "FAILED" => true,
        // PROCESSING, and whatever else may come before an end.
        _ => return Some(Verdict::Pending),
    };
    let mut all = Vec::new();
    let mut faulty: u64 = 0;
    for count in list(at(status, "/errorInfo/errorCounts")) {
        let events = number(at(count, "/recordCount"))?;
        let reason = code(at(count, "/reason")).unwrap_or("UNSPECIFIED");
        // One of the reasons goes without the infix.
        let reason = reason.strip_prefix("PROCESSING_ERROR_").unwrap_or(reason);
        let reason = reason.strip_prefix("REASON_").unwrap_or(reason);
        let meaning = match reason {
            "TOO_RECENT_CLICK" => Meaning::Again { after: 21_600 },
            "INTERNAL_ERROR" => Meaning::Again { after: 3600 },
            reason if EXPECTED.contains(&reason) => Meaning::Remarked,
            _ => Meaning::Rejected,
        };
        faulty = faulty.saturating_add(events);
        all.push(Judged {
            code: reason.to_owned(),
            events,
            meaning,
        });
    }
    if faulty == 0 && state == "PARTIAL_SUCCESS" {
        // "May not be populated in all cases": then nobody knows how many.
        return None;
    }
    if failed {
        // The counts may be missing where everything failed.
        let events = match number(at(status, "/eventsIngestionStatus/recordCount")) {
            Some(events) => events.saturating_sub(faulty),
            None if faulty > 0 => 0,
            None => return None,
        };
        all.push(Judged {
            code: state.to_owned(),
            events,
            meaning: Meaning::Rejected,
        });
    }
    for count in list(at(status, "/warningInfo/warningCounts")) {
        let reason = code(at(count, "/reason")).unwrap_or("UNSPECIFIED");
        all.push(Judged {
            code: reason
                .strip_prefix("PROCESSING_WARNING_REASON_")
                .unwrap_or(reason)
                .to_owned(),
            events: number(at(count, "/recordCount"))?,
            meaning: Meaning::Remarked,
        });
    }
    all.retain(|judged| judged.events > 0);
    Some(Verdict::Settled(all))
}
