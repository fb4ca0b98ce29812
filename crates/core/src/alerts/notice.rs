//! What is sent: one message for each incident, in the form that the receiver reads.

use http::HeaderName;
use serde_json::{Value, json};

use super::condition::Condition;
use super::incident::{Incident, News};
use super::words::{counted, harmless, moment, span};
use crate::base::address::public_address;
use crate::base::hmac::sign;
use crate::base::query::written;
use crate::base::table::sort_many;
use crate::base::time::UnixMillis;
use crate::exchange::request::{Request, post};
use crate::settings::alerts::{Alerts, Form};

/// So many incidents are told one by one at once. Of more, the last message holds the rest.
const MOST: usize = 5;

/// Where it stands what each kind means and what to do.
const HELP: &str = "https://github.com/edgetally/edgetally/blob/main/docs/alerts.md";

/// The format of the signed body.
const FORMAT: &str = "edgetally.alert.v1";

/// A message.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// The same for the same news, however often it is sent: what a receiver knows it again by.
    pub id: String,
    /// What it tells of which incident, by its place.
    pub of: Vec<(usize, News)>,
    /// Its lines, and behind each where it leads to.
    lines: Vec<(String, Vec<(&'static str, String)>)>,
    /// The incidents, for programs.
    incidents: Vec<Value>,
    news: &'static str,
}

/// A part of the dashboard with its filter set.
fn dashboard(condition: &Condition, rules: &Alerts) -> Option<String> {
    let address = rules.address.as_deref()?;
    let filled = |name, value: &str| (!value.is_empty()).then(|| (name, value.to_owned()));
    let parameters: Vec<(&str, String)> = [
        filled("source", &condition.source),
        filled("event", &condition.event),
        Some(("days", "7".to_owned())),
    ]
    .into_iter()
    .flatten()
    .collect();
    let query = written(
        parameters
            .iter()
            .map(|(name, value)| (*name, value.as_str())),
    );
    Some([address, "/dashboard?", &query].concat())
}

fn links(condition: &Condition, rules: &Alerts) -> Vec<(&'static str, String)> {
    let help = [HELP, "#", condition.kind.as_str()].concat();
    let dashboard = dashboard(condition, rules).map(|link| ("Dashboard", link));
    dashboard
        .into_iter()
        .chain([("What to do", help)])
        .collect()
}

/// What is told of an incident, in plain words.
fn sentence(incident: &Incident, news: News, now: UnixMillis) -> String {
    let condition = &incident.condition;
    let mut text = String::from("edgetally");
    if !condition.source.is_empty() {
        text.push_str(", ");
        text.push_str(&condition.source);
    }
    let over = incident.over.unwrap_or(now);
    text.push_str(&match news {
        News::Begun => ": ".to_owned(),
        News::Worse => ", nearer now: ".to_owned(),
        News::Lasts => [", still, after ", &span(incident.opened, now), ": "].concat(),
        News::Over => [", over after ", &span(incident.opened, over), ": "].concat(),
    });
    text.push_str(&condition.text);
    if let Some(since) = condition.since.filter(|_| news != News::Over) {
        text.push_str(&[" Since ", &moment(since), "."].concat());
    }
    let began = |what: &str, began: &super::condition::Began| {
        [
            " ",
            what,
            " ",
            &began.label,
            " began ",
            &moment(began.at),
            ".",
        ]
        .concat()
    };
    let release = condition.release.as_ref().map(|it| began("Release", it));
    let worker = condition
        .worker
        .as_ref()
        .map(|it| began("The gateway's version", it));
    text.extend(release.into_iter().chain(worker));
    text
}

/// What there is to be told now.
pub fn notices(incidents: &[Incident], rules: &Alerts, now: UnixMillis) -> Vec<Notice> {
    let mut due: Vec<(usize, &Incident, News)> = incidents
        .iter()
        .enumerate()
        .filter_map(|(at, incident)| Some((at, incident, incident.due(rules, now)?)))
        .collect();
    sort_many(&mut due, |(_, one, news), (_, other, others)| {
        (*news, one.condition.kind) < (*others, other.condition.kind)
    });
    let alone = if due.len() > MOST {
        MOST - 1
    } else {
        due.len()
    };
    let (alone, rest) = due.split_at(alone);
    let mut notices: Vec<Notice> = alone
        .iter()
        .map(|one| notice(std::slice::from_ref(one), rules, now))
        .collect();
    if !rest.is_empty() {
        notices.push(notice(rest, rules, now));
    }
    notices
}

fn notice(of: &[(usize, &Incident, News)], rules: &Alerts, now: UnixMillis) -> Notice {
    let mut lines = Vec::new();
    if of.len() > 1 {
        let many = i64::try_from(of.len()).unwrap_or(i64::MAX);
        let text = [
            "edgetally: ",
            &counted(many, "more incident", "more incidents"),
            ".",
        ];
        lines.push((text.concat(), Vec::new()));
    }
    let mut incidents = Vec::new();
    for (_, incident, news) in of {
        let links = links(&incident.condition, rules);
        let mut value = incident.condition.to_value();
        if let Some(value) = value.as_object_mut() {
            value.insert("id".to_owned(), json!(incident.id));
            value.insert("news".to_owned(), json!(news.as_str()));
            value.insert("opened".to_owned(), json!(incident.opened));
            value.insert("over".to_owned(), json!(incident.over));
            for (name, link) in &links {
                let name = if *name == "Dashboard" {
                    "dashboard"
                } else {
                    "help"
                };
                value.insert(name.to_owned(), json!(link));
            }
        }
        incidents.push(value);
        lines.push((sentence(incident, *news, now), links));
    }
    let (id, news) = of
        .first()
        .map_or_else(Default::default, |(_, first, news)| {
            let n = first.tellings.to_string();
            let more = if of.len() > 1 { "-more" } else { "" };
            let id = [&first.id, "-", &n, "-", news.as_str(), more].concat();
            (id, news.as_str())
        });
    Notice {
        id,
        of: of.iter().map(|(at, _, news)| (*at, *news)).collect(),
        lines,
        incidents,
        news,
    }
}

/// A message by which a team sees that theirs arrive.
pub fn trial(rules: &Alerts, now: UnixMillis) -> Notice {
    let text = "edgetally: this is a trial. Alerts arrive here.".to_owned();
    let links = rules.address.iter();
    let links = links.map(|address| ("Dashboard", [address, "/dashboard"].concat()));
    Notice {
        id: ["trial-", &now.0.to_string()].concat(),
        of: Vec::new(),
        lines: vec![(text, links.collect())],
        incidents: Vec::new(),
        news: "trial",
    }
}

impl Notice {
    /// The text of a chat: `<address|name>` is a link there, and nothing else is anything but text.
    fn chat(&self) -> String {
        let lines = self.lines.iter().map(|(text, links)| {
            let links = links
                .iter()
                // Addresses are percent-encoded, but for what stands between parameters.
                .map(|(name, link)| ["<", &link.replace('&', "&amp;"), "|", name, ">"].concat());
            let links: Vec<String> = links.collect();
            if links.is_empty() {
                harmless(text)
            } else {
                [&harmless(text), "\n", &links.join(" · ")].concat()
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The request; nothing where the secret is no public https address.
    pub fn request(&self, rules: &Alerts, now: UnixMillis) -> Option<Request> {
        let address = public_address(rules.webhook.expose().trim()).ok()?;
        let body = match &rules.form {
            Form::Slack => json!({"text": self.chat()}),
            Form::Signed(_) => {
                let text = self.lines.iter().map(|(text, _)| text.as_str());
                json!({
                    "type": FORMAT,
                    "timestamp": now.to_rfc3339(),
                    "news": self.news,
                    "text": text.collect::<Vec<_>>().join("\n"),
                    "incidents": self.incidents,
                })
            }
        };
        let body = serde_json::to_vec(&body).ok()?;
        let mut request = post(&address).header(HeaderName::from_static("webhook-id"), &self.id);
        if let Form::Signed(secret) = &rules.form {
            let timestamp = now.seconds().0.to_string();
            let signature = sign(secret, &self.id, &timestamp, &body);
            request = request
                .header(HeaderName::from_static("webhook-timestamp"), timestamp)
                .header(HeaderName::from_static("webhook-signature"), signature);
        }
        request.body(body).ok()
    }
}
