//! `check`: reads wrangler.toml as the worker will and says what is wrong, for whom, and which secrets have to be put.
//!
//! Secrets are not in the file, so each one that is asked for is named instead of judged. Of the platforms in use, versions
//! that have ended fail; those that end within 60 days are warned of.

use edgetally_core::base::fields::{Fault, NOT_SHOWN, shown_name, shown_secret_name};
use edgetally_core::base::time::UnixMillis;
use edgetally_core::destinations::FACTS;
use edgetally_core::destinations::destination::Facts;
use edgetally_core::destinations::versions::{Ending, ending};
use serde_json::{Value, json};

use crate::config::{Config, Unreadable, load};

/// What Cloudflare lets a variable have: 5 KB (limits of Workers, read 2026-11-29), which may mean either of these. Counted is
/// what wrangler uploads, which for a table is its JSON.
const MOST_BYTES: usize = 5 * 1024;
const SURE_BYTES: usize = 5000;

/// `{said, warnings, errors: [{message, path?}], secrets: [{name, for, optional}]}`.
pub(crate) fn answer(text: &str, now: UnixMillis) -> Value {
    check(text, &FACTS, now).told()
}

#[derive(Debug, Default)]
struct Report {
    said: Vec<String>,
    warned: Vec<String>,
    /// What a deploy must not go out with.
    wrong: Vec<Wrong>,
    secrets: Vec<Need>,
}

/// What a deploy must not go out with, and where in the settings it is, if it is there.
#[derive(Debug)]
struct Wrong {
    message: String,
    path: Option<String>,
}

/// A secret that has to be put, and who needs it.
#[derive(Debug)]
struct Need {
    /// As far as it may be shown.
    name: String,
    whose: Vec<String>,
    optional: bool,
}

impl Report {
    fn wrong(&mut self, message: impl Into<String>) {
        self.wrong.push(Wrong {
            message: message.into(),
            path: None,
        });
    }

    fn told(&self) -> Value {
        let errors = self.wrong.iter().map(|Wrong { message, path }| match path {
            Some(path) => json!({"message": message, "path": path}),
            None => json!({"message": message}),
        });
        let secrets = self
            .secrets
            .iter()
            .map(|need| json!({"name": need.name, "for": need.whose, "optional": need.optional}));
        json!({
            "said": self.said,
            "warnings": self.warned,
            "errors": errors.collect::<Vec<_>>(),
            "secrets": secrets.collect::<Vec<_>>(),
        })
    }
}

fn check(text: &str, facts: &[&Facts], now: UnixMillis) -> Report {
    let mut report = Report::default();
    let config = match Config::read(text) {
        Ok(config) => config,
        Err(Unreadable(message)) => {
            report.wrong(message);
            return report;
        }
    };
    for (name, value) in &config.variables {
        fill(&mut report, shown_secret_name(name), value);
    }
    let merged = config.merged();
    let wiring = Wiring(&merged);
    settings(&mut report, &config, &wiring);
    limits(&mut report, &config.all, &wiring);
    claims(&mut report, &config.all, &merged);
    for (name, _) in wiring.table("destinations") {
        if wiring.users(name).is_empty() {
            report.warned.push(format!(
                "no source sends to destination {}",
                shown_name(name)
            ));
        }
    }
    versions(&mut report, facts, &wiring, now);
    report
}

