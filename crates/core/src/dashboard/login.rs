//! The page where somebody signs in.

use super::access::Denied;
use super::shell::{begin, end};

/// What went wrong with the last try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The token is another.
    Wrong,
    /// Too many tries.
    TooMany,
    /// The form came from elsewhere.
    Elsewhere,
    /// There is no admin token.
    Closed,
    /// The settings are wrong.
    Settings,
    /// Cloudflare Access sent a token that is not taken.
    Access(Denied),
}

impl Fault {
    /// The status of the answer.
    pub const fn status(self) -> u16 {
        match self {
            Self::Wrong => 401,
            Self::Elsewhere | Self::Closed => 403,
            Self::TooMany => 429,
            Self::Settings => 503,
            Self::Access(denied) => denied.status(),
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Settings => {
                "The settings of this deployment are wrong: /v1/health says what and where."
            }
            Self::Wrong => "That is not the admin token of this deployment.",
            Self::TooMany => "Too many tries. Try again in a minute.",
            Self::Elsewhere => {
                "The form was not sent from this page. Open the page itself and try again."
            }
            Self::Closed => {
                "This deployment has no admin token, so the dashboard is closed. Put the secret EDGETALLY_ADMIN_TOKEN."
            }
            Self::Access(denied) => denied.sentence(),
        }
    }
}

/// Where somebody goes who has signed in: to the page that was asked for, if it is one of ours.
pub fn onward(next: &str) -> &str {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '\\' | '#');
    let path = next.split('?').next().unwrap_or_default();
    let ours = [
        "/dashboard",
        "/dashboard/event",
        "/dashboard/dead-letters",
        "/dashboard/live",
    ];
    if ours.contains(&path) && next.chars().all(plain) && next.len() <= 2000 {
        next
    } else {
        "/dashboard"
    }
}

const MARK: &str = r#"<main id="main" class="login"><svg class="mark" width="36" height="36" viewBox="0 0 20 20" aria-hidden="true"><path d="M3 3v14M7.5 3v14M12 3v14M16.5 3v14M1 13.5 19 6.5"/></svg>"#;

/// The page.
pub fn login(fault: Option<Fault>, next: &str) -> String {
    let mut html = begin("Sign in · edgetally");
    html.markup(MARK);
    html.markup(r#"<h1>Sign in to edgetally</h1><form method="post" action="/dashboard/login" class="card"><label for="token">Admin token</label><input id="token" name="token" type="password" autocomplete="current-password" required autofocus"#);
    if let Some(fault) = fault {
        html.put(
            r#" aria-invalid="true" aria-describedby="fault"><p id="fault" class="fault" role="alert">{}</p>"#,
            &[fault.sentence()],
        );
    } else {
        html.markup(">");
    }
    html.put(
        r#"<input type="hidden" name="next" value="{}">"#,
        &[onward(next)],
    );
    html.markup(r#"<button>Sign in</button><p class="soft">The secret <code>EDGETALLY_ADMIN_TOKEN</code> of the deployment. It is sent once; after that a cookie lasts eight hours.</p></form></main>"#);
    end(html)
}

/// What is answered where nobody gets in but by Cloudflare Access.
pub fn refused(denied: Denied) -> String {
    let mut html = begin("Not let in · edgetally");
    html.markup(MARK);
    html.put(
        r#"<h1>Cloudflare Access has not let you in</h1><div class="card"><p class="fault">{}</p><p class="soft">The settings of this deployment let people in by Cloudflare Access only (<code>access.only</code>).</p><p><a href="/dashboard">Try again</a></p></div></main>"#,
        &[denied.sentence()],
    );
    end(html)
}

/// What stands there for whoever came through Cloudflare Access, as after signing out: Access would let them in again.
pub fn through_access() -> String {
    let mut html = begin("Cloudflare Access · edgetally");
    html.markup(MARK);
    html.markup(r#"<h1>Cloudflare Access lets you in</h1><div class="card"><p>You came through Cloudflare Access, and are in until its own session ends.</p><p><a href="/cdn-cgi/access/logout">Sign out of Cloudflare Access</a></p><p><a href="/dashboard">Back to the dashboard</a></p></div></main>"#);
    end(html)
}

/// What is answered to whoever follows a link from elsewhere: browsers leave the cookie out then, and send it to a page that
/// asks for itself.
pub fn again(next: &str) -> String {
    let mut html = begin("edgetally");
    let next = onward(next);
    html.put(
        r#"<meta http-equiv="refresh" content="0;url={}"><main id="main" class="login"><p><a href="{}">To the dashboard</a></p></main>"#,
        &[next, next],
    );
    end(html)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for ours in [
            "/dashboard",
            "/dashboard?source=shop&days=7",
            "/dashboard/event?event_id=a%2Fb",
        ] {
            assert_eq!(onward(ours), ours);
        }
        for other in [
            "",
            "//evil.example",
            "https://evil.example/dashboard",
            "/dashboard/../evil",
            "/dashboard\n",
            "/dashboard?a\\b",
            "/dashboardx",
            "/dashboard/logout",
        ] {
            assert_eq!(onward(other), "/dashboard", "{other:?}");
        }
        let page = login(Some(Fault::Wrong), "/dashboard?event=\"><script>");
        assert!(page.contains("role=\"alert\"") && !page.contains("\"><script>\""));
        for denied in [Denied::Audience, Denied::Unreachable] {
            assert!(refused(denied).contains(denied.sentence()));
            assert!(!refused(denied).contains("<form"));
        }
        assert!(through_access().contains("/cdn-cgi/access/logout"));
        assert!(again("//evil.example").contains("url=/dashboard\""));
    }
}
