//! What a platform is to the rest of the pipeline.

use std::fmt;

use crate::base::match_keys::Keys;
use crate::base::reason::{Cause, Skip};
use crate::base::reported::Reported;
use crate::base::secret::Secret;
use crate::base::table::Table;
use crate::base::time::UnixMillis;
use crate::consent::{Party, Purpose};
use crate::destinations::input::Input;
use crate::exchange::access::Access;
use crate::exchange::http::Reply;
use crate::exchange::outcome::{Answer, Outcome, Verdict};
use crate::exchange::request::Request;
use crate::identity::Spellings;

/// What is known about a platform.
#[derive(Debug)]
pub struct Facts {
    /// Its name in the settings.
    pub platform: &'static str,
    /// The version of its interface.
    pub api_version: &'static str,
    /// The announced last day of that version, `YYYY-MM-DD`; nothing where none was announced.
    pub version_ends: Option<&'static str>,
    /// The day these facts were read, `YYYY-MM-DD`.
    pub read: &'static str,
    /// The most events of one request.
    pub most_events: usize,
    /// The largest body of one request, in bytes.
    pub most_bytes: usize,
    /// What it does with events, unless its settings say otherwise.
    pub purpose: Purpose,
    /// Who it is to a consent string, as far as that is known; `docs/consent.md` says from where.
    pub party: Party,
    /// The field that tells it of an opt-out under a US state's law; where it has none, such events are kept from it.
    pub limited_use: Option<&'static str>,
    /// The field that tells it that personalised advertising is not permitted; where it has none, nothing tells it.
    pub impersonal: Option<&'static str>,
    /// The spellings of identifiers that it takes.
    pub spellings: Spellings,
    /// What becomes of test events.
    pub test: TestMode,
    /// How it deletes what it was told; `docs/consent.md` says from where we know.
    pub deletion: Deletion,
}

/// How a platform deletes what it was told, for whoever has to see to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletion {
    /// What there is, in words; that there is nothing documented where there is not.
    pub how: &'static str,
    /// The page that says so; empty where none does.
    pub page: &'static str,
}

impl Deletion {
    /// We have found nothing.
    pub const UNDOCUMENTED: Self = Self {
        how: "No deletion of single events, or of what was sent about one visitor, is documented that we could find. Ask the platform's support, and name the event id.",
        page: "",
    };
}

/// What a platform does with test events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestMode {
    /// It takes them apart from the real ones.
    Platform,
    /// It has no place for them: they are checked and encoded here, and the sender is told that they went no further.
    DryRun,
}

/// A platform with its settings: what it takes, how it is told, what its replies mean.
pub trait Destination: fmt::Debug + Send + Sync {
    /// What is known about the platform.
    fn facts(&self) -> &'static Facts;

    /// What it does with events, which decides the consent it needs.
    fn purpose(&self) -> Purpose {
        self.facts().purpose
    }

    /// The spellings that it needs as configured.
    fn spellings(&self) -> Spellings {
        self.facts().spellings
    }

    /// The most events of one request as configured.
    fn most_events(&self) -> usize {
        self.facts().most_events
    }

    /// What its own tag on a page has to be told an event is, by the event's name, where that is an id; nothing where it is
    /// told names.
    fn tag_ids(&self) -> Table<String, String> {
        Table::new()
    }

    /// Whether it has a use for the event. Asked at intake, so that the sender is told, and again before each attempt.
    ///
    /// # Errors
    /// The reason, which is counted.
    fn check(&self, input: &Input<'_>, now: UnixMillis) -> Result<(), Skip>;

    /// The match keys that its request for the event holds; what the platform would not be told is none.
    fn keys(&self, input: &Input<'_>) -> Keys;

    /// When the platform stops taking the event.
    fn expires(&self, input: &Input<'_>) -> UnixMillis;

    /// Whether the platform recognises a second copy of the event that comes the same way. Where it does not, a copy that is
    /// sent again counts twice.
    fn pairs(&self, _input: &Input<'_>) -> bool {
        true
    }

    /// Events of different groups never share a request.
    fn group(&self, _input: &Input<'_>) -> String {
        String::new()
    }

    /// Where its access tokens come from; nothing where the credential in the settings does by itself.
    fn access(&self) -> Option<&Access> {
        None
    }

    /// The request for a batch; never empty, all of one group. `token` is of [`access`](Self::access).
    ///
    /// # Errors
    /// An outcome for the whole batch where no request can be built.
    fn request(
        &self,
        batch: &[Input<'_>],
        token: Option<&Secret>,
        now: UnixMillis,
    ) -> Result<Request, Outcome>;

    /// How to ask what became of events, for a platform that judges later.
    fn inquiry(&self) -> Option<&dyn Inquiry> {
        None
    }

    /// How to ask what the platform says about the quality of what it was sent; nothing where it says nothing, or where nobody
    /// gave a credential for it.
    fn reporting(&self) -> Option<&dyn Reporting> {
        None
    }

    /// What the reply means.
    fn read(&self, batch: &[Input<'_>], reply: &Reply) -> Answer;

    /// What it means that no reply came. `lost` says that the platform may have taken the batch all the same.
    fn unanswered(&self, batch: &[Input<'_>], code: Cause, lost: bool) -> Answer {
        let _ = (batch, lost);
        Answer::All(Outcome::retry(code))
    }
}

/// A platform that takes events in, gives a receipt ([`Outcome::Processing`]) and says later what became of them.
pub trait Inquiry {
    /// The question.
    ///
    /// # Errors
    /// An outcome where it cannot be asked.
    fn request(&self, receipt: &str, token: Option<&Secret>) -> Result<Request, Outcome>;

    /// What the reply means.
    fn read(&self, reply: &Reply) -> Verdict;

    /// Seconds from taking in, or from the last question, to the next one; `asked` says how often it was asked.
    fn wait(&self, asked: u32) -> u32;
}

/// A platform that reports on what it was sent, to whoever has a credential for that. Nothing depends on it: it is asked now
/// and then, and what it says is shown beside what was counted here.
pub trait Reporting {
    /// How long to wait between two visits, in milliseconds.
    fn every(&self) -> i64;

    /// Where the access token comes from; nothing where the credential does by itself.
    fn access(&self) -> Option<&Access> {
        None
    }

    /// The questions of one visit. `token` is of [`access`](Self::access).
    ///
    /// # Errors
    /// An outcome where they cannot be asked.
    fn requests(&self, token: Option<&Secret>, now: UnixMillis) -> Result<Vec<Request>, Outcome>;

    /// What the reply to the question at that place says.
    ///
    /// # Errors
    /// Why it says nothing: [`Outcome::Unauthorized`], [`Outcome::Retry`] or [`Outcome::Rejected`].
    fn read(&self, place: usize, reply: &Reply, now: UnixMillis) -> Result<Vec<Reported>, Outcome>;
}
