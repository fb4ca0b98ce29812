//! `npm/settings.schema.json`: what editors are told about the settings. Keys, kinds, words and limits are what the parser says
//! when it is given something else; sentences and defaults are those of the documentation, which lists the same keys.
//! `scripts/pack.mjs` makes of it what the npm package has for a `wrangler.toml`, and `tests/package/schema.test.mjs` holds
//! that against the parser and against every example that there is.
//!
//! `EDGETALLY_UPDATE=1 cargo test -p edgetally-core --test it schema` writes it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use edgetally_core::base::fields::Fault;
use edgetally_core::destinations::ALL;
use edgetally_core::settings::Settings;
use serde_json::{Map, Value, json};

use crate::support::read;

/// Keys that the parser knows to say what to write instead.
const GONE: &[(&str, &str)] = &[("ga4", "cookie_prefix")];

/// Further settings with which a platform knows more keys.
const CONTEXTS: &[(&str, &str, Value)] = &[
    ("google_ads", "client_id", Value::Bool(true)),
    ("linkedin", "client_id", Value::Bool(true)),
    ("x", "oauth", Value::Bool(true)),
];

/// Names of sources and destinations.
const NAME: &str = "^[a-z][a-z0-9_-]{0,39}$";

/// No text that any key takes.
const WRONG: &str = "\u{1}";

