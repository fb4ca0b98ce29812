//! From one call of an SDK to an event.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::members::{Members, text, time};
use super::tables::{
    ABOUT_ONE_PRODUCT, Device, PRODUCT, PROPERTIES, TRAITS, event_of, platform_of,
};
use crate::base::error::{Code, ParseError};
use crate::base::money::{Amount, AmountError, Currency, Figure};
use crate::base::text::{Text, is_placeholder, trim};
use crate::base::time::UnixMillis;
use crate::consent::{Choice, Signals};
use crate::event::draft::{Draft, Sent};
use crate::event::{
    ActionSource, Context, Event, Item, MOST_ITEM_PROPERTIES, MOST_ITEMS, MOST_PROPERTIES,
};
use crate::identity::{Plain, User};
use crate::intake::longest;
use crate::intake::native::{add_property, read_figure};
use crate::intake::reader::{self, Manner, Object, Reading, Stop, Values, is_plain, tidy};
use crate::settings::Source;
use crate::settings::client::Category;
use crate::web::{known_click_id, known_cookie};

/// From which difference on a clock is said to be wrong, in milliseconds: a slow connection is none.
const CLOCK_MS: u64 = 60_000;

/// What a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Something happened.
    Track,
    /// A page was looked at.
    Page,
    /// Who somebody is, in which company, under which other id; what an app showed. No conversion.
    Other,
}

impl Kind {
    /// By its name, or the letter that stands for it in an address.
    fn read(name: &str) -> Option<Self> {
        match name {
            "track" | "t" => Some(Self::Track),
            "page" | "p" => Some(Self::Page),
            "identify" | "i" | "group" | "g" | "alias" | "a" | "screen" | "s" => Some(Self::Other),
            _ => None,
        }
    }

    /// What the address says that its calls are.
    pub(super) fn of_path(path: &str) -> Option<Self> {
        Self::read(path.rsplit('/').find(|part| !part.is_empty())?)
    }
}

/// What holds for every call of a request.
pub(super) struct Shared<'a> {
    pub(super) source: &'a Source,
    pub(super) now: UnixMillis,
    /// When the request was sent, by the sender's clock.
    pub(super) sent: Option<UnixMillis>,
    pub(super) context: Option<&'a RawValue>,
    pub(super) integrations: Option<&'a RawValue>,
    /// The body names another write key than the header.
    pub(super) keys_differ: bool,
}

/// A call while it is read.
pub(super) struct Call<'a> {
    draft: Draft<'a>,
    reading: Reading,
}

/// Where a fault of the draft stands in a call.
const PATHS: &[(&str, &str)] = &[
    ("currency", "properties.currency"),
    ("event_id", "messageId"),
    ("event_time", "timestamp"),
    ("transaction_id", "properties.order_id"),
    ("value", "properties.value"),
];

/// A field of the context: its key, what becomes of it where it cannot be used as it is, its longest, and its place.
type Field = (
    &'static str,
    Manner,
    usize,
    for<'c, 'a> fn(&'c mut Context<'a>) -> &'c mut Option<Text<'a>>,
);

/// What `context.page` says, and the properties of a page.
const PAGE: &[Field] = &[
    ("url", Manner::Url, longest::URL, |all| &mut all.page_url),
    ("referrer", Manner::Url, longest::URL, |all| {
        &mut all.referrer
    }),
    ("title", Manner::Free, longest::TITLE, |all| {
        &mut all.page_title
    }),
];

/// What `context` itself says.
const HERE: &[Field] = &[
    ("ip", Manner::Addresses, longest::ADDRESSES, |all| {
        &mut all.ip
    }),
    ("userAgent", Manner::Free, longest::USER_AGENT, |all| {
        &mut all.user_agent
    }),
];

/// Google Analytics' ids, among the options of its integration.
const ANALYTICS: &[Field] = &[
    ("clientId", Manner::Opaque, longest::GA_ID, |all| {
        &mut all.client_id
    }),
    ("sessionId", Manner::Opaque, longest::GA_ID, |all| {
        &mut all.session_id
    }),
];

