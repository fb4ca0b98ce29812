//! Whether an export of receipts is as it was written: nothing taken out, altered, put elsewhere, or cut off.
//!
//! It says so of what is in the export. Whoever holds the database can write a chain anew from any line on, so what proves
//! that nobody did is a head that was noted elsewhere.
//!
//! ```
//! use edgetally_core::ledger::verify::Verifier;
//! let mut verifier = Verifier::default();
//! verifier.line(r#"{"count":2,"day":"2026-11-30","head":"00","source":"shop"}"#);
//! let verified = verifier.finish();
//! assert!(!verified.is_ok());
//! assert_eq!(verified.problems[0].finding.as_str(), "truncated");
//! ```

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::chain::{date, day};
use crate::base::hex::Hex;
use crate::base::json::text_of;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// A line, or a whole chain, is missing.
    Removed,
    /// A line is not what its digest, the next line or a head says that it was.
    Altered,
    /// A line stands behind one that follows it.
    Reordered,
    /// A line is there twice.
    Duplicated,
    /// The end of a chain is missing.
    Truncated,
    /// What stands there is no line of an export.
    Unreadable,
}

impl Finding {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Altered => "altered",
            Self::Reordered => "reordered",
            Self::Duplicated => "duplicated",
            Self::Truncated => "truncated",
            Self::Unreadable => "unreadable",
        }
    }
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The number of the line in the export, from 1; 0 where it is about no line of it.
    pub line: usize,
    /// What.
    pub finding: Finding,
    /// The chain that it is about: source and day, or nothing where that cannot be read.
    pub chain: String,
}

/// A chain that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The source.
    pub source: String,
    /// The date.
    pub day: String,
    /// How many receipts of it there are.
    pub count: i64,
    /// The digest of the last one.
    pub head: String,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// How many receipts.
    pub receipts: usize,
    /// The chains, by source and day.
    pub chains: Vec<Chain>,
    /// Of which days the gateway says that it has forgotten receipts that are not here: how far the chains were.
    pub forgotten: Vec<Chain>,
    /// What is wrong, by line; at most [`Verified::MOST_PROBLEMS`].
    pub problems: Vec<Problem>,
}

impl Verified {
    /// How many problems are told.
    pub const MOST_PROBLEMS: usize = 1000;

    /// Whether nothing is wrong.
    pub const fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (receipts, chains) = (self.receipts, self.chains.len());
        let ok = if self.is_ok() { "ok" } else { "not ok" };
        write!(f, "{ok}: {receipts} receipts in {chains} chains")?;
        if !self.forgotten.is_empty() {
            write!(f, ", {} forgotten", self.forgotten.len())?;
        }
        if self.is_ok() {
            return Ok(());
        }
        f.write_str(", and this is wrong:")?;
        for Problem {
            line,
            finding,
            chain,
        } in &self.problems
        {
            match line {
                0 => write!(f, "\n{}: {chain}", finding.as_str())?,
                line => write!(f, "\nline {line}: {}: {chain}", finding.as_str())?,
            }
        }
        Ok(())
    }
}

/// A receipt's place in its chain.
#[derive(Debug)]
struct Link {
    line: usize,
    prev: String,
    hash: String,
}

/// How far a chain went, as a closing line or a noted head says.
#[derive(Debug)]
struct Mark {
    /// Of the closing line; 0 for a head.
    line: usize,
    count: i64,
    head: String,
    /// Whether the receipts were forgotten by then.
    forgotten: bool,
}

#[derive(Debug, Default)]
struct Found {
    links: BTreeMap<i64, Link>,
    /// Where the next line belongs.
    next: i64,
    marks: Vec<Mark>,
    /// Whether a closing line came with the export.
    closed: bool,
}

impl Found {
    /// The end of a chain that was forgotten, where not all of it is here.
    fn forgotten(&self) -> Option<&Mark> {
        let marks = self.marks.iter().filter(|mark| mark.forgotten);
        let end = marks.max_by_key(|mark| mark.count);
        end.filter(|mark| mark.count > self.next)
    }
}

