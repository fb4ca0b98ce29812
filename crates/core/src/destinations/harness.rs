//! How the platforms' own tests reach them: settings as an operator writes them, events through the real intake, requests out
//! of a real delivery. `tests/it/support.rs`, which all other tests use, does the work; here is what has to see inside.

use serde_json::Value;

use crate::base::fields::Fault;
use crate::base::reason::Skip;
use crate::consent::Grant;
use crate::destinations::destination::Destination;
use crate::destinations::input::Input;
use crate::exchange::http::Reply;
use crate::exchange::request::Request;
use crate::intake::Visit;
use crate::queue::envelope::Envelope;
use crate::queue::parcel::Parcel;
use crate::settings::Settings;
pub(crate) use crate::support::{NOW, envelopes, plan};

/// Identifiers and personalisation are allowed.
pub(crate) const GRANT: u16 = 3;
/// Identifiers are; a US state's law limits the use.
pub(crate) const LIMITED: u16 = 5;

/// Settings of one destination, under its platform's name. `members` are its JSON without the braces; `secrets` stand for
/// those of these names. Visitors of the source `shop` need not be asked.
pub(crate) fn load(
    platform: &str,
    members: &str,
    secrets: &[(&str, &str)],
) -> Result<Settings, Vec<Fault>> {
    let json = format!(
        r#"{{"sources": {{"shop": {{"secret": "SHOP_SECRET", "consent": "implied", "destinations": ["{platform}"]}}}},
            "destinations": {{"{platform}": {{{members}}}}}}}"#
    );
    Settings::load(&json, &|name| {
        let given = secrets.iter().find(|(secret, _)| *secret == name);
        Some(given.map_or_else(
            || format!("{name} of thirty-two letters or more"),
            |(_, secret)| (*secret).to_owned(),
        ))
    })
}

/// The one destination of settings.
pub(crate) fn only(settings: &Settings) -> &dyn Destination {
    &*settings.destinations[0].destination
}

/// The one destination of settings, to be kept.
pub(crate) fn open(platform: &str, members: &str) -> Box<dyn Destination> {
    load(platform, members, &[])
        .unwrap()
        .destinations
        .remove(0)
        .destination
}

/// What intake says of events, and the requests that they lead to.
pub(crate) fn through(
    settings: &Settings,
    visit: Option<&Visit<'_>>,
    events: &str,
) -> (String, Vec<Request>) {
    let plan = plan(settings, visit, events);
    let requests = crate::support::requests(settings, &plan.messages, NOW);
    (
        plan.answer.text().to_owned(),
        requests.into_iter().map(|(_, request)| request).collect(),
    )
}

/// What intake says of one event at the one destination.
pub(crate) fn verdict(settings: &Settings, event: &str) -> String {
    let answer = plan(settings, None, event).answer;
    let told: Value = serde_json::from_str(answer.text()).unwrap();
    told["results"][0]["destinations"][&settings.destinations[0].name]
        .as_str()
        .unwrap_or(answer.text())
        .to_owned()
}

/// The body that an event becomes, or what its sender is told.
pub(crate) fn sent(settings: &Settings, event: &str) -> String {
    let plan = plan(settings, None, event);
    let envelopes = envelopes(&plan.messages);
    match &inputs(&envelopes)[..] {
        [] => plan.answer.text().to_owned(),
        batch => text(only(settings).request(batch, None, NOW).unwrap()),
    }
}

/// The events that go somewhere.
pub(crate) fn inputs<'e>(envelopes: &'e [Envelope<'e>]) -> Vec<Input<'e>> {
    envelopes
        .iter()
        .flat_map(|envelope| &envelope.parcels)
        .filter_map(|parcel| Some(Input::new(parcel, parcel.legs.first()?.grant)))
        .collect()
}

/// Whether a destination has a use for an event that is written as the queue has it.
pub(crate) fn check(destination: &dyn Destination, queued: &str, grant: u16) -> Result<(), Skip> {
    let parcel: Parcel<'_> = serde_json::from_str(queued).unwrap();
    destination.check(&Input::new(&parcel, Grant::from_wire(grant)), NOW)
}

/// The body that such an event becomes.
pub(crate) fn body(destination: &dyn Destination, queued: &str, grant: u16) -> String {
    let parcel: Parcel<'_> = serde_json::from_str(queued).unwrap();
    let input = Input::new(&parcel, Grant::from_wire(grant));
    text(destination.request(&[input], None, NOW).unwrap())
}

/// The body of a request.
pub(crate) fn text(request: Request) -> String {
    String::from_utf8(request.into_body()).unwrap()
}

/// A reply; a string is the body itself.
pub(crate) fn reply(status: u16, body: &Value) -> Reply {
    Reply {
        status,
        retry_after: None,
        body: match body {
            Value::String(text) => text.clone().into_bytes(),
            json => json.to_string().into_bytes(),
        },
    }
}
