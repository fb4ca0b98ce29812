//! From the bytes of a request to what has to become durable, and the answer to the sender.
//!
//! Two steps with a look into the claims in between: [`Batch::read`] parses, decides and prepares; [`Batch::wanted`]
//! says which claims matter; [`Batch::finish`] is told what is claimed and makes messages and answer.

pub mod auth;
mod scrub;

use serde_json::value::RawValue;

use crate::base::json::Object;
use crate::base::table::Table;
use crate::base::text::Text;
use crate::base::time::UnixMillis;
use crate::consent::{Decision, decide};
use crate::dedup::{Claim, ClaimKey, Evidence, Standing, Strength, Worth};
use crate::destinations::destination::{Destination, TestMode};
use crate::destinations::input::Input;
use crate::event::read::{Key, malformed};
use crate::event::{
    Code, Context, Event, LARGEST_BODY, LARGEST_EVENT, MOST_EVENTS, ParseError, Remark, Remarks,
    Shared, deeper_than,
};
use crate::identity::Prepared;
use crate::intake::auth::token_fits;
use crate::ledger::{Counts, Note, Place, Report, State};
use crate::queue::envelope::{Packer, close_report};
use crate::queue::parcel::{Leg, Parcel};
use crate::settings::{Settings, Source};
use crate::web::{
    CLICK_ID_INVALID, COOKIE_INVALID, Fbc, PLACEHOLDER, clean_url, click_id, click_parameters,
    client_id_from_ga, cookie, cookies_from_header, fbc, has_credentials, is_stream_cookie,
    known_click_id, known_cookie, session_id, visitor_ip, without_click_ids,
};

/// What the request of a visitor's own browser says about the visitor.
#[derive(Debug, Clone, Copy, Default)]
pub struct Visit<'a> {
    /// The address it came from.
    pub ip: Option<&'a str>,
    /// `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// `Referer`: the page that sends, so that its address stands in for one that the event lacks.
    pub referer: Option<&'a str>,
    /// `Cookie`.
    pub cookies: Option<&'a str>,
    /// `Sec-GPC`.
    pub gpc: bool,
    /// Country that the address lies in, two letters.
    pub country: Option<&'a str>,
    /// Region that the address lies in, ISO 3166-2 without the country.
    pub region: Option<&'a str>,
}

/// What is to happen with an event at one destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Queued,
    /// It goes out although the destination has a copy: of weaker proof, and different.
    Conflict,
    /// The destination has the event.
    Duplicate {
        differs: bool,
    },
    Blocked(&'static str),
    Skipped(&'static str),
}

/// Whether the first of two `<milliseconds>.<id>` is older.
fn older(one: &str, other: &str) -> bool {
    let time = |value: &str| value.split_once('.')?.0.parse::<u64>().ok();
    matches!((time(one), time(other)), (Some(one), Some(other)) if one < other)
}

/// The most `_ga_<stream>` cookies that one event keeps; a site has one for each of its properties.
const MOST_STREAMS: usize = 50;

/// The `fbc`s that an event came with: in the place of a click id, and as a cookie.
#[derive(Default)]
struct Fbcs {
    click: Option<Fbc>,
    cookie: Option<Fbc>,
}

/// An address of the web, as it was sent and as it may travel; what is none is left out and told.
fn web_address<'a>(
    url: Option<Text<'a>>,
    path: &str,
    remarks: &mut Remarks,
) -> Option<(Text<'a>, Option<String>)> {
    let url = url?;
    let Some(clean) = clean_url(&url) else {
        remarks.removed(path, "url_invalid");
        return None;
    };
    if has_credentials(&url) {
        remarks.changed(path, "credentials_removed");
    }
    Some((url, Some(clean)))
}

