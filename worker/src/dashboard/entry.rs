//! Signing in and out.

use edgetally_core::base::secret::Secret;
use edgetally_core::dashboard::login::{Fault, login, onward};
use edgetally_core::dashboard::session::{Sessions, end};
use edgetally_core::intake::Header;

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

/// Whether somebody has signed in.
pub(super) fn is_in(call: &Call<'_>) -> bool {
    secrets(call).is_ok_and(|(key, token)| {
        Sessions { key: &key, token }.has(call.headers.get(Header::Cookie), runtime::now())
    })
}

/// `POST /dashboard/login`.
pub(super) async fn sign_in(call: &Call<'_>) -> Response {
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
