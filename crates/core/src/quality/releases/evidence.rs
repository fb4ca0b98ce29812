//! The ledger's answers, sorted into what is compared: shares and sums, after and before, and by day of what was usual.

use serde::Serialize;
use serde_json::Value;

use super::plan::{Plan, Windows};
use super::question::{Question, Usage};
use super::statistics::Cell;
use crate::base::match_keys::{Key, Keys};
use crate::base::members::list_of;
use crate::base::table::{Table, sort_many};
use crate::base::time::{DAY_MS, UnixMillis};
use crate::ledger::measured::{LONGER, NO_SUM, PARTS};
use crate::ledger::{Line, State};
use crate::quality::score;

/// What the ledger answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// To [`Question::adoption`].
    pub adoption: Vec<(Line, i64)>,
    /// To the queries of [`Windows::queries`]; empty while there are no windows.
    pub after: Vec<(Line, i64)>,
    /// The other label.
    pub before: Vec<(Line, i64)>,
    /// What was usual.
    pub history: Vec<(Line, i64)>,
    /// Which platform a destination is, where that is not its name.
    pub platforms: Table<String, String>,
}

impl Evidence {
    /// From lines that are at hand, of any source and time.
    ///
    /// # Errors
    ///
    /// As [`Question::plan`].
    pub fn gather(question: &Question, lines: &[(Line, i64)]) -> Result<Self, Usage> {
        let adoption = question.adoption().fold(lines.iter().cloned());
        let mut evidence = Self {
            adoption,
            ..Self::default()
        };
        if let Plan::Ready(windows) = question.plan(&evidence.adoption)? {
            let queries = windows.queries(question);
            evidence.after = queries.after.fold(lines.iter().cloned());
            evidence.before = queries.before.fold(lines.iter().cloned());
            evidence.history = queries.history.fold(lines.iter().cloned());
        }
        Ok(evidence)
    }

    /// Sums of the ledger without the amounts of which some were more than there is room for, and their number.
    pub fn without_full(mut lines: Vec<(Line, i64)>) -> Vec<(Line, i64)> {
        let full: Vec<Line> = lines
            .iter()
            .filter(|(line, n)| line.state == State::Money && *n == NO_SUM)
            .map(|(line, _)| line.clone())
            .collect();
        lines.retain(|(line, _)| {
            !matches!(line.state, State::Money | State::Priced)
                || !full.iter().any(|full| {
                    let state = full.state;
                    *full
                        == Line {
                            state,
                            ..line.clone()
                        }
                })
        });
        lines
    }

    /// An answer of the ledger, as it travels: a list of lines with their sums. `None` where it is none.
    pub fn read_answer(value: Value) -> Option<Vec<(Line, i64)>> {
        list_of(value, |pair| {
            let [line, n] = <[Value; 2]>::try_from(match pair {
                Value::Array(pair) => pair,
                _ => return None,
            })
            .ok()?;
            Some((Line::read(line)?, n.as_i64()?))
        })
    }
}

/// What a share is a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Events with a match key.
    Key(Key),
    /// Events with a part of that name.
    Part(&'static str),
    /// Events that came to that.
    Outcome(State),
    /// Copies that were refused as malformed.
    Malformed,
    /// Events by what consent allows.
    Consent,
    /// Deliveries that took longer than five minutes.
    Late,
    /// How well the platform can match them: no share, but a mean from 0 to 1.
    Score,
}

/// Counts on both sides, and by day.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Series {
    /// The judged label, by hour of the windows.
    pub after: Vec<Cell>,
    /// The other one: by the same hours, or in one sum.
    pub before: Vec<Cell>,
    /// All labels, by day.
    pub days: Vec<Cell>,
}

/// A share that is compared.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fraction<'a> {
    /// What of.
    pub kind: Kind,
    /// The event; empty for all.
    pub event: &'a str,
    /// The destination; empty for intake.
    pub destination: &'a str,
    /// The word of consent.
    pub word: &'a str,
    /// The counts.
    pub series: Series,
}

/// Amounts of an event in a currency, or the estimates of it at a destination: `k` is the sum and `n` the number.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Amount<'a> {
    /// The event.
    pub event: &'a str,
    /// The destination; empty for amounts of money.
    pub destination: &'a str,
    /// The currency; empty for estimates.
    pub currency: &'a str,
    /// The sums.
    pub series: Series,
}

