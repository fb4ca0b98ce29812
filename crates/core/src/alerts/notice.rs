//! What is sent: one message for each incident, in the form that the receiver reads.

use http::HeaderName;

use super::condition::{Condition, Kind};
use super::incident::{Incident, News};
use super::words::{counted, harmless, moment, span};
use crate::base::address::public_address;
use crate::base::hmac::sign;
use crate::base::json::{Leaf, Object};
use crate::base::query::written;
use crate::base::time::UnixMillis;
use crate::exchange::request::{Request, post};
use crate::settings::alerts::{Alerts, Form};

/// So many incidents are told one by one at once. Of more, the last message holds the rest.
const MOST: usize = 5;

/// Where it stands what each kind means and what to do.
const HELP: &str = "https://github.com/edgetally/edgetally/blob/main/docs/alerts.md";

/// The format of the signed body.
const FORMAT: &str = "edgetally.alert.v1";

/// Names a message, says when it was signed, and signs it.
const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// A message.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// The same for the same news, however often it is sent: what a receiver knows it again by.
    pub id: String,
    /// What it tells of which incident, by its place.
    pub of: Vec<(usize, News)>,
    news: &'static str,
    /// For people.
    text: String,
    /// The same for chats, with links.
    chat: String,
    /// The incidents, for programs.
    incidents: Vec<String>,
}

/// The address of the dashboard with its filter set, and of where it stands what to do; empty where there is none.
fn links(condition: &Condition, rules: &Alerts) -> [(&'static str, String); 2] {
    let mut dashboard = String::new();
    if let Some(address) = &rules.address {
        let filter = [
            ("source", condition.source.as_str()),
            ("event", &condition.event),
            ("days", "7"),
        ];
        let query = written(filter.into_iter().filter(|(_, value)| !value.is_empty()));
        dashboard = [address, "/dashboard?", &query].concat();
    }
    let help = [HELP, "#", condition.kind.as_str()].concat();
    [("Dashboard", dashboard), ("What to do", help)]
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

/// What there is to be told now, what has begun first, and the worst of that.
pub fn notices(incidents: &[Incident], rules: &Alerts, now: UnixMillis) -> Vec<Notice> {
    let mut due: Vec<(usize, News)> = Vec::new();
    for news in [News::Begun, News::Worse, News::Lasts, News::Over] {
        for kind in Kind::ALL {
            for (at, incident) in incidents.iter().enumerate() {
                if incident.condition.kind == *kind && incident.due(rules, now) == Some(news) {
                    due.push((at, news));
                }
            }
        }
    }
    let alone = if due.len() > MOST {
        MOST - 1
    } else {
        due.len()
    };
    let (alone, rest) = due.split_at(alone);
    let mut notices: Vec<Notice> = Vec::new();
    for one in alone {
        notices.extend(notice(std::slice::from_ref(one), incidents, rules, now));
    }
    notices.extend(notice(rest, incidents, rules, now));
    notices
}

/// One message of all of these; none of none.
fn notice(
    of: &[(usize, News)],
    incidents: &[Incident],
    rules: &Alerts,
    now: UnixMillis,
) -> Option<Notice> {
    let (first, news) = of.first()?;
    let first = incidents.get(*first)?;
    let is_more = of.len() > 1;
    let tellings = first.tellings.to_string();
    let more = if is_more { "-more" } else { "" };
    let id = [&first.id, "-", &tellings, "-", news.as_str(), more];
    let mut notice = Notice {
        id: id.concat(),
        of: of.to_vec(),
        news: news.as_str(),
        text: String::new(),
        chat: String::new(),
        incidents: Vec::new(),
    };
    if is_more {
        let many = i64::try_from(of.len()).unwrap_or(i64::MAX);
        let more = counted(many, "more incident", "more incidents");
        notice.add(&["edgetally: ", &more, "."].concat(), &[]);
    }
    for (at, news) in of {
        let incident = incidents.get(*at)?;
        let links = links(&incident.condition, rules);
        notice.add(&sentence(incident, *news, now), &links);
        notice.incidents.push(Object::write_text(|to| {
            to.put("news", news.as_str());
            incident.write(to, true);
            let [(_, dashboard), (_, help)] = &links;
            to.put("dashboard", dashboard);
            to.put("help", help);
        }));
    }
    Some(notice)
}

/// A message by which a team sees that theirs arrive.
pub fn trial(rules: &Alerts, now: UnixMillis) -> Notice {
    let mut notice = Notice {
        id: ["trial-", &now.0.to_string()].concat(),
        of: Vec::new(),
        news: "trial",
        text: String::new(),
        chat: String::new(),
        incidents: Vec::new(),
    };
    let address = rules.address.as_deref().unwrap_or_default();
    let dashboard = if address.is_empty() { "" } else { "/dashboard" };
    notice.add(
        "edgetally: this is a trial. Alerts arrive here.",
        &[("Dashboard", [address, dashboard].concat())],
    );
    notice
}

impl Notice {
    /// A line, and where it leads to. In a chat `<address|name>` is a link, and nothing else is anything but text.
    fn add(&mut self, text: &str, links: &[(&str, String)]) {
        if !self.text.is_empty() {
            self.text.push('\n');
            self.chat.push('\n');
        }
        self.text.push_str(text);
        self.chat.push_str(&harmless(text));
        let mut before = "\n";
        for (name, link) in links {
            if !link.is_empty() {
                // Addresses are percent-encoded, but for what stands between parameters.
                let link = link.replace('&', "&amp;");
                for part in [before, "<", &link, "|", name, ">"] {
                    self.chat.push_str(part);
                }
                before = " · ";
            }
        }
    }

    /// The request; nothing where the secret is no public https address.
    pub fn request(&self, rules: &Alerts, now: UnixMillis) -> Option<Request> {
        let address = public_address(rules.webhook.expose()).ok()?;
        let Form::Signed(secret) = &rules.form else {
            let body = Object::write(|to| to.put("text", &self.chat));
            return post(&address).header(ID, &self.id).body(body).ok();
        };
        let body = Object::write(|to| {
            to.put("type", FORMAT);
            to.put("timestamp", now.to_rfc3339());
            to.put("news", self.news);
            to.put("text", &self.text);
            to.list("incidents", self.incidents.iter().map(|one| Leaf::Raw(one)));
        });
        let timestamp = now.seconds().0.to_string();
        let signature = sign(secret, &self.id, &timestamp, &body);
        post(&address)
            .header(ID, &self.id)
            .header(TIMESTAMP, timestamp)
            .header(SIGNATURE, signature)
            .body(body)
            .ok()
    }
}
