//! The deployment's settings, from JSON to types. The same check runs at the edge and, as `make check`, before a deploy.
//!
//! ```
//! use edgetally_core::settings::Settings;
//!
//! let json = r#"{
//!   "sources": {"shop": {"key": "pk_shop_0123456789abcdef", "origins": ["https://shop.example"], "destinations": ["meta"]}},
//!   "destinations": {"meta": {"dataset_id": "1234567890123456"}}
//! }"#;
//! let secret = |name: &str| match name {
//!     "META_ACCESS_TOKEN" => Some("EAAB".to_owned()),
//!     "EDGETALLY_KEY" => Some("0123456789abcdef0123456789abcdef".to_owned()),
//!     _ => None,
//! };
//! assert!(Settings::load(json, &secret).is_ok());
//!
//! let faults = Settings::load(&json.replace("\"dataset_id\"", "\"dataset\""), &secret).unwrap_err();
//! assert_eq!(faults[0].path, "destinations.meta.dataset_id");
//! assert_eq!(faults[1].path, "destinations.meta.dataset");
//! ```

mod access;
pub mod alerts;
pub mod client;
mod configured;
mod measurement_protocol;
mod policy;
pub mod sdk;
mod source;
mod variables;

pub use self::access::Access;
pub use self::configured::Configured;
pub use self::measurement_protocol::MeasurementProtocol;
pub use self::source::{PageEvents, Source};
pub use self::variables::merge;

use serde_json::Value;

use self::alerts::{Alerts, read_alerts};
use self::configured::open_destination;
use self::source::open_source;
use self::variables::no_json;
use crate::base::address::is_loopback;
use crate::base::backoff::Backoff;
use crate::base::fields::{Fault, Fields, Reader, name_is_plain};
use crate::base::secret::{ADMIN_TOKEN, KEY, Secret};
use crate::base::time::DAY_MS;
use crate::dedup::Claims;
use crate::dedup::exact::{Layout, SHARDS};
use crate::exchange::outcome::Limits;

/// Everything a deployment is told.
#[derive(Debug)]
pub struct Settings {
    /// The sources, by name.
    pub sources: Vec<Source>,
    /// The destinations, by name.
    pub destinations: Vec<Configured>,
    /// In development: where platform requests go instead. Loopback only.
    pub twin: Option<String>,
    /// How long an event id is remembered, in milliseconds.
    pub window_ms: i64,
    /// Where event ids are remembered.
    pub dedup: Dedup,
    /// For how many days receipts are kept; 0: none are written.
    pub receipt_days: u32,
    /// When to try again.
    pub schedule: Backoff,
    /// How much one invocation may do.
    pub limits: Limits,
    /// How long to wait for a platform's answer, in milliseconds.
    pub timeout_ms: u32,
    /// How long a destination pauses after its credential was refused, in seconds.
    pub pause_seconds: u32,
    /// Makes claim keys.
    pub claims: Claims,
    /// What the admin routes ask for; without one they are closed.
    pub admin_token: Option<Secret>,
    /// Who is told when something is wrong; without it nobody is.
    pub alerts: Option<Alerts>,
    /// Who else lets people through to the dashboard.
    pub access: Option<Access>,
    /// The gateway's own version, as it was deployed, or empty where it is not known: no setting, but what the counts are
    /// held against as they are against the settings. At most [`Self::LONGEST_VERSION`] characters.
    pub version: String,
    /// Whether outcomes are exported, so that events are told by which the counts are. No setting either: a bucket is bound.
    pub exports: bool,
}

impl Settings {
    /// The longest version of the gateway that is told apart, in characters.
    pub const LONGEST_VERSION: usize = 40;

    /// The same settings, where outcomes are exported or not.
    #[must_use]
    pub fn exporting(self, exports: bool) -> Self {
        Self { exports, ..self }
    }

    /// The same settings, under a version of the gateway.
    #[must_use]
    pub fn running(self, version: &str) -> Self {
        let printable = version.chars().filter(char::is_ascii_graphic);
        Self {
            version: printable.take(Self::LONGEST_VERSION).collect(),
            ..self
        }
    }

    /// The shortest `EDGETALLY_KEY`, in characters.
    const SHORTEST_KEY: usize = 32;

    /// Thirteen months: as long as a TC string may be relied on.
    const RECEIPT_DAYS: u32 = 396;