/// What the settings are, or what is wrong with them, and the secrets that they need.
fn settings(report: &mut Report, config: &Config, wiring: &Wiring<'_>) {
    let (loaded, asked) = config.load(&sound);
    match loaded {
        Ok(settings) => {
            for source in &settings.sources {
                let names: Vec<&str> = source
                    .destinations
                    .iter()
                    .filter_map(|place| settings.destinations.get(*place))
                    .map(|configured| configured.name.as_str())
                    .collect();
                report
                    .said
                    .push(format!("source {} sends to {}", source.name, list(&names)));
            }
        }
        Err(faults) => report.wrong.extend(faults.iter().map(|fault| Wrong {
            message: wiring.explain(fault),
            path: Some(fault.path.clone()),
        })),
    }
    let needs = wiring.needs();
    for name in asked {
        if config
            .all
            .pointer("/vars")
            .is_some_and(|vars| vars.get(&name).is_some())
        {
            report.wrong(format!(
                "[vars] holds {} in clear, which is a secret: wrangler secret put NAME",
                shown_secret_name(&name)
            ));
        }
        let whose: Vec<String> = match name.as_str() {
            "EDGETALLY_KEY" => vec!["events that were seen are remembered by it".to_owned()],
            "EDGETALLY_ADMIN_TOKEN" => {
                vec!["optional: the admin routes are closed without it".to_owned()]
            }
            _ => needs
                .iter()
                .filter(|(secret, _)| *secret == name)
                .map(|(_, whose)| whose.clone())
                .collect(),
        };
        let all = whose.join("; ");
        report.said.push(match shown_secret_name(&name) {
            NOT_SHOWN => format!(
                "needs a secret ({all}) by a name that is not shown here, since it looks like a secret itself"
            ),
            name => format!("needs the secret {name} ({all}): wrangler secret put {name}"),
        });
        report.secrets.push(Need {
            name: shown_secret_name(&name).to_owned(),
            whose,
            optional: name == "EDGETALLY_ADMIN_TOKEN",
        });
    }
}

/// The versions of the platforms in use, and when they end.
fn versions(report: &mut Report, facts: &[&Facts], wiring: &Wiring<'_>, now: UnixMillis) {
    let used: Vec<&Facts> = facts
        .iter()
        .copied()
        .filter(|facts| {
            wiring
                .table("destinations")
                .any(|(name, table)| platform(name, table) == facts.platform)
        })
        .collect();
    for facts in &used {
        let name = format!("{} {}", facts.platform, facts.api_version);
        report.said.push(match facts.version_ends {
            Some(end) => format!("{name} ends on {end} (read {})", facts.read),
            None => format!("{name}: no end announced (read {})", facts.read),
        });
    }
    for ending in ending(used, now) {
        let Ending {
            platform,
            api_version,
            ends,
            days_left,
        } = ending;
        let name = format!("{platform} {api_version} ends on {ends}");
        let release = "update edgetally";
        if ending.is_over() {
            report.wrong(format!("{name}: {release}"));
        } else {
            let days = days_left.unwrap_or_default();
            report
                .warned
                .push(format!("{name}, in {days} days: {release}"));
        }
    }
}

/// How full a variable is. A text that is no settings is left to whoever asks for it.
fn fill(report: &mut Report, name: &str, value: &Value) {
    let bytes = match value {
        Value::String(text) => text.len(),
        value => value.to_string().len(),
    };
    let said = format!(
        "[vars.{name}] has {bytes} of {MOST_BYTES} bytes, {} %",
        (bytes * 100).div_ceil(MOST_BYTES)
    );
    if bytes > MOST_BYTES {
        report.wrong(format!(
            "{said}: move some of its tables to another variable, such as [vars.EDGETALLY_2]"
        ));
    } else {
        if bytes > SURE_BYTES {
            report.warned.push(format!(
                "{said}, which Cloudflare may refuse: it says 5 KB, and 5000 would be that too"
            ));
        }
        report.said.push(said);
    }
}

/// Rate limiting bindings that sources name have to be in the file.
fn limits(report: &mut Report, config: &Value, wiring: &Wiring<'_>) {
    let bound: Vec<&str> = config
        .get("ratelimits")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|limit| limit.get("name")?.as_str())
        .collect();
    for (name, source) in wiring.table("sources") {
        let wanted = source.get("rate_limit").and_then(Value::as_str);
        if wanted.is_some_and(|wanted| !bound.contains(&wanted)) {
            report.wrong(format!(
                "sources.{}.rate_limit: there is no [[ratelimits]] of this name",
                shown_name(name)
            ));
        }
    }
}

/// Exact claims need the object that keeps them, and its class a migration.
fn claims(report: &mut Report, config: &Value, settings: &Value) {
    if settings.get("dedup").and_then(Value::as_str) != Some("exact") {
        return;
    }
    let list = |place: &str| {
        let list = config.pointer(place).and_then(Value::as_array);
        list.into_iter().flatten()
    };
    let named =
        |binding: &&Value| binding.get("name").and_then(Value::as_str) == Some("CLAIMS_OBJECT");
    let Some(binding) = list("/durable_objects/bindings").find(named) else {
        report.wrong("dedup: `exact` needs the binding CLAIMS_OBJECT, a [[durable_objects.bindings]] of the class Claims");
        return;
    };
    let class = binding.get("class_name").and_then(Value::as_str);
    let made = list("/migrations").any(|step| {
        let made = step.get("new_sqlite_classes").and_then(Value::as_array);
        made.is_some_and(|made| made.iter().any(|one| one.as_str() == class))
    });
    if class != Some("Claims") || !made {
        report.wrong("dedup: CLAIMS_OBJECT has to be of the class Claims, which has to stand in new_sqlite_classes of a migration");
    }
}

