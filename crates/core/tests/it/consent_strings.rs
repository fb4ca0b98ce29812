//! Consent strings against rows that reference libraries and a second decoder agree on.

use edgetally_core::base::time::UnixMillis;
use edgetally_core::consent::{
    Basis, Choice, Decision, Declaration, Denied, Gpp, GppFault, LegalBasis, Party, Policy,
    Purpose, Reading, Refusal, Regime, Signals, Storage, TCF_EU, TcFault, TcString, Terms,
    Unreadable, Use, explain_additional, explain_gpp, explain_tcf, explain_us_privacy,
    explain_us_section, gcd, gcs, gpc_header, us_opt_outs, us_section_name,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn rows() -> Vec<Value> {
    let path = crate::support::fixtures().join("consent-strings.json");
    serde_json::from_str(&crate::support::read(&path)).unwrap()
}

/// When the rows were written.
fn now() -> UnixMillis {
    UnixMillis::parse_rfc3339("2026-11-29T12:00:00Z").unwrap()
}

/// What explains a string, or the code of why it cannot be read.
fn explained(said: &str) -> Result<Value, String> {
    let said: Value = serde_json::from_str(said).unwrap();
    match said["error"].as_str() {
        Some(code) => Err(code.to_owned()),
        None => Ok(said),
    }
}

fn purposes(list: &Value) -> u32 {
    let all = list
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_u64().unwrap());
    all.fold(0, |bits, id| bits | 1 << (id - 1))
}

fn permissions(input: &Value) -> Result<Value, Unreadable> {
    let tc = TcString::read(input["tc"].as_str().unwrap())?;
    let of = &input["gvl_declaration"];
    let declared = Declaration {
        consent: purposes(&of["purposes"]),
        legitimate_interest: purposes(&of["legIntPurposes"]),
        flexible: purposes(&of["flexiblePurposes"]),
    };
    let vendor = u16::try_from(input["vendor"].as_u64().unwrap()).unwrap();
    let wanted = input["purposes"].as_array().cloned();
    let wanted = wanted.unwrap_or_else(|| [1, 3, 4, 7].map(Value::from).to_vec());
    let mut all = Map::new();
    for purpose in wanted {
        let purpose = u8::try_from(purpose.as_u64().unwrap()).unwrap();
        let said = match tc.permission(vendor, purpose, &declared) {
            Ok(Basis::Consent) => "allowed_consent",
            Ok(Basis::LegitimateInterest) => "allowed_li",
            Err(Denied::Restriction) => "denied_restriction",
            Err(Denied::NotDeclared) => "denied_not_declared",
            Err(Denied::Consent) => "denied_consent",
            Err(Denied::LegitimateInterest) => "denied_li",
        };
        all.insert(purpose.to_string(), said.into());
    }
    Ok(Value::Object(all))
}

fn disclosed(input: &Value) -> Result<Value, Unreadable> {
    let tc = TcString::read(input["tc"].as_str().unwrap())?;
    let created = tc.created_at().to_rfc3339();
    let mut said = json!({
        "created": created.get(..10),
        "disclosed_segment": if tc.disclosed.is_some() { "present" } else { "missing" },
    });
    // As if it were the day on which it was made.
    let fault = tc.fault(tc.created_at());
    if let Some(vendor) = input["vendor"].as_u64() {
        let vendor = u16::try_from(vendor).unwrap();
        said["vendor_disclosed"] = tc.discloses(vendor).into();
        said["accepted_by_google"] = (fault.is_none() && tc.discloses(vendor)).into();
    } else if fault == Some(TcFault::NoDisclosedSegment) {
        said["accepted"] = false.into();
    } else {
        said["rule_applies"] = false.into();
    }
    Ok(said)
}

fn view(input: &Value) -> Result<Value, String> {
    let in_force: Vec<i64> = input["gpp_sid"]
        .as_array()
        .map(|all| all.iter().map(|id| id.as_i64().unwrap()).collect())
        .unwrap_or_default();
    let all = explained(&explain_gpp(
        input["gpp"].as_str().unwrap(),
        &in_force,
        now(),
    ))?;
    explained(&all["united_states"].to_string())
}

/// A GPP string with everything in it.
fn whole(text: &str) -> Result<(), Unreadable> {
    let gpp = Gpp::read(text)?;
    if let Err(GppFault::Unreadable(error)) = us_opt_outs(&gpp, &[]) {
        return Err(error);
    }
    if let Some(section) = gpp.section(TCF_EU) {
        TcString::read(section)?;
    }
    Ok(())
}