/// A name as one of ours would be written: `Lamp Switched On` is `lamp_switched_on`.
fn plain_name(track: &str) -> String {
    let plain = |c: char| match c {
        ' ' | '-' | '.' => '_',
        c => c.to_ascii_lowercase(),
    };
    track.trim().chars().map(plain).collect()
}

impl<'a> Call<'a> {
    /// Makes an event of a call, or says why not.
    pub(super) fn read(
        mut call: Members<'a>,
        kind: Option<Kind>,
        shared: &Shared<'a>,
    ) -> Result<Event<'a>, ParseError> {
        let named = call.take("type").and_then(text);
        let kind = match (kind, named) {
            (Some(kind), _) => kind,
            (None, Some(name)) => Kind::read(&name.to_ascii_lowercase()).ok_or_else(|| {
                let rule = "must be track, page, screen, identify, group or alias";
                ParseError::new(Code::InvalidChoice, "type", rule)
            })?,
            (None, None) => {
                return Err(ParseError::new(Code::EventMissing, "type", "is required"));
            }
        };
        let name = match kind {
            Kind::Other => {
                let code = Code::NotAConversion;
                return Err(ParseError::new(code, "type", code.meaning()));
            }
            Kind::Page => Text::from("page_view"),
            Kind::Track => event_name(call.take("event"), shared.source)?,
        };
        let mut call_read = Self {
            draft: Draft {
                name: Some(name),
                ..Draft::default()
            },
            reading: Reading::careful(),
        };
        call_read.fill(&mut call, kind, shared)?;
        call.once("")?;
        let Self { mut draft, reading } = call_read;
        draft.remarks = reading.remarks();
        draft.check(shared.now).map_err(|mut fault| {
            let known = PATHS.iter().find(|(ours, _)| *ours == fault.path);
            if let Some((_, theirs)) = known {
                fault.path = (*theirs).to_owned();
            }
            fault
        })
    }

    fn fill(
        &mut self,
        call: &mut Members<'a>,
        kind: Kind,
        shared: &Shared<'a>,
    ) -> Result<(), ParseError> {
        if shared.keys_differ {
            self.reading.changed("writeKey", "write_key_differs");
        }
        self.time(call, shared);
        let message = call.take("messageId");
        self.draft.id = self.id(message, "messageId")?;
        // The last word counts.
        for raw in [shared.integrations, call.take("integrations")] {
            if let Some(integrations) = raw.and_then(Members::of) {
                self.integrations(integrations);
            }
        }
        let context = call.take("context");
        if let Some(channel) = call.take("channel").and_then(text)
            && channel.as_str() == "mobile"
        {
            self.draft.action_source = Some(ActionSource::App);
        }
        let user = [call.take("userId"), call.take("anonymousId")];
        let user = user.into_iter().flatten().next();
        let traits = call.take("traits");
        // What the call says comes before what holds for the batch.
        for raw in [context, shared.context].into_iter().flatten() {
            self.context(raw, shared.source)?;
        }
        if let Some(raw) = traits {
            self.traits(raw, "traits");
        }
        self.draft.user.external_id = user
            .and_then(|raw| self.text(raw, Manner::Visitor, longest::VISITOR, "userId"))
            .map(|id| Plain::new(id.0));
        if let Some(raw) = call.take("properties") {
            match Members::of(raw) {
                Some(properties) => self.properties(properties, kind)?,
                None => self.reading.removed("properties", "wrong_type"),
            }
        }
        Ok(())
    }

    /// A text that decorates the event.
    #[inline(never)]
    fn text(
        &mut self,
        raw: &'a RawValue,
        manner: Manner,
        longest: usize,
        path: &str,
    ) -> Option<Text<'a>> {
        let since = self.reading.told();
        let text = self.reading.text::<Stop>(raw, manner).ok().flatten();
        let text = text.and_then(|text| tidy(text, &mut self.reading, manner, longest));
        self.reading.place(since, path);
        text
    }

    /// An id of the event.
    fn id(
        &mut self,
        raw: Option<&'a RawValue>,
        path: &'static str,
    ) -> Result<Option<Text<'a>>, ParseError> {
        let Some(raw) = raw else {
            return Ok(None);
        };
        let since = self.reading.told();
        let text = self.reading.text::<Stop>(raw, Manner::Id).map_err(|Stop| {
            self.reading.under(path);
            let fault = self.reading.take();
            fault.unwrap_or_else(|| ParseError::new(Code::WrongType, path, ""))
        })?;
        self.reading.place(since, path);
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// When it happened, on our clock: the sender's may be wrong, and says so by when it sends
    /// (`receivedAt - (sentAt - originalTimestamp)`, Segment's specification of common fields).
    fn time(&mut self, call: &mut Members<'a>, shared: &Shared<'a>) {
        let [original, given, own] =
            ["originalTimestamp", "timestamp", "sentAt"].map(|name| call.take(name));
        let Some(raw) = original.or(given) else {
            return;
        };
        let Some(said) = time(raw) else {
            let placeholder = text(raw).is_some_and(|text| is_placeholder(&text));
            if placeholder {
                self.reading.removed("timestamp", "placeholder");
            } else {
                self.draft.time = Sent::Unusable;
            }
            return;
        };
        // A batch is sent when all of its calls are; of two stamps of one clock the later is nearer to that.
        let sent = shared.sent.max(own.and_then(time));
        let ahead = sent.map_or(0, |sent| shared.now.0.saturating_sub(sent.0));
        if ahead.unsigned_abs() >= CLOCK_MS {
            self.reading.changed("timestamp", "clock_corrected");
        }
        self.draft.time = Sent::Known(UnixMillis(said.0.saturating_add(ahead)));
    }

    /// Which destinations are meant, and Google Analytics' ids, which have no other place in these calls.
    fn integrations(&mut self, integrations: Members<'a>) {
        for (name, raw) in integrations.rest() {
            let meant = match raw.get() {
                "null" => continue,
                word => word != "false",
            };
            if name.eq_ignore_ascii_case("all") {
                self.draft.selection.others_left_out = !meant;
                continue;
            }
            let platform = platform_of(&name);
            if platform == Some("ga4")
                && let Some(options) = Members::of(raw)
            {
                self.fields(&options, ANALYTICS, "integrations.");
            }
            let name = platform.map_or(name.0, Cow::Borrowed);
            self.draft.selection.named.push((name, meant));
        }
    }

    fn context(&mut self, raw: &'a RawValue, source: &Source) -> Result<(), ParseError> {
        let Some(mut context) = Members::of(raw) else {
            self.reading.removed("context", "wrong_type");
            return Ok(());
        };
        let consents = [context.take("consent"), context.take("consentManagement")];
        for raw in consents.into_iter().flatten() {
            self.consent(raw, source)?;
        }
        context.once("context.")?;
        if let Some(raw) = context.take("traits") {
            self.traits(raw, "context.traits");
        }
        if let Some(page) = context.take("page").and_then(Members::of) {
            self.fields(&page, PAGE, "context.page.");
        }
        let library = context.object("library").and_then(|all| all.text("name"));
        if library.as_deref().and_then(Device::of) == Some(Device::App) {
            self.draft.action_source = Some(ActionSource::App);
        }
        // RudderStack's SDK in pages gives itself for the app.
        let is_sdk = |app: &Members<'a>| {
            let name = app.text("name");
            name.is_some() && name == library
        };
        let app = context.object("app").filter(|app| !is_sdk(app));
        if self.draft.release.is_none()
            && let Some(raw) = app.and_then(|app| app.get("version"))
        {
            let release = self.text(raw, Manner::Free, longest::RELEASE, "context.app.version");
            self.draft.release = release;
        }
        self.fields(&context, HERE, "context.");
        for (key, raw) in context.rest() {
            self.click(&key, raw, "context");
        }
        Ok(())
    }

    /// A click id or a platform's cookie, which senders put beside the rest. Whether it is one.
    fn click(&mut self, key: &str, raw: &'a RawValue, path: &str) -> bool {
        let cookie: Option<Text<'a>> = match key {
            "fbp" => Some("_fbp".into()),
            "fbc" => Some("_fbc".into()),
            _ => known_cookie(key).then(|| Text::from(key.to_owned())),
        };
        let click = known_click_id(key).map(Text::from);
        let (name, is_cookie) = match (cookie, click) {
            (Some(name), _) => (name, true),
            (None, Some(name)) => (name, false),
            (None, None) => return false,
        };
        let path = [path, ".", key].concat();
        if let Some(value) = self.text(raw, Manner::Opaque, reader::LONGEST_PAIR, &path) {
            let Context {
                cookies, click_ids, ..
            } = &mut self.draft.context;
            let all = if is_cookie { cookies } else { click_ids };
            if all.len() < reader::MOST_PAIRS {
                all.push((name, value));
            } else {
                self.reading.removed(&path, "too_many");
            }
        }
        true
    }

    /// Where it happened, as far as nothing said so before.
    fn fields(&mut self, from: &Members<'a>, fields: &[Field], path: &str) {
        for (key, manner, longest, slot) in fields {
            // RudderStack's word for a visitor who came from nowhere.
            let Some(raw) = from.get(key).filter(|raw| raw.get() != "\"$direct\"") else {
                continue;
            };
            let path = [path, key].concat();
            let text = self.text(raw, *manner, *longest, &path);
            let slot = slot(&mut self.draft.context);
            *slot = slot.take().or(text);
        }
    }

    /// Who it was.
    fn traits(&mut self, raw: &'a RawValue, path: &str) {
        let Some(mut traits) = Members::of(raw) else {
            self.reading.removed(path, "wrong_type");
            return;
        };
        let address = traits.take("address").and_then(Members::of);
        self.who(&traits, TRAITS, path);
        if let Some(address) = address {
            self.who(&address, TRAITS, &[path, ".address"].concat());
        }
    }

    fn who(&mut self, traits: &Members<'a>, table: &[(&str, &'static str)], path: &str) {
        for (key, field) in table {
            let Some(raw) = traits.get(key) else {
                continue;
            };
            let path = [path, ".", key].concat();
            let Some(text) = self.text(raw, Manner::Visitor, longest::VISITOR, &path) else {
                continue;
            };
            set(&mut self.draft.user, field, text);
        }
    }

    /// What the visitor allows. Whatever is said and cannot be read, closes.
    fn consent(&mut self, raw: &'a RawValue, source: &Source) -> Result<(), ParseError> {
        let fault = |mut fault: ParseError| {
            fault.path = match fault.path.as_str() {
                "" => "context.consent".to_owned(),
                path => ["context.consent.", path].concat(),
            };
            fault
        };
        let mut reading = Reading::careful();
        let said: Said<'a> = reader::object(raw.get(), &mut reading).map_err(fault)?;
        for remark in reading.remarks().removed {
            let path = ["context.consent.", &remark.path].concat();
            self.reading.removed(&path, remark.code);
        }
        let mut answers = Answers::default();
        if let Some(raw) = said.preferences {
            answers.asked = true;
            for (name, raw) in Members::of(raw).map(Members::rest).into_iter().flatten() {
                answers.note(source, &name, raw.get() == "true");
            }
        }
        for (list, given) in [(said.allowed, true), (said.denied, false)] {
            if let Some(raw) = list {
                answers.asked = true;
                let names: Vec<Text<'_>> = serde_json::from_str(raw.get()).unwrap_or_default();
                for name in names {
                    answers.note(source, &name, given);
                }
            }
        }
        if answers.unknown {
            self.reading.removed("context.consent", "category_unknown");
        }
        self.draft.signals.restrict(&said.signals);
        if let Some(categories) = answers.signals() {
            self.draft.signals.restrict(&categories);
        }
        Ok(())
    }

    fn properties(&mut self, mut properties: Members<'a>, kind: Kind) -> Result<(), ParseError> {
        let name = self.draft.name.clone().unwrap_or_else(|| "".into());
        let is_order = matches!(name.as_str(), "purchase" | "refund");
        self.money(&mut properties, is_order)?;
        if let Some(raw) = properties.take("products") {
            self.products(raw);
        }
        let order = properties.take("order_id");
        let order = order.or_else(|| properties.take("transaction_id"));
        self.order(order, name.as_str())?;
        if kind == Kind::Page {
            self.fields(&properties, PAGE, "properties.");
            for known in ["url", "referrer", "title", "path", "search"] {
                properties.take(known);
            }
        }
        // Some shops know their customers by the order alone.
        self.who_ordered(&mut properties);
        if ABOUT_ONE_PRODUCT.contains(&name.as_str()) && self.draft.items.is_empty() {
            let mut item = Item::default();
            for (key, ours) in PRODUCT {
                if let Some(raw) = properties.take(key) {
                    self.product_member(&mut item, ours, raw, &["properties.", key].concat());
                }
            }
            if item != Item::default() {
                self.draft.items.push(item);
            }
        }
        properties.once("properties.")?;
        for (key, raw) in properties.rest() {
            if self.click(&key, raw, "properties") {
                continue;
            }
            let since = self.reading.told();
            let path = if is_plain(&key) {
                key.to_string()
            } else {
                String::new()
            };
            let renamed = PROPERTIES
                .iter()
                .find(|(theirs, _)| *theirs == key.as_str());
            let key = renamed.map_or(key, |(_, ours)| Text::from(*ours));
            let all = &mut self.draft.properties;
            add_property(all, key, raw, MOST_PROPERTIES, &mut self.reading);
            self.reading.place(since, &path);
            self.reading.place(since, "properties");
        }
        Ok(())
    }

    fn who_ordered(&mut self, properties: &mut Members<'a>) {
        for key in ["email", "phone"] {
            let Some(raw) = properties.take(key) else {
                continue;
            };
            let path = ["properties.", key].concat();
            if let Some(text) = self.text(raw, Manner::Visitor, longest::VISITOR, &path) {
                set(&mut self.draft.user, key, text);
            }
        }
    }

    /// An order is known by its own id: the shop's other copy of it has no `messageId` of ours.
    fn order(&mut self, raw: Option<&'a RawValue>, name: &str) -> Result<(), ParseError> {
        let order = self.id(raw, "properties.order_id")?;
        let Some(order) = order else {
            return Ok(());
        };
        if is_placeholder(&order) {
            self.reading.removed("properties.order_id", "placeholder");
            return Ok(());
        }
        let whole = self.draft.value.is_none() && self.draft.items.is_empty();
        if name == "purchase" || (name == "refund" && whole) {
            self.draft.id = None;
        }
        self.draft.transaction_id = Some(order);
        Ok(())
    }

    /// What it was worth: of an order its total, which is what the customer paid.
    fn money(&mut self, properties: &mut Members<'a>, is_order: bool) -> Result<(), ParseError> {
        let names: [&'static str; 3] = if is_order {
            ["total", "value", "revenue"]
        } else {
            ["value", "total", "revenue"]
        };
        for name in names {
            let Some(raw) = properties.get(name) else {
                continue;
            };
            properties.take(name);
            self.draft.value = self.amount(raw, name)?;
            if self.draft.value.is_some() {
                break;
            }
        }
        let code = properties.take("currency");
        let code = code
            .and_then(|raw| self.text(raw, Manner::Opaque, longest::GA_ID, "properties.currency"));
        self.draft.currency = match code.as_deref().map(Currency::parse) {
            None => Sent::Absent,
            Some(Some(currency)) => Sent::Known(currency),
            Some(None) if self.draft.value.is_some() => Sent::Unusable,
            Some(None) => {
                let code = "invalid_choice";
                self.reading.removed("properties.currency", code);
                Sent::Absent
            }
        };
        Ok(())
    }

    fn amount(
        &mut self,
        raw: &'a RawValue,
        name: &'static str,
    ) -> Result<Option<Amount<'a>>, ParseError> {
        let path = ["properties.", name].concat();
        let json = raw.get();
        let written = json.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
        let amount = match written.map(trim) {
            None => Amount::new(raw),
            Some("") => return Ok(None),
            Some(text) if is_placeholder(text) => {
                self.reading.removed(&path, "placeholder");
                return Ok(None);
            }
            Some(text) => {
                self.reading.changed(&path, "text_as_number");
                Amount::parse(text)
            }
        };
        amount.map(Some).map_err(|error| match error {
            AmountError::NotANumber => {
                ParseError::new(Code::ValueInvalid, path, "must be a number")
            }
            AmountError::OutOfRange => ParseError::new(
                Code::ValueOutOfRange,
                path,
                "must be finite, not negative, and at most 10^12 major units",
            ),
        })
    }

    fn products(&mut self, raw: &'a RawValue) {
        let Ok(list) = serde_json::from_str::<Vec<&'a RawValue>>(raw.get()) else {
            self.reading.removed("properties.products", "wrong_type");
            return;
        };
        if list.len() > MOST_ITEMS {
            self.reading.removed("properties.products", "too_many");
        }
        for (index, raw) in list.into_iter().take(MOST_ITEMS).enumerate() {
            let path = format!("properties.products[{index}]");
            let Some(mut product) = Members::of(raw) else {
                self.reading.removed(&path, "wrong_type");
                continue;
            };
            let mut item = Item::default();
            for (key, ours) in PRODUCT {
                if let Some(raw) = product.take(key) {
                    self.product_member(&mut item, ours, raw, &[&path, ".", key].concat());
                }
            }
            for (key, raw) in product.rest() {
                let since = self.reading.told();
                let most = MOST_ITEM_PROPERTIES;
                add_property(&mut item.properties, key, raw, most, &mut self.reading);
                self.reading.place(since, &path);
            }
            if item != Item::default() {
                self.draft.items.push(item);
            }
        }
    }

    fn product_member(
        &mut self,
        item: &mut Item<'a>,
        ours: &'static str,
        raw: &'a RawValue,
        path: &str,
    ) {
        if matches!(ours, "price" | "quantity" | "discount" | "index") {
            let since = self.reading.told();
            let figure = read_figure(raw, &mut self.reading);
            self.reading.place(since, path);
            match ours {
                "price" => item.price = figure,
                "quantity" => item.quantity = figure.map(Figure::counted),
                "discount" => item.discount = figure,
                _ => item.index = figure.map(Figure::counted),
            }
            return;
        }
        let (manner, longest) = match ours {
            "item_id" => (Manner::Opaque, longest::ITEM_ID),
            _ => (Manner::Free, longest::ITEM_TEXT),
        };
        let Some(text) = self.text(raw, manner, longest, path) else {
            return;
        };
        match ours {
            "item_id" => item.item_id = item.item_id.take().or(Some(text)),
            "item_name" => item.item_name = Some(text),
            _ => item.more.push((ours.into(), text)),
        }
    }
}

