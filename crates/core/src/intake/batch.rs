//! The events of one request: decided on for each destination, prepared, held against the claims, and packed.

use crate::base::error::{Code, ParseError};
use crate::base::reason::Skip;
use crate::base::remarks::Remarks;
use crate::base::table::Table;
use crate::base::text::Text;
use crate::base::time::UnixMillis;
use crate::consent::{Decision, Grant, Reading};
use crate::dedup::exact::Mark;
use crate::dedup::{Claim, ClaimKey, Evidence, Owner, Standing, Strength, Worth};
use crate::destinations::destination::{Destination, TestMode};
use crate::destinations::input::Input;
use crate::event::{Event, Selection};
use crate::identity::{Country2, Prepared};
use crate::intake::answer::{Outcome, Response, ResultLine, Summary};
use crate::intake::arrival::Arrival;
use crate::intake::auth::token_fits;
use crate::intake::format::Format;
use crate::intake::given::Given;
use crate::intake::jar::Jar;
use crate::intake::ruling::{Basis, Rulings};
use crate::intake::scrub::scrub;
use crate::intake::verdict::Verdict;
use crate::intake::visit::{Filling, Visit};
use crate::ledger::decided::Gathered;
use crate::ledger::measured::Apart;
use crate::ledger::movement::Step;
use crate::ledger::outcomes::Tally;
use crate::ledger::{Counts, Decided, Dimensions, Movement, Note, Report, State};
use crate::queue::envelope::{Packer, close_report, sender};
use crate::queue::id::Id;
use crate::queue::parcel::{Leg, Parcel};
use crate::settings::{Settings, Source};

/// How far a test event comes at a platform that has no place for those: everything but the sending.
fn dry_run(destination: &dyn Destination, input: &Input<'_>, now: UnixMillis) -> Skip {
    match destination.request(std::slice::from_ref(input), None, now) {
        Ok(request) if request.body().len() <= destination.facts().most_bytes => Skip::DryRun,
        _ => Skip::DryRunFailed,
    }
}

#[derive(Debug)]
enum Entry<'a> {
    Refused(ParseError),
    Ready(Box<Ready<'a>>),
}

#[derive(Debug)]
struct Ready<'a> {
    parcel: Parcel<'a>,
    key: ClaimKey,
    /// The key of a purchase's order, where it is another.
    order: Option<ClaimKey>,
    evidence: Evidence,
    /// One for each of the source's destinations, in their order.
    verdicts: Vec<Verdict>,
    /// What is counted of it, whatever becomes of it.
    given: Given,
    /// Who wrote the TC string that came along.
    cmp: Option<u16>,
    remarks: Remarks,
    /// Place of what was decided about it among the batch's rulings.
    ruling: usize,
}

impl Ready<'_> {
    /// Whether it is held against claims and makes some: a test is neither a copy of a real event nor the first of one.
    fn claims(&self) -> bool {
        !self.parcel.test && !self.parcel.legs.is_empty()
    }
}

/// Where an event goes once the claims are known.
struct Settled {
    /// One for each of the source's destinations, in their order.
    verdicts: Vec<Verdict>,
    /// The claims to be made when it is durable.
    claims: Vec<(ClaimKey, Claim)>,
}

/// The events of one request.
#[derive(Debug)]
pub struct Batch<'a> {
    format: &'static Format,
    arrival: Arrival<'a>,
    settings: &'a Settings,
    source: &'a Source,
    /// A visitor's browser has sent it, with a key that everybody can read.
    page: bool,
    now: UnixMillis,
    entries: Vec<Entry<'a>>,
    rulings: Rulings,
    /// The cookies of the answer, where the page asks for them.
    jar: Option<Jar<'a>>,
}

/// A claim that decides on one of the events.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'b> {
    /// Its key.
    pub key: ClaimKey,
    legs: &'b [Leg<'b>],
}

