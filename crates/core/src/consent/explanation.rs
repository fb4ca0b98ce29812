//! Everything that was said about a visitor's consent, in words, and what follows for each destination.

use serde_json::{Value, json};

use super::additional::AdditionalConsent;
use super::consent_mode::{gcd, gcs};
use super::decision::{Decision, Party, Purpose, Reading, Use};
use super::explain::{explain_additional, explain_gpp, explain_tcf, explain_us_privacy};
use super::gpp::{Gpp, TCF_EU, us_opt_outs};
use super::grant::Grant;
use super::region::Regime;
use super::signals::{Choice, Signals};
use super::tcf::TcString;
use super::us_privacy::us_privacy_opt_out;
use super::words;
use crate::base::reason::Skip;
use crate::base::time::UnixMillis;

/// A destination that is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Its name.
    pub name: &'a str,
    /// Who it is to a consent string, and what it uses events for.
    pub of: Use,
    /// The field that tells it of an opt-out, if it has one.
    pub limited_use: Option<&'static str>,
    /// The field that tells it that personalised advertising is not permitted, if it has one.
    pub impersonal: Option<&'static str>,
}

/// What is to be explained: an event's signals, and what Google's tags write of them into their requests.
#[derive(Debug, Clone, Default)]
pub struct Said<'a> {
    /// The `consent` of an event.
    pub signals: Signals<'a>,
    /// The parameter `gcs`.
    pub gcs: Option<&'a str>,
    /// The parameter `gcd`.
    pub gcd: Option<&'a str>,
}

/// Consent Mode's answers: their names, and the purposes that Google's own mapping takes each for.
const ANSWERS: [(&str, &str, u32); 4] = [
    ("ad_storage", "advertising cookies", super::purposes(&[1])),
    ("analytics_storage", "analytics cookies", 0),
    (
        "ad_user_data",
        "sending the visitor's data for advertising",
        super::MEASUREMENT,
    ),
    (
        "ad_personalization",
        "personalised advertising",
        super::PERSONALISATION,
    ),
];

const fn word(choice: Choice) -> &'static str {
    match choice {
        Choice::Granted => "granted",
        Choice::Denied => "denied",
    }
}

impl<'a> Said<'a> {
    fn answers(&self) -> [Option<Choice>; 4] {
        let of = &self.signals;
        [
            of.ad_storage,
            of.analytics_storage,
            of.ad_user_data,
            of.ad_personalization,
        ]
    }

    /// What the tags say, in the order of [`ANSWERS`].
    fn tags(&self) -> [[Option<Choice>; 4]; 2] {
        let short = self.gcs.and_then(|text| gcs(text).ok());
        let [ads, analytics] = short.unwrap_or_default();
        let long = self.gcd.and_then(|text| gcd(text).ok());
        [[ads, analytics, None, None], long.unwrap_or_default()]
    }

    /// The signals with what the tags say among them: the no wins, and silence is filled.
    fn together(&self) -> Signals<'a> {
        let mut together = self.signals.clone();
        for [ads, analytics, data, personal] in self.tags() {
            together.restrict(&Signals {
                ad_storage: ads,
                analytics_storage: analytics,
                ad_user_data: data,
                ad_personalization: personal,
                ..Signals::default()
            });
        }
        together
    }
}

