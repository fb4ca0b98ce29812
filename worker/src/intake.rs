//! `POST /v1/events`: from a request to durable messages and an answer.

use std::time::Duration;

use edgetally_core::base::error::{Code, ParseError};
use edgetally_core::base::table::Table;
use edgetally_core::consent::gpc_header;
use edgetally_core::dedup::{Claim, ClaimKey, Known, Recent};
use edgetally_core::event::LARGEST_BODY;
use edgetally_core::intake::auth::{Caller, Credentials, Proof, recognise};
use edgetally_core::intake::{Visit, Wanted, error_of, refusal};
use edgetally_core::settings::Settings;
use worker::{Context, Delay, Env, web_sys};

use crate::runtime::{self, Field, Fields, respond};
use crate::state;

/// Signed requests are remembered for twice the time that their signature is good for.
const SIGNATURE_TTL_SECONDS: i64 = 600;
/// How often to look whether another request has made an event durable.
const PATIENCE: Duration = Duration::from_millis(20);

/// The headers of an answer that a page of that origin may read.
fn cors<'a>(settings: &Settings, fields: &Fields<'a>) -> Vec<&'a str> {
    let Some(origin) = fields.get(Field::Origin) else {
        return Vec::new();
    };
    let known = settings
        .sources
        .iter()
        .any(|source| edgetally_core::intake::auth::origin_allowed(source, origin));
    if known {
        vec!["access-control-allow-origin", origin, "vary", "Origin"]
    } else {
        vec!["vary", "Origin"]
    }
}

/// `OPTIONS /v1/events`. Whether the key and the origin belong together is seen when the events come.
pub(crate) fn preflight(env: &Env, fields: &Fields<'_>) -> web_sys::Response {
    let Ok(settings) = state::settings(env) else {
        return respond(204, "", &[]);
    };
    let mut headers = cors(settings, fields);
    headers.extend([
        "access-control-allow-methods",
        "POST",
        "access-control-allow-headers",
        "content-type, x-edgetally-key",
        "access-control-max-age",
        "7200",
    ]);
    respond(204, "", &headers)
}

/// The parameter `key`, as browsers without headers (beacons) send it.
fn key_parameter(query: &str) -> Option<&str> {
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix("key="))
        .filter(|key| !key.is_empty())
}

/// Why a request cannot be read, seen from its headers alone.
fn unreadable(fields: &Fields<'_>) -> Option<Code> {
    let media = fields.get(Field::ContentType).unwrap_or("application/json");
    let media = media.split(';').next().unwrap_or(media).trim();
    if !media.eq_ignore_ascii_case("application/json") && !media.eq_ignore_ascii_case("text/plain")
    {
        return Some(Code::UnsupportedMediaType);
    }
    if fields
        .get(Field::ContentEncoding)
        .is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"))
    {
        return Some(Code::UnsupportedMediaType);
    }
    let announced = fields
        .get(Field::ContentLength)
        .and_then(|length| length.parse::<usize>().ok());
    announced
        .filter(|length| *length > LARGEST_BODY)
        .map(|_| Code::BodyTooLarge)
}

pub(crate) async fn events(
    request: &web_sys::Request,
    fields: &Fields<'_>,
    query: &str,
    env: Env,
    context: &Context,
) -> web_sys::Response {
    // Senders keep what they have and come back.
    let Ok(settings) = state::settings(&env) else {
        let body = refusal(&error_of(Code::SettingsInvalid));
        return respond(503, &body, &["retry-after", "30"]);
    };
    let mut headers = cors(settings, fields);
    match take(settings, request, fields, query, env, context).await {
        Ok((status, answer)) => respond(status, &answer, &headers),
        Err(error) => {
            match error.code.status() {
                503 => headers.extend(["retry-after", "2"]),
                // The longest period that a rate limiting binding counts over.
                429 => headers.extend(["retry-after", "60"]),
                _ => {}
            }
            respond(error.code.status(), &refusal(&error), &headers)
        }
    }
}

