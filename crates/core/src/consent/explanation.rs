//! Everything that was said about a visitor's consent, in words, and what follows for each destination.

use super::additional::AdditionalConsent;
use super::bits::Unreadable;
use super::consent_mode::{gcd, gcs};
use super::decision::{Decision, Party, Purpose, Reading, Terms, Use};
use super::explain::{put_additional, put_flags, put_gpp, put_tcf, put_us_privacy};
use super::gpp::{Gpp, TCF_EU, us_opt_outs};
use super::grant::Grant;
use super::region::Regime;
use super::signals::{Choice, Signals};
use super::tcf::TcString;
use super::us_privacy::us_privacy_opt_out;
use super::words;
use crate::base::json::Object;
use crate::base::reason::{Refusal, Skip};
use crate::base::text::Text;
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

/// Consent Mode's answers, in the order of [`ANSWERS`].
type Answers = [Option<Choice>; 4];

const fn own_answers(of: &Signals<'_>) -> Answers {
    [
        of.ad_storage,
        of.analytics_storage,
        of.ad_user_data,
        of.ad_personalization,
    ]
}

/// What Google's tags say, by the name of the parameter.
fn tags(of: &Signals<'_>) -> Vec<(&'static str, Result<Answers, Unreadable>)> {
    let short = of.gcs.as_deref().map(|text| {
        let answers = gcs(text).map(|[ads, analytics]| [ads, analytics, None, None]);
        ("gcs", answers)
    });
    let long = of.gcd.as_deref().map(|text| ("gcd", gcd(text)));
    short.into_iter().chain(long).collect()
}

/// A signal that came, and what it says.
struct Signal {
    name: &'static str,
    says: Vec<String>,
    /// Consent Mode's answers, where it is made of those.
    answers: Option<Answers>,
}