/// Reads Google Analytics' ids out of what was sent as such: now and then that is the whole cookie.
fn analytics_ids(parcel: &mut Parcel<'_>, remarks: &mut Remarks) {
    if let Some(sent) = parcel.client_id.take() {
        let encoded = sent.starts_with("GA") && sent.contains('%');
        let whole = if encoded {
            crate::base::text::percent_decoded(&sent)
        } else {
            sent.as_str().into()
        };
        let id = client_id_from_ga(&whole);
        if id.is_none() {
            remarks.removed("context.client_id", PLACEHOLDER);
        } else if id.is_some_and(|id| id != sent.trim()) {
            remarks.changed("context.client_id", "id_extracted");
        }
        parcel.client_id = match id {
            Some(id) if id == sent.as_str() => Some(sent),
            id => id.map(|id| Text::from(id.to_owned())),
        };
    }
    if let Some(sent) = parcel.session_id.take() {
        let whole = crate::base::text::percent_decoded(&sent);
        match session_id(&whole) {
            Some(id) => {
                if id == sent.as_str() {
                    parcel.session_id = Some(sent);
                    return;
                }
                if id != sent.trim() {
                    remarks.changed("context.session_id", "id_extracted");
                }
                parcel.session_id = Some(Text::from(id.to_owned()));
            }
            None => remarks.removed("context.session_id", "session_id_invalid"),
        }
    }
}

/// How far a test event comes at a platform that has no place for those: everything but the sending.
fn dry_run(destination: &dyn Destination, input: &Input<'_>, now: UnixMillis) -> &'static str {
    match destination.request(std::slice::from_ref(input), None, now) {
        Ok(request) if request.body().len() <= destination.facts().most_bytes => "dry_run",
        _ => "dry_run_failed",
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
    remarks: Remarks,
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
    settings: &'a Settings,
    source: &'a Source,
    /// A visitor's browser has sent it, with a key that everybody can read.
    page: bool,
    now: UnixMillis,
    entries: Vec<Entry<'a>>,
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
    /// The answer's status.
    pub status: u16,
    /// The answer's body.
    pub answer: String,
}

struct Answer<'b> {
    /// Nobody is to learn from it which events are known: whoever holds a page's key could ask which orders exist.
    discreet: bool,
    accepted: usize,
    duplicates: usize,
    rejected: usize,
    blocked: usize,
    results: Vec<ResultLine<'b>>,
}

/// What the sender is told of one event: how it fared, and its fault or what it came to.
struct ResultLine<'b> {
    status: &'static str,
    fault: Option<&'b ParseError>,
    ready: Option<&'b Ready<'b>>,
    /// `{"meta": "queued", "ga4": "blocked:analytics_storage_denied"}`.
    destinations: Vec<(&'b str, Verdict)>,
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
    fn text(&self) -> String {
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
                    to.put("event_id", line.ready.map(|ready| &ready.parcel.id));
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
                    if let Some(ready) = line.ready {
                        let put = |to: &mut Object<'_>, remark: &&Remark| {
                            to.put("path", &remark.path);
                            to.put("code", remark.code);
                        };
                        to.objects("removed", &ready.remarks.removed, put);
                        to.objects("changed", &ready.remarks.changed, put);
                    }
                },
            );
        })
    }
}