impl Wanted<'_> {
    /// Whether a claim answers for every destination that the event is to go to, so that nobody else need be asked.
    pub fn settled_by(&self, claim: &Claim) -> bool {
        self.legs.iter().all(|leg| claim.has(&leg.destination))
    }
}

/// A claim to be made once its message is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Place of the message in [`Plan::messages`]. Claims on one key stand in the order in which they are to be made.
    pub message: usize,
    /// What is claimed.
    pub key: ClaimKey,
    /// The whole claim as it is then.
    pub claim: Claim,
}

/// What has to happen for a request.
#[derive(Debug)]
pub struct Plan {
    /// Messages that have to be durable before the answer is given, in this order.
    pub messages: Vec<String>,
    /// Claims to be made, each as soon as its message is durable.
    pub claims: Vec<Made>,
    /// Whether any event was taken, which uses a signature up.
    pub taken: bool,
    /// The answer, once everything is durable.
    pub answer: Response,
}

/// Notes the lines of a cart that not every platform can take.
fn remark_lines(event: &mut Event<'_>) {
    for (place, item) in event.items.iter().enumerate() {
        let negative = item.price.is_some_and(|price| price.is_negative());
        if negative || item.pieces().is_none_or(|pieces| pieces < 1) {
            event
                .remarks
                .changed(format!("items[{place}]"), "line_not_everywhere");
        }
    }
}

/// Whether any destination may have what is wanted.
fn granted(decisions: &[Option<Decision>], wanted: fn(&Grant) -> bool) -> bool {
    let mut decisions = decisions.iter().flatten();
    decisions.any(|decision| matches!(decision, Decision::Granted(grant) if wanted(grant)))
}

/// How an event fared, in a word.
fn status(verdicts: &[Verdict]) -> &'static str {
    let any = |wanted: fn(&Verdict) -> bool| verdicts.iter().any(wanted);
    if any(|verdict| verdict.goes()) {
        "accepted"
    } else if any(|verdict| matches!(verdict, Verdict::Duplicate { .. })) {
        "duplicate"
    } else if any(|verdict| matches!(verdict, Verdict::Blocked(_)))
        && !any(|verdict| !matches!(verdict, Verdict::Blocked(_)))
    {
        "blocked"
    } else {
        "accepted"
    }
}

impl<'a> Batch<'a> {
    /// Reads what arrived, decides on each event for each destination, and prepares what may go.
    ///
    /// `visit` is there when the sender is a visitor's browser.
    ///
    /// # Errors
    /// A fault of the request as a whole.
    pub fn open(
        format: &'static Format,
        settings: &'a Settings,
        source: &'a Source,
        visit: Option<&Visit<'a>>,
        arrival: &Arrival<'a>,
    ) -> Result<Self, ParseError> {
        let events = (format.read)(source, arrival)?;
        let mut batch = Self {
            format,
            arrival: *arrival,
            settings,
            source,
            page: visit.is_some(),
            now: arrival.now,
            entries: Vec::with_capacity(events.len()),
            rulings: Rulings::default(),
            jar: visit.and_then(|_| Jar::of(arrival, source)),
        };
        for event in events {
            batch.push(event, visit);
        }
        Ok(batch)
    }

    fn push(&mut self, event: Result<Event<'a>, ParseError>, visit: Option<&Visit<'a>>) {
        let entry = match event {
            Err(error) => Entry::Refused(error),
            Ok(event) if self.page && !self.source.page_events.allows(&event.name) => {
                let code = Code::EventNotForPages;
                Entry::Refused(ParseError::new(code, "event", code.meaning()))
            }
            Ok(event) => match self.ready(event, visit) {
                Ok(ready) => Entry::Ready(Box::new(ready)),
                Err(error) => Entry::Refused(error),
            },
        };
        self.entries.push(entry);
    }