/// Explains all of it: `signals` in words and by field, `contradictions` between them, and a row for each destination and
/// regime. `says` is all sentences in the order in which one reads them.
pub fn explanation(
    said: &Said<'_>,
    regimes: &[Regime],
    asked: &[Asked<'_>],
    now: UnixMillis,
) -> Value {
    let signals = signals(said, asked, now);
    let contradictions = contradictions(said, regimes, now);
    let mut says: Vec<String> = Vec::new();
    for one in &signals {
        let name = one["signal"].as_str().unwrap_or_default();
        let sentences = one["says"].as_array().into_iter().flatten();
        let sentences: Vec<&str> = sentences.filter_map(Value::as_str).collect();
        says.push(format!("{name}: {}", sentences.join(" ")));
    }
    if signals.is_empty() {
        says.push("Nobody said anything about consent.".to_owned());
    }
    says.extend(contradictions.iter().cloned());
    let together = said.together();
    let mut rows = Vec::new();
    for regime in regimes {
        let reading = Reading::new(&together, *regime, now);
        for one in asked {
            let row = destination(&reading, one);
            let place = match (regimes.len(), regime) {
                (..=1, _) => "",
                (_, Regime::OptIn) => "Where the law asks for a yes: ",
                (_, Regime::OptOut) => "Where the law is opt-out: ",
            };
            let sentence = row["says"].as_str().unwrap_or_default();
            says.push(format!("{place}{sentence}"));
            rows.push(row);
        }
    }
    json!({
        "says": says,
        "signals": signals,
        "contradictions": contradictions,
        "destinations": rows,
    })
}

/// What each signal that came says, in the order of the table in `docs/consent.md`.
fn signals(said: &Said<'_>, asked: &[Asked<'_>], now: UnixMillis) -> Vec<Value> {
    let of = &said.signals;
    let mut all = Vec::new();
    let mut add = |name: &str, says: Vec<String>, fields: Value| {
        all.push(json!({"signal": name, "says": says, "fields": fields}));
    };
    if said.answers().iter().any(Option::is_some) {
        let (says, fields) = answers(said.answers());
        add("consent_mode", says, fields);
    }
    for (name, text, read) in [
        ("gcs", said.gcs, said.gcs.map(|text| gcs(text).map(drop))),
        ("gcd", said.gcd, said.gcd.map(|text| gcd(text).map(drop))),
    ] {
        let Some(read) = text.and(read) else { continue };
        let tags = said.tags();
        let found = if name == "gcs" { tags[0] } else { tags[1] };
        match read {
            Ok(()) => {
                let (says, fields) = answers(found);
                add(name, says, fields);
            }
            Err(error) => add(
                name,
                vec![words::unreadable("", error, |_| None)],
                json!({"error": error.code()}),
            ),
        }
    }
    if let Some(text) = of.tcf.as_deref() {
        add("tcf", tc(text, asked, now), explain_tcf(text, now));
    }
    if let Some(applies) = of.gdpr_applies {
        let says = if applies {
            "The sender says that the GDPR applies."
        } else {
            "The sender says that the GDPR does not apply, which leaves TC strings out of account where the law is opt-out."
        };
        add("gdpr_applies", vec![says.to_owned()], applies.into());
    }
    if let Some(text) = of.additional_consent.as_deref() {
        add(
            "additional_consent",
            additional(text, asked),
            explain_additional(text),
        );
    }
    if let Some(text) = of.gpp.as_deref() {
        add(
            "gpp",
            gpp(text, &of.gpp_sid, asked, now),
            explain_gpp(text, &of.gpp_sid, now),
        );
    } else if of.gpp_sid.iter().any(|id| *id > 0) {
        let says = "Sections are said to be in force, and the GPP string that has them is missing.";
        add("gpp_sid", vec![says.to_owned()], json!(of.gpp_sid));
    }
    if let Some(text) = of.us_privacy.as_deref() {
        let says = words::us_privacy(text);
        add("us_privacy", vec![capital(&says)], explain_us_privacy(text));
    }
    if of.gpc {
        let says = "The browser signals Global Privacy Control, which counts as an opt-out under the laws of US states.";
        add("gpc", vec![says.to_owned()], true.into());
    }
    if let Some(basis) = of.legal_basis {
        let says = "A legal basis is recorded, and is no permission by itself.";
        add("legal_basis", vec![says.to_owned()], json!(basis));
    }
    all
}

