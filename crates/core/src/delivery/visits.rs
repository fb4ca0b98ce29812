//! Asking platforms what they say about the quality of what they were sent ([`Reporting`]): now and then, one question at a
//! time, and with a credential of its own.
//!
//! Nothing hangs on it. It shares no circuit breaker, no access token and no scheduler with sending and polling, so a refused
//! credential for reports never pauses a destination; what fails is noted by its code and tried again another time.

use std::collections::VecDeque;
use std::fmt;

use super::scheduler::OutgoingRequest;
use crate::base::reported::{MOST_REPORTED, Reported, Visit};
use crate::base::secret::Secret;
use crate::base::table::sort_many;
use crate::base::time::{HOUR_MS, UnixMillis};
use crate::destinations::destination::Reporting;
use crate::exchange::access::Signing;
use crate::exchange::http::{Failure, Reply};
use crate::exchange::outcome::Outcome;
use crate::exchange::request::Request;
use crate::settings::{Configured, Settings};

/// How many destinations are visited in one go; the others are due the next time.
const MOST_VISITS: usize = 8;
/// No platform keeps anybody waiting for longer, whatever it says.
const MOST_WAIT_MS: i64 = 48 * HOUR_MS;
/// The longest code of a fault, in characters.
const LONGEST_CODE: usize = 60;

/// Visits to the platforms that are due.
pub struct Visits<'s> {
    settings: &'s Settings,
    left: VecDeque<&'s Configured>,
    current: Option<Current<'s>>,
    told: Told,
}

impl fmt::Debug for Visits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visits")
            .field("left", &self.left.len())
            .field("told", &self.told)
            .finish_non_exhaustive()
    }
}

/// What visits came to, for the ledger.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Told {
    /// What platforms reported.
    pub reported: Vec<Reported>,
    /// Who was asked, and how it went.
    pub visits: Vec<Visit>,
}

/// The visit that is under way.
struct Current<'s> {
    to: &'s Configured,
    of: &'s dyn Reporting,
    /// A token is being fetched.
    fetching: bool,
    questions: VecDeque<Request>,
    place: usize,
    found: Vec<Reported>,
    fault: Option<Outcome>,
}

/// The destinations that report, where the settings have a credential for it.
fn reporting(settings: &Settings) -> impl Iterator<Item = (&Configured, &dyn Reporting)> {
    let all = settings.destinations.iter();
    all.filter_map(|one| Some((one, one.destination.reporting()?)))
}

impl<'s> Visits<'s> {
    /// Whether there is anybody to visit, ever.
    pub fn any(settings: &Settings) -> bool {
        reporting(settings).next().is_some()
    }

    /// Visits to whoever is due, by what the ledger knows of earlier ones.
    pub fn new(settings: &'s Settings, known: &[Visit], now: UnixMillis) -> Self {
        let mut due: Vec<(i64, &Configured)> = Vec::new();
        for (to, _) in reporting(settings) {
            let last = known.iter().find(|visit| visit.destination == to.name);
            match last {
                // A clock that was ahead must not keep it waiting.
                Some(last) if last.next.0 > now.0 && last.at.0 <= now.0 => {}
                last => due.push((last.map_or(0, |last| last.at.0), to)),
            }
        }
        // Whoever has waited longest comes first.
        sort_many(&mut due, |(one, _), (other, _)| one < other);
        Self {
            settings,
            left: due
                .into_iter()
                .map(|(_, to)| to)
                .take(MOST_VISITS)
                .collect(),
            current: None,
            told: Told::default(),
        }
    }

    /// The next request to send, one at a time; nothing when all is done.
    pub fn next(&mut self, now: UnixMillis) -> Option<OutgoingRequest> {
        loop {
            if self.current.is_none() {
                let to = self.left.pop_front()?;
                let mut current = Current {
                    to,
                    of: to.destination.reporting()?,
                    fetching: false,
                    questions: VecDeque::new(),
                    place: 0,
                    found: Vec::new(),
                    fault: None,
                };
                let signed = current.begin(now);
                let fetching = current.fetching;
                self.current = Some(current);
                if fetching {
                    return self.outgoing(signed);
                }
            }
            if self.current.as_ref()?.questions.is_empty() {
                self.end(now);
                continue;
            }
            return self.outgoing(None);
        }
    }