    /// Reads the settings. `secret` gives the secret of a name, or nothing.
    ///
    /// # Errors
    /// Every fault that was found, in the order of the settings.
    pub fn load(json: &str, secret: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<Fault>> {
        match serde_json::from_str(json) {
            Ok(value) => Self::load_value(value, Vec::new(), secret),
            Err(error) => Err(vec![no_json("", &error)]),
        }
    }

    /// Reads the settings out of a deployment's variables: a JSON object of those whose names begin with `EDGETALLY`; see
    /// [`merge`].
    ///
    /// # Errors
    /// Every fault that was found: those of single variables first.
    pub fn load_variables(
        variables: &str,
        secret: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Fault>> {
        let (merged, faults) = merge(variables);
        Self::load_value(merged, faults, secret)
    }

    fn load_value(
        value: Value,
        faults: Vec<Fault>,
        secret: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Fault>> {
        let mut reader = Reader { faults, secret };
        match Self::read(value, &mut reader) {
            Some(settings) if reader.faults.is_empty() => Ok(settings),
            _ => Err(reader.faults),
        }
    }

    fn read(value: Value, reader: &mut Reader<'_>) -> Option<Self> {
        let mut fields = Fields::new(value, "", reader)?;
        let twin = read_twin(&mut fields);
        let (days, dedup) = read_dedup(&mut fields);
        let receipt_days = fields.whole("receipt_days", Self::RECEIPT_DAYS, (0, 3660));
        let delivery = fields.tables("delivery");
        let limits = fields.tables("limits");
        let alerts = fields.take("alerts");
        let access = fields.take("access");
        let declared = fields.tables("destinations");
        let named = fields.tables("sources");
        fields.end();

        let (schedule, timeout_ms, pause_seconds) = read_delivery(delivery, reader)?;
        let limits = read_limits(limits, reader)?;
        let access = access.and_then(|value| Access::read(value, reader));

        let alerts = read_alerts(alerts, reader);
        let mut configured = Vec::new();
        for (name, value) in &declared {
            let path = format!("destinations.{name}");
            if !name_is_plain(name) {
                reader.fault(
                    &path,
                    "a name is a lower-case letter followed by at most 39 of a-z, 0-9, _ and -",
                );
            }
            configured.extend(open_destination(name, value.clone(), &path, reader));
        }
        let mut sources = Vec::new();
        if named.is_empty() {
            reader.fault("sources", "there is no source, so nobody may send");
        }
        for (name, value) in named {
            let path = format!("sources.{name}");
            if !name_is_plain(&name) {
                reader.fault(
                    &path,
                    "a name is a lower-case letter followed by at most 39 of a-z, 0-9, _ and -",
                );
            }
            sources.extend(open_source(
                name,
                value,
                &path,
                &declared,
                &configured,
                reader,
            ));
        }
        check_credentials(&sources, reader);
        let claims = read_key(reader);
        let admin_token = read_admin_token(reader);
        Some(Self {
            sources,
            destinations: configured,
            twin,
            window_ms: i64::from(days) * DAY_MS,
            dedup,
            receipt_days,
            schedule,
            limits,
            timeout_ms,
            pause_seconds,
            claims,
            admin_token,
            alerts,
            access,
            version: String::new(),
            exports: false,
        })
    }

    /// The destination of that name.
    pub fn destination(&self, name: &str) -> Option<&Configured> {
        self.destinations
            .iter()
            .find(|configured| configured.name == name)
    }

    /// The source of that name.
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.name == name)
    }

    /// Where a platform request goes: to the platform, or in development to the twin, under the platform's host.
    pub fn address(&self, uri: &http::Uri) -> String {
        match (&self.twin, uri.host()) {
            (Some(twin), Some(host)) => {
                format!(
                    "{twin}/{host}{}",
                    uri.path_and_query()
                        .map_or("/", http::uri::PathAndQuery::as_str)
                )
            }
            _ => uri.to_string(),
        }
    }
}

/// Where event ids are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dedup {
    /// At intake, in the store that all isolates share.
    pub kv: bool,
    /// Before a request is made, in one object for each source or in several.
    pub exact: Option<Layout>,
    /// Whether events go out all the same where that object cannot be asked; else they wait for it.
    pub sends_unclaimed: bool,
}

/// `dedup` and what belongs to it; and for how many days ids are remembered. What is about `exact` may stay where it is while
/// the mode is another, so that changing it there and back is one word.
fn read_dedup(fields: &mut Fields<'_, '_>) -> (u32, Dedup) {
    let exact = fields.word("dedup", &["kv", "exact"]) == "exact";
    let days = fields.whole("dedup_window_days", 7, (1, 90));
    let mut shards = |key, default| {
        let number = fields.whole(key, default, (1, 16));
        if number != default && !SHARDS.contains(&number) {
            fields.fault(key, "must be 1, 4 or 16");
        }
        number
    };
    let now = shards("dedup_shards", 1);
    let before = shards("dedup_shards_before", now);
    let front = fields.flag("kv_front", false);
    let sends_unclaimed = fields.word("on_dedup_failure", &["hold", "send"]) == "send";
    let layout = Layout {
        shards: now,
        before: Some(before).filter(|before| *before != now),
        days,
    };
    let dedup = Dedup {
        kv: !exact || front,
        exact: exact.then_some(layout),
        sends_unclaimed,
    };
    (days, dedup)
}