/// A code, or the writer of consent strings, with how often it came.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Seen {
    /// With the judged label.
    pub after: f64,
    /// With the other one, and in the days before.
    pub before: f64,
}

/// Everything that is compared.
#[derive(Debug, Default)]
pub(super) struct Books<'a> {
    /// How often each event came, tests and robots apart, in `k`.
    pub volumes: Table<&'a str, Series>,
    /// Shares.
    pub fractions: Vec<Fraction<'a>>,
    /// Amounts of money, and estimates.
    pub amounts: Vec<Amount<'a>>,
    /// Codes, by destination and state.
    pub codes: Table<(&'a str, State, &'a str), Seen>,
    /// How many were offered, by destination.
    pub offered: Table<&'a str, Seen>,
}

/// Whose a row is, and where its sum goes.
#[derive(Debug, Clone, Copy)]
enum Slot {
    After(usize),
    Before(usize),
    Day(usize),
}

struct Row<'a> {
    slot: Slot,
    line: &'a Line,
    n: f64,
}

/// How many slots there are of each.
#[derive(Debug, Clone, Copy)]
struct Shape {
    after: usize,
    before: usize,
    days: usize,
}

impl Series {
    fn of(shape: Shape) -> Self {
        Self {
            after: vec![Cell::default(); shape.after],
            before: vec![Cell::default(); shape.before],
            days: vec![Cell::default(); shape.days],
        }
    }

    fn add(&mut self, slot: Slot, cell: Cell) {
        let place = match slot {
            Slot::After(at) => self.after.get_mut(at),
            Slot::Before(at) => self.before.get_mut(at),
            Slot::Day(at) => self.days.get_mut(at),
        };
        if let Some(sum) = place {
            sum.add(cell);
        }
    }

    /// Each cell made of the cells of two.
    pub(super) fn with(&self, other: &Self, make: impl Fn(Cell, Cell) -> Cell) -> Self {
        let both = |one: &[Cell], other: &[Cell]| {
            let pairs = one.iter().zip(other);
            pairs.map(|(one, other)| make(*one, *other)).collect()
        };
        Self {
            after: both(&self.after, &other.after),
            before: both(&self.before, &other.before),
            days: both(&self.days, &other.days),
        }
    }

    /// The sum of both labels, and of the days.
    pub(super) fn sums(&self) -> (Cell, Cell, Cell) {
        (
            Cell::sum(&self.after),
            Cell::sum(&self.before),
            Cell::sum(&self.days),
        )
    }
}

impl<'a> Books<'a> {
    /// Of the answers, as far as they are within the windows.
    pub(super) fn open(evidence: &'a Evidence, windows: &Windows) -> Self {
        let first_day = windows.appeared.0.div_euclid(DAY_MS) - super::plan::HISTORY_DAYS;
        let shape = Shape {
            after: windows.after.len(),
            before: if windows.concurrent {
                windows.before.len()
            } else {
                1
            },
            days: usize::try_from(super::plan::HISTORY_DAYS + 1).unwrap_or_default(),
        };
        let within = |hours: &[UnixMillis], hour| hours.binary_search(&hour).ok();
        let after = evidence.after.iter().filter_map(|(line, n)| {
            Some((Slot::After(within(&windows.after, line.hour)?), line, *n))
        });
        let before = evidence.before.iter().filter_map(|(line, n)| {
            let at = if windows.concurrent {
                within(&windows.before, line.hour)?
            } else {
                0
            };
            Some((Slot::Before(at), line, *n))
        });
        let days = evidence.history.iter().filter_map(|(line, n)| {
            let day = line.hour.0.div_euclid(DAY_MS) - first_day;
            Some((Slot::Day(usize::try_from(day).ok()?), line, *n))
        });
        #[expect(clippy::cast_precision_loss, reason = "counts are below 2^53")]
        let mut rows: Vec<Row<'a>> = after
            .chain(before)
            .chain(days)
            .map(|(slot, line, n)| Row {
                slot,
                line,
                n: n as f64,
            })
            .collect();
        sort_many(&mut rows, |one, other| {
            let key = |row: &Row<'a>| (row.line.event.as_str(), row.line.destination.as_str());
            key(one) < key(other)
        });
        let mut books = Self::default();
        let same = |one: &Row<'a>, other: &Row<'a>| {
            one.line.event == other.line.event && one.line.destination == other.line.destination
        };
        for group in rows.chunk_by(same) {
            books.enter(group, shape);
            books.estimate(group, shape, evidence);
        }
        for fraction in &mut books.fractions {
            fraction.complete();
        }
        books
    }