    /// The first of the questions that are left.
    fn outgoing(&mut self, signing: Option<Signing>) -> Option<OutgoingRequest> {
        let current = self.current.as_mut()?;
        let request = current.questions.pop_front()?;
        Some(OutgoingRequest {
            ticket: 0,
            destination: current.to.name.clone(),
            address: self.settings.address(request.uri()),
            request,
            signing,
            timeout_ms: self.settings.timeout_ms,
        })
    }

    /// Takes the reply to the request that was given out last, or the reason why there is none.
    pub fn answer(&mut self, reply: &Result<Reply, Failure>, now: UnixMillis) {
        let Some(current) = &mut self.current else {
            return;
        };
        let read = match reply {
            Err(failure) => Err(Outcome::retry(failure.cause())),
            Ok(reply) if current.fetching => {
                current.fetching = false;
                let token = current
                    .of
                    .access()
                    .map(|access| access.read(reply, now))
                    .transpose();
                token.and_then(|token| {
                    let token = token.map(|token| token.secret);
                    current.ask(token.as_ref(), now).map(|()| Vec::new())
                })
            }
            Ok(reply) => {
                let place = current.place;
                current.place += 1;
                current.of.read(place, reply, now)
            }
        };
        match read {
            Ok(found) => current.found.extend(found),
            Err(outcome) => {
                // Whoever asks for a pause, or is not there, is asked nothing more.
                if reply.is_err() || matches!(outcome, Outcome::Retry { after: Some(_), .. }) {
                    current.questions.clear();
                }
                // The first one is told.
                current.fault = current.fault.take().or(Some(outcome));
            }
        }
    }

    /// Books the visit that is over.
    fn end(&mut self, now: UnixMillis) {
        let Some(current) = self.current.take() else {
            return;
        };
        let name = &current.to.name;
        let mut every = current.of.every();
        let mut wait = 0;
        let fault = match &current.fault {
            Some(Outcome::Retry { code, after }) => {
                every = every.min(HOUR_MS);
                wait = i64::from(after.unwrap_or(0)) * 1000;
                code.as_str()
            }
            Some(Outcome::Unauthorized { code } | Outcome::Rejected { code }) => code.as_str(),
            _ => "",
        };
        let next = slot(name, every, now).0.max(now.0 + wait);
        self.told.visits.push(Visit {
            destination: name.clone(),
            at: now,
            next: UnixMillis(next.min(now.0 + MOST_WAIT_MS)),
            fault: fault.chars().take(LONGEST_CODE).collect(),
        });
        let found = current.found.into_iter().take(MOST_REPORTED);
        self.told.reported.extend(found.map(|one| Reported {
            destination: name.clone(),
            ..one
        }));
    }

    /// What is to be kept.
    pub fn finish(self) -> Told {
        self.told
    }
}

impl Current<'_> {
    /// The request for a token, where one is needed, or the questions.
    fn begin(&mut self, now: UnixMillis) -> Option<Signing> {
        let Some(access) = self.of.access() else {
            if let Err(outcome) = self.ask(None, now) {
                self.fault = Some(outcome);
            }
            return None;
        };
        match access.request(now) {
            Ok((request, signing)) => {
                self.fetching = true;
                self.questions.push_back(request);
                signing
            }
            Err(outcome) => {
                self.fault = Some(outcome);
                None
            }
        }
    }

    fn ask(&mut self, token: Option<&Secret>, now: UnixMillis) -> Result<(), Outcome> {
        self.questions = self.of.requests(token, now)?.into();
        Ok(())
    }
}

/// The destination's own moment of each span that comes next, at least half a span from now: so that not all of them, and not
/// those of all the world's gateways, are asked at the same time.
fn slot(name: &str, every: i64, now: UnixMillis) -> UnixMillis {
    let spread = name.bytes().fold(7_i64, |spread, byte| {
        spread.wrapping_mul(0x0100_0193) ^ i64::from(byte)
    });
    let since = (now.0 - spread.rem_euclid(every)).rem_euclid(every);
    let next = now.0 - since + every;
    UnixMillis(if next - now.0 < every / 2 {
        next + every
    } else {
        next
    })
}