/// Where a stand-in for the platforms listens, which only development has.
fn read_twin(fields: &mut Fields<'_, '_>) -> Option<String> {
    let development = fields.word("environment", &["production", "development"]);
    let twin = fields.text("twin");
    let twin = twin.map(|twin| twin.trim_end_matches('/').to_owned());
    if let Some(twin) = &twin {
        if development != "development" {
            fields.fault("twin", "is for environment = \"development\" only");
        }
        if !is_loopback(twin) {
            fields.fault(
                "twin",
                "must be a loopback address such as http://127.0.0.1:8799",
            );
        }
    }
    twin
}

/// `delivery`: when to try again, how long to wait for a reply, and how long a refused credential pauses.
fn read_delivery(
    delivery: serde_json::Map<String, Value>,
    reader: &mut Reader<'_>,
) -> Option<(Backoff, u32, u32)> {
    let mut fields = Fields::new(Value::Object(delivery), "delivery", reader)?;
    let schedule = Backoff::default();
    let any = (1, u32::MAX);
    let schedule = Backoff {
        base_seconds: fields.whole("retry_base_seconds", schedule.base_seconds, any),
        max_seconds: fields.whole("retry_max_seconds", schedule.max_seconds, any),
        max_attempts: fields.whole("max_attempts", schedule.max_attempts, (1, 100)),
    };
    if schedule.max_seconds < schedule.base_seconds {
        fields.fault("retry_base_seconds", "must be at most retry_max_seconds");
    }
    let timeout_ms = fields.whole("timeout_ms", 5000, (100, 30_000));
    let pause_seconds = fields.whole("pause_seconds", 60, (1, 3600));
    fields.end();
    Some((schedule, timeout_ms, pause_seconds))
}

/// `limits`: how much one invocation of the worker may do.
fn read_limits(limits: serde_json::Map<String, Value>, reader: &mut Reader<'_>) -> Option<Limits> {
    let mut fields = Fields::new(Value::Object(limits), "limits", reader)?;
    let limits = Limits::default();
    let limits = Limits {
        requests: fields.whole("requests", limits.requests, (50, 10_000_000)),
        // 15 minutes less what is under way then, and what is done with it.
        seconds: fields.whole("seconds", limits.seconds, (1, 780)),
        bytes: fields.whole("bytes", limits.bytes, (1024 * 1024, u32::MAX)),
    };
    fields.end();
    Some(limits)
}

/// Two sources with the same credential could not be told apart.
fn check_credentials(sources: &[Source], reader: &mut Reader<'_>) {
    for (index, source) in sources.iter().enumerate() {
        let rest = sources.get(index + 1..).unwrap_or_default();
        if source.key.is_some() && rest.iter().any(|other| other.key == source.key) {
            reader.fault(
                format!("sources.{}.key", source.name),
                "another source has the same key",
            );
        }
        if source.secret.is_some() && rest.iter().any(|other| other.secret == source.secret) {
            reader.fault(
                format!("sources.{}.secret", source.name),
                "another source has the same secret",
            );
        }
        if let Some(own) = &source.measurement_protocol
            && (rest
                .iter()
                .filter_map(|other| other.measurement_protocol.as_ref()))
            .any(|other| own.meets(other))
        {
            reader.fault(
                format!("sources.{}.measurement_protocol", source.name),
                "another source has the same stream and secret",
            );
        }
    }
}

/// What the admin routes ask for.
fn read_admin_token(reader: &mut Reader<'_>) -> Option<Secret> {
    let token = reader.optional_secret(ADMIN_TOKEN);
    if token
        .as_ref()
        .is_some_and(|token| token.expose().len() < 16)
    {
        reader.fault(
            ADMIN_TOKEN,
            "must have at least 16 characters: openssl rand -hex 32",
        );
    }
    token
}

/// The key that claims are made with.
fn read_key(reader: &mut Reader<'_>) -> Claims {
    match reader.known_secret(KEY, KEY) {
        Some(key) if key.expose().len() < Settings::SHORTEST_KEY => {
            reader.fault(
                KEY,
                "must have at least 32 characters: openssl rand -hex 32",
            );
            Claims::new(b"")
        }
        Some(key) => Claims::new(key.expose().as_bytes()),
        None => Claims::new(b""),
    }
}
