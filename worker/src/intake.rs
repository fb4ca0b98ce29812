//! Intake in every format: from a request to durable messages and an answer.

use edgetally_core::base::error::{Code, ParseError};
use edgetally_core::base::table::Table;
use edgetally_core::base::time::UnixMillis;
use edgetally_core::dedup::{Claim, ClaimKey, Holder, Known, Recent};
use edgetally_core::intake::auth::{Caller, Proof, origin_allowed};
use edgetally_core::intake::{
    self, Arrival, Batch, Format, Header, Headers, Outcome, Plan, Wanted, error_of, segment,
};
use edgetally_core::settings::{Settings, Source};

use crate::claiming;
use crate::routes::{self, Call};
use crate::runtime::{self, Env, Response, respond};
use crate::state;

/// Signed requests are remembered for twice the time that their signature is good for.
const SIGNATURE_TTL_SECONDS: i64 = 600;
/// How often to look whether another request has made an event durable, in milliseconds.
const PATIENCE_MS: u32 = 20;

/// The headers of an answer that a page of that origin may read.
fn cors<'a>(settings: &Settings, headers: Headers<'a>) -> Vec<&'a str> {
    let Some(origin) = headers.get(Header::Origin) else {
        return Vec::new();
    };
    let mut sources = settings.sources.iter();
    if sources.any(|source| origin_allowed(source, origin)) {
        vec![
            "access-control-allow-origin",
            origin,
            // Without it a browser neither sends the cookies of the page's site nor keeps those of the answer.
            "access-control-allow-credentials",
            "true",
            "access-control-expose-headers",
            // The client measures the visitor's clock by the time of the answer.
            "retry-after, date",
            "vary",
            "Origin",
        ]
    } else {
        vec!["vary", "Origin"]
    }
}

/// `OPTIONS`. Whether the key and the origin belong together is seen when the events come.
pub(crate) fn preflight(call: &Call<'_>, methods: &str, headers: &str) -> Response {
    let nothing = intake::Response {
        status: 204,
        ..intake::Response::json(204, String::new())
    };
    let Ok(settings) = state::settings(&call.env) else {
        return respond(&nothing, &[]);
    };
    let mut further = cors(settings, call.headers);
    further.extend([
        "access-control-allow-methods",
        methods,
        "access-control-allow-headers",
        headers,
        "access-control-max-age",
        "7200",
    ]);
    respond(&nothing, &further)
}

/// Tells a page what silence means where its visitor is.
pub(crate) fn region(call: &Call<'_>) -> Response {
    let Ok(settings) = state::settings(&call.env) else {
        return routes::refuse(&error_of(Code::SettingsInvalid));
    };
    let arrival = Arrival {
        query: call.query,
        headers: call.headers,
        country: call.country,
        region: call.region,
        ..Arrival::of_body(&[], runtime::now())
    };
    let answer = intake::region::answer(settings, &arrival)
        .unwrap_or_else(|error| intake::Response::refusal(&error));
    respond(&answer, &cors(settings, call.headers))
}

/// Takes events in. `HEAD` takes none.
pub(crate) async fn events(format: &'static Format, call: Call<'_>, head: bool) -> Response {
    let arrival = Arrival {
        host: call.host,
        path: call.path,
        query: call.query,
        headers: call.headers,
        country: call.country,
        region: call.region,
        body: &[],
        now: runtime::now(),
    };
    let refused = |source: Option<&Source>, error: &ParseError| {
        (format.answer)(source, &arrival, &Outcome::Refused(error))
    };
    // Senders keep what they have and come back. What they are still sending is heard out: a connection that is closed on them
    // takes the answer with it.
    let Ok(settings) = state::settings(&call.env) else {
        let _ = runtime::body(call.request, format.most_bytes).await;
        return respond(&refused(None, &error_of(Code::SettingsInvalid)), &[]);
    };
    let cors = cors(settings, call.headers);
    if head {
        return respond(&(format.answer)(None, &arrival, &Outcome::Asked), &cors);
    }
    let mut source = None;
    match take(format, settings, &call, arrival, &mut source).await {
        Ok(answer) => respond(&answer, &cors),
        Err(error) => {
            if format.sdk {
                source = source.or_else(|| segment::named(settings, &arrival));
                refuse(&call.env, settings, source, &error, "").await;
            }
            respond(&refused(source, &error), &cors)
        }
    }
}