/// What texts look like that the parser takes, by the beginning of what it says of others. A rule that is not in here is left
/// to the parser.
const PATTERNS: &[(&str, &str)] = &[
    ("is the NAME of a secret", "^[A-Z0-9_]+$"),
    ("is the name of a rate limiting binding", "^[A-Z0-9_]+$"),
    ("is not the name of an event", "^[a-z][a-z0-9_]{0,39}$"),
    (
        "must be a lower-case letter followed by at most 39",
        "^[a-z][a-z0-9_]{0,39}$",
    ),
    ("must be a date, such as", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    (
        "must be two different hours of the day",
        "^[0-2][0-9]-[0-2][0-9]$",
    ),
    ("must be digits", "^[0-9]+$"),
    (
        "must be the team's name alone",
        "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
    ),
    (
        "must be the application's audience (AUD) tag",
        "^[0-9a-f]{32,128}$",
    ),
    ("must be the number of a conversion action", "^[0-9]+$"),
    ("must be the digits of a conversion rule", "^[0-9]{1,20}$"),
    ("must be `G-` followed by", "^G-[A-Z0-9]+$"),
    ("must be like `v25`", "^v[0-9]+$"),
    ("must be a year and a month", "^[0-9]{6}$"),
    (
        "must be a two-letter ISO 3166-1 code in capitals",
        "^[A-Z]{2}$",
    ),
    ("must be a two-letter ISO 3166-1 code", "^[A-Za-z]{2}$"),
    ("must be letters and digits", "^[A-Za-z0-9]+$"),
    ("must be letters, digits and hyphens", "^[A-Za-z0-9-]+$"),
    (
        "must be letters, digits, underscores and hyphens",
        "^[A-Za-z0-9_-]+$",
    ),
    ("must be the pixel's id: lower-case", "^[a-z0-9]+$"),
    ("must have ASCII letters, digits", "^[A-Za-z0-9_.:-]+$"),
    ("must have at least 16 ASCII characters", "^[!-~]{16,}$"),
    (
        "must be an origin as browsers send it",
        "^https?://[^/?#@* A-Z]+$",
    ),
    (
        "must be as Google Ads shows it for the tag",
        "^AW-[0-9]+/[A-Za-z0-9_-]+$",
    ),
    (
        "must be the id of a single-event tag",
        "^(tw-[a-z0-9]+-)?[a-z0-9]+$",
    ),
];

/// Where the pages are that descriptions lead to.
const PAGES: &str = "https://github.com/edgetally/edgetally/blob/main/docs/";

fn docs(page: &str) -> String {
    read(
        &Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../docs")
            .join(page),
    )
}

/// What the documentation says of a key.
#[derive(Debug, Clone)]
struct Documented {
    default: Option<Value>,
    about: String,
}

/// The words of a cell between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// `[text](page.md)` as an editor can follow it.
fn with_addresses(text: &str) -> String {
    text.replace("](", &format!("]({PAGES}"))
}

/// A default as JSON, where the cell is one: a word, a number, a list.
fn default(cell: &str) -> Option<Value> {
    let bare = cell.trim().trim_matches('`');
    match serde_json::from_str(bare) {
        Ok(value) => Some(value),
        Err(_) if !bare.is_empty() && cell.trim().starts_with('`') => Some(bare.into()),
        Err(_) => None,
    }
}

/// The rows of a page's table of keys.
fn documented(page: &str, head: &str) -> BTreeMap<String, Documented> {
    let text = docs(page);
    let (_, table) = text.split_once(head).unwrap_or_else(|| panic!("{page}"));
    let rows = table.lines().skip_while(|line| line.is_empty());
    let rows = rows.take_while(|line| line.starts_with('|'));
    let mut all = BTreeMap::new();
    for row in rows.filter(|row| !row.starts_with("|--")) {
        let cells: Vec<&str> = row.trim_matches('|').splitn(3, '|').collect();
        let [keys, defaults, about] = cells[..] else {
            panic!("{page}: {row}");
        };
        let keys = quoted(keys);
        let each: Vec<&str> = defaults.trim().split(", ").collect();
        let mut place = String::new();
        for (index, key) in keys.iter().enumerate() {
            let key = key.trim_start_matches('.');
            if let Some((before, _)) = key.rsplit_once('.') {
                place = format!("{before}.");
            }
            let name = format!("{place}{}", key.rsplit('.').next().unwrap());
            let default = default(if keys.len() > 1 && each.len() == keys.len() {
                each[index]
            } else {
                defaults
            });
            let about = with_addresses(about.trim());
            all.insert(name, Documented { default, about });
        }
    }
    all
}

/// Settings that have every table, each platform under its own name.
fn settings() -> Value {
    let of = |platform: &str| {
        let mut settings = crate::support::platform_settings(platform);
        settings["platform"] = platform.into();
        (platform.to_owned(), settings)
    };
    let destinations: Map<String, Value> = ALL.iter().map(|entry| of(entry.platform)).collect();
    json!({
        "delivery": {}, "limits": {}, "access": {},
        "alerts": {"webhook": "ALERTS_WEBHOOK", "format": "signed"},
        "sources": {"shop": {
            "key": "pk_shop_0123456789abcdef", "origins": ["https://shop.example"], "secret": "SHOP_SECRET",
            "consent": "by_region", "destinations": ["meta"], "client": {}, "sdk": {},
            "measurement_protocol": {"measurement_id": "G-9ABCDE1234", "api_secret": "SHOP_MP_SECRET"},
        }},
        "destinations": destinations,
    })
}

/// One table of the settings, asked what it takes.
struct Table {
    /// Where it stands.
    at: Vec<String>,
    settings: Value,
}

impl Table {
    fn new(at: &str, settings: Value) -> Self {
        let at = at.split('.').filter(|step| !step.is_empty());
        Self {
            at: at.map(str::to_owned).collect(),
            settings,
        }
    }

    fn path(&self, key: &str) -> String {
        let mut steps = self.at.clone();
        steps.push(key.to_owned());
        steps.join(".")
    }

    /// What the parser says with this under the key.
    fn faults(&self, key: &str, value: Value) -> Vec<Fault> {
        let mut settings = self.settings.clone();
        let mut table = &mut settings;
        for step in &self.at {
            table = &mut table[step];
        }
        table[key] = value;
        // Sound for a service account's key file too.
        let secret = |name: &str| {
            Some(format!(
                r#"{{"client_email": "{name}", "private_key": "-----BEGIN PRIVATE KEY-----"}}"#
            ))
        };
        let loaded = Settings::load(&settings.to_string(), &secret);
        loaded.err().unwrap_or_default()
    }

    /// What it says about the key itself, or a part of what stands there; of the kind first.
    fn said(&self, key: &str, part: &str, value: Value) -> Option<String> {
        let path = self.path(key) + part;
        let faults = self.faults(key, value).into_iter();
        let said: Vec<String> = faults
            .filter(|fault| fault.path == path)
            .map(|fault| fault.message)
            .collect();
        let kind = said.iter().find(|said| said.starts_with("must be "));
        kind.or(said.first()).cloned()
    }

    /// The keys that it takes.
    fn keys(&self) -> BTreeSet<String> {
        let said = self.said("zz", "", Value::Null).unwrap();
        let (_, names) = said.split_once("expected one of ").unwrap();
        names
            .split(", ")
            .map(|name| name.trim_matches('`').to_owned())
            .collect()
    }

    /// What a key takes, told by what it refuses.
    fn kind(&self, key: &str) -> Value {
        let said = self
            .said(key, "", Value::Null)
            .unwrap_or_else(|| panic!("{} takes null", self.path(key)));
        let limits = |said: &str| -> (u32, u32) {
            let (_, limits) = said.split_once("from ").unwrap();
            let (least, most) = limits.split_once(" to ").unwrap();
            (least.parse().unwrap(), most.parse().unwrap())
        };
        match said.as_str() {
            "must be a string" => text_like(self.said(key, "", json!(WRONG))),
            "must be true or false" => json!({"type": "boolean"}),
            "must be a list of strings" => {
                let items = text_like(self.said(key, "[0]", json!([WRONG])));
                self.not_empty(key, json!({"type": "array", "items": items}), "minItems")
            }
            "must be a table" => {
                let values = match self.said(key, ".purchase", json!({"purchase": 1})) {
                    Some(said) if said == "must be a name or false" => {
                        json!({"type": ["string", "boolean"]})
                    }
                    Some(said) if said == "must be a string" => {
                        text_like(self.said(key, ".purchase", json!({"purchase": WRONG})))
                    }
                    said => panic!("{}: {said:?}", self.path(key)),
                };
                let mut kind = json!({"type": "object", "additionalProperties": values});
                if let Some(said) = self.said(key, ".Purchase", json!({"Purchase": "x"}))
                    && let Some(pattern) = pattern(&said)
                {
                    kind["propertyNames"] = json!({"pattern": pattern});
                }
                self.not_empty(key, kind, "minProperties")
            }
            said if said.starts_with("must be a list of whole numbers") => {
                let (least, most) = limits(said);
                let items = json!({"type": "integer", "minimum": least, "maximum": most});
                self.not_empty(key, json!({"type": "array", "items": items}), "minItems")
            }
            said if said.starts_with("must be from ") => {
                let (least, most) = limits(said);
                json!({"type": "integer", "minimum": least, "maximum": most})
            }
            said => panic!("{}: {said}", self.path(key)),
        }
    }

    /// The kind of a list or a table, which may be one that has to name something.
    fn not_empty(&self, key: &str, mut kind: Value, word: &str) -> Value {
        let empty = if kind["type"] == "array" {
            json!([])
        } else {
            json!({})
        };
        let said = self.said(key, "", empty).unwrap_or_default();
        if said.starts_with("names no") || said.starts_with("must name one") {
            kind[word] = json!(1);
        }
        kind
    }

    /// Its schema, in the words of the documentation. Tables in it that have a schema of their own are `within`.
    fn schema(
        &self,
        documented: &BTreeMap<String, Documented>,
        prefix: &str,
        within: &[(&str, Value)],
    ) -> Value {
        let mut properties = Map::new();
        for key in self.keys() {
            if let Some((_, schema)) = within.iter().find(|(name, _)| *name == key) {
                properties.insert(key, schema.clone());
                continue;
            }
            let Some(said) = documented.get(&format!("{prefix}{key}")) else {
                continue;
            };
            let mut kind = self.kind(&key);
            kind["description"] = said.about.as_str().into();
            if let Some(default) = said.default.as_ref().and_then(|it| as_of(it, &kind)) {
                kind["default"] = default;
            }
            properties.insert(key, kind);
        }
        json!({"type": "object", "properties": properties, "additionalProperties": false})
    }
}

/// The words that a text has to be one of, where that is what was said.
fn words(said: &str) -> Option<Vec<&str>> {
    if let Some(words) = said.strip_prefix("must be one of ") {
        return Some(words.split(", ").collect());
    }
    let words = quoted(said);
    let listed: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    (said == format!("must be {}", listed.join(" or "))).then_some(words)
}

fn pattern(said: &str) -> Option<&'static str> {
    let found = PATTERNS.iter().find(|(rule, _)| said.starts_with(rule));
    found.map(|(_, pattern)| *pattern)
}