fn choice(choice: Option<Choice>) -> Value {
    match choice {
        Some(Choice::Granted) => "granted".into(),
        Some(Choice::Denied) => "denied".into(),
        None => Value::Null,
    }
}

fn answered(kind: &str, input: &Value) -> Result<Value, String> {
    let text = input.as_str().unwrap_or_default();
    let code = |error: Unreadable| error.code().to_owned();
    match kind {
        "tcf_decode" | "tcf_decode_error" => explained(&explain_tcf(text, now())),
        "tcf_bounded" => {
            let part = |name: &str| input[name].as_str().unwrap();
            let times = usize::try_from(input["times"].as_u64().unwrap()).unwrap();
            let text = [part("head"), &part("repeat").repeat(times), part("tail")].concat();
            let tc = TcString::read(&text).map_err(code)?;
            Ok(json!({"readable": true, "vendors_consented": tc.vendor_consents.len()}))
        }
        "tcf23_disclosed_rule" => disclosed(input).map_err(code),
        "tcf_vendor_permission" => permissions(input).map_err(code),
        "gpp_header" => {
            // A header alone announces what is not there, so each section is put behind it, empty.
            let sections = (0..64).find_map(|many| Gpp::read(&[text, &"~".repeat(many)].concat()).ok().map(|gpp| gpp.sections().iter().map(|(id, _)| *id).collect::<Vec<_>>()));
            Ok(json!({"type": 3, "version": 1, "sections": sections}))
        }
        "gpp_split" => {
            let gpp = Gpp::read(text).map_err(code)?;
            let ids: Vec<u16> = gpp.sections().iter().map(|(id, _)| *id).collect();
            let sections: Map<String, Value> = gpp
                .sections()
                .iter()
                .map(|(id, text)| (id.to_string(), (*text).into()))
                .collect();
            Ok(json!({"header": {"type": 3, "version": 1, "sections": ids}, "sections": sections}))
        }
        "gpp_opt_out_view" => view(input),
        "gpp_error" => whole(text).map(|()| Value::Null).map_err(code),
        "us_privacy" | "us_privacy_error" => {
            explained(&explain_us_privacy(text))
        }
        "google_ac_string" | "google_ac_error" => explained(&explain_additional(text)),
        "gcs" | "gcs_error" => gcs(text)
            .map(|[ads, analytics]| json!({"ad_storage": choice(ads), "analytics_storage": choice(analytics)}))
            .map_err(code),
        "gcd" | "gcd_error" => gcd(text)
            .map(|answers| {
                let [ads, analytics, data, personal] = answers.map(|answer| match answer {
                    None => "unset".into(),
                    some => choice(some),
                });
                json!({"ad_storage": ads, "analytics_storage": analytics, "ad_user_data": data, "ad_personalization": personal})
            })
            .map_err(code),
        section_of if section_of.starts_with("gpp_us") => {
            let id = (7..=27).find(|id| us_section_name(*id) == Some(&section_of[4..])).unwrap();
            explained(&explain_us_section(id, input["section"].as_str().unwrap()))
        }
        other => panic!("{other}"),
    }
}

/// Whether a member that is there or not is what was expected: what is empty, or not said, is left out.
fn same(name: &str, got: Option<&Value>, expected: &Value) -> bool {
    match (got, expected) {
        (None, Value::Null) => true,
        (None, Value::Array(_)) => alike(name, &json!([]), expected),
        (Some(Value::Object(got)), Value::Object(expected)) => expected
            .iter()
            .all(|(name, value)| same(name, got.get(name), value)),
        (got, expected) => got.is_some_and(|got| alike(name, got, expected)),
    }
}

/// Whether two readers say the same of a member. A library fills a short list up with zeros, and leaves out a restriction
/// that is on nobody.
fn alike(name: &str, ours: &Value, theirs: &Value) -> bool {
    let list = |value: &Value| {
        let mut list = value.as_array()?.clone();
        if name == "publisher_restrictions" {
            list.retain(|one| !one["vendor_ids"].is_null() && one["vendor_ids"] != json!([]));
        } else {
            while list.last() == Some(&json!(0)) {
                list.pop();
            }
        }
        Some(list)
    };
    match (list(ours), list(theirs)) {
        (Some(ours), Some(theirs)) => ours == theirs,
        _ => ours == theirs,
    }
}