/// Reads an export line by line.
#[derive(Debug, Default)]
pub struct Verifier {
    lines: usize,
    receipts: usize,
    /// By source and day.
    chains: BTreeMap<(String, i64), Found>,
    problems: Vec<Problem>,
}

/// One line.
enum Read {
    Receipt { seq: i64, link: Link, whole: bool },
    Closing(Mark),
}

/// The members of a line that is written as the export writes it, so that nobody reads anything else out of it than we do.
fn members(text: &str) -> Option<Map<String, Value>> {
    let value: Value = serde_json::from_str(text).ok()?;
    match value {
        Value::Object(_) if text_of(&value) != text => None,
        Value::Object(members) => Some(members),
        _ => None,
    }
}

fn string(members: &Map<String, Value>, name: &str) -> Option<String> {
    members.get(name)?.as_str().map(ToOwned::to_owned)
}

/// Source and day, and what the line says.
fn read(text: &str, line: usize) -> Option<((String, i64), Read)> {
    let mut of = members(text)?;
    let chain = (string(&of, "source")?, day(&string(&of, "day")?)?);
    let number = |name: &str| of.get(name)?.as_i64();
    let read = if of.len() == 6 {
        let seq = number("seq").filter(|seq| *seq >= 0)?;
        if !of.get("receipt")?.is_object() {
            return None;
        }
        let prev = string(&of, "prev")?;
        let Some(Value::String(hash)) = of.remove("hash") else {
            return None;
        };
        let digest = Sha256::digest(text_of(&of).as_bytes());
        Read::Receipt {
            seq,
            whole: Hex::of(&digest.into()).as_str() == hash,
            link: Link { line, prev, hash },
        }
    } else if of.len() == 4 || (of.len() == 5 && of.get("forgotten") == Some(&Value::Bool(true))) {
        Read::Closing(Mark {
            line,
            count: number("count").filter(|count| *count > 0)?,
            head: string(&of, "head")?,
            forgotten: of.len() == 5,
        })
    } else {
        return None;
    };
    Some((chain, read))
}

impl Verifier {
    fn problem(&mut self, line: usize, finding: Finding, chain: Option<&(String, i64)>) {
        let chain = chain.map(|(source, day)| format!("{source} {}", date(*day)));
        self.problems.push(Problem {
            line,
            finding,
            chain: chain.unwrap_or_default(),
        });
        // What is told is in the order of the lines, of which those at the end are the least of anybody's interest.
        if self.problems.len() > 2 * Verified::MOST_PROBLEMS {
            self.shorten();
        }
    }

    fn shorten(&mut self) {
        self.problems.sort_by_key(|problem| problem.line);
        self.problems.truncate(Verified::MOST_PROBLEMS);
    }

    /// The next line of an export. Empty ones are passed over.
    pub fn line(&mut self, text: &str) {
        self.lines += 1;
        let (text, line) = (text.trim_end_matches(['\r', '\n']), self.lines);
        if text.is_empty() {
            return;
        }
        let Some((chain, read)) = read(text, line) else {
            return self.problem(line, Finding::Unreadable, None);
        };
        let found = self.chains.entry(chain.clone()).or_default();
        match read {
            Read::Closing(mark) => {
                found.closed = true;
                found.marks.push(mark);
            }
            Read::Receipt { seq, link, whole } => {
                self.receipts += 1;
                let known = found.links.contains_key(&seq);
                let late = seq < found.next;
                if !known {
                    found.links.insert(seq, link);
                    found.next = found.next.max(seq.saturating_add(1));
                }
                if known {
                    self.problem(line, Finding::Duplicated, Some(&chain));
                } else if late {
                    self.problem(line, Finding::Reordered, Some(&chain));
                }
                if !whole {
                    self.problem(line, Finding::Altered, Some(&chain));
                }
            }
        }
    }