/// The event that a `track` call is: by the source's own word, or by the table.
fn event_name<'a>(raw: Option<&'a RawValue>, source: &'a Source) -> Result<Text<'a>, ParseError> {
    let Some(name) = raw.and_then(text) else {
        return Err(ParseError::new(Code::EventMissing, "event", "is required"));
    };
    if let Some(own) = source.sdk.events.get(name.as_str()) {
        return Ok(own.as_str().into());
    }
    if let Some(listed) = event_of(&name) {
        return Ok(listed.into());
    }
    let code = Code::TrackNotMapped;
    let plain = plain_name(&name);
    // A plain word shows nobody, and helps whoever looks for the call.
    let path = if is_plain(&plain) {
        ["event.", &plain].concat()
    } else {
        "event".to_owned()
    };
    Err(ParseError::new(code, path, code.meaning()))
}

/// Notes who somebody is, unless something said so before.
fn set<'a>(user: &mut User<'a>, field: &str, text: Text<'a>) {
    let text = text.0;
    match field {
        "email" if user.email.is_none() => user.email = Some(Plain::new(text)),
        "phone" if user.phone.is_none() => user.phone = Some(Plain::new(text)),
        "first_name" if user.first_name.is_none() => user.first_name = Some(Plain::new(text)),
        "last_name" if user.last_name.is_none() => user.last_name = Some(Plain::new(text)),
        "date_of_birth" if user.date_of_birth.is_none() => {
            user.date_of_birth = Some(Plain::new(text));
        }
        "gender" if user.gender.is_none() => user.gender = Some(Plain::new(text)),
        "street" if user.street.is_none() => user.street = Some(Plain::new(text)),
        "city" if user.city.is_none() => user.city = Some(Plain::new(text)),
        "region" if user.region.is_none() => user.region = Some(Plain::new(text)),
        "postal_code" if user.postal_code.is_none() => user.postal_code = Some(Plain::new(text)),
        "country" if user.country.is_none() => user.country = Some(Plain::new(text)),
        _ => {}
    }
}