/// A text, told by what was said of a wrong one.
fn text_like(said: Option<String>) -> Value {
    let said = said.unwrap_or_default();
    let mut text = json!({"type": "string"});
    if let Some(words) = words(&said) {
        text["enum"] = json!(words);
    } else if let Some(pattern) = pattern(&said) {
        text["pattern"] = json!(pattern);
    }
    text
}

/// A documented default as the kind that the parser takes; nothing where it is none, such as a name that is made of another.
fn as_of(default: &Value, kind: &Value) -> Option<Value> {
    let is = match default {
        Value::String(text) if text.contains('<') => return None,
        Value::Number(number) if kind["type"] == "string" => {
            return Some(number.to_string().into());
        }
        Value::String(_) => "string",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::Array(_) => "array",
        _ => "",
    };
    (kind["type"] == is).then(|| default.clone())
}

fn tables() -> BTreeMap<String, Documented> {
    documented("settings.md", "| key | default | |\n")
}

fn of_platform(platform: &str) -> BTreeMap<String, Documented> {
    let page = format!("destinations/{platform}.md");
    documented(&page, "| setting | default | |\n")
}

/// A platform's table, as it is and with each context in which it knows more keys.
fn platform_tables(platform: &str) -> Vec<Table> {
    let mut plain = settings();
    // A secret's default name is no setting, and a fixture's further choices would hide keys.
    let (key, value) = CONTEXTS
        .iter()
        .find(|(name, ..)| *name == platform)
        .map_or(("", Value::Null), |(_, key, value)| (*key, value.clone()));
    let at = format!("destinations.{platform}");
    let table = &mut plain["destinations"][platform];
    if key.is_empty() {
        return vec![Table::new(&at, plain)];
    }
    table.as_object_mut().unwrap().remove(key);
    let mut with = plain.clone();
    with["destinations"][platform][key] = if key == "oauth" {
        value
    } else {
        json!("an id")
    };
    vec![Table::new(&at, plain), Table::new(&at, with)]
}

