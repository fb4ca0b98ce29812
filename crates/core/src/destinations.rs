//! The platforms that events go to. Each is one file that turns prepared events into requests, as data, and replies
//! into answers; nothing here sends.
//!
//! Adding one: its file, its line in [`ALL`], its fixtures. `CONTRIBUTING.md` has the steps.

use std::fmt;

use crate::base::fields::Fields;
use crate::base::time::UnixMillis;
use crate::destinations::destination::{Destination, Facts};
use crate::destinations::versions::Version;

pub mod destination;
pub mod input;
pub mod names;
pub mod versions;

#[cfg(test)]
pub(crate) mod harness;

pub mod ga4;
pub mod google_ads;
pub mod linkedin;
pub mod meta;
pub mod microsoft;
pub mod pinterest;
pub mod reddit;
pub mod snapchat;
pub mod tiktok;
pub mod webhook;
pub mod x;

/// Reads a platform's settings, under the destination's name.
pub type Open = fn(&str, &mut Fields<'_, '_>) -> Option<Box<dyn Destination>>;

/// A platform's line in the list.
pub struct Entry {
    /// Its name in the settings.
    pub platform: &'static str,
    /// What is known about it.
    pub facts: &'static Facts,
    /// Reads its settings.
    pub open: Open,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("platform", &self.platform)
            .finish_non_exhaustive()
    }
}

/// Every platform, in alphabetical order.
pub const ALL: &[Entry] = &[
    Entry {
        platform: "ga4",
        facts: &ga4::FACTS,
        open: ga4::open,
    },
    Entry {
        platform: "google_ads",
        facts: &google_ads::FACTS,
        open: google_ads::open,
    },
    Entry {
        platform: "linkedin",
        facts: &linkedin::FACTS,
        open: linkedin::open,
    },
    Entry {
        platform: "meta",
        facts: &meta::FACTS,
        open: meta::open,
    },
    Entry {
        platform: "microsoft",
        facts: &microsoft::FACTS,
        open: microsoft::open,
    },
    Entry {
        platform: "pinterest",
        facts: &pinterest::FACTS,
        open: pinterest::open,
    },
    Entry {
        platform: "reddit",
        facts: &reddit::FACTS,
        open: reddit::open,
    },
    Entry {
        platform: "snapchat",
        facts: &snapchat::FACTS,
        open: snapchat::open,
    },
    Entry {
        platform: "tiktok",
        facts: &tiktok::FACTS,
        open: tiktok::open,
    },
    Entry {
        platform: "webhook",
        facts: &webhook::FACTS,
        open: webhook::open,
    },
    Entry {
        platform: "x",
        facts: &x::FACTS,
        open: x::open,
    },
];

/// What is known about each of them. A list of its own, so that whoever asks for facts does not bring along the encoders.
pub const FACTS: [&Facts; ALL.len()] = {
    let mut facts = [&ga4::FACTS; ALL.len()];
    let mut at = 0;
    while at < facts.len() {
        #[expect(clippy::indexing_slicing, reason = "below both lengths")]
        {
            facts[at] = ALL[at].facts;
        }
        at += 1;
    }
    facts
};

/// The versions that this release speaks.
pub fn versions(now: UnixMillis) -> Vec<Version> {
    ALL.iter()
        .map(|entry| Version::of(entry.facts, now))
        .collect()
}