/// What stands in `context.consent` and `context.consentManagement`: the fields of our own `consent`, Segment's preferences
/// by category, RudderStack's lists of categories.
#[derive(Default)]
struct Said<'a> {
    signals: Signals<'a>,
    preferences: Option<&'a RawValue>,
    allowed: Option<&'a RawValue>,
    denied: Option<&'a RawValue>,
}

impl<'de> Object<'de> for Said<'de> {
    fn lenient(&self) -> bool {
        false
    }

    fn keys(&self) -> &'static [&'static str] {
        &[
            "categoryPreferences",
            "allowedConsentIds",
            "deniedConsentIds",
        ]
    }

    fn read(
        &mut self,
        key: &Text<'de>,
        map: &mut dyn Values<'de>,
        reading: &mut Reading,
    ) -> Result<bool, Stop> {
        match key.as_str() {
            "categoryPreferences" => self.preferences = Some(map.raw()?),
            "allowedConsentIds" => self.allowed = Some(map.raw()?),
            "deniedConsentIds" => self.denied = Some(map.raw()?),
            // Who asked, and how several answers are taken together: of two the stricter counts here anyway.
            "provider" | "resolutionStrategy" => {
                map.raw()?;
            }
            _ => return self.signals.read(key, map, reading),
        }
        Ok(true)
    }
}

/// What the categories of a consent platform come to.
#[derive(Default)]
struct Answers {
    /// Whether categories were sent at all.
    asked: bool,
    analytics: Option<bool>,
    ads: Option<bool>,
    /// Whether one stands for nothing in the settings.
    unknown: bool,
}

impl Answers {
    fn note(&mut self, source: &Source, category: &str, given: bool) {
        let slot = match source.sdk.categories.get(category) {
            Some(Category::Analytics) => &mut self.analytics,
            Some(Category::Ads) => &mut self.ads,
            None => {
                self.unknown = true;
                return;
            }
        };
        *slot = Some(slot.unwrap_or(true) && given);
    }

    /// Closed wherever no category opens.
    fn signals(&self) -> Option<Signals<'static>> {
        let choice = |given: Option<bool>| {
            Some(if given == Some(true) {
                Choice::Granted
            } else {
                Choice::Denied
            })
        };
        self.asked.then(|| Signals {
            ad_storage: choice(self.ads),
            ad_user_data: choice(self.ads),
            ad_personalization: choice(self.ads),
            analytics_storage: choice(self.analytics),
            ..Signals::default()
        })
    }
}