/// A secret that is sound for every rule, that of a service account's key file included, and different for each name.
fn sound(name: &str) -> String {
    format!(r#"{{"client_email": "{name}", "private_key": "-----BEGIN PRIVATE KEY-----"}}"#)
}

fn platform<'t>(name: &'t str, table: &'t Value) -> &'t str {
    table
        .get("platform")
        .and_then(Value::as_str)
        .unwrap_or(name)
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        "nobody".to_owned()
    } else {
        names.join(", ")
    }
}

/// Who sends where, as the file has it: known even where the settings are at fault.
struct Wiring<'t>(&'t Value);

impl<'t> Wiring<'t> {
    /// The entries of `sources` or `destinations`.
    fn table(&self, key: &str) -> impl Iterator<Item = (&'t str, &'t Value)> {
        self.0
            .get(key)
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str(), value))
    }

    /// The sources that send to a destination.
    fn users(&self, destination: &str) -> Vec<&'t str> {
        self.table("sources")
            .filter(|(_, source)| {
                source
                    .get("destinations")
                    .and_then(Value::as_array)
                    .is_some_and(|names| names.iter().any(|it| it.as_str() == Some(destination)))
            })
            .map(|(name, _)| shown_name(name))
            .collect()
    }

    fn whose(&self, destination: &str) -> String {
        format!(
            "destination {}, used by {}",
            shown_name(destination),
            list(&self.users(destination))
        )
    }

    /// A fault with the destination and the sources that it concerns.
    fn explain(&self, fault: &Fault) -> String {
        let mut parts = fault.path.split(['.', '[']);
        match (parts.next(), parts.next()) {
            (Some("destinations"), Some(name)) => format!("{fault} ({})", self.whose(name)),
            _ => fault.to_string(),
        }
    }

    /// Every secret with whom it is for. Two destinations may share one, and are asked apart from each other to know it.
    fn needs(&self) -> Vec<(String, String)> {
        let mut needs = Vec::new();
        for (name, source) in self.table("sources") {
            let name = shown_name(name);
            for (key, whose) in [
                ("/secret", "servers"),
                ("/event_token", "orders"),
                ("/measurement_protocol/api_secret", "Measurement Protocol"),
            ] {
                if let Some(secret) = source.pointer(key).and_then(Value::as_str) {
                    needs.push((secret.to_owned(), format!("{whose} of source {name}")));
                }
            }
        }
        let alerts = self.0.get("alerts");
        for (key, whose) in [
            ("webhook", "alerts: the address that they are posted to"),
            ("secret", "alerts: what they are signed with"),
        ] {
            let named = alerts.and_then(|alerts| alerts.get(key)?.as_str());
            let is_signed =
                alerts.and_then(|alerts| alerts.get("format")?.as_str()) == Some("signed");
            let usual = (key == "secret" && is_signed).then_some("ALERTS_SECRET");
            if let Some(secret) = named.or(usual) {
                needs.push((secret.to_owned(), whose.to_owned()));
            }
        }
        for (name, destination) in self.table("destinations") {
            let alone = json!({ "EDGETALLY": { "destinations": { name: destination } } });
            let (_, asked) = load(&alone.to_string(), &sound);
            needs.extend(asked.into_iter().map(|secret| (secret, self.whose(name))));
        }
        needs
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "fixtures are files")]
mod tests {
    use super::*;
    use edgetally_core::destinations::{ALL, meta};

    fn messages(report: &Report) -> Vec<&str> {
        let wrong = report.wrong.iter();
        wrong.map(|wrong| wrong.message.as_str()).collect()
    }

    const SETTINGS: &str = r#"
        [vars.EDGETALLY.sources.shop]
        key = "pk_shop_0123456789abcdef"
        origins = ["https://shop.example"]
        secret = "SHOP_SECRET"
        destinations = ["meta", "second"]