/// The schema of a platform's table.
fn platform_schema(platform: &str) -> Value {
    let mut documented = of_platform(platform);
    for (key, said) in tables() {
        if let Some(key) = key.strip_prefix("destinations.NAME.") {
            documented.insert(key.to_owned(), said);
        }
    }
    let mut schema: Option<Value> = None;
    for table in platform_tables(platform) {
        let more = table.schema(&documented, "", &[]);
        match &mut schema {
            None => schema = Some(more),
            Some(schema) => {
                let properties = schema["properties"].as_object_mut().unwrap();
                for (key, kind) in more["properties"].as_object().unwrap() {
                    properties.entry(key).or_insert_with(|| kind.clone());
                }
            }
        }
    }
    let mut schema = schema.unwrap();
    schema["properties"]["platform"] = json!({
        "const": platform, "description": documented["platform"].about,
    });
    schema
}

/// What a platform's table cannot do without.
fn required(platform: &str) -> Value {
    let mut empty = settings();
    empty["destinations"] = json!({ platform: {} });
    let table = format!("destinations.{platform}.");
    let faults = Table::new("", empty).faults("dedup", json!("kv"));
    let missing = faults
        .iter()
        .filter_map(|fault| fault.path.strip_prefix(&table));
    json!({"required": missing.collect::<Vec<_>>()})
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/definitions/{name}")})
}

/// A rule of a destination's table by the platform that it names.
fn by_platform(rule: impl Fn(&str) -> Value) -> Value {
    // A chain, since editors leave out of their suggestions what stands beside `allOf`.
    ALL.iter().rev().fold(json!({}), |others, entry| {
        let mut chain = json!({
            "if": {"required": ["platform"], "properties": {"platform": {"const": entry.platform}}},
            "then": rule(entry.platform),
        });
        if others != json!({}) {
            chain["else"] = others;
        }
        chain
    })
}

