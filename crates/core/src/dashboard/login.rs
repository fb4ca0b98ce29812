//! The page where somebody signs in.

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
}

impl Fault {
    /// The status of the answer.
    pub const fn status(self) -> u16 {
        match self {
            Self::Wrong => 401,
            Self::Elsewhere | Self::Closed => 403,
            Self::TooMany => 429,
            Self::Settings => 503,
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
        }
    }
}

/// Where somebody goes who has signed in: to the page that was asked for, if it is one of ours.
pub fn onward(next: &str) -> &str {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '\\' | '#');
    let path = next.split('?').next().unwrap_or_default();
    let ours = ["/dashboard", "/dashboard/event", "/dashboard/dead-letters"];
    if ours.contains(&path) && next.chars().all(plain) && next.len() <= 2000 {
        next
    } else {
        "/dashboard"
    }
}

/// The page.
pub fn login(fault: Option<Fault>, next: &str) -> String {
    let mut html = begin("Sign in · edgetally");
    html.markup(r#"<main id="main" class="login"><svg class="mark" width="36" height="36" viewBox="0 0 20 20" aria-hidden="true"><path d="M3 3v14M7.5 3v14M12 3v14M16.5 3v14M1 13.5 19 6.5"/></svg><h1>Sign in to edgetally</h1><form method="post" action="/dashboard/login" class="card"><label for="token">Admin token</label><input id="token" name="token" type="password" autocomplete="current-password" required autofocus"#);
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
        assert!(again("//evil.example").contains("url=/dashboard\""));
    }
}