/// With a capital letter in front.
fn capital(text: &str) -> String {
    let (first, rest) = text.split_at_checked(1).unwrap_or((text, ""));
    [&first.to_ascii_uppercase(), rest].concat()
}

/// Consent Mode's answers.
fn answers(answers: [Option<Choice>; 4]) -> (Vec<String>, Value) {
    let mut fields = serde_json::Map::new();
    let mut says = Vec::new();
    for (answer, (name, about, _)) in answers.into_iter().zip(ANSWERS) {
        let word = answer.map_or("not answered", word);
        says.push(format!("{about} (`{name}`): {word}"));
        fields.insert(name.to_owned(), answer.map(self::word).into());
    }
    (vec![capital(&says.join("; ")) + "."], Value::Object(fields))
}

/// What a TC string says, also of the destinations that are in the vendor list.
fn tc(text: &str, asked: &[Asked<'_>], now: UnixMillis) -> Vec<String> {
    let tc = match TcString::read(text) {
        Ok(tc) => tc,
        Err(error) => {
            let read = |text: &str| TcString::read(text).err();
            return vec![words::unreadable(text, error, read)];
        }
    };
    let mut says = words::tcf(&tc, now);
    let vendors = asked.iter().filter_map(|one| match one.of.party {
        Party::Vendor(vendor) => Some((vendor, one.name)),
        _ => None,
    });
    for (vendor, names) in by_id(vendors) {
        says.push(words::vendor(&tc, vendor, &names));
    }
    says
}

/// Names by the id that they share, in the order of their first one.
fn by_id<'n, I: PartialEq>(all: impl Iterator<Item = (I, &'n str)>) -> Vec<(I, Vec<&'n str>)> {
    let mut found: Vec<(I, Vec<&str>)> = Vec::new();
    for (id, name) in all {
        match found.iter_mut().find(|(known, _)| *known == id) {
            Some((_, names)) => names.push(name),
            None => found.push((id, vec![name])),
        }
    }
    found
}