impl Verdict {
    fn told(self, discreet: bool) -> std::borrow::Cow<'static, str> {
        match self {
            Self::Queued | Self::Conflict | Self::Duplicate { .. } if discreet => "received".into(),
            Self::Queued | Self::Conflict => "queued".into(),
            Self::Duplicate { .. } => "duplicate".into(),
            Self::Blocked(code) => format!("blocked:{code}").into(),
            Self::Skipped(code) => format!("skipped:{code}").into(),
        }
    }

    /// Whether the event goes into the queue for the destination.
    const fn goes(self) -> bool {
        matches!(self, Self::Queued | Self::Conflict)
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

/// A body's events as texts, and what stands beside them.
enum Texts<'a> {
    One(&'a str),
    Many(Vec<&'a RawValue>, Option<Box<Shared<'a>>>),
}

/// Whether a JSON object has a member `events`: then it is a batch.
fn is_batch(text: &str) -> Result<bool, ParseError> {
    struct Search;
    impl<'de> serde::de::Visitor<'de> for Search {
        type Value = bool;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
            let mut found = false;
            while let Some(key) = map.next_key_seed(Key { careful: true })? {
                found |= key.as_str() == "events";
                map.next_value::<serde::de::IgnoredAny>()?;
            }
            Ok(found)
        }
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    serde::Deserializer::deserialize_any(&mut reader, Search)
        .and_then(|found| reader.end().map(|()| found))
        .map_err(|error| malformed(&error))
}

fn split(text: &str) -> Result<Texts<'_>, ParseError> {
    let mut beside = None;
    let list = match text
        .as_bytes()
        .iter()
        .find(|byte| !byte.is_ascii_whitespace())
    {
        Some(b'[') => text,
        // Looking for the word first spares the one event of most requests a second reading.
        Some(b'{') if text.contains("\"events\"") => {
            let shared = match Shared::read_batch(text) {
                Ok(shared) if shared.events.is_some() => shared,
                Err(error) if is_batch(text)? => return Err(error),
                // The word stands somewhere within one event.
                _ => return Ok(Texts::One(text)),
            };
            let events = shared.events.map_or("", RawValue::get);
            if !events.starts_with('[') {
                return Err(ParseError::new(
                    Code::WrongType,
                    "events",
                    "must be a list of events",
                ));
            }
            beside = Some(Box::new(shared));
            events
        }
        _ => return Ok(Texts::One(text)),
    };
    let events: Vec<&RawValue> = serde_json::from_str(list).map_err(|error| malformed(&error))?;
    if events.is_empty() {
        return Err(error_of(Code::EmptyBatch));
    }
    if events.len() > MOST_EVENTS {
        return Err(error_of(Code::TooManyEvents));
    }
    Ok(Texts::Many(events, beside))
}