/// Destinations by name: a table that names no platform is of the platform that it is called after. One and not the other has
/// to hold, so that what is wrong is marked where it stands, and not the whole table with it.
fn destinations(other: &str, rule: impl Fn(&str) -> Value) -> Value {
    let named = ALL.iter().map(|entry| {
        let table = json!({
            "if": {"required": ["platform"]}, "then": reference(other), "else": rule(entry.platform),
        });
        (entry.platform.to_owned(), table)
    });
    let named: Map<String, Value> = named.collect();
    json!({"properties": named, "additionalProperties": reference(other)})
}

/// What settings cannot do without that are all in one variable; of several each may hold some.
fn whole() -> Value {
    let source = json!({
        "anyOf": [{"required": ["key"]}, {"required": ["secret"]}, {"required": ["measurement_protocol"]}],
        "dependencies": {"key": ["origins"]},
    });
    json!({"properties": {
        "access": {"required": ["team", "audience"]},
        "sources": {"additionalProperties": source},
        "destinations": destinations("whole_destination", required),
    }})
}

fn schema() -> Value {
    let documented = tables();
    let table = |at: &str| Table::new(at, settings());
    let client = table("sources.shop.client").schema(&documented, "sources.NAME.client.", &[]);
    let sdk = table("sources.shop.sdk").schema(&documented, "sources.NAME.sdk.", &[]);
    let collect = table("sources.shop.measurement_protocol");
    let mut collect = collect.schema(&documented, "sources.NAME.measurement_protocol.", &[]);
    collect["required"] = json!(["api_secret"]);
    let within = [
        ("client", client),
        ("measurement_protocol", collect),
        ("sdk", sdk),
    ];
    let source = table("sources.shop").schema(&documented, "sources.NAME.", &within);
    let names = json!({"pattern": NAME});
    let sources = json!({
        "type": "object", "propertyNames": names, "additionalProperties": reference("source"),
    });
    let mut by_name = destinations("destination", reference);
    by_name["type"] = json!("object");
    by_name["propertyNames"] = names;
    for entry in ALL {
        // Holds always: editors suggest keys by it, which do not look behind `if`.
        by_name["properties"][entry.platform]["anyOf"] = json!([reference(entry.platform), true]);
    }
    let within = |name: &'static str| {
        let of = table(name).schema(&documented, &format!("{name}."), &[]);
        (name, of)
    };
    let within = [
        within("delivery"),
        within("limits"),
        within("access"),
        within("alerts"),
        ("sources", sources),
        ("destinations", by_name),
    ];
    let mut schema = table("").schema(&documented, "", &within);
    let mut definitions: Map<String, Value> = ALL
        .iter()
        .map(|entry| (entry.platform.to_owned(), platform_schema(entry.platform)))
        .collect();
    let mut destination = by_platform(reference);
    let platforms: Vec<&str> = ALL.iter().map(|entry| entry.platform).collect();
    destination["type"] = json!("object");
    destination["properties"] = json!({"platform": {
        "enum": platforms, "description": documented["destinations.NAME.platform"].about,
    }});
    let mut whole_destination = by_platform(required);
    whole_destination["required"] = json!(["platform"]);
    definitions.insert("source".to_owned(), source);
    definitions.insert("destination".to_owned(), destination);
    definitions.insert("whole".to_owned(), whole());
    definitions.insert("whole_destination".to_owned(), whole_destination);
    schema["$schema"] = "http://json-schema.org/draft-07/schema#".into();
    schema["title"] = "edgetally's settings: the table [vars.EDGETALLY] of wrangler.toml".into();
    schema["definitions"] = definitions.into();
    schema
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../npm/settings.schema.json")
}

#[test]
fn the_schema_is_what_the_parser_takes_in_the_words_of_the_documentation() {
    let fresh = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var("EDGETALLY_UPDATE").is_ok_and(|value| value == "1") {
        std::fs::write(file(), &fresh).unwrap();
        return;
    }
    assert!(
        read(&file()) == fresh,
        "npm/settings.schema.json: EDGETALLY_UPDATE=1 rewrites it"
    );
}