async fn take(
    settings: &'static Settings,
    request: &web_sys::Request,
    fields: &Fields<'_>,
    query: &str,
    env: Env,
    context: &Context,
) -> Result<(u16, String), ParseError> {
    if let Some(code) = unreadable(fields) {
        return Err(error_of(code));
    }
    let body = runtime::body(request, LARGEST_BODY).await;
    // A sender that went away in the middle gets no answer anyway.
    let body = body
        .map_err(|_| error_of(Code::MalformedJson))?
        .ok_or_else(|| error_of(Code::BodyTooLarge))?;
    let now = runtime::now();
    let credentials = Credentials {
        key: fields.get(Field::Key).or_else(|| key_parameter(query)),
        origin: fields.get(Field::Origin),
        authorization: fields.get(Field::Authorization),
        webhook_id: fields.get(Field::WebhookId),
        webhook_timestamp: fields.get(Field::WebhookTimestamp),
        webhook_signature: fields.get(Field::WebhookSignature),
    };
    let caller = recognise(settings, &credentials, &body, now).map_err(error_of)?;
    if caller.is_page()
        && let Some(binding) = &caller.source.rate_limit
        && runtime::limited(&env, binding, &caller.source.name).await
    {
        return Err(error_of(Code::RateLimited));
    }
    let visit = caller.is_page().then(|| Visit {
        ip: fields.get(Field::Ip),
        user_agent: fields.get(Field::UserAgent),
        referer: fields.get(Field::Referer),
        cookies: fields.get(Field::Cookie),
        gpc: fields.get(Field::SecGpc).is_some_and(gpc_header),
        country: fields.get(Field::Country),
        region: fields.get(Field::Region),
    });
    let batch =
        edgetally_core::intake::native::batch(settings, caller.source, visit.as_ref(), &body, now)?;
    let wanted: Vec<Wanted<'_>> = batch.wanted().collect();
    let signature = signature_key(settings, &caller);
    wait_for_others(&wanted, settings).await;

    let (mut known, asked) = look(&wanted, settings);
    let held = Held(asked);
    let names: Vec<String> = held
        .0
        .iter()
        .copied()
        .chain(signature)
        .map(ClaimKey::to_hex)
        .collect();
    if !names.is_empty() {
        // A store that does not answer costs a repeated copy at worst, which the platforms recognise.
        let mut found = runtime::claimed(&env, &names).await.unwrap_or_default();
        found.resize(names.len(), None);
        if let Some(signature) = signature
            && (found.pop().flatten().is_some() || accepted_before(signature, settings))
        {
            return Err(error_of(Code::SignatureReplayed));
        }
        state::recent(|recent| {
            for (key, stored) in held.0.iter().zip(found) {
                let claim = recent.hear(*key, stored.as_deref(), now, settings.window_ms);
                if !claim.is_empty() {
                    known.insert(*key, claim);
                }
            }
        });
    }
    let plan = batch.finish(|key| known.get(&key).cloned(), &state::new_id());
    let mut durable = runtime::send_all(&env, &plan.messages).await;
    if let Some(rest) = plan.messages.get(durable..)
        && !rest.is_empty()
    {
        // Once more, a little later; after that the sender has to come again.
        Delay::from(Duration::from_millis(50 + now.0.unsigned_abs() % 100)).await;
        durable += runtime::send_all(&env, rest).await;
    }
    // Durable first, marked second: a crash in between repeats a copy and cannot lose one. What is durable is marked even
    // where the rest was refused, so that the sender who comes again repeats only what is not.
    let complete = durable == plan.messages.len();
    let signed = signature.filter(|_| complete && plan.status == 202);
    let mut claims: Table<ClaimKey, Claim> = Table::new();
    for made in plan.claims {
        if made.message < durable {
            claims.insert(made.key, made.claim);
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
    mark(context, env, settings, &claims, signed);
    if complete {
        Ok((plan.status, plan.answer))
    } else {
        Err(error_of(Code::QueueUnavailable))
    }
}

/// Whether this isolate has accepted a signature before.
fn accepted_before(signature: ClaimKey, settings: &Settings) -> bool {
    let now = runtime::now();
    let known = state::recent(|recent| recent.look(signature, now, settings.window_ms));
    matches!(known, Known::Claimed { .. })
}

fn signature_key(settings: &Settings, caller: &Caller<'_>) -> Option<ClaimKey> {
    match caller.proof {
        Proof::Signature { id, signature } => Some(settings.claims.signature(
            &caller.source.name,
            id,
            signature,
        )),
        Proof::Page | Proof::Bearer => None,
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
        Delay::from(PATIENCE).await;
    }
}

/// Sorts the claims into those that are known well enough and those that the store has to be asked for, and takes the
/// latter in hand.
fn look(wanted: &[Wanted<'_>], settings: &Settings) -> (Table<ClaimKey, Claim>, Vec<ClaimKey>) {
    let now = runtime::now();
    let mut known = Table::new();
    let mut asked: Table<ClaimKey, ()> = Table::new();
    state::recent(|recent| {
        for one in wanted {
            match recent.look(one.key, now, settings.window_ms) {
                Known::Claimed { claim, fresh: true } if one.settled_by(&claim) => {
                    known.insert(one.key, claim);
                }
                _ => {
                    asked.insert(one.key, ());
                }
            }
        }
        for (key, ()) in asked.iter() {
            recent.start(*key, now);
        }
    });
    (known, asked.into_iter().map(|(key, ())| key).collect())
}

/// Keys in hand; let go when the request ends, with whatever claims it made on them.
struct Held(Vec<ClaimKey>);

impl Drop for Held {
    fn drop(&mut self) {
        if !self.0.is_empty() {
            state::recent(|recent| self.0.iter().for_each(|key| recent.release(*key)));
        }
    }
}

/// Marks the claims in the store, after the answer.
fn mark(
    context: &Context,
    env: Env,
    settings: &'static Settings,
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
    if claims.is_empty() && signed.is_empty() {
        return;
    }
    context.wait_until(async move {
        let mut failed = false;
        for (claims, ttl) in [
            (claims, settings.window_ms / 1000),
            (signed, SIGNATURE_TTL_SECONDS),
        ] {
            failed |= runtime::claim(&env, &claims, ttl).await.is_err();
        }
        if failed {
            worker::console_warn!("claims were not stored; a later copy may pass");
        }
    });
}