/// Explains all of it, as JSON: `signals` in words and by field, `contradictions` between them, and a row for each
/// destination and regime. `says` is all sentences in the order in which one reads them, `preface` first.
pub fn explanation(
    mut preface: Vec<String>,
    of: &Signals<'_>,
    terms: &[Terms<'_>],
    asked: &[Asked<'_>],
    now: UnixMillis,
) -> String {
    let signals = signals(of, terms, asked, now);
    let contradictions = contradictions(of, terms, now);
    let says = &mut preface;
    for one in &signals {
        says.push([one.name, ": ", &one.says.join(" ")].concat());
    }
    if signals.is_empty() {
        says.push("Nobody said anything about consent.".to_owned());
    }
    says.extend(contradictions.iter().cloned());
    let mut rows = Vec::new();
    for terms_of in terms {
        let reading = Reading::new(of, *terms_of, now);
        let of_all: Vec<Row<'_>> = asked.iter().map(|one| Row::new(&reading, one)).collect();
        let place = match (terms.len(), terms_of.regime) {
            (..=1, _) => "",
            (_, Regime::OptIn) => "Where the law asks for a yes, ",
            (_, Regime::OptOut) => "Where the law is opt-out, ",
        };
        let mut told: Vec<(&str, Vec<String>)> = Vec::new();
        for row in &of_all {
            let name = row.asked.name.to_owned();
            match told.iter_mut().find(|(says, _)| *says == row.says) {
                Some((_, names)) => names.push(name),
                None => told.push((&row.says, vec![name])),
            }
        }
        for (sentence, names) in told {
            says.push([place, &words::listed(&names), ": ", sentence].concat());
        }
        rows.extend(of_all);
    }
    Object::write_text(|to| {
        to.list("says", &preface);
        to.objects("signals", &signals, |to, one| one.put(to, of, now));
        to.list("contradictions", &contradictions);
        to.objects("destinations", &rows, |to, row| row.put(to));
    })
}

impl Signal {
    fn put(&self, to: &mut Object<'_>, of: &Signals<'_>, now: UnixMillis) {
        to.put("signal", self.name);
        to.list("says", &self.says);
        let text = |text: &Option<Text<'_>>| text.as_deref().unwrap_or_default().to_owned();
        to.object("fields", |to| match self.name {
            "tcf" => put_tcf(to, &text(&of.tcf), now),
            "additional_consent" => put_additional(to, &text(&of.additional_consent)),
            "gpp" => put_gpp(to, &text(&of.gpp), &of.gpp_sid, now),
            "us_privacy" => put_us_privacy(to, &text(&of.us_privacy)),
            _ => {
                for (answer, (name, ..)) in self.answers.into_iter().flatten().zip(ANSWERS) {
                    to.put(name, answer.map(word));
                }
            }
        });
    }
}

/// What each signal that came says, in the order of the table in `docs/consent.md`.
fn signals(
    of: &Signals<'_>,
    terms: &[Terms<'_>],
    asked: &[Asked<'_>],
    now: UnixMillis,
) -> Vec<Signal> {
    let mut all = Vec::new();
    let mut add = |name: &'static str, says: Vec<String>, answers: Option<Answers>| {
        all.push(Signal {
            name,
            says,
            answers,
        });
    };
    if own_answers(of).iter().any(Option::is_some) {
        add(
            "consent_mode",
            vec![spoken(own_answers(of))],
            Some(own_answers(of)),
        );
    }
    for (name, read) in tags(of) {
        let mut says = vec![match read {
            Ok(answers) => spoken(answers),
            Err(error) => words::unreadable("", error, &|_| None),
        }];
        if name == "gcd" && !terms.iter().all(|terms| terms.gcd_answers) {
            says.push("Google does not document it, so only a no in it counts.".to_owned());
        }
        add(name, says, read.ok());
    }
    if let Some(text) = of.tcf.as_deref() {
        add("tcf", tc(text, asked, now), None);
    }
    if let Some(applies) = of.gdpr_applies {
        let says = if applies {
            "The sender says that the GDPR applies."
        } else {
            "The sender says that the GDPR does not apply, which leaves TC strings out of account where the law is opt-out."
        };
        add("gdpr_applies", vec![says.to_owned()], None);
    }
    if let Some(text) = of.additional_consent.as_deref() {
        add("additional_consent", additional(text, asked), None);
    }
    if let Some(text) = of.gpp.as_deref() {
        add("gpp", gpp(text, &of.gpp_sid, asked, now), None);
    } else if of.gpp_sid.iter().any(|id| *id > 0) {
        let says = "Sections are said to be in force, and the GPP string that has them is missing.";
        add("gpp_sid", vec![says.to_owned()], None);
    }
    if let Some(text) = of.us_privacy.as_deref() {
        add("us_privacy", vec![capital(&words::us_privacy(text))], None);
    }
    if of.gpc {
        let says = "The browser signals Global Privacy Control, which counts as an opt-out under the laws of US states.";
        add("gpc", vec![says.to_owned()], None);
    }
    if let Some(basis) = of.legal_basis {
        let accepted = terms.iter().all(|terms| terms.legal_bases.contains(&basis));
        let says = if accepted {
            "The source's settings accept the legal basis in the place of an answer that nobody gave."
        } else {
            "A legal basis is no permission by itself."
        };
        add("legal_basis", vec![says.to_owned()], None);
    }
    all
}

/// With a capital letter in front.
fn capital(text: &str) -> String {
    let (first, rest) = text.split_at_checked(1).unwrap_or((text, ""));
    [&first.to_ascii_uppercase(), rest].concat()
}

/// Consent Mode's answers in words.
fn spoken(answers: Answers) -> String {
    let says: Vec<String> = answers
        .into_iter()
        .zip(ANSWERS)
        .map(|(answer, (name, about, _))| {
            let word = answer.map_or("not answered", word);
            [about, " (`", name, "`): ", word].concat()
        })
        .collect();
    capital(&says.join("; ")) + "."
}

/// What a TC string says, also of the destinations that are in the vendor list.
fn tc(text: &str, asked: &[Asked<'_>], now: UnixMillis) -> Vec<String> {
    let tc = match TcString::read(text) {
        Ok(tc) => tc,
        Err(error) => {
            let read = |text: &str| TcString::read(text).err();
            return vec![words::unreadable(text, error, &read)];
        }
    };
    let mut says = words::tcf(&tc, now);
    let vendor = |party| match party {
        Party::Vendor(vendor) => Some(vendor.into()),
        _ => None,
    };
    for (vendor, names) in by_id(asked, vendor) {
        let vendor = u16::try_from(vendor).unwrap_or(0);
        says.push(words::vendor(&tc, vendor, &names));
    }
    says
}

/// Names by the id that they share, in the order of their first one.
fn by_id(asked: &[Asked<'_>], id_of: fn(Party) -> Option<u32>) -> Vec<(u32, Vec<String>)> {
    let mut found: Vec<(u32, Vec<String>)> = Vec::new();
    for one in asked {
        let Some(id) = id_of(one.of.party) else {
            continue;
        };
        match found.iter_mut().find(|(known, _)| *known == id) {
            Some((_, names)) => names.push(one.name.to_owned()),
            None => found.push((id, vec![one.name.to_owned()])),
        }
    }
    found
}

fn additional(text: &str, asked: &[Asked<'_>]) -> Vec<String> {
    let read = match AdditionalConsent::read(text) {
        Ok(read) => read,
        Err(error) => {
            let why = words::unreadable(text, error, &|text| AdditionalConsent::read(text).err());
            let form = "Its form is `2~`, ids with dots between, `~dv.` and ids again.";
            return vec![why, form.to_owned()];
        }
    };
    let mut says = vec![words::additional(&read)];
    let provider = |party| match party {
        Party::Provider(provider) => Some(provider),
        _ => None,
    };
    for (provider, names) in by_id(asked, provider) {
        let consent = if read.consents(provider) {
            "has consent"
        } else {
            "has no consent"
        };
        says.push(format!(
            "Provider {provider} ({}) {consent}.",
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
            return vec![words::unreadable(text, error, &read)];
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
fn contradictions(of: &Signals<'_>, terms: &[Terms<'_>], now: UnixMillis) -> Vec<String> {
    let mut found = Vec::new();
    let mut all = own_answers(of);
    for (tag, read) in tags(of) {
        for ((own, other), (name, ..)) in all.iter_mut().zip(read.unwrap_or_default()).zip(ANSWERS)
        {
            match (*own, other) {
                (Some(before), Some(other)) if before != other => {
                    let (before, other) = (word(before), word(other));
                    found.push(format!(
                        "`{name}` is {other} in `{tag}` and {before} elsewhere: the no counts."
                    ));
                    *own = Some(Choice::Denied);
                }
                (None, other) => *own = other,
                _ => {}
            }
        }
    }
    let inner = of.gpp.as_deref().and_then(|text| Gpp::read(text).ok());
    let inner_tc = inner.as_ref().and_then(|gpp| gpp.section(TCF_EU));
    let counts = of.gdpr_applies != Some(false)
        || terms
            .iter()
            .any(|terms| terms.regime == Regime::OptIn || terms.gdpr);
    if let (Some(own), Some(other)) = (of.tcf.as_deref(), inner_tc)
        && own != other
        && counts
    {
        found.push("The TC string and the one in the GPP string differ: each of them has to permit on its own.".to_owned());
    }
    let both = [of.tcf.as_deref(), inner_tc];
    for text in both.into_iter().flatten().filter(|_| counts) {
        against_tc(text, all, now, &mut found);
    }
    if of.gdpr_applies == Some(false)
        && terms.iter().any(|terms| terms.regime == Regime::OptIn)
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
    let naming = |wanted: bool| -> Vec<String> {
        let all = of_all.iter().filter(|(_, out)| *out == Some(wanted));
        all.map(|(name, _)| (*name).to_owned()).collect()
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
fn against_tc(text: &str, answers: Answers, now: UnixMillis, found: &mut Vec<String>) {
    let tc = TcString::read(text).ok();
    let tc = tc.filter(|tc| tc.fault(now).is_none());
    // The framework says nothing of analytics cookies.
    let [ads, _, data, personal] = answers;
    let answers = [ads, None, data, personal];
    let granted = answers.contains(&Some(Choice::Granted));
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
struct Row<'a> {
    asked: &'a Asked<'a>,
    regime: Regime,
    /// Why it gets nothing.
    kept: Option<(&'static str, &'static str)>,
    grant: Option<Grant>,
    flags: Vec<&'static str>,
    /// The fields that tell it of the flags.
    told: Vec<&'static str>,
    /// Which of the purposes that it needs the TC strings permit, where there are any.
    there: Option<u32>,
    says: String,
}

impl<'a> Row<'a> {
    fn new(reading: &Reading, asked: &'a Asked<'a>) -> Self {
        let (kept, grant) = match reading.decide(&asked.of) {
            Decision::Blocked(refusal) => (Some((refusal.code(), refusal.meaning())), None),
            Decision::Granted(grant) if grant.limited() && asked.limited_use.is_none() => {
                let skip = Skip::LimitedUseUnsupported;
                (Some((skip.code(), skip.meaning())), None)
            }
            Decision::Granted(grant) => (None, Some(grant)),
        };
        let (mut flags, mut told) = (Vec::new(), Vec::new());
        if let Some(grant) = grant {
            for (there, flag, field) in [
                (grant.limited(), "limited_data_use", asked.limited_use),
                (
                    !grant.personalised(),
                    "no_personalisation",
                    asked.impersonal,
                ),
                (!grant.identifiers(), "no_identifiers", None),
            ] {
                if there {
                    flags.push(flag);
                    told.extend(field);
                }
            }
            told.dedup();
        }
        let there = reading.permitted(&asked.of, asked.of.purposes);
        let mut row = Self {
            asked,
            regime: reading.regime(),
            kept,
            grant,
            flags,
            told,
            there,
            says: String::new(),
        };
        row.says = row.sentence();
        row
    }

    fn missing(&self) -> u32 {
        let needed = self.asked.of.purposes;
        self.there.map_or(0, |there| needed & !there)
    }

    fn put(&self, to: &mut Object<'_>) {
        to.put("destination", self.asked.name);
        to.put(
            "regime",
            match self.regime {
                Regime::OptIn => "opt_in",
                Regime::OptOut => "opt_out",
            },
        );
        to.put(
            "verdict",
            match self.grant {
                None => "block",
                Some(_) if self.flags.is_empty() => "send",
                Some(_) => "send_limited",
            },
        );
        to.put("code", self.kept.map(|(code, _)| code));
        to.put("reason", self.kept.map(|(_, reason)| reason));
        to.list("flags", self.flags.iter().copied());
        to.list("told_by", self.told.iter().copied());
        let may = |of: fn(&Grant) -> bool| self.grant.as_ref().is_some_and(of);
        to.put("identifiers", may(Grant::identifiers));
        to.put("personalised", may(Grant::personalised));
        to.put(
            "use",
            match self.asked.of.purpose {
                Purpose::Advertising => "advertising",
                Purpose::Analytics => "analytics",
            },
        );
        to.put("party", party(self.asked.of.party));
        for (name, purposes) in [
            ("purposes_needed", self.asked.of.purposes),
            ("purposes_there", self.there.unwrap_or(0)),
            ("purposes_missing", self.missing()),
        ] {
            put_flags(to, name, purposes.into());
        }
        to.put("says", &self.says);
    }

    /// What it gets, without its name: several may get the same.
    fn sentence(&self) -> String {
        let Some(grant) = self.grant else {
            let reason = self.kept.map_or("", |(_, reason)| reason);
            return match self.missing() {
                // Other causes have to do with the vendor, or with the string as a whole.
                missing
                    if self
                        .kept
                        .is_some_and(|(code, _)| code == Refusal::TcfPurpose.code()) =>
                {
                    let names = words::purposes(missing);
                    ["nothing. ", reason, " No consent for: ", &names, "."].concat()
                }
                _ => ["nothing. ", reason].concat(),
            };
        };
        let with = if grant.identifiers() {
            "the event with identifiers; "
        } else {
            "the event without identifiers, click ids and advertising cookies; "
        };
        let uses = match (grant.limited(), grant.personalised()) {
            (true, _) => "the visitor has opted out, so its use is limited",
            (false, true) => "personalised advertising is permitted",
            (false, false) => "personalised advertising is not permitted",
        };
        let how = match self.told.as_slice() {
            [] if grant.personalised() => String::new(),
            [] => ", for which the platform has no field".to_owned(),
            fields => {
                let fields: Vec<String> = fields.iter().map(|one| (*one).to_owned()).collect();
                [" (told by ", &words::listed(&fields), ")"].concat()
            }
        };
        [with, uses, &how, "."].concat()
    }
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
