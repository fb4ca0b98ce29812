//! What the sender is told.

use crate::base::error::{Code, ParseError};
use crate::base::json::Object;
use crate::base::remarks::{Remark, Remarks};
use crate::base::text::Text;
use crate::intake::verdict::Verdict;

pub(super) struct Answer<'b> {
    /// Nobody is to learn from it which events are known: whoever holds a page's key could ask which orders exist.
    pub(super) discreet: bool,
    pub(super) accepted: usize,
    pub(super) duplicates: usize,
    pub(super) rejected: usize,
    pub(super) blocked: usize,
    pub(super) results: Vec<ResultLine<'b>>,
}

/// What the sender is told of one event: how it fared, and its fault or what it came to.
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

impl ResultLine<'_> {
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

impl Answer<'_> {
    pub(super) fn text(&self) -> String {
        Object::write_text(|to| {
            if self.discreet {
                to.put("received", self.accepted + self.duplicates);
            } else {
                to.put("accepted", self.accepted);
                to.put("duplicates", self.duplicates);
            }
            to.put("rejected", self.rejected);
            to.put("blocked", self.blocked);
            to.objects(
                "results",
                self.results.iter().enumerate(),
                |to, (index, line)| {
                    to.put("index", *index);
                    to.put("event_id", line.event_id);
                    to.put(
                        "status",
                        match line.status {
                            "accepted" | "duplicate" if self.discreet => "received",
                            status => status,
                        },
                    );
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
        })
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