fn additional(text: &str, asked: &[Asked<'_>]) -> Vec<String> {
    let read = match AdditionalConsent::read(text) {
        Ok(read) => read,
        Err(error) => {
            let why = words::unreadable(text, error, |text| AdditionalConsent::read(text).err());
            let form = "Its form is `2~`, ids with dots between, `~dv.` and ids again.";
            return vec![why, form.to_owned()];
        }
    };
    let mut says = vec![words::additional(&read)];
    let providers = asked.iter().filter_map(|one| match one.of.party {
        Party::Provider(provider) => Some((provider, one.name)),
        _ => None,
    });
    for (provider, names) in by_id(providers) {
        let consent = if read.consents(provider) {
            "has consent"
        } else {
            "has no consent"
        };
        says.push(format!(
            "{} (provider {provider}) {consent}.",
            words::listed(&names)
        ));
    }
    says
}

fn gpp(text: &str, in_force: &[i64], asked: &[Asked<'_>], now: UnixMillis) -> Vec<String> {
    let read = match Gpp::read(text) {
        Ok(read) => read,
        Err(error) => {
            let read = |text: &str| Gpp::read(text).err();
            return vec![words::unreadable(text, error, read)];
        }
    };
    let mut says = words::gpp(&read, in_force);
    if let Some(text) = read.section(TCF_EU) {
        says.push("Of its TC string:".to_owned());
        says.extend(tc(text, asked, now));
    }
    let missing = in_force.iter().filter(|id| {
        let id = u16::try_from(**id).unwrap_or(0);
        id > 0 && read.section(id).is_none()
    });
    let missing: Vec<String> = missing.map(ToString::to_string).collect();
    if !missing.is_empty() {
        says.push(format!(
            "Said to be in force, and not there: {}.",
            words::listed(&missing)
        ));
    }
    says
}

/// Where two signals say different things, and which of them counts.
fn contradictions(said: &Said<'_>, regimes: &[Regime], now: UnixMillis) -> Vec<String> {
    let of = &said.signals;
    let mut found = Vec::new();
    for (tag, read) in ["gcs", "gcd"].into_iter().zip(said.tags()) {
        for ((own, other), (name, ..)) in said.answers().into_iter().zip(read).zip(ANSWERS) {
            if let (Some(own), Some(other)) = (own, other)
                && own != other
            {
                let (own, other) = (word(own), word(other));
                found.push(format!(
                    "`{name}` is {own} by itself and {other} in `{tag}`: the no counts."
                ));
            }
        }
    }
    let inner = of.gpp.as_deref().and_then(|text| Gpp::read(text).ok());
    let inner_tc = inner.as_ref().and_then(|gpp| gpp.section(TCF_EU));
    if let (Some(own), Some(other)) = (of.tcf.as_deref(), inner_tc)
        && own != other
    {
        found.push("The TC string and the one in the GPP string differ: each of them has to permit on its own.".to_owned());
    }
    let answers = said.together();
    for text in [of.tcf.as_deref(), inner_tc].into_iter().flatten() {
        against_tc(text, &answers, now, &mut found);
    }
    if of.gdpr_applies == Some(false)
        && regimes.contains(&Regime::OptIn)
        && (of.tcf.is_some() || inner_tc.is_some())
    {
        found.push("The sender says that the GDPR does not apply; where the law of the visitor's country asks for a yes, the TC string counts all the same.".to_owned());
    }
    let in_gpp = inner
        .as_ref()
        .and_then(|gpp| us_opt_outs(gpp, &of.gpp_sid).ok());
    let in_gpp = in_gpp.and_then(|found| {
        let said = [found.sale, found.sharing, found.targeted_advertising];
        let any = said.iter().any(Option::is_some);
        any.then(|| said.contains(&Some(true)))
    });
    let privacy = of.us_privacy.as_deref().and_then(us_privacy_opt_out);
    let of_all = [
        ("Global Privacy Control", of.gpc.then_some(true)),
        ("the US Privacy string", privacy),
        ("the GPP string", in_gpp),
    ];
    let naming = |wanted: bool| -> Vec<&str> {
        let all = of_all.iter().filter(|(_, out)| *out == Some(wanted));
        all.map(|(name, _)| *name).collect()
    };
    let (out, stays) = (naming(true), naming(false));
    if !out.is_empty() && !stays.is_empty() {
        found.push(format!(
            "The visitor is out by {}, and not by {}: the opt-out counts.",
            words::listed(&out),
            words::listed(&stays)
        ));
    }
    found
}

/// Consent Mode's answers against a TC string.
fn against_tc(text: &str, answers: &Signals<'_>, now: UnixMillis, found: &mut Vec<String>) {
    let tc = TcString::read(text).ok();
    let tc = tc.filter(|tc| tc.fault(now).is_none());
    let answers = [
        answers.ad_storage,
        None,
        answers.ad_user_data,
        answers.ad_personalization,
    ];
    let granted = answers.iter().any(|one| *one == Some(Choice::Granted));
    let Some(tc) = tc else {
        if granted {
            found.push("Consent Mode grants, and the TC string permits nothing, since it cannot be read or relied on: the no counts.".to_owned());
        }
        return;
    };
    for (answer, (name, _, purposes)) in answers.into_iter().zip(ANSWERS) {
        let missing = purposes & !tc.purposes_consent;
        match answer {
            Some(Choice::Granted) if missing != 0 => found.push(format!(
                "`{name}` is granted, and the TC string has no consent for: {}. The no counts.",
                words::purposes(missing)
            )),
            Some(Choice::Denied) if missing == 0 => found.push(format!(
                "`{name}` is denied, and the TC string has consent for: {}. The no counts.",
                words::purposes(purposes)
            )),
            _ => {}
        }
    }
}

/// What a destination would get.
struct Outcome {
    code: Option<&'static str>,
    reason: Option<&'static str>,
    grant: Option<Grant>,
}

fn outcome(decision: Decision, asked: &Asked<'_>) -> Outcome {
    let blocked = |code, reason| Outcome {
        code: Some(code),
        reason: Some(reason),
        grant: None,
    };
    match decision {
        Decision::Blocked(refusal) => blocked(refusal.code(), refusal.meaning()),
        Decision::Granted(grant) if grant.limited() && asked.limited_use.is_none() => {
            let skip = Skip::LimitedUseUnsupported;
            blocked(skip.code(), skip.meaning())
        }
        Decision::Granted(grant) => Outcome {
            code: None,
            reason: None,
            grant: Some(grant),
        },
    }
}

fn destination(reading: &Reading, asked: &Asked<'_>) -> Value {
    let of = &asked.of;
    let Outcome {
        code,
        reason,
        grant,
    } = outcome(reading.decide(of), asked);
    let mut flags = Vec::new();
    let mut told = Vec::new();
    if let Some(grant) = grant {
        if grant.limited() {
            flags.push("limited_data_use");
            told.extend(asked.limited_use);
        }
        if !grant.personalised() {
            flags.push("no_personalisation");
            told.extend(asked.impersonal);
        }
        if !grant.identifiers() {
            flags.push("no_identifiers");
        }
        told.dedup();
    }
    let verdict = match grant {
        None => "block",
        Some(_) if flags.is_empty() => "send",
        Some(_) => "send_limited",
    };
    let there = reading.permitted(of, of.purposes);
    let missing = there.map_or(0, |there| of.purposes & !there);
    json!({
        "destination": asked.name,
        "regime": match reading.regime() { Regime::OptIn => "opt_in", Regime::OptOut => "opt_out" },
        "verdict": verdict,
        "code": code,
        "reason": reason,
        "flags": flags,
        "told_by": told,
        "identifiers": grant.is_some_and(|grant| grant.identifiers()),
        "personalised": grant.is_some_and(|grant| grant.personalised()),
        "use": match of.purpose { Purpose::Advertising => "advertising", Purpose::Analytics => "analytics" },
        "party": party(of.party),
        "purposes_needed": words::purpose_ids(of.purposes),
        "purposes_there": there.map(words::purpose_ids),
        "purposes_missing": there.map(|_| words::purpose_ids(missing)),
        "says": sentence(asked, grant, reason, missing, &told),
    })
}

/// Who a destination is to a consent string.
fn party(party: Party) -> String {
    match party {
        Party::Vendor(id) => format!("vendor {id}"),
        Party::Provider(id) => format!("provider {id}"),
        Party::Own => "the site itself".to_owned(),
        Party::Unlisted => "in no list".to_owned(),
    }
}

fn sentence(
    asked: &Asked<'_>,
    grant: Option<Grant>,
    reason: Option<&str>,
    missing: u32,
    told: &[&str],
) -> String {
    let name = asked.name;
    let Some(grant) = grant else {
        let lacks = if missing == 0 {
            String::new()
        } else {
            format!(" No consent for: {}.", words::purposes(missing))
        };
        return format!("{name} gets nothing. {}{lacks}", reason.unwrap_or_default());
    };
    let with = if grant.identifiers() {
        "with identifiers"
    } else {
        "without identifiers, click ids and advertising cookies"
    };
    let uses = match (grant.limited(), grant.personalised()) {
        (true, _) => "the visitor has opted out, so its use is limited",
        (false, true) => "personalised advertising is permitted",
        (false, false) => "personalised advertising is not permitted",
    };
    let how = match told {
        [] if grant.personalised() => String::new(),
        [] => ", for which the platform has no field".to_owned(),
        fields => {
            let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
            format!(" (told by {})", words::listed(&fields))
        }
    };
    format!("{name} gets the event {with}; {uses}{how}.")
}