        [vars.EDGETALLY.sources.blog]
        key = "pk_blog_0123456789abcdef"
        origins = ["https://blog.example"]
        destinations = ["second"]

        [vars.EDGETALLY.destinations.meta]
        dataset_id = "1234567890123456"

        [vars.EDGETALLY.destinations.second]
        platform = "meta"
        dataset_id = "6543210987654321"

        [vars.EDGETALLY.destinations.hook]
        platform = "webhook"
        url = "https://hooks.example/in"
    "#;

    fn at(date: &str) -> UnixMillis {
        UnixMillis::parse_rfc3339(&format!("{date}T09:00:00Z")).unwrap()
    }

    #[test]
    fn what_alerts_need_is_named_too() {
        let settings = format!(
            "{SETTINGS}\n[vars.EDGETALLY.alerts]\nwebhook = \"OUR_SLACK\"\nformat = \"signed\"\n"
        );
        let said = check(&settings, &[], at("2026-11-22")).said;
        for line in [
            "needs the secret OUR_SLACK (alerts: the address that they are posted to): wrangler secret put OUR_SLACK",
            "needs the secret ALERTS_SECRET (alerts: what they are signed with): wrangler secret put ALERTS_SECRET",
        ] {
            assert!(said.iter().any(|said| said == line), "{said:?}");
        }
    }

    #[test]
    fn a_secret_is_named_with_all_who_need_it() {
        let report = check(SETTINGS, &[], at("2026-11-22"));
        assert!(report.wrong.is_empty(), "{report:?}");
        for line in [
            "source shop sends to meta, second",
            "needs the secret META_ACCESS_TOKEN (destination meta, used by shop; destination second, used by blog, shop): \
             wrangler secret put META_ACCESS_TOKEN",
            "needs the secret SHOP_SECRET (servers of source shop): wrangler secret put SHOP_SECRET",
            "needs the secret HOOK_SECRET (destination hook, used by nobody): wrangler secret put HOOK_SECRET",
        ] {
            assert!(
                report.said.iter().any(|said| said == line),
                "{line}\n{report:#?}"
            );
        }
        assert_eq!(report.warned, ["no source sends to destination hook"]);
    }

