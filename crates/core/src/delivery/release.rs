//! Claims that end early: a destination that refused a copy for its content does not have the event, so that a corrected
//! copy may pass. What was given up (`dead`) keeps its claim, since the platform may have it.

use crate::dedup::{ClaimKey, Worth};
use crate::ledger::{Report, State};
use crate::queue::parcel::Parcel;
use crate::settings::Settings;

/// A claim that is to lose a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The claim's key.
    pub key: ClaimKey,
    /// The destination that does not have the event.
    pub destination: String,
    /// What the refused copy said that the event was worth: a claim that another copy made there stays.
    pub worth: Worth,
}

/// The claims that have to be corrected after these reports. Test events made none.
pub fn releases(settings: &Settings, reports: &[&Report]) -> Vec<Release> {
    let mut releases = Vec::new();
    let letters = reports.iter().flat_map(|report| &report.dead);
    for letter in letters.filter(|letter| letter.state == State::Rejected) {
        let Ok(parcel) = serde_json::from_str::<Parcel<'_>>(&letter.parcel) else {
            continue;
        };
        if parcel.test {
            continue;
        }
        let (source, name) = (letter.source.as_str(), parcel.name.as_str());
        let order = parcel.transaction_id.as_deref();
        let worth = Worth::new(parcel.money.as_ref(), order);
        let keys = [
            Some(settings.claims.event(source, name, &parcel.id)),
            settings.claims.order(source, name, &parcel.id, order),
        ];
        releases.extend(keys.into_iter().flatten().map(|key| Release {
            key,
            destination: letter.destination.clone(),
            worth,
        }));
    }
    releases
}