/// Answers what SDKs in pages ask for before they send.
pub(crate) async fn setup(call: &Call<'_>, which: Setup, head: bool) -> Response {
    let Ok(settings) = state::settings(&call.env) else {
        return routes::refuse(&error_of(Code::SettingsInvalid));
    };
    let arrival = Arrival {
        path: call.path,
        query: call.query,
        headers: call.headers,
        ..Arrival::of_body(&[], runtime::now())
    };
    let cors = cors(settings, call.headers);
    // Whoever asks with `HEAD` wants to know whether something blocks the address.
    if head {
        return respond(&segment::setup::done(), &cors);
    }
    match which(settings, &arrival) {
        Ok(answer) => respond(&answer, &cors),
        Err(error) => {
            refuse(&call.env, settings, None, &error, "").await;
            respond(&intake::Response::refusal(&error), &cors)
        }
    }
}

/// Takes what an SDK counts about itself, and keeps none of it.
pub(crate) async fn metrics(call: &Call<'_>) -> Response {
    let _ = runtime::body(call.request, segment::FORMAT.most_bytes).await;
    let cors = state::settings(&call.env).map(|settings| cors(settings, call.headers));
    respond(&segment::setup::done(), &cors.unwrap_or_default())
}

/// What an SDK in a page is given before it sends.
pub(crate) type Setup = fn(&Settings, &Arrival<'_>) -> Result<intake::Response, ParseError>;

/// Counts a request of an SDK that is refused for good: nobody reads the answer.
pub(crate) async fn refuse(
    env: &Env,
    settings: &Settings,
    source: Option<&Source>,
    error: &ParseError,
    name: &str,
) {
    // What may be sent again is no loss, and a flood of it is not to cost the queue anything.
    if error.code.status() >= 500 || intake::retry_after(error.code).is_some() {
        return;
    }
    let now = runtime::now();
    let message = state::refusals(|refusals| {
        let source = source.map(|source| source.name.as_str());
        refusals.add(now, &settings.version, (source, error.code.as_str(), name));
        refusals.message(now, &state::new_id())
    });
    if let Some(message) = message {
        // A count is not worth another attempt.
        runtime::send_all(env, &[message]).await;
    }
}

async fn take(
    format: &'static Format,
    settings: &'static Settings,
    call: &Call<'_>,
    arrival: Arrival<'_>,
    source: &mut Option<&'static Source>,
) -> Result<intake::Response, ParseError> {
    format.check_headers(&arrival.headers)?;
    let body = if call.method == "GET" {
        Vec::new()
    } else {
        let body = if format.sdk {
            runtime::inflated(call.request, format.most_bytes).await
        } else {
            runtime::body(call.request, format.most_bytes).await
        };
        // A sender that went away in the middle gets no answer anyway.
        body.map_err(|_| error_of(Code::MalformedJson))?
            .ok_or_else(|| error_of(Code::BodyTooLarge))?
    };
    let own = if format.headers.is_empty() {
        String::new()
    } else {
        runtime::headers(call.request, format.headers)
    };
    let own: Vec<&str> = own.split('\n').collect();
    let arrival = Arrival {
        headers: arrival.headers.with(format.headers, &own),
        body: &body,
        now: runtime::now(),
        ..arrival
    };
    let now = arrival.now;
    let caller = (format.recognise)(settings, &arrival).map_err(error_of)?;
    *source = settings.source(&caller.source.name);
    if caller.is_page()
        && let Some(binding) = &caller.source.rate_limit
        && runtime::limited(&call.env, binding, &caller.source.name).await
    {
        return Err(error_of(Code::RateLimited));
    }
    let visit = caller.visit(&arrival);
    let batch = Batch::open(format, settings, caller.source, visit.as_ref(), &arrival)?;
    let signature = signature_key(settings, &caller);
    let wanted: Vec<Wanted<'_>> = batch.wanted().collect();
    wait_for_others(&wanted, settings).await;
    let (mut known, held) = claims(&call.env, &wanted, signature, settings, now).await?;
    if caller.source.exact_answer
        && let Some(layout) = &settings.dedup.exact
        && !held.keys.is_empty()
    {
        let held = claiming::look(&call.env, layout, &caller.source.name, &held.keys).await;
        for (key, claim) in held.iter() {
            known.change(*key, |known| known.add(claim));
        }
    }
    let plan = batch.finish(|key| known.get(&key).cloned(), &state::new_id());
    let durable = make_durable(&call.env, &plan.messages, now).await;
    let complete = durable == plan.messages.len();
    let signed = signature.filter(|_| complete && plan.taken);
    claim(call, settings, &plan, durable, signed, now);
    drop(held);
    if complete {
        Ok(plan.answer)
    } else {
        Err(error_of(Code::QueueUnavailable))
    }
}

/// What is claimed of the events, and the keys that were taken in hand meanwhile.
async fn claims(
    env: &Env,
    wanted: &[Wanted<'_>],
    signature: Option<ClaimKey>,
    settings: &Settings,
    now: UnixMillis,
) -> Result<(Table<ClaimKey, Claim>, Held), ParseError> {
    let (mut known, held) = look(wanted, settings);
    // Where claims are exact the store has nothing to say of events, unless it stands in front.
    let asked = if settings.dedup.kv {
        held.keys.as_slice()
    } else {
        &[]
    };
    let keys = asked.iter().copied().chain(signature);
    let names: Vec<String> = keys.map(ClaimKey::to_hex).collect();
    if !names.is_empty() {
        // A store that does not answer costs a repeated copy at worst, which the platforms recognise.
        let mut found = runtime::claimed(env, &names).await.unwrap_or_default();
        found.resize(names.len(), None);
        if let Some(signature) = signature
            && (found.pop().flatten().is_some() || accepted_before(signature, settings))
        {
            return Err(error_of(Code::SignatureReplayed));
        }
        state::recent(|recent| {
            for (key, stored) in asked.iter().zip(found) {
                let claim = recent.hear(*key, stored.as_deref(), now, settings.window_ms);
                if !claim.is_empty() {
                    known.insert(*key, claim);
                }
            }
        });
    }
    Ok((known, held))
}

/// Makes messages durable; gives how many are, from the first on.
async fn make_durable(env: &Env, messages: &[String], now: UnixMillis) -> usize {
    let durable = runtime::send_all(env, messages).await;
    match messages.get(durable..) {
        None | Some([]) => durable,
        Some(rest) => {
            // Once more, a little later; after that the sender has to come again.
            let chance = u32::try_from(now.0.unsigned_abs() % 100).unwrap_or_default();
            runtime::sleep(50 + chance).await;
            durable + runtime::send_all(env, rest).await
        }
    }
}

/// Durable first, marked second: a crash in between repeats a copy and cannot lose one. What is durable is marked even
/// where the rest was refused, so that the sender who comes again repeats only what is not.
fn claim(
    call: &Call<'_>,
    settings: &Settings,
    plan: &Plan,
    durable: usize,
    signed: Option<ClaimKey>,
    now: UnixMillis,
) {
    let mut claims: Table<ClaimKey, Claim> = Table::new();
    for made in &plan.claims {
        if made.message < durable {
            claims.insert(made.key, made.claim.clone());
        }
    }
    state::recent(|recent| {
        for (key, claim) in claims.iter() {
            recent.claim(*key, claim.clone(), now);
        }
        if let Some(key) = signed {
            recent.claim(key, Claim::everywhere(), now);
        }
    });
    if !settings.dedup.kv {
        claims = Table::new();
    }
    mark(call, settings, &claims, signed);
}

/// Whether a signed request was accepted before, here or anywhere.
pub(crate) async fn replayed(env: &Env, signature: ClaimKey, settings: &Settings) -> bool {
    let stored = runtime::claimed(env, &[signature.to_hex()]).await;
    stored.unwrap_or_default().into_iter().flatten().count() > 0
        || accepted_before(signature, settings)
}

/// Remembers that a signed request was accepted.
pub(crate) fn use_up(call: &Call<'_>, settings: &'static Settings, signature: ClaimKey) {
    let everywhere = Claim::everywhere();
    state::recent(|recent| recent.claim(signature, everywhere, runtime::now()));
    mark(call, settings, &Table::new(), Some(signature));
}

/// Whether this isolate has accepted a signature before.
fn accepted_before(signature: ClaimKey, settings: &Settings) -> bool {
    let now = runtime::now();
    let known = state::recent(|recent| recent.look(signature, now, settings.window_ms));
    matches!(known, Known::Claimed { .. })
}

/// What a signed request is remembered under.
pub(crate) fn signature_key(settings: &Settings, caller: &Caller<'_>) -> Option<ClaimKey> {
    match caller.proof {
        Proof::Signature { id, signature } => Some(settings.claims.signature(
            &caller.source.name,
            id,
            signature,
        )),
        Proof::Page | Proof::App { .. } | Proof::Bearer => None,
    }
}

/// Waits while another request of this isolate has one of the events in hand, so that the answer "duplicate" is only
/// ever given when the event is durable.
async fn wait_for_others(wanted: &[Wanted<'_>], settings: &Settings) {
    let started = runtime::now();
    loop {
        let now = runtime::now();
        let in_flight = state::recent(|recent| {
            wanted
                .iter()
                .any(|one| recent.look(one.key, now, settings.window_ms) == Known::InFlight)
        });
        if !in_flight || now.0 - started.0 > Recent::IN_FLIGHT_MS {
            return;
        }
        runtime::sleep(PATIENCE_MS).await;
    }
}

/// Sorts the claims into those that are known well enough and those that the store has to be asked for, and takes the
/// latter in hand.
fn look(wanted: &[Wanted<'_>], settings: &Settings) -> (Table<ClaimKey, Claim>, Held) {
    let now = runtime::now();
    let mut known = Table::new();
    let mut asked: Table<ClaimKey, ()> = Table::new();
    let holder = state::recent(|recent| {
        for one in wanted {
            match recent.look(one.key, now, settings.window_ms) {
                Known::Claimed { claim, fresh: true } if one.settled_by(&claim) => {
                    known.insert(one.key, claim);
                }
                Known::Claimed { claim, fresh: true } if !settings.dedup.kv => {
                    known.insert(one.key, claim);
                    asked.insert(one.key, ());
                }
                _ => {
                    asked.insert(one.key, ());
                }
            }
        }
        let holder = recent.holder();
        for (key, ()) in asked.iter() {
            recent.start(*key, holder, now);
        }
        holder
    });
    let keys = asked.into_iter().map(|(key, ())| key).collect();
    (known, Held { keys, holder })
}

/// Keys in hand; let go when the request ends, with whatever claims it made on them. One whose sender went away ends when
/// the runtime gets round to it, which may be long after its retry has taken them in hand.
struct Held {
    keys: Vec<ClaimKey>,
    holder: Holder,
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.keys.is_empty() {
            let keys = self.keys.iter();
            state::recent(|recent| keys.for_each(|key| recent.release(*key, self.holder)));
        }
    }
}

/// Marks the claims in the store, after the answer.
fn mark(
    call: &Call<'_>,
    settings: &Settings,
    claims: &Table<ClaimKey, Claim>,
    signed: Option<ClaimKey>,
) {
    let claims: Vec<(String, String)> = claims
        .iter()
        .map(|(key, claim)| (key.to_hex(), claim.to_text()))
        .collect();
    let signed: Vec<(String, String)> = signed
        .iter()
        .map(|key| (key.to_hex(), Claim::everywhere().to_text()))
        .collect();
    for (claims, ttl) in [
        (claims, settings.window_ms / 1000),
        (signed, SIGNATURE_TTL_SECONDS),
    ] {
        runtime::mark(call.context, &call.env, &claims, ttl);
    }
}