/// How many of the rows were read, and what those are that were read otherwise than they are meant.
fn compare(rows: &[Value]) -> (usize, Vec<String>) {
    let mut read = 0;
    let mut wrong = Vec::new();
    for row in rows {
        let kind = row["kind"].as_str().unwrap();
        if matches!(
            kind,
            "consent_decision" | "decision_policy" | "sec_gpc" | "fibonacci_code"
        ) {
            continue;
        }
        let (input, expected) = (&row["input"], &row["expected"]);
        let got = answered(kind, input);
        let right = if expected.get("error").is_some() {
            got.is_err()
        } else if row["damaged"] == true && got.is_err() {
            continue;
        } else {
            // Some rows say more than was asked.
            got.as_ref().is_ok_and(|got| match (got, expected) {
                (Value::Object(got), Value::Object(expected)) => expected
                    .iter()
                    .filter(|(name, _)| *name != "also_stale")
                    .all(|(name, value)| same(name, got.get(name), value)),
                (got, expected) => got == expected,
            })
        };
        if !right {
            wrong.push(format!(
                "{kind} {input}\n  expected {expected}\n  got      {got:?}"
            ));
        }
        read += 1;
    }
    (read, wrong)
}

#[test]
fn every_row_is_read_as_it_is_meant() {
    let (read, wrong) = compare(&rows());
    assert!(
        wrong.is_empty(),
        "{} of {read}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(read > 250, "{read}");
}

/// Random strings of the IAB's own libraries, whole and damaged: see `scripts/consent-oracle.mjs`.
#[test]
#[ignore = "make test-consent writes the rows"]
fn what_the_reference_libraries_write_is_read_as_they_read_it() {
    let path = std::env::var("EDGETALLY_CONSENT_ROWS").unwrap();
    let rows: Vec<Value> = serde_json::from_str(&crate::support::read(path.as_ref())).unwrap();
    let (read, wrong) = compare(&rows);
    assert!(
        wrong.is_empty(),
        "{} of {read}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    let whole = rows.iter().filter(|row| row["damaged"] != true).count();
    assert!(read >= whole && whole > 100, "{read} of {whole}");
    println!(
        "{whole} strings whole, {} damaged and read all the same",
        read - whole
    );
}

#[test]
fn only_a_one_is_the_global_privacy_control() {
    for row in rows().iter().filter(|row| row["kind"] == "sec_gpc") {
        let got = row["input"]["header"].as_str().is_some_and(gpc_header);
        assert_eq!(json!(got), row["expected"]["gpc"], "{row}");
    }
}

fn choice_of(value: &Value) -> Option<Choice> {
    match value.as_str()? {
        "granted" => Some(Choice::Granted),
        "denied" => Some(Choice::Denied),
        other => panic!("{other}"),
    }
}

/// What the policy of the rows calls a decision: its verdict, its flags, and our reason.
fn verdict(decision: Decision) -> (&'static str, Vec<&'static str>, &'static str) {
    match decision {
        Decision::Blocked(refusal) => ("block", Vec::new(), refusal.code()),
        Decision::Granted(grant) => {
            let mut flags = Vec::new();
            if grant.limited() {
                flags.push("limited_data_use");
            }
            if !grant.personalised() {
                flags.push("no_personalisation");
            }
            let verdict = if flags.is_empty() {
                "send"
            } else {
                "send_limited"
            };
            (verdict, flags, "")
        }
    }
}

#[test]
fn the_strictest_signal_decides() {
    let now = now();
    let policy = Policy::by_region(Regime::OptOut, &[]);
    let (mut read, mut wrong) = (0, Vec::new());
    for row in rows()
        .iter()
        .filter(|row| row["kind"] == "consent_decision")
    {
        let input = &row["input"];
        let text = |name: &str| {
            input[name]
                .as_str()
                .map(edgetally_core::base::text::Text::from)
        };
        let mode = &input["consent_mode"];
        let signals = Signals {
            ad_storage: choice_of(&mode["ad_storage"]),
            ad_user_data: choice_of(&mode["ad_user_data"]),
            ad_personalization: choice_of(&mode["ad_personalization"]),
            tcf: text("tc"),
            gpp: text("gpp"),
            gpp_sid: input["gpp_sid"]
                .as_array()
                .map(|all| all.iter().filter_map(Value::as_i64).collect())
                .unwrap_or_default(),
            additional_consent: text("ac"),
            gdpr_applies: input["gdpr_applies"].as_bool(),
            us_privacy: text("us_privacy"),
            gpc: input["sec_gpc"].as_str().is_some_and(gpc_header),
            ..Signals::default()
        };
        let country = input["region"].as_str().map(|region| match region {
            "EEA" => "DE",
            "other" => "JP",
            country => country,
        });
        let reading = Reading::new(&signals, policy.regime(country), now);
        for (name, party) in [
            ("google", Party::Vendor(755)),
            ("meta", Party::Provider(89)),
        ] {
            let (got, flags, reason) =
                verdict(reading.decide(&Use::new(Purpose::Advertising, party)));
            let expected = &row["expected"][name];
            let wanted = expected["flags"].as_array().cloned().unwrap_or_default();
            let all_there = wanted
                .iter()
                .all(|flag| flags.iter().any(|one| flag == one));
            if got != expected["verdict"] || !all_there {
                wrong.push(format!(
                    "{name} {input}\n  expected {expected}\n  got      {got} {flags:?} {reason}"
                ));
            }
            read += 1;
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {read}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(read >= 62, "{read}");
}

/// One more thing that is said about consent.
#[derive(Debug, Clone)]
enum Said {
    AdStorage(bool),
    Analytics(bool),
    AdUserData(bool),
    Personalisation(bool),
    Tcf(String),
    Additional(String),
    Gpp(String),
    Sections(Vec<i64>),
    UsPrivacy(String),
    Gpc,
    Applies(bool),
    Gcs(String),
    Gcd(String),
}

impl Said {
    /// Whether it can be a yes to anything.
    fn may_permit(&self) -> bool {
        match self {
            Self::AdStorage(yes)
            | Self::Analytics(yes)
            | Self::AdUserData(yes)
            | Self::Personalisation(yes) => *yes,
            Self::Tcf(_) | Self::Additional(_) | Self::Gpp(_) | Self::Gcs(_) | Self::Gcd(_) => true,
            Self::Applies(yes) => !*yes,
            Self::Sections(_) | Self::UsPrivacy(_) | Self::Gpc => false,
        }
    }

    /// Says it in a batch whose events say the rest.
    fn say<'a>(&'a self, to: &mut Signals<'a>) {
        let choice = |yes: bool| Some(if yes { Choice::Granted } else { Choice::Denied });
        let mut common = Signals::default();
        match self {
            Self::AdStorage(yes) => common.ad_storage = choice(*yes),
            Self::Analytics(yes) => common.analytics_storage = choice(*yes),
            Self::AdUserData(yes) => common.ad_user_data = choice(*yes),
            Self::Personalisation(yes) => common.ad_personalization = choice(*yes),
            Self::Tcf(text) => common.tcf = Some(text.as_str().into()),
            Self::Additional(text) => common.additional_consent = Some(text.as_str().into()),
            Self::Gpp(text) => common.gpp = Some(text.as_str().into()),
            Self::Sections(ids) => common.gpp_sid.clone_from(ids),
            Self::UsPrivacy(text) => common.us_privacy = Some(text.as_str().into()),
            Self::Gpc => common.gpc = true,
            Self::Applies(yes) => common.gdpr_applies = Some(*yes),
            Self::Gcs(text) => common.gcs = Some(text.as_str().into()),
            Self::Gcd(text) => common.gcd = Some(text.as_str().into()),
        }
        to.restrict(&common);
    }
}

/// Strings of the rows, valid and not.
fn strings(kinds: &'static [&'static str]) -> impl Strategy<Value = String> {
    let all: Vec<String> = rows()
        .iter()
        .filter(|row| kinds.contains(&row["kind"].as_str().unwrap()))
        .filter_map(|row| {
            let input = &row["input"];
            [input, &input["tc"], &input["gpp"], &input["ac"]]
                .into_iter()
                .find_map(Value::as_str)
                .map(str::to_owned)
        })
        .filter(|text| !text.is_empty())
        .collect();
    assert!(all.len() > 10, "{kinds:?}");
    prop::sample::select(all)
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        any::<bool>().prop_map(Said::AdStorage),
        any::<bool>().prop_map(Said::Analytics),
        any::<bool>().prop_map(Said::AdUserData),
        any::<bool>().prop_map(Said::Personalisation),
        strings(&[
            "tcf_decode",
            "tcf_decode_error",
            "tcf_vendor_permission",
            "tcf23_disclosed_rule",
            "consent_decision"
        ])
        .prop_map(Said::Tcf),
        strings(&["google_ac_string", "google_ac_error"]).prop_map(Said::Additional),
        strings(&["gpp_split", "gpp_opt_out_view", "gpp_error"]).prop_map(Said::Gpp),
        prop::collection::vec(-1_i64..30, 0..3).prop_map(Said::Sections),
        strings(&["us_privacy", "us_privacy_error"]).prop_map(Said::UsPrivacy),
        Just(Said::Gpc),
        any::<bool>().prop_map(Said::Applies),
        Just(Said::Sections(vec![-2])),
        "G1[01-][01-]|G111 |".prop_map(Said::Gcs),
        "13[lpqtrmnuv]3[lpqtrmnuv]3[lpqtrmnuv]3[lpqtrmnuvx]5l1|2tttt".prop_map(Said::Gcd),
    ]
}

/// Refusals of those who were not asked: the only ones that a further signal may lift.
fn is_silence(refusal: Refusal) -> bool {
    matches!(
        refusal,
        Refusal::AdUserDataMissing
            | Refusal::AnalyticsStorageMissing
            | Refusal::AcMissing
            | Refusal::TcfUnlisted
            | Refusal::GppSectionMissing
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_further_signal_never_widens_a_decision(
        before in prop::collection::vec(said(), 0..5),
        more in said(),
        opt_in in any::<bool>(),
        gcd_answers in any::<bool>(),
        basis in any::<bool>(),
        analytics in any::<bool>(),
        party in prop::sample::select(vec![Party::Vendor(755), Party::Provider(89), Party::Own, Party::Unlisted]),
    ) {
        let regime = if opt_in { Regime::OptIn } else { Regime::OptOut };
        let purpose = if analytics { Purpose::Analytics } else { Purpose::Advertising };
        let terms = Terms { regime, gdpr: false, gcd_answers, legal_bases: &[LegalBasis::Contract] };
        let legal_basis = basis.then_some(LegalBasis::Contract);
        let mut signals = Signals { legal_basis, ..Signals::default() };
        for one in &before {
            one.say(&mut signals);
        }
        let wanted = Use::new(purpose, party);
        let first = Reading::new(&signals, terms, now()).decide(&wanted);
        let silent = signals.ad_personalization.is_none() || signals.ad_user_data.is_none();
        more.say(&mut signals);
        let then = Reading::new(&signals, terms, now()).decide(&wanted);
        // What alone is a no is a no beside anything else, unless it does not apply.
        let mut alone = Signals { legal_basis, ..Signals::default() };
        more.say(&mut alone);
        let lifted = !opt_in && signals.gdpr_applies == Some(false);
        if let Decision::Blocked(refusal) = Reading::new(&alone, terms, now()).decide(&wanted)
            && !is_silence(refusal)
            && !lifted
        {
            prop_assert!(matches!(then, Decision::Blocked(_)), "{refusal:?}");
        }
        match (first, then) {
            _ if matches!(more, Said::Applies(false)) => {}
            (Decision::Blocked(refusal), Decision::Granted(_)) => {
                prop_assert!(is_silence(refusal) && more.may_permit(), "{refusal:?}");
            }
            (Decision::Granted(one), Decision::Granted(other)) => {
                prop_assert!(!one.limited() || other.limited());
                if !(silent && more.may_permit()) {
                    prop_assert!(one.personalised() || !other.personalised());
                    prop_assert!(one.identifiers() || !other.identifiers());
                }
            }
            (_, Decision::Blocked(_)) => {}
        }
    }

    #[test]
    fn a_further_signal_never_lets_more_be_stored(
        before in prop::collection::vec(said(), 0..5),
        more in said(),
        opt_in in any::<bool>(),
        gcd_answers in any::<bool>(),
    ) {
        let terms = |opt_in| Terms {
            regime: if opt_in { Regime::OptIn } else { Regime::OptOut },
            gdpr: false,
            gcd_answers,
            legal_bases: &[],
        };
        let both = |storage: Storage| [storage.advertising, storage.analytics];
        let mut signals = Signals::default();
        for one in &before {
            one.say(&mut signals);
        }
        let first = both(Reading::new(&signals, terms(opt_in), now()).storage());
        // Where silence is a yes, whatever is no yes there is a no.
        let refused = both(Reading::new(&signals, terms(false), now()).storage()).map(|stored| !stored);
        more.say(&mut signals);
        let then = both(Reading::new(&signals, terms(opt_in), now()).storage());
        for ((first, refused), then) in first.into_iter().zip(refused).zip(then) {
            if matches!(more, Said::Applies(false)) {
                continue;
            }
            prop_assert!(first || !then || more.may_permit());
            // Sections in force whose string comes late were no answer.
            prop_assert!(!(refused && then) || matches!(more, Said::Gpp(_)));
        }
    }

    #[test]
    fn no_string_panics_or_takes_long(text in "[A-Za-z0-9_.~-]{0,400}", other in "\\PC{0,40}", ids in prop::collection::vec(any::<i64>(), 0..4)) {
        for text in [&text, &other] {
            let _ = (explain_tcf(text, now()), explain_gpp(text, &ids, now()), explain_additional(text), explain_us_privacy(text), gcs(text), gcd(text));
            for id in 0..30 {
                let _ = explain_us_section(id, text);
            }
        }
    }
}