    /// The rows of one event at one destination.
    fn enter(&mut self, rows: &[Row<'a>], shape: Shape) {
        let Some(first) = rows.first().map(|row| row.line) else {
            return;
        };
        let (event, destination) = (first.event.as_str(), first.destination.as_str());
        let since = self.fractions.len();
        for Row { slot, line, n } in rows {
            let (slot, n) = (*slot, *n);
            let code = line.code.as_str();
            let mut group = Group {
                fractions: &mut self.fractions,
                since,
                shape,
                event,
                destination,
            };
            match line.state {
                State::Accepted if destination.is_empty() => self.volume(event, shape, slot, n),
                State::Apart if destination.is_empty() => self.volume(event, shape, slot, -n),
                State::Keys => {
                    for key in Key::ALL {
                        group.share(Kind::Key(key), slot, n, code.contains(key.letter()));
                    }
                }
                State::Parts => {
                    for (letter, name) in PARTS {
                        group.share(Kind::Part(name), slot, n, code.contains(letter));
                    }
                }
                State::Latency => group.share(Kind::Late, slot, n, code_is_late(code)),
                State::Apart => {
                    let state = code
                        .split_once(':')
                        .and_then(|(_, state)| State::read(state));
                    if let Some(state) = state.filter(|state| OUTCOMES.contains(state)) {
                        group.outcome(state, slot, -n);
                    }
                }
                State::Priced => {
                    self.amount((event, "", code), shape, slot, Cell { k: 0.0, n });
                }
                State::Money => {
                    self.amount((event, "", code), shape, slot, Cell { k: n, n: 0.0 });
                }
                state if OUTCOMES.contains(&state) && !destination.is_empty() => {
                    group.outcome(state, slot, n);
                }
                _ => {}
            }
            match line.state {
                State::Accepted if destination.is_empty() => {
                    self.overall(Kind::Malformed, "", shape, slot, Cell { k: 0.0, n });
                }
                State::Malformed => {
                    self.overall(Kind::Malformed, "", shape, slot, Cell { k: n, n });
                }
                State::Consent => {
                    self.overall(Kind::Consent, code, shape, slot, Cell { k: n, n: 0.0 });
                }
                _ => {}
            }
            self.count(line, slot, n);
        }
    }

    fn volume(&mut self, event: &'a str, shape: Shape, slot: Slot, n: f64) {
        if !self.volumes.contains(event) {
            self.volumes.insert(event, Series::of(shape));
        }
        self.volumes
            .change(event, |series| series.add(slot, Cell { k: n, n: 0.0 }));
    }

    /// The estimates of one event at one destination, by the keys that went along.
    fn estimate(&mut self, rows: &[Row<'a>], shape: Shape, evidence: &Evidence) {
        let Some(destination) = rows.first().map(|row| row.line.destination.as_str()) else {
            return;
        };
        let platform = evidence.platforms.get(destination);
        let Some(weights) = score::weights(platform.map_or(destination, String::as_str)) else {
            return;
        };
        for Row { slot, line, n } in rows.iter().filter(|row| row.line.state == State::Keys) {
            if let Some(keys) = Keys::read(&line.code) {
                let k = score::chance(&weights, keys) * n;
                let place = (line.event.as_str(), destination, "");
                self.amount(place, shape, *slot, Cell { k, n: *n });
            }
        }
    }

    fn amount(
        &mut self,
        (event, destination, currency): (&'a str, &'a str, &'a str),
        shape: Shape,
        slot: Slot,
        cell: Cell,
    ) {
        let known = self.amounts.iter_mut().find(|amount| {
            amount.event == event
                && amount.destination == destination
                && amount.currency == currency
        });
        if let Some(amount) = known {
            amount.series.add(slot, cell);
        } else {
            let mut series = Series::of(shape);
            series.add(slot, cell);
            self.amounts.push(Amount {
                event,
                destination,
                currency,
                series,
            });
        }
    }

    /// A share of all events of the source.
    fn overall(&mut self, kind: Kind, word: &'a str, shape: Shape, slot: Slot, cell: Cell) {
        let known = self.fractions.iter_mut().find(|it| {
            it.kind == kind && it.word == word && it.event.is_empty() && it.destination.is_empty()
        });
        if let Some(fraction) = known {
            fraction.series.add(slot, cell);
        } else {
            let mut series = Series::of(shape);
            series.add(slot, cell);
            self.fractions.push(Fraction {
                kind,
                event: "",
                destination: "",
                word,
                series,
            });
        }
    }

    fn count(&mut self, line: &'a Line, slot: Slot, n: f64) {
        let destination = line.destination.as_str();
        let add = |seen: &mut Seen| match slot {
            Slot::After(_) => seen.after += n,
            Slot::Before(_) | Slot::Day(_) => seen.before += n,
        };
        match line.state {
            State::Accepted => self.offered.change(destination, add),
            state if TELLING.contains(&state) && !line.code.is_empty() => {
                self.codes
                    .change((destination, state, line.code.as_str()), add);
            }
            _ => {}
        }
    }
}

/// What an event comes to at a destination, and is compared by share. Given up is as bad as refused.
const OUTCOMES: [State; 6] = [
    State::Delivered,
    State::Duplicate,
    State::Blocked,
    State::Skipped,
    State::Rejected,
    State::Dead,
];

/// Whose codes are told of when they are new.
const TELLING: [State; 8] = [
    State::Malformed,
    State::Blocked,
    State::Skipped,
    State::Rejected,
    State::Dead,
    State::Removed,
    State::Changed,
    State::ConsentString,
];

fn code_is_late(code: &str) -> bool {
    code.parse()
        .map_or(code == LONGER, |seconds: u32| seconds > 300)
}

/// The shares of one event at one destination, which are the last ones of all.
struct Group<'g, 'a> {
    fractions: &'g mut Vec<Fraction<'a>>,
    since: usize,
    shape: Shape,
    event: &'a str,
    destination: &'a str,
}

impl Group<'_, '_> {
    fn add(&mut self, kind: Kind, slot: Slot, cell: Cell) {
        let (event, destination) = (self.event, self.destination);
        let known = self
            .fractions
            .iter_mut()
            .skip(self.since)
            .find(|it| it.kind == kind && it.event == event && it.destination == destination);
        if let Some(fraction) = known {
            fraction.series.add(slot, cell);
        } else {
            let mut series = Series::of(self.shape);
            series.add(slot, cell);
            self.fractions.push(Fraction {
                kind,
                event,
                destination,
                word: "",
                series,
            });
        }
    }

    fn share(&mut self, kind: Kind, slot: Slot, n: f64, has: bool) {
        self.add(
            kind,
            slot,
            Cell {
                k: if has { n } else { 0.0 },
                n,
            },
        );
    }

    fn outcome(&mut self, state: State, slot: Slot, n: f64) {
        let state = if state == State::Dead {
            State::Rejected
        } else {
            state
        };
        for of in [
            State::Duplicate,
            State::Blocked,
            State::Skipped,
            State::Rejected,
        ] {
            self.share(Kind::Outcome(of), slot, n, of == state);
        }
    }
}

impl Fraction<'_> {
    /// What is left when tests and robots were taken out again is never below nothing.
    fn complete(&mut self) {
        for cell in [
            &mut self.series.after,
            &mut self.series.before,
            &mut self.series.days,
        ]
        .into_iter()
        .flatten()
        {
            cell.k = cell.k.max(0.0);
            cell.n = cell.n.max(cell.k);
        }
    }
}

/// Each word of consent is a share of all of them.
pub(super) fn complete_consent(fractions: &mut [Fraction<'_>]) {
    let mut all: Option<Series> = None;
    for fraction in fractions.iter().filter(|it| it.kind == Kind::Consent) {
        let sum = |all: Cell, one: Cell| Cell {
            k: all.k + one.k,
            n: 0.0,
        };
        all = Some(match all {
            None => fraction.series.clone(),
            Some(all) => all.with(&fraction.series, sum),
        });
    }
    let Some(all) = all else {
        return;
    };
    for fraction in fractions.iter_mut().filter(|it| it.kind == Kind::Consent) {
        fraction.series = fraction
            .series
            .with(&all, |one, all| Cell { k: one.k, n: all.k });
    }
}