    /// How well an event proves that it is the shop's: a page's order, by the token that the shop's server made.
    fn strength(&self, event: &Event<'_>) -> Result<Strength, ParseError> {
        let fault = |code: Code| ParseError::new(code, "event_token", code.meaning());
        if !self.page {
            return Ok(Strength::Server);
        }
        let Some(secret) = &self.source.event_token else {
            return Ok(Strength::Page);
        };
        match (&event.token, &event.money) {
            (Some(token), Some(money)) => {
                let order = event.transaction_id.as_ref().unwrap_or(&event.id);
                let (value, currency) = (money.amount.as_str(), money.currency.as_str());
                if token_fits(secret, token, order, value, currency) {
                    Ok(Strength::Server)
                } else {
                    Err(fault(Code::EventTokenInvalid))
                }
            }
            (Some(_), None) => Err(fault(Code::EventTokenInvalid)),
            (None, _) if self.source.event_token_required && event.name.as_str() == "purchase" => {
                Err(fault(Code::EventTokenMissing))
            }
            (None, _) => Ok(Strength::Page),
        }
    }

    /// What an event brings along against the copies of it that were taken before.
    fn evidence(&self, event: &Event<'_>) -> Result<Evidence, ParseError> {
        Ok(Evidence {
            strength: self.strength(event)?,
            worth: Worth::new(event.money.as_ref(), event.transaction_id.as_deref()),
        })
    }

