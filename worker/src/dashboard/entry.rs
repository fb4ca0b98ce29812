//! Signing in and out.

use edgetally_core::base::secret::Secret;
use edgetally_core::dashboard::access::{Application, Denied, HEADER};
use edgetally_core::dashboard::login::{Fault, login, onward, refused, through_access};
use edgetally_core::dashboard::session::{Sessions, end};
use edgetally_core::delivery::OutgoingRequest;
use edgetally_core::intake::Header;
use edgetally_core::settings::{Access, Settings};

use super::{form, html, is_from_here, see};
use crate::routes::Call;
use crate::runtime::{self, Response};
use crate::state;

/// The rate limiting binding that counts tries, where there is one.
pub(crate) const SIGN_IN_LIMIT: &str = "SIGN_IN_LIMIT";

/// The key that sessions are signed with, and the token that they are begun with.
fn secrets(call: &Call<'_>) -> Result<(Secret, &'static Secret), Fault> {
    let settings = state::settings(&call.env).map_err(|_| Fault::Settings)?;
    let token = settings.admin_token.as_ref().ok_or(Fault::Closed)?;
    Ok((settings.claims.session_key(), token))
}

/// How somebody got in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// By the admin token, once, and since then by a cookie.
    Token,
    /// Through Cloudflare Access.
    Access,
}

/// Whether somebody is in, and how.
///
/// # Errors
/// Nobody is. What Access did not like is told, where it is asked and sent anything.
pub(super) async fn enter(call: &Call<'_>) -> Result<Entry, Option<Denied>> {
    let settings = state::settings(&call.env).map_err(|_| None)?;
    let mut denied = None;
    if let Some(access) = &settings.access {
        match come_through(call, settings, access).await {
            Ok(()) => return Ok(Entry::Access),
            Err(why) if access.only => return Err(Some(why)),
            Err(why) => denied = Some(why).filter(|why| *why != Denied::Absent),
        }
    }
    let session = secrets(call).is_ok_and(|(key, token)| {
        Sessions { key: &key, token }.has(call.headers.get(Header::Cookie), runtime::now())
    });
    if session {
        Ok(Entry::Token)
    } else {
        Err(denied)
    }
}

/// Whether Cloudflare Access let somebody through. Nothing is fetched for a token that is wrong without any key.
async fn come_through(call: &Call<'_>, settings: &Settings, access: &Access) -> Result<(), Denied> {
    let given = runtime::headers(call.request, &[HEADER]);
    let application = Application {
        team: &access.team,
        audience: &access.audience,
    };
    let (token, kid) = application.judge(&given, runtime::now())?;
    if state::key_ring(|ring| ring.wants(&kid, runtime::now())) {
        let request = access.certs();
        let reply = runtime::exchange(&OutgoingRequest {
            ticket: 0,
            destination: String::new(),
            address: settings.address(request.uri()),
            request,
            signing: None,
            timeout_ms: settings.timeout_ms,
        })
        .await;
        let body = reply.ok().filter(|reply| reply.status == 200);
        let body = body.as_ref().map(|reply| reply.body.as_slice());
        state::key_ring(|ring| ring.keep(body, runtime::now()));
    }
    let key = state::key_ring(|ring| ring.key(&kid, runtime::now()).cloned())?;
    if runtime::verified(&key.n, &key.e, token.signed, token.signature).await {
        Ok(())
    } else {
        Err(Denied::Signature)
    }
}

/// Whether nobody gets in but through Cloudflare Access.
pub(super) fn is_access_only(call: &Call<'_>) -> bool {
    let settings = state::settings(&call.env).ok();
    let access = settings.and_then(|settings| settings.access.as_ref());
    access.is_some_and(|access| access.only)
}

/// What somebody is shown who is not in.
pub(super) fn ask(call: &Call<'_>, denied: Option<Denied>, next: &str) -> Response {
    match denied {
        Some(denied) if is_access_only(call) => html(denied.status(), refused(denied)),
        Some(denied) => html(denied.status(), login(Some(Fault::Access(denied)), next)),
        None => html(401, login(None, next)),
    }
}

/// `GET /dashboard/login`. There is no token to be asked for of whoever Access let through.
pub(super) async fn door(call: &Call<'_>) -> Response {
    match enter(call).await {
        Ok(Entry::Access) => html(200, through_access()),
        Err(Some(denied)) => ask(call, Some(denied), ""),
        Ok(Entry::Token) | Err(None) => html(200, login(None, "")),
    }
}

/// `POST /dashboard/login`.
pub(super) async fn sign_in(call: &Call<'_>) -> Response {
    if is_access_only(call) {
        return door(call).await;
    }
    let fields = form(call).await.unwrap_or_default();
    let field = |name: &str| {
        let found = fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let next = onward(field("next"));
    match cookie(call, field("token")).await {
        Ok(cookie) => see(next, Some(&cookie)),
        Err(fault) => html(fault.status(), login(Some(fault), next)),
    }
}

async fn cookie(call: &Call<'_>, token: &str) -> Result<String, Fault> {
    if !is_from_here(call) {
        return Err(Fault::Elsewhere);
    }
    let (key, own) = secrets(call)?;
    let address = call.headers.get(Header::Ip).unwrap_or_default();
    let exceeded = if runtime::bindings(&call.env, &[SIGN_IN_LIMIT]).contains(&true) {
        runtime::limited(&call.env, SIGN_IN_LIMIT, address).await
    } else {
        state::tries(|tries| tries.exceeds(address, runtime::now()))
    };
    if exceeded {
        return Err(Fault::TooMany);
    }
    let sessions = Sessions {
        key: &key,
        token: own,
    };
    sessions.begin(token, runtime::now()).ok_or(Fault::Wrong)
}

/// `POST /dashboard/logout`.
pub(super) fn sign_out() -> Response {
    see("/dashboard/login", Some(&end()))
}