#[test]
fn every_key_that_is_documented_is_known_and_every_known_one_documented() {
    let all = tables();
    let within = |prefix: &str| -> BTreeSet<String> {
        all.keys()
            .filter_map(|key| key.strip_prefix(prefix))
            .map(|key| key.split('.').next().unwrap().to_owned())
            .collect()
    };
    for (at, prefix) in [
        ("", ""),
        ("delivery", "delivery."),
        ("limits", "limits."),
        ("access", "access."),
        ("alerts", "alerts."),
        ("sources.shop", "sources.NAME."),
        ("sources.shop.client", "sources.NAME.client."),
        (
            "sources.shop.measurement_protocol",
            "sources.NAME.measurement_protocol.",
        ),
        ("sources.shop.sdk", "sources.NAME.sdk."),
    ] {
        assert_eq!(Table::new(at, settings()).keys(), within(prefix), "{at}");
    }
    let common = within("destinations.NAME.");
    for entry in ALL {
        let platform = entry.platform;
        let known: BTreeSet<String> = platform_tables(platform)
            .iter()
            .flat_map(Table::keys)
            .filter(|key| !GONE.contains(&(platform, key)))
            .collect();
        let documented: BTreeSet<String> = of_platform(platform)
            .into_keys()
            .chain(common.iter().cloned())
            .collect();
        assert_eq!(known, documented, "{platform}");
    }
}

#[test]
fn the_schema_has_the_words_and_the_limits() {
    let schema = schema();
    let client = &schema["definitions"]["source"]["properties"]["client"]["properties"];
    assert_eq!(client["hold_ms"]["maximum"], 60_000);
    assert_eq!(client["hold_ms"]["default"], 4000);
    assert_eq!(client["pixels"]["items"]["enum"][0], "meta");
    assert_eq!(
        client["consent"]["default"],
        json!(["consent_mode", "tcf", "gpp"])
    );
    assert_eq!(required("meta"), json!({"required": ["dataset_id"]}));
    assert_eq!(required("x"), json!({"required": ["pixel_id", "tags"]}));
    let meta = &schema["definitions"]["meta"];
    assert_eq!(meta["properties"]["dataset_id"]["pattern"], "^[0-9]+$");
    assert_eq!(
        meta["properties"]["content_type"]["enum"],
        json!(["product", "product_group"])
    );
    assert_eq!(
        schema["definitions"]["x"]["properties"]["consumer_key"]["pattern"],
        "^[A-Z0-9_]+$"
    );
    assert_eq!(
        schema["properties"]["delivery"]["properties"]["max_attempts"]["default"],
        12
    );
    let ga4 = &schema["definitions"]["ga4"]["properties"];
    assert_eq!(ga4["measurement_id"]["pattern"], "^G-[A-Z0-9]+$");
    assert_eq!(ga4["measurement_id"]["enum"], Value::Null);
    assert_eq!(
        schema["properties"]["dedup"]["enum"],
        json!(["kv", "exact"])
    );
    assert_eq!(
        client["categories"]["additionalProperties"]["enum"],
        json!(["analytics", "ads"])
    );
    let sdk = &schema["definitions"]["source"]["properties"]["sdk"]["properties"];
    assert_eq!(
        sdk["categories"]["additionalProperties"]["enum"],
        json!(["analytics", "ads"])
    );
    assert_eq!(sdk["apps"]["default"], false);
    let linkedin = &schema["definitions"]["linkedin"]["properties"];
    assert_eq!(linkedin["conversions"]["minProperties"], 1);
    assert_eq!(linkedin["purposes"]["minItems"], 1);
}

#[test]
fn every_key_is_explained_by_itself() {
    for (page, documented) in ALL
        .iter()
        .map(|entry| (entry.platform, of_platform(entry.platform)))
        .chain([("settings", tables())])
    {
        for (key, Documented { about, .. }) in documented {
            let elsewhere = ["see below", "see above"].contains(&about.as_str());
            assert!(!about.is_empty() && !elsewhere, "{page}: {key}: {about}");
            for address in about.split(&format!("]({PAGES}")).skip(1) {
                let linked = address.split(['#', ')']).next().unwrap();
                assert!(!docs(linked).is_empty(), "{page}: {key}: {linked}");
            }
        }
    }
}