    fn filling(&self, identifiers: bool) -> Filling<'a> {
        Filling {
            identifiers,
            now: self.now,
            cookie_domain: self.source.cookie_domain.as_deref(),
        }
    }

    /// The signals of the event, on the terms of where the visitor is.
    fn signals(&self, event: &Event<'_>, visit: Option<&Visit<'_>>) -> Reading {
        // The page's request comes from where the visitor is, a server's does not.
        let seen = visit.and_then(Visit::seen_in);
        let given = event.user.country();
        let countries = [&seen, &given].map(|one| one.as_ref().map(Country2::as_str));
        Reading::new(&event.signals, self.source.terms(countries), self.now)
    }

    /// What the visitor allows at each of the source's destinations; nothing where one is gone.
    fn decisions(&self, reading: &Reading) -> Vec<Option<Decision>> {
        let places = self.source.destinations.iter();
        let decide_at = |place: &usize| {
            let configured = self.settings.destinations.get(*place)?;
            Some(reading.decide(&configured.consent))
        };
        places.map(decide_at).collect()
    }

    fn ready(
        &mut self,
        mut event: Event<'a>,
        visit: Option<&Visit<'a>>,
    ) -> Result<Ready<'a>, ParseError> {
        let evidence = self.evidence(&event)?;
        let (settings, source) = (self.settings, self.source);
        event.signals.gpc |= visit.is_some_and(|visit| visit.gpc);
        remark_lines(&mut event);
        let (name, order) = (event.name.as_str(), event.transaction_id.as_deref());
        let key = settings.claims.event(&source.name, name, &event.id);
        let order_key = settings.claims.order(&source.name, name, &event.id, order);
        // Consent first: what nobody may see is neither hashed nor packed.
        let reading = self.signals(&event, visit);
        let given = Given::of(&event, &reading, visit, source.hints, self.now);
        let decisions = self.decisions(&reading);
        let identifiers = granted(&decisions, Grant::identifiers);
        let prepared = if identifiers {
            let Event { user, remarks, .. } = &mut event;
            Prepared::noting(user, source.spellings, &source.hints, remarks)
        } else {
            Prepared::default()
        };
        let mut parcel = Parcel {
            name: event.name,
            id: event.id,
            time: event.time,
            received: self.now,
            money: event.money,
            transaction_id: event.transaction_id,
            predicted_ltv: event.predicted_ltv,
            items: event.items,
            identifiers: prepared.into(),
            page_title: event.context.page_title.take(),
            client_id: event.context.client_id.take().into(),
            session_id: event.context.session_id.take().into(),
            action_source: event.action_source,
            release: event.release,
            test: event.test || source.test,
            apart: if event.test || source.test {
                Some(Apart::Test)
            } else {
                given.bot.then_some(Apart::Bot)
            },
            properties: event.properties,
            // What the visit shows is filled in below, and only where it goes somewhere.
            ..Parcel::default()
        };
        if granted(&decisions, |_| true) {
            let filling = self.filling(identifiers);
            filling.fill(&mut parcel, event.context, visit, &mut event.remarks);
        }
        scrub(&mut parcel, &event.user, source.hints, &mut event.remarks)?;
        let verdicts = self.verdicts(&mut parcel, &decisions, &event.selection);
        self.fill_jar(&parcel, &decisions, &reading);
        let ruling = if settings.receipt_days > 0 {
            let basis = Basis {
                signals: &event.signals,
                reading: &reading,
                decisions: &decisions,
                verdicts: &verdicts,
            };
            self.rulings.add(settings, source, &basis)
        } else {
            0
        };
        if !parcel.legs.is_empty() {
            let digest = event.user.external_digest();
            let mark = digest.map(|digest| settings.claims.visitor(&source.name, &digest.to_hex()));
            parcel.visitor = mark.map(|mark| mark.to_hex().into());
        }
        Ok(Ready {
            parcel,
            key,
            order: order_key,
            evidence,
            verdicts,
            given,
            cmp: reading.cmp(),
            remarks: event.remarks,
            ruling,
        })
    }

    /// Gathers the cookies of the platforms that may have the event.
    fn fill_jar(&mut self, parcel: &Parcel<'_>, decisions: &[Option<Decision>], reading: &Reading) {
        let Some(jar) = &mut self.jar else {
            return;
        };
        let storage = reading.storage();
        for (place, decision) in self.source.destinations.iter().zip(decisions) {
            if let (Some(configured), Some(Decision::Granted(grant))) =
                (self.settings.destinations.get(*place), decision)
            {
                let input = Input::new(parcel, *grant);
                jar.gather(configured.destination.facts().platform, &input, storage);
            }
        }
    }

    /// What is to happen with an event at each of the source's destinations, before anything is known of other copies; it
    /// gets a leg for each that it may go to.
    fn verdicts(
        &self,
        parcel: &mut Parcel<'a>,
        decisions: &[Option<Decision>],
        selection: &Selection<'_>,
    ) -> Vec<Verdict> {
        let mut verdicts = Vec::with_capacity(decisions.len());
        for (place, decision) in self.source.destinations.iter().zip(decisions) {
            let verdict = match (self.settings.destinations.get(*place), *decision) {
                (Some(configured), Some(Decision::Granted(grant))) => {
                    let destination = &*configured.destination;
                    let platform = destination.facts().platform;
                    if !selection.holds([&configured.name, platform]) {
                        verdicts.push(Verdict::Skipped(Skip::NotSelected));
                        continue;
                    }
                    let input = Input::new(parcel, grant);
                    match destination.check(&input, self.now) {
                        Ok(()) if parcel.test && destination.facts().test == TestMode::DryRun => {
                            Verdict::Skipped(dry_run(destination, &input, self.now))
                        }
                        Ok(()) => {
                            parcel.legs.push(Leg {
                                destination: configured.name.as_str().into(),
                                grant,
                            });
                            Verdict::Queued
                        }
                        Err(skip) => Verdict::Skipped(skip),
                    }
                }
                (_, Some(Decision::Blocked(refusal))) => Verdict::Blocked(refusal),
                _ => Verdict::Skipped(Skip::DestinationRemoved),
            };
            verdicts.push(verdict);
        }
        verdicts
    }

    /// The claims that decide where the events still have to go. Test events are not held against them.
    pub fn wanted(&self) -> impl Iterator<Item = Wanted<'_>> {
        self.entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::Ready(ready) if ready.claims() && !self.format.dry => Some(ready),
                _ => None,
            })
            .flat_map(|ready| {
                let legs = ready.parcel.legs.as_slice();
                [Some(ready.key), ready.order]
                    .into_iter()
                    .flatten()
                    .map(move |key| Wanted { key, legs })
            })
    }

    /// Decides where an event goes, in the light of what is claimed, and notes what it claims itself.
    fn settle(&self, ready: &Ready<'_>, known: &mut impl FnMut(ClaimKey) -> Claim) -> Settled {
        let mut settled = Settled {
            verdicts: ready.verdicts.clone(),
            claims: Vec::new(),
        };
        if !ready.claims() {
            return settled;
        }
        let mut claim = known(ready.key);
        let mut order = ready.order.map(|key| (key, known(key)));
        let places = self.source.destinations.iter();
        for (place, verdict) in places.zip(&mut settled.verdicts) {
            let configured = self.settings.destinations.get(*place);
            let (Verdict::Queued, Some(configured)) = (*verdict, configured) else {
                continue;
            };
            let name = configured.name.as_str();
            let by_id = claim.standing(name, ready.evidence);
            let by_order = order.as_ref().map_or(Standing::Free, |(_, claim)| {
                claim.standing_of_order(name, ready.evidence)
            });
            *verdict = match (by_id, by_order) {
                (Standing::Held { differs }, _) | (_, Standing::Held { differs }) => {
                    Verdict::Duplicate { differs }
                }
                (Standing::Overruled, _) | (_, Standing::Overruled) => Verdict::Conflict,
                (Standing::Free, Standing::Free) => Verdict::Queued,
            };
            if verdict.goes() {
                claim.take(name, ready.evidence);
                if let Some((_, order)) = &mut order {
                    order.take(name, ready.evidence);
                }
            }
        }
        if settled.verdicts.iter().any(|verdict| verdict.goes()) {
            settled.claims.push((ready.key, claim));
            settled.claims.extend(order);
        }
        settled
    }

    /// Makes the messages and the answer. `claimed` says which destinations have the event of a key; `id` is a new id
    /// for the envelope.
    pub fn finish(&self, claimed: impl Fn(ClaimKey) -> Option<Claim>, id: &str) -> Plan {
        // Claims of this very request, over those that are known.
        let mut own: Table<ClaimKey, Claim> = Table::new();
        let mut tally = Tally::default();
        let mut notes = Vec::new();
        let mut decided = Gathered::new(&self.source.name, self.now);
        let mut queued: Vec<(&Ready<'_>, Settled, usize)> = Vec::new();
        let mut summary = Summary::new(self.page && !self.source.test, self.entries.len());
        for (place, entry) in self.entries.iter().enumerate() {
            tally.turn();
            let ready = match entry {
                Entry::Ready(ready) => &**ready,
                Entry::Refused(error) => {
                    self.count_refused(error, &mut tally.counts, &mut notes);
                    summary.add(ResultLine::rejected(error));
                    continue;
                }
            };
            let settled = self.settle(ready, &mut |key| {
                let own = own.get(&key).cloned();
                own.or_else(|| claimed(key)).unwrap_or_default()
            });
            for (key, claim) in &settled.claims {
                own.insert(*key, claim.clone());
            }
            self.count_ready(ready, &settled.verdicts, &mut tally, &mut notes);
            if let Some((ruling, inputs)) = self.rulings.get(ready.ruling) {
                let Parcel { name, id, test, .. } = &ready.parcel;
                decided.add(ruling, inputs, name, id, *test);
            }
            summary.add(ResultLine {
                status: status(&settled.verdicts),
                event_id: Some(&ready.parcel.id),
                fault: None,
                remarks: Some(&ready.remarks),
                destinations: self.named(&settled.verdicts).collect(),
            });
            if settled.verdicts.iter().any(|verdict| verdict.goes()) {
                queued.push((ready, settled, place));
            }
        }
        let counted = tally.finish();
        let nothing = queued.is_empty() && counted.is_empty();
        let (messages, claims) = if nothing || self.format.dry {
            (Vec::new(), Vec::new())
        } else {
            self.pack(id, queued, counted, &notes, decided.finish())
        };
        let mut answer =
            (self.format.answer)(Some(self.source), &self.arrival, &Outcome::Read(&summary));
        let cookies = self.jar.iter().flat_map(Jar::headers);
        answer
            .headers
            .extend(cookies.map(|(name, line)| (name, line.into())));
        Plan {
            messages,
            claims,
            taken: summary.taken() && !self.format.dry,
            answer,
        }
    }

    /// Packs what goes, and what is counted already.
    fn pack(
        &self,
        id: &str,
        queued: Vec<(&Ready<'_>, Settled, usize)>,
        counted: Vec<(Counts, Vec<Movement>)>,
        notes: &[Note],
        decided: Vec<Decided>,
    ) -> (Vec<String>, Vec<Made>) {
        let mut claims = Vec::new();
        let mut parts = counted.into_iter();
        let mut decided = decided.into_iter();
        let (counts, moved) = parts.next().unwrap_or_default();
        let mut packer = Packer::new(
            id,
            &self.source.name,
            0,
            (&counts, &moved),
            notes,
            decided.next().as_ref(),
        );
        if self.page {
            packer = packer.page();
        }
        for (ready, settled, place) in queued {
            let goes = |leg: &Leg<'_>| {
                let mut named = self.named(&settled.verdicts);
                named.any(|(name, verdict)| verdict.goes() && *name == *leg.destination)
            };
            let copy = self.mark(ready, id, place);
            let message = if copy.is_none() && ready.parcel.legs.iter().all(goes) {
                packer.add(&ready.parcel)
            } else {
                let mut parcel = ready.parcel.clone();
                parcel.legs.retain(|leg| goes(leg));
                parcel.copy = copy.map(Text::from);
                packer.add(&parcel)
            };
            claims.extend(settled.claims.into_iter().map(|(key, claim)| Made {
                message,
                key,
                claim,
            }));
        }
        let mut messages = packer.finish();
        // What found no room in the first message.
        for part in 0.. {
            let (counted, decided) = (parts.next(), decided.next());
            if counted.is_none() && decided.is_none() {
                break;
            }
            let (counts, moved) = counted.unwrap_or_default();
            messages.push(close_report(&Report {
                id: Id::from(id).counts(part),
                counts,
                moved,
                decided: decided.into_iter().collect(),
                ..Report::default()
            }));
        }
        (messages, claims)
    }

    /// Whether somebody else decides which copies go, and counts it: where claims are exact.
    const fn decided_later(&self) -> bool {
        self.settings.dedup.exact.is_some()
    }

    /// What tells a copy from others of its event, where they are told apart.
    fn mark(&self, ready: &Ready<'_>, request: &str, place: usize) -> Option<String> {
        self.settings.dedup.exact.filter(|_| ready.claims())?;
        let mark = Mark {
            page: self.page,
            strength: ready.evidence.strength,
            owner: Owner::new(request, place),
        };
        Some(mark.to_text())
    }

    fn named<'b, 'v>(
        &'b self,
        verdicts: &'v [Verdict],
    ) -> impl Iterator<Item = (&'b str, Verdict)> + use<'b, 'v, 'a> {
        self.source
            .destinations
            .iter()
            .zip(verdicts)
            .filter_map(|(place, verdict)| {
                Some((
                    self.settings.destinations.get(*place)?.name.as_str(),
                    *verdict,
                ))
            })
    }

    /// How many single copies of one request are noted for people.
    const MOST_NOTES: usize = 10;

    fn note(
        &self,
        notes: &mut Vec<Note>,
        event: &str,
        event_id: &str,
        what: Table<String, String>,
    ) {
        if notes.len() < Self::MOST_NOTES {
            notes.push(Note {
                at: self.now,
                source: self.source.name.clone(),
                event: event.to_owned(),
                event_id: event_id.to_owned(),
                visitor: String::new(),
                what,
            });
        }
    }

    fn count_refused(&self, error: &ParseError, counts: &mut Counts, notes: &mut Vec<Note>) {
        let place = Dimensions {
            received: self.now,
            source: &self.source.name,
            release: None,
            event: "",
            worker: &self.settings.version,
        };
        let state = if error.code.is_ignored() {
            State::Ignored
        } else {
            State::Malformed
        };
        counts.add(place.line("", state, error.code.as_str()), 1);
        let what = format!(
            "{}:{} at {}",
            state.as_str(),
            error.code,
            if error.path.is_empty() {
                "."
            } else {
                &error.path
            }
        );
        self.note(notes, "", "", Table::from_iter([(String::new(), what)]));
    }

    /// Counts what is settled here; what goes into the queue is counted when it is worked off, so that a count and
    /// its event are durable together.
    fn count_ready(
        &self,
        ready: &Ready<'_>,
        verdicts: &[Verdict],
        tally: &mut Tally,
        notes: &mut Vec<Note>,
    ) {
        let mut steps = Vec::new();
        let counts = &mut tally.counts;
        let parcel = &ready.parcel;
        let place = Dimensions {
            received: self.now,
            source: &self.source.name,
            release: parcel.release.as_ref(),
            event: &parcel.name,
            worker: &self.settings.version,
        };
        for (state, remarks) in [
            (State::Removed, &ready.remarks.removed),
            (State::Changed, &ready.remarks.changed),
        ] {
            for remark in remarks {
                counts.add(place.line("", state, remark.code), 1);
            }
        }
        if !verdicts.iter().any(|verdict| verdict.goes()) {
            counts.add(place.line("", State::Accepted, sender(self.page)), 1);
            steps.push(Step::into("", State::Accepted, sender(self.page)));
        }
        match parcel.apart {
            Some(kind) => counts.add(place.line("", State::Apart, kind.as_str()), 1),
            None => ready.given.count(&place, counts),
        }
        let banner = ready.cmp.map(|cmp| format!("cmp_{cmp}"));
        if let Some(banner) = &banner {
            counts.add(place.line("", State::ConsentString, banner), 1);
        }
        let mut what = Table::new();
        for (name, verdict) in self.named(verdicts) {
            if let (Some(banner), Verdict::Blocked(refusal)) = (&banner, verdict)
                && refusal.is_of_banner()
            {
                let code = format!("{banner}:{}", refusal.code());
                counts.add(place.line(name, State::ConsentString, &code), 1);
            }
            let (state, code) = match verdict {
                Verdict::Queued => continue,
                Verdict::Conflict if self.decided_later() => continue,
                Verdict::Conflict => (State::Conflict, ""),
                Verdict::Duplicate { differs } => (
                    State::Duplicate,
                    match (self.page, differs) {
                        (_, false) => sender(self.page),
                        (true, true) => "page_differs",
                        (false, true) => "server_differs",
                    },
                ),
                Verdict::Blocked(refusal) => (State::Blocked, refusal.code()),
                Verdict::Skipped(skip) => (State::Skipped, skip.code()),
            };
            if !verdict.goes() {
                counts.add(place.line(name, State::Accepted, ""), 1);
                steps.push(Step::into(name, state, code));
                if let Some(kind) = parcel.apart {
                    counts.add(place.line(name, State::Apart, &kind.at(state)), 1);
                }
            }
            counts.add(place.line(name, state, code), 1);
            what.insert(
                name.to_owned(),
                if code.is_empty() {
                    state.as_str().to_owned()
                } else {
                    format!("{}:{code}", state.as_str())
                },
            );
        }
        if !what.is_empty() {
            self.note(notes, &parcel.name, &parcel.id, what);
        }
        if self.settings.exports && !steps.is_empty() {
            tally.moved(Movement {
                kind: sender(self.page).to_owned(),
                steps,
                ..parcel.movement(&self.source.name, &self.settings.version)
            });
        }
    }
}