impl<'a> Batch<'a> {
    /// Parses the events of a body, decides on each for each destination, and prepares what may go.
    ///
    /// `visit` is there when the sender is a visitor's browser.
    ///
    /// # Errors
    /// A fault of the request as a whole. Faults of single events are kept for the answer.
    pub fn read(
        settings: &'a Settings,
        source: &'a Source,
        visit: Option<&Visit<'a>>,
        body: &'a [u8],
        now: UnixMillis,
    ) -> Result<Self, ParseError> {
        if body.len() > LARGEST_BODY {
            return Err(error_of(Code::BodyTooLarge));
        }
        let text = std::str::from_utf8(body).map_err(|error| {
            ParseError::new(
                Code::InvalidUtf8,
                "",
                format!("is not UTF-8 at byte {}", error.valid_up_to()),
            )
        })?;
        // A byte order mark is not JSON, but editors and Windows tools put one there.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut batch = Self {
            settings,
            source,
            page: visit.is_some(),
            now,
            entries: Vec::new(),
        };
        match split(text)? {
            Texts::One(text) => match Event::parse(text, now) {
                // There is no batch around it, so its fault is the request's.
                Err(error) if error.code.status() != 422 => return Err(error),
                event => batch.push(event, visit),
            },
            Texts::Many(events, beside) => {
                batch.entries.reserve(events.len());
                for raw in events {
                    let event = if raw.get().len() > LARGEST_EVENT {
                        Err(error_of(Code::EventTooLarge))
                    } else if !raw.get().starts_with('{')
                        && deeper_than(raw.get(), crate::event::DEEPEST)
                    {
                        Err(error_of(Code::TooDeep))
                    } else {
                        Event::parse_beside(raw.get(), beside.as_deref(), now)
                    };
                    batch.push(event, visit);
                }
            }
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

    fn ready(
        &self,
        mut event: Event<'a>,
        visit: Option<&Visit<'a>>,
    ) -> Result<Ready<'a>, ParseError> {
        let strength = self.strength(&event)?;
        let (settings, source) = (self.settings, self.source);
        if let Some(visit) = visit {
            event.signals.gpc |= visit.gpc;
        }
        for (place, item) in event.items.iter().enumerate() {
            let negative = item.price.is_some_and(|price| price.is_negative());
            if negative || item.pieces().is_none_or(|pieces| pieces < 1) {
                event
                    .remarks
                    .changed(format!("items[{place}]"), "line_not_everywhere");
            }
        }
        let (name, order) = (event.name.as_str(), event.transaction_id.as_deref());
        let key = settings.claims.event(&source.name, name, &event.id);
        let order_key = settings.claims.order(&source.name, name, &event.id, order);
        let evidence = Evidence {
            strength,
            worth: Worth::new(event.money.as_ref(), order),
        };
        // Consent first: what nobody may see is neither hashed nor packed.
        let decisions: Vec<Option<Decision>> = source
            .destinations
            .iter()
            .map(|place| {
                let destination = &settings.destinations.get(*place)?.destination;
                Some(decide(
                    &event.signals,
                    source.consent,
                    destination.purpose(),
                ))
            })
            .collect();
        let granted = |wanted: fn(&crate::consent::Grant) -> bool| {
            decisions
                .iter()
                .flatten()
                .any(|decision| matches!(decision, Decision::Granted(grant) if wanted(grant)))
        };
        let identifiers = granted(crate::consent::Grant::identifiers);
        let prepared = if identifiers {
            Prepared::noting(
                &event.user,
                source.spellings,
                &source.hints,
                &mut event.remarks,
            )
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
            identifiers: prepared,
            page_url: None,
            page_title: event.context.page_title.take(),
            referrer: None,
            ip: None,
            user_agent: None,
            client_id: event.context.client_id.take(),
            session_id: event.context.session_id.take(),
            cookies: Vec::new(),
            click_ids: Vec::new(),
            action_source: event.action_source,
            release: event.release,
            test: event.test || source.test,
            properties: event.properties,
            geo_country: None,
            geo_region: None,
            legs: Vec::new(),
        };
        if granted(|_| true) {
            self.fill(
                &mut parcel,
                event.context,
                visit,
                identifiers,
                &mut event.remarks,
            );
        }
        scrub::scrub(&mut parcel, &event.user, source.hints, &mut event.remarks)?;
        let mut verdicts = Vec::with_capacity(decisions.len());
        for (place, decision) in source.destinations.iter().zip(decisions) {
            let verdict = match (settings.destinations.get(*place), decision) {
                (Some(configured), Some(Decision::Granted(grant))) => {
                    let destination = &*configured.destination;
                    let input = Input::new(&parcel, grant);
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
                        Err(skip) => Verdict::Skipped(skip.0),
                    }
                }
                (_, Some(Decision::Blocked(refusal))) => Verdict::Blocked(refusal.code()),
                _ => Verdict::Skipped("destination_removed"),
            };
            verdicts.push(verdict);
        }
        Ok(Ready {
            parcel,
            key,
            order: order_key,
            evidence,
            verdicts,
            remarks: event.remarks,
        })
    }

    /// Fills in where it happened: from the event, and where the sender is a page, from its own request. What cannot be used
    /// is left out, and the next source is asked.
    fn fill(
        &self,
        parcel: &mut Parcel<'a>,
        context: Context<'a>,
        visit: Option<&Visit<'a>>,
        identifiers: bool,
        remarks: &mut Remarks,
    ) {
        let none = Visit::default();
        let page = visit.unwrap_or(&none);
        let url = web_address(context.page_url, "context.page_url", remarks)
            .or_else(|| page.referer.map(|url| (url.into(), clean_url(url))));
        let referrer = web_address(context.referrer, "context.referrer", remarks);
        let address = |clean: String| {
            Text::from(if identifiers {
                clean
            } else {
                without_click_ids(&clean).into_owned()
            })
        };
        let (url, clean) = url.unzip();
        parcel.page_url = clean.flatten().map(address);
        parcel.referrer = referrer.and_then(|(_, clean)| clean).map(address);
        // A page does not know its visitor's address, and its browser is the one that speaks to us.
        let mut ip = page.ip.and_then(|ip| visitor_ip(ip).ok());
        if let (None, Some(sent)) = (ip, context.ip) {
            match visitor_ip(&sent) {
                Ok(found) => {
                    if found.1 {
                        remarks.changed("context.ip", "address_extracted");
                    }
                    ip = Some(found);
                }
                Err(code) => remarks.removed("context.ip", code),
            }
        }
        parcel.ip = ip.map(|(ip, _)| Text::from(ip.to_string()));
        parcel.user_agent = page
            .user_agent
            .map(Text::from)
            .filter(|agent| !agent.trim().is_empty())
            .or(context.user_agent);
        parcel.geo_country = page.country.map(Text::from);
        parcel.geo_region = page.region.map(Text::from);
        analytics_ids(parcel, remarks);

        let header = page.cookies.into_iter().flat_map(cookies_from_header);
        let sent = context
            .cookies
            .into_iter()
            .filter(|(name, value)| known_cookie(name) && !value.is_empty())
            .chain(header.map(|(name, value)| (name.into(), value.into())));
        let mut fbcs = Fbcs::default();
        self.cookies(parcel, sent, identifiers, &mut fbcs, remarks);
        if identifiers {
            let url = url.as_deref();
            self.clicks(parcel, context.click_ids, url, &mut fbcs, remarks);
            self.settle_fbc(parcel, fbcs, remarks);
        }
    }

    /// Takes the cookies that some destination reads, each once.
    fn cookies(
        &self,
        parcel: &mut Parcel<'a>,
        sent: impl Iterator<Item = (Text<'a>, Text<'a>)>,
        identifiers: bool,
        fbcs: &mut Fbcs,
        remarks: &mut Remarks,
    ) {
        let mut streams = 0;
        let cookies = &mut parcel.cookies;
        for (name, value) in sent {
            let covered = identifiers || name.starts_with("_ga");
            if !covered {
                continue;
            }
            let stream = is_stream_cookie(&name);
            let path = || {
                if stream {
                    "context.cookies._ga_*".to_owned()
                } else {
                    ["context.cookies.", &name].concat()
                }
            };
            if name.as_str() == "_fbc" {
                match Fbc::read(&value, parcel.time, self.now) {
                    Ok(fbc) => fbcs.cookie = fbcs.cookie.take().or(Some(fbc)),
                    Err(code) => remarks.removed(path(), code),
                }
                continue;
            }
            let value = match cookie(&name, &value, parcel.time, self.now) {
                Ok(sound) if *sound == *value => value,
                Ok(sound) => Text::from(sound.into_owned()),
                Err(code) => {
                    remarks.removed(path(), code);
                    continue;
                }
            };
            match cookies.iter_mut().find(|(known, _)| *known == name) {
                None if stream && streams == MOST_STREAMS => {
                    remarks.removed(path(), "too_many_cookies");
                }
                None => {
                    streams += usize::from(stream);
                    cookies.push((name, value));
                }
                // A browser may hold several for different domains, and the oldest one is the visitor.
                Some((_, first)) if name.as_str() == "_rdt_uuid" && older(&value, first) => {
                    *first = value;
                }
                Some(_) => {}
            }
        }
    }

    /// Takes the click ids: those that were sent, then those of the page's address.
    fn clicks(
        &self,
        parcel: &mut Parcel<'a>,
        sent: Vec<(Text<'a>, Text<'a>)>,
        url: Option<&str>,
        fbcs: &mut Fbcs,
        remarks: &mut Remarks,
    ) {
        let sent = sent
            .into_iter()
            .filter_map(|(name, value)| Some((known_click_id(&name)?, value, true)));
        let found = url
            .into_iter()
            .flat_map(click_parameters)
            .map(|(name, value)| (name, value.into_owned(), false));
        for (name, value, sent) in sent.chain(found) {
            let path = || {
                if sent {
                    ["context.click_ids.", name].concat()
                } else {
                    "context.page_url".to_owned()
                }
            };
            if value.is_empty() {
                continue;
            }
            // What is stored as a click id is the whole `fbc` now and then.
            let value = if name == "fbclid" && value.trim_start().starts_with("fb.") {
                match Fbc::read(&value, parcel.time, self.now) {
                    Ok(fbc) => {
                        let id = Text::from(fbc.click_id.clone());
                        if fbc.whole.is_none() {
                            remarks.changed(path(), "rebuilt");
                        }
                        fbcs.click = fbcs.click.take().or(Some(fbc));
                        id
                    }
                    Err(COOKIE_INVALID) => {
                        remarks.removed(path(), CLICK_ID_INVALID);
                        continue;
                    }
                    Err(code) => {
                        remarks.removed(path(), code);
                        continue;
                    }
                }
            } else {
                match click_id(name, &value) {
                    Ok(sound) if *sound == *value => value,
                    Ok(sound) => Text::from(sound.into_owned()),
                    Err(code) => {
                        remarks.removed(path(), code);
                        continue;
                    }
                }
            };
            let known = parcel
                .click_ids
                .iter()
                .any(|(known, _)| known.as_str() == name);
            if !known {
                parcel.click_ids.push((name.into(), value));
            }
        }
    }

    /// Settles the `fbc` of the event. Now is when a click id was first seen by us, where nothing says better; a retry must not
    /// make it younger, so this is done here.
    fn settle_fbc(&self, parcel: &mut Parcel<'a>, fbcs: Fbcs, remarks: &mut Remarks) {
        let Fbcs { click, cookie } = fbcs;
        let clicked = parcel
            .click_ids
            .iter()
            .find(|(name, _)| name.as_str() == "fbclid")
            .map(|(_, id)| id.as_str());
        let of_this_click = |fbc: &&Fbc| clicked.is_none_or(|id| id == fbc.click_id);
        let whole = [click.as_ref(), cookie.as_ref()]
            .into_iter()
            .flatten()
            .filter(of_this_click)
            .find_map(|fbc| fbc.whole.as_deref());
        let domain = self.source.cookie_domain.as_deref();
        let (id, first) = match (clicked, &click, &cookie) {
            // The click id is of this request, unless it was taken out of a whole `fbc`, which has its time.
            (Some(id), None, _) => (Some(id), None),
            (Some(id), Some(fbc), _) => (Some(id), fbc.clicked.filter(|_| id == fbc.click_id)),
            (None, _, Some(fbc)) => (Some(fbc.click_id.as_str()), fbc.clicked),
            (None, _, None) => (None, None),
        };
        let settled = match whole {
            Some(whole) => Some(whole.to_owned()),
            None => fbc(None, id, domain, first.unwrap_or(self.now)),
        };
        if cookie.as_ref().is_some_and(|cookie| cookie.whole.is_none()) {
            remarks.changed("context.cookies._fbc", "rebuilt");
        }
        if let Some(fbc) = settled {
            parcel.cookies.push(("_fbc".into(), fbc.into()));
        }
    }

    /// The claims that decide where the events still have to go. Test events are not held against them.
    pub fn wanted(&self) -> impl Iterator<Item = Wanted<'_>> {
        self.entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::Ready(ready) if ready.claims() => Some(ready),
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
        let mut counts = Counts::default();
        let mut notes = Vec::new();
        let mut queued: Vec<(&Ready<'_>, Settled)> = Vec::new();
        let mut answer = Answer {
            discreet: self.page && !self.source.test,
            accepted: 0,
            duplicates: 0,
            rejected: 0,
            blocked: 0,
            results: Vec::with_capacity(self.entries.len()),
        };
        for entry in &self.entries {
            let ready = match entry {
                Entry::Ready(ready) => &**ready,
                Entry::Refused(error) => {
                    answer.rejected += 1;
                    self.count_refused(error, &mut counts, &mut notes);
                    answer.results.push(ResultLine {
                        status: "rejected",
                        fault: Some(error),
                        ready: None,
                        destinations: Vec::new(),
                    });
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
            self.count_ready(ready, &settled.verdicts, &mut counts, &mut notes);
            let any = |wanted: fn(&Verdict) -> bool| settled.verdicts.iter().any(wanted);
            let status = if any(|verdict| verdict.goes()) {
                "accepted"
            } else if any(|verdict| matches!(verdict, Verdict::Duplicate { .. })) {
                "duplicate"
            } else if any(|verdict| matches!(verdict, Verdict::Blocked(_)))
                && !any(|verdict| !matches!(verdict, Verdict::Blocked(_)))
            {
                "blocked"
            } else {
                "accepted"
            };
            match status {
                "duplicate" => answer.duplicates += 1,
                "blocked" => answer.blocked += 1,
                _ => answer.accepted += 1,
            }
            answer.results.push(ResultLine {
                status,
                fault: None,
                ready: Some(ready),
                destinations: self.named(&settled.verdicts).collect(),
            });
            if any(|verdict| verdict.goes()) {
                queued.push((ready, settled));
            }
        }
        let mut claims = Vec::new();
        let mut messages = Vec::new();
        if !queued.is_empty() || !counts.is_empty() {
            let mut parts = counts.parts().into_iter();
            let mut packer = Packer::new(
                id,
                &self.source.name,
                0,
                &parts.next().unwrap_or_default(),
                &notes,
            );
            for (ready, settled) in queued {
                let goes = |leg: &Leg<'_>| {
                    let mut named = self.named(&settled.verdicts);
                    named.any(|(name, verdict)| verdict.goes() && *name == *leg.destination)
                };
                let message = if ready.parcel.legs.iter().all(goes) {
                    packer.add(&ready.parcel)
                } else {
                    let mut parcel = ready.parcel.clone();
                    parcel.legs.retain(|leg| goes(leg));
                    packer.add(&parcel)
                };
                claims.extend(settled.claims.into_iter().map(|(key, claim)| Made {
                    message,
                    key,
                    claim,
                }));
            }
            messages = packer.finish();
            messages.extend(parts.enumerate().map(|(part, counts)| {
                close_report(&Report {
                    id: format!("{id}:{part}"),
                    counts,
                    ..Report::default()
                })
            }));
        }
        let status = if answer.rejected == self.entries.len() {
            422
        } else {
            202
        };
        Plan {
            messages,
            claims,
            status,
            answer: answer.text(),
        }
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
                what,
            });
        }
    }

    fn count_refused(&self, error: &ParseError, counts: &mut Counts, notes: &mut Vec<Note>) {
        let place = Place {
            received: self.now,
            source: &self.source.name,
            release: None,
            event: "",
        };
        counts.add(place.line("", State::Malformed, error.code.as_str()), 1);
        let what = format!(
            "malformed:{} at {}",
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
        counts: &mut Counts,
        notes: &mut Vec<Note>,
    ) {
        let parcel = &ready.parcel;
        let place = Place {
            received: self.now,
            source: &self.source.name,
            release: parcel.release.as_ref(),
            event: &parcel.name,
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
            counts.add(place.line("", State::Accepted, ""), 1);
        }
        let mut what = Table::new();
        for (name, verdict) in self.named(verdicts) {
            let (state, code) = match verdict {
                Verdict::Queued => continue,
                Verdict::Conflict => (State::Conflict, ""),
                Verdict::Duplicate { differs } => {
                    (State::Duplicate, if differs { "differs" } else { "" })
                }
                Verdict::Blocked(code) => (State::Blocked, code),
                Verdict::Skipped(code) => (State::Skipped, code),
            };
            if !verdict.goes() {
                counts.add(place.line(name, State::Accepted, ""), 1);
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
    }
}