    /// A head that was noted elsewhere, in the form of a closing line. Its chain has to be in the export.
    pub fn head(&mut self, text: &str) {
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return;
        }
        match read(text, 0) {
            Some((chain, Read::Closing(mark))) => {
                self.chains.entry(chain).or_default().marks.push(mark);
            }
            _ => self.problem(0, Finding::Unreadable, None),
        }
    }

    /// What was found.
    pub fn finish(mut self) -> Verified {
        let (mut chains, mut forgotten) = (Vec::new(), Vec::new());
        // The source's day before, with the digest that its chain ends with.
        let mut before: Option<(String, String)> = None;
        for (chain, found) in std::mem::take(&mut self.chains) {
            let last = before.take_if(|(source, _)| *source == chain.0);
            self.check(&chain, &found, last.as_ref().map(|(_, head)| head.as_str()));
            let last = found.links.last_key_value();
            let end = found.marks.iter().max_by_key(|mark| mark.count);
            if let Some(mark) = found.forgotten() {
                forgotten.push(Chain {
                    source: chain.0.clone(),
                    day: date(chain.1),
                    count: mark.count,
                    head: mark.head.clone(),
                });
            }
            let end = end.map(|mark| &mark.head);
            if let Some(head) = end.or(last.map(|(_, link)| &link.hash)) {
                before = Some((chain.0.clone(), head.clone()));
            }
            if let Some((_, link)) = last {
                chains.push(Chain {
                    day: date(chain.1),
                    source: chain.0,
                    count: i64::try_from(found.links.len()).unwrap_or(i64::MAX),
                    head: link.hash.clone(),
                });
            }
        }
        self.shorten();
        Verified {
            receipts: self.receipts,
            chains,
            forgotten,
            problems: self.problems,
        }
    }

    /// Holds the lines of a chain against each other, and against what is known of it. `before` is the digest that the
    /// source's chain before it ends with.
    fn check(&mut self, chain: &(String, i64), found: &Found, before: Option<&str>) {
        let mut next = 0;
        let mut last = before;
        for (seq, link) in &found.links {
            if *seq != next {
                self.problem(link.line, Finding::Removed, Some(chain));
            } else if last.is_some_and(|hash| hash != link.prev) {
                // At the beginning it is a whole day that is not there.
                let finding = if next == 0 {
                    Finding::Removed
                } else {
                    Finding::Altered
                };
                self.problem(link.line, finding, Some(chain));
            }
            next = seq.saturating_add(1);
            last = Some(&link.hash);
        }
        // Up to there it is known that receipts were forgotten.
        let forgotten = found.forgotten().map_or(0, |mark| mark.count);
        if found.links.is_empty() && !found.closed && forgotten == 0 {
            // A head is known of it, and it is not there.
            return self.problem(0, Finding::Removed, Some(chain));
        }
        for mark in &found.marks {
            if mark.count > next && mark.count <= forgotten {
                // Of the same length they have to end with the same digest.
                let end = found.forgotten().filter(|end| end.count == mark.count);
                if end.is_some_and(|end| end.head != mark.head) {
                    self.problem(mark.line, Finding::Altered, Some(chain));
                }
            } else if mark.count > next {
                self.problem(mark.line, Finding::Truncated, Some(chain));
            } else if let Some(link) = found.links.get(&(mark.count - 1))
                && link.hash != mark.head
            {
                self.problem(mark.line.max(link.line), Finding::Altered, Some(chain));
            }
        }
        let closed = found.marks.iter().filter(|mark| mark.line > 0);
        let closed = closed.map(|mark| mark.count).max().unwrap_or(0);
        if closed < next {
            // Nothing says that what stands at its end is all of it.
            let link = found.links.last_key_value().map(|(_, link)| link.line);
            self.problem(link.unwrap_or(0), Finding::Truncated, Some(chain));
        }
    }
}