    #[test]
    fn every_platform_passes_without_its_secrets() {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../core/tests/fixtures/destinations"
        );
        let mut destinations = toml::Table::new();
        let mut secrets = Vec::new();
        for entry in ALL {
            let file = format!("{folder}/{}/platform.json", entry.platform);
            let known: Value =
                serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
            let demo = &known["demo"];
            destinations.insert(
                demo["name"].as_str().unwrap().to_owned(),
                toml::Value::try_from(&demo["settings"]).unwrap(),
            );
            secrets.push(demo["secrets"].as_object().unwrap().clone());
        }
        let sources = r#"sources.shop = {secret = "SHOP_SECRET", destinations = ["meta"]}"#;
        let destinations = toml::Value::from(destinations);
        let text = format!("[vars.EDGETALLY]\n{sources}\ndestinations = {destinations}");
        let report = check(&text, &[], at("2026-11-22"));
        assert!(report.wrong.is_empty(), "{report:#?}");
        for secrets in secrets {
            let asked = secrets.keys().any(|name| {
                let needed = format!("needs the secret {name} (");
                report.said.iter().any(|said| said.starts_with(&needed))
            });
            assert!(asked, "{secrets:?}\n{report:#?}");
        }
    }

    #[test]
    fn a_wrong_id_is_told_with_its_destination_and_its_sources() {
        let text = SETTINGS.replace("6543210987654321", "65432-1098");
        let report = check(&text, &[], at("2026-11-22"));
        let [line] = messages(&report)[..] else {
            unreachable!("{report:#?}")
        };
        assert!(
            line.starts_with("destinations.second.dataset_id: "),
            "{line}"
        );
        assert!(
            line.ends_with(" (destination second, used by blog, shop)"),
            "{line}"
        );
        // What the other destination needs is named all the same.
        assert!(
            report
                .said
                .iter()
                .any(|said| said.contains("META_ACCESS_TOKEN"))
        );
    }

    #[test]
    fn a_version_in_use_warns_before_its_end_and_fails_from_then_on() {
        let ends = |platform| Facts {
            platform,
            api_version: "v7",
            version_ends: Some("2031-03-01"),
            ..meta::FACTS
        };
        let (used, unused) = (ends("meta"), ends("pinwheel"));
        let report = |date: &str| check(SETTINGS, &[&used, &unused], at(date));
        let line = "meta v7 ends on 2031-03-01";

        let early = report("2030-11-01");
        assert!(
            early.wrong.is_empty() && early.warned.len() == 1,
            "{early:#?}"
        );
        let near = report("2031-01-29");
        assert!(near.wrong.is_empty(), "{near:#?}");
        assert!(
            near.warned
                .iter()
                .any(|warned| warned.starts_with(&format!("{line}, in 30 days"))),
            "{near:#?}"
        );
        for date in ["2031-03-01", "2031-03-02"] {
            let over = report(date);
            assert!(
                over.wrong.len() == 1 && messages(&over)[0].starts_with(line),
                "{over:#?}"
            );
        }
        let all = format!("{:?}", report("2031-03-02"));
        assert!(!all.contains("pinwheel"), "nobody sends there: {all}");
    }

    #[test]
    fn settings_may_be_spread_over_variables() {
        let spread = SETTINGS
            .replace(
                "vars.EDGETALLY.sources.blog",
                "vars.EDGETALLY_BLOG.sources.blog",
            )
            .replace(
                "vars.EDGETALLY.destinations.second",
                "vars.EDGETALLY_2.destinations.second",
            );
        let report = check(&spread, &[], at("2026-11-22"));
        assert!(report.wrong.is_empty(), "{report:#?}");
        let whole = check(SETTINGS, &[], at("2026-11-22"));
        let but_fill = |report: &Report| -> Vec<String> {
            report
                .said
                .iter()
                .filter(|said| !said.contains(" bytes, "))
                .cloned()
                .collect()
        };
        assert_eq!(but_fill(&report), but_fill(&whole));
        for name in ["EDGETALLY", "EDGETALLY_2", "EDGETALLY_BLOG"] {
            let start = format!("[vars.{name}] has ");
            assert!(
                report.said.iter().any(|said| said.starts_with(&start)),
                "{report:#?}"
            );
        }

        let twice = format!(
            "{SETTINGS}\n[vars.EDGETALLY_2.sources.shop]\nkey = \"pk_shop_fedcba9876543210\""
        );
        let report = check(&twice, &[], at("2026-11-22"));
        assert_eq!(
            messages(&report),
            ["sources.shop.key: is set in two variables"]
        );
    }

    #[test]
    fn a_variable_is_told_how_full_it_is() {
        // As many bytes of JSON as wanted: the text takes what the rest leaves.
        let filled = |bytes: usize| {
            let rest = r#"{"sources":{"s":{"destinations":[],"secret":"S","cookie_domain":""}}}"#;
            let text = "é".repeat((bytes - rest.len()) / 2) + &"x".repeat((bytes - rest.len()) % 2);
            check(
                &format!(
                    "[vars.EDGETALLY.sources.s]\nsecret = \"S\"\ndestinations = []\ncookie_domain = \"{text}\""
                ),
                &[],
                at("2026-11-22"),
            )
        };
        let half = filled(2560);
        assert!(
            half.said
                .contains(&"[vars.EDGETALLY] has 2560 of 5120 bytes, 50 %".to_owned()),
            "{half:#?}"
        );
        assert!(half.wrong.is_empty() && half.warned.is_empty(), "{half:#?}");
        assert!(filled(5000).warned.is_empty());
        for bytes in [5001, 5120] {
            let unsure = filled(bytes);
            assert!(
                unsure.wrong.is_empty() && unsure.warned.len() == 1,
                "{unsure:#?}"
            );
        }
        let full = filled(5121);
        assert!(
            full.wrong.len() == 1
                && messages(&full)[0].starts_with("[vars.EDGETALLY] has 5121 of 5120 bytes, 101 %"),
            "{full:#?}"
        );
    }

    #[test]
    fn what_may_be_a_secret_is_not_said() {
        const TOKENS: [&str; 6] = [
            "EAABSBCS1IHGBA0X7Q2Z9K4T8",
            "AKIAIOSFODNN7EXAMPLE",
            "JBSWY3DPEHPK3PXP",
            "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
            "0123456789abcdef0123456789abcdef",
        ];
        for token in TOKENS {
            for text in [
                SETTINGS.replace("\"SHOP_SECRET\"", &format!("{token:?}")),
                SETTINGS.replace(
                    "dataset_id = \"123",
                    &format!("access_token = {token:?}\ndataset_id = \"123"),
                ),
                SETTINGS.replace(
                    "dataset_id = \"123",
                    &format!("{token:?} = {token:?}\ndataset_id = \"123"),
                ),
                SETTINGS.replace(
                    "dataset_id = \"123",
                    &format!("events.{token:?} = 7\ndataset_id = \"123"),
                ),
                SETTINGS.replace("[\"second\"]", &format!("[{token:?}]")),
                SETTINGS.replace(
                    "\"https://hooks.example/in\"",
                    &format!("\"https://hooks.example/in{token}\" {token}"),
                ),
                format!("{SETTINGS}\n{token:?} = {token}"),
                format!("vars.{token:?} = {token:?}\n{SETTINGS}"),
                format!("vars.EDGETALLY_KEY = {token:?}\n{SETTINGS}"),
                format!("vars.EDGETALLY_2 = \"{{{token}\"\n{SETTINGS}"),
                format!("{SETTINGS}\n[vars.EDGETALLY_2.sources.shop]\nsecret = {token:?}"),
            ] {
                let report = check(&text, &[], at("2026-11-22"));
                let said = format!("{report:?}");
                assert!(!said.contains(token), "{said}");
            }
        }
        // A name of lower-case letters can be one; any other is not repeated.
        let named = format!(
            "{SETTINGS}\n[vars.EDGETALLY.sources.{:?}]\nsecret = \"S\"\ndestinations = [\"second\"]",
            TOKENS[3]
        );
        assert!(!format!("{:?}", check(&named, &[], at("2026-11-22"))).contains(TOKENS[3]));
    }

    #[test]
    fn a_secret_in_clear_and_a_limit_that_is_not_there_fail() {
        let text = format!(
            "[vars]\nEDGETALLY_KEY = \"0123456789abcdef0123456789abcdef\"\n{}",
            SETTINGS.replace("secret = \"SHOP_SECRET\"", "rate_limit = \"PAGE_LIMIT\"")
        );
        let report = check(&text, &[], at("2026-11-22"));
        assert_eq!(
            messages(&report),
            [
                "[vars] holds EDGETALLY_KEY in clear, which is a secret: wrangler secret put NAME",
                "sources.shop.rate_limit: there is no [[ratelimits]] of this name"
            ]
        );
        let text = SETTINGS.replace("secret = \"SHOP_SECRET\"", "rate_limit = \"PAGE_LIMIT\"")
            + "\n[[ratelimits]]\nname = \"PAGE_LIMIT\"\nnamespace_id = \"1001\"\nsimple = {limit = 600, period = 60}";
        let report = check(&text, &[], at("2026-11-22"));
        assert!(report.wrong.is_empty(), "{report:#?}");
    }

    #[test]
    fn exact_claims_need_what_keeps_them() {
        let exact = format!("[vars.EDGETALLY]\ndedup = \"exact\"\n{SETTINGS}");
        let binding =
            "\n[[durable_objects.bindings]]\nname = \"CLAIMS_OBJECT\"\nclass_name = \"Claims\"\n";
        let migration = "\n[[migrations]]\ntag = \"v2\"\nnew_sqlite_classes = [\"Claims\"]\n";
        for (more, wrong) in [
            (String::new(), true),
            (migration.to_owned(), true),
            (binding.to_owned(), true),
            (
                binding.replace("\"Claims\"", "\"Ledger\"") + migration,
                true,
            ),
            (binding.to_owned() + migration, false),
        ] {
            let report = check(&(exact.clone() + &more), &[], at("2026-11-22"));
            let told = messages(&report);
            assert_eq!(
                told.iter().any(|one| one.contains("CLAIMS_OBJECT")),
                wrong,
                "{more}: {told:?}"
            );
            assert_eq!(report.wrong.is_empty(), !wrong, "{more}: {told:?}");
        }
    }

    #[test]
    fn what_is_no_configuration_fails() {
        for text in ["= 1", "", "[vars]\nOTHER = 1"] {
            assert!(!check(text, &FACTS, at("2026-11-22")).wrong.is_empty());
        }
    }
}
