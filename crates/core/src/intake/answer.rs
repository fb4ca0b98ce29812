//! What the sender is told.

use std::borrow::Cow;

use crate::base::error::{Code, ParseError};
use crate::base::json::Object;
use crate::base::remarks::{Remark, Remarks};
use crate::base::text::Text;
use crate::intake::verdict::Verdict;

/// How a request went, for its format to put into words.
#[derive(Debug)]
pub enum Outcome<'b> {
    /// It was read, and this became of its events.
    Read(&'b Summary<'b>),
    /// It is refused as a whole.
    Refused(&'b ParseError),
    /// Nothing was to happen: somebody asks with `HEAD` what an answer looks like.
    Asked,
}

/// What is sent back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The body's media type.
    pub media: &'static str,
    /// Further headers. That no answer is kept and no type is guessed is said of every one.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// The body.
    pub body: Cow<'static, [u8]>,
}

impl Response {
    /// An answer of JSON.
    pub fn json(status: u16, text: String) -> Self {
        Self {
            status,
            media: "application/json",
            headers: Vec::new(),
            body: Cow::Owned(text.into_bytes()),
        }
    }

    /// A refusal of the whole request in JSON, and when to come again.
    pub fn refusal(error: &ParseError) -> Self {
        let headers = retry_after(error.code).map(|seconds| ("retry-after", seconds.into()));
        Self {
            headers: headers.into_iter().collect(),
            ..Self::json(error.code.status(), refusal(error))
        }
    }

    /// The body as a text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }
}

/// When whoever got this code may come again, in seconds.
pub fn retry_after(code: Code) -> Option<&'static str> {
    match code {
        Code::SettingsInvalid => Some("30"),
        Code::QueueUnavailable => Some("2"),
        // The longest period that a rate limiting binding counts over.
        Code::RateLimited => Some("60"),
        _ => None,
    }
}

/// What became of the events of a request.
#[derive(Debug)]
pub struct Summary<'b> {
    /// Nobody is to learn from it which events are known: whoever holds a page's key could ask which orders exist.
    pub(super) discreet: bool,
    pub(super) accepted: usize,
    pub(super) duplicates: usize,
    pub(super) rejected: usize,
    pub(super) blocked: usize,
    /// What was no conversion.
    pub(super) ignored: usize,
    pub(super) results: Vec<ResultLine<'b>>,
}

/// What became of one event: how it fared, and its fault or what it came to.
#[derive(Debug)]
pub(super) struct ResultLine<'b> {
    pub(super) status: &'static str,
    pub(super) fault: Option<&'b ParseError>,
    /// Its id, where it could be read.
    pub(super) event_id: Option<&'b Text<'b>>,
    /// What was left out and changed.
    pub(super) remarks: Option<&'b Remarks>,
    /// `{"meta": "queued", "ga4": "blocked:analytics_storage_denied"}`.
    pub(super) destinations: Vec<(&'b str, Verdict)>,
}

impl<'b> ResultLine<'b> {
    /// Of an event that is refused.
    pub(super) fn rejected(fault: &'b ParseError) -> Self {
        Self {
            status: if fault.code.is_ignored() {
                "ignored"
            } else {
                "rejected"
            },
            event_id: None,
            fault: Some(fault),
            remarks: None,
            destinations: Vec::new(),
        }
    }

    /// What is odd about a copy that was taken.
    fn oddity(&self) -> Option<(&'static str, &'static str)> {
        let any = |wanted: Verdict| self.destinations.iter().any(|(_, one)| *one == wanted);
        if any(Verdict::Conflict) {
            Some((
                "conflict",
                "an earlier copy, of weaker proof or under another event id, has another value, currency or order; this one goes out as well",
            ))
        } else if any(Verdict::Duplicate { differs: true }) {
            Some((
                "duplicate_differs",
                "an event of this name and id was taken before, with another value, currency or order; this copy is held back",
            ))
        } else {
            None
        }
    }
}

impl<'b> Summary<'b> {
    pub(super) fn new(discreet: bool, events: usize) -> Self {
        Self {
            discreet,
            accepted: 0,
            duplicates: 0,
            rejected: 0,
            blocked: 0,
            ignored: 0,
            results: Vec::with_capacity(events),
        }
    }

    pub(super) fn add(&mut self, line: ResultLine<'b>) {
        match line.status {
            "rejected" => self.rejected += 1,
            "duplicate" => self.duplicates += 1,
            "blocked" => self.blocked += 1,
            "ignored" => self.ignored += 1,
            _ => self.accepted += 1,
        }
        self.results.push(line);
    }

    /// Whether any event was taken, or there was none to take.
    pub fn taken(&self) -> bool {
        self.results.is_empty() || self.rejected < self.results.len()
    }

    /// What the sender is told of an event in a word.
    pub(super) fn told(&self, line: &ResultLine<'_>) -> &'static str {
        match line.status {
            "accepted" | "duplicate" if self.discreet => "received",
            status => status,
        }
    }

    /// All of it, in JSON.
    pub(super) fn text(&self) -> String {
        Object::write_text(|to| self.put(to))
    }

    /// All of it, as members of an object.
    pub(super) fn put(&self, to: &mut Object<'_>) {
        if self.discreet {
            to.put("received", self.accepted + self.duplicates);
        } else {
            to.put("accepted", self.accepted);
            to.put("duplicates", self.duplicates);
        }
        to.put("rejected", self.rejected);
        to.put("blocked", self.blocked);
        to.put("ignored", (self.ignored > 0).then_some(self.ignored));
        to.objects(
            "results",
            self.results.iter().enumerate(),
            |to, (index, line)| {
                to.put("index", *index);
                to.put("event_id", line.event_id);
                to.put("status", self.told(line));
                if !self.discreet
                    && let Some((code, message)) = line.oddity()
                {
                    to.put("code", code);
                    to.put("message", message);
                }
                if let Some(fault) = line.fault {
                    to.put("code", fault.code.as_str());
                    to.put("path", &fault.path);
                    to.put("message", &*fault.message);
                }
                to.object("destinations", |to| {
                    for (name, verdict) in &line.destinations {
                        to.put(name, verdict.told(self.discreet));
                    }
                });
                if let Some(remarks) = line.remarks {
                    let put = |to: &mut Object<'_>, remark: &&Remark| {
                        to.put("path", &remark.path);
                        to.put("code", remark.code);
                    };
                    to.objects("removed", &remarks.removed, put);
                    to.objects("changed", &remarks.changed, put);
                }
            },
        );
    }
}

/// The answer to a request that is refused as a whole: `{"error": {"code", "message", "path"?}}`.
pub fn refusal(error: &ParseError) -> String {
    Object::write_text(|to| {
        to.object("error", |to| {
            to.put("code", error.code.as_str());
            to.put("message", &*error.message);
            to.put("path", &error.path);
        });
    })
}

/// The error of a code without more to say.
pub fn error_of(code: Code) -> ParseError {
    ParseError::new(code, "", code.meaning())
}
