//! Who is told when something is wrong, and how.

use serde_json::Value;

use crate::base::address::public_address;
use crate::base::fields::{Fields, Reader};
use crate::base::secret::Secret;
use crate::base::time::{HOUR_MS, UnixMillis};

/// How a message looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// `{"text": "…"}`, which Slack takes, and what does as Slack does.
    Slack,
    /// The incident as JSON, signed with this secret as Standard Webhooks describes it.
    Signed(Secret),
}

/// Hours of the day, in UTC, in which nobody is disturbed; from the first until before the last, over midnight as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    /// The first one.
    pub from: u8,
    /// The first one that is not.
    pub until: u8,
}

impl QuietHours {
    fn read(text: &str) -> Option<Self> {
        let (from, until) = text.split_once('-')?;
        let hour = |text: &str| {
            // Numbers may have a sign in front, hours may not.
            let is_plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            let hour: u8 = text.parse().ok()?;
            (is_plain && hour < 24).then_some(hour)
        };
        let (from, until) = (hour(from)?, hour(until)?);
        (from != until).then_some(Self { from, until })
    }

    /// Whether it is one of them.
    pub fn contains(self, now: UnixMillis) -> bool {
        let hour = now.0.div_euclid(HOUR_MS).rem_euclid(24);
        let (from, until) = (i64::from(self.from), i64::from(self.until));
        if from < until {
            (from..until).contains(&hour)
        } else {
            hour >= from || hour < until
        }
    }
}

/// Who is told when something is wrong, and from where on it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Alerts {
    /// The address that messages go to. It is a secret: whoever knows it can write there.
    pub webhook: Secret,
    /// How a message looks.
    pub form: Form,
    /// When nobody is disturbed.
    pub quiet_hours: Option<QuietHours>,
    /// Whether what cannot wait is told all the same.
    pub urgent: bool,
    /// The gateway's public address, for links; without it there are none to the dashboard.
    pub address: Option<String>,
    /// By how much an event has to fall or rise against the others.
    pub volume: f64,
    /// By how many points the share of events with a key, with a part, or with an answer about consent has to move.
    pub coverage: f64,
    /// So many dead letters of a day are no news.
    pub dead_letters: u32,
}

/// `alerts`, where it is there.
pub(super) fn read_alerts(alerts: Option<Value>, reader: &mut Reader<'_>) -> Option<Alerts> {
    let mut fields = Fields::new(alerts?, "alerts", reader)?;
    let webhook = if fields.has("webhook") {
        fields.secret("webhook", "")
    } else {
        fields.required("webhook");
        None
    };
    let is_signed = fields.word("format", &["slack", "signed"]) == "signed";
    let form = if is_signed {
        fields.secret("secret", "ALERTS_SECRET").map(Form::Signed)
    } else {
        if fields.take("secret").is_some() {
            fields.fault("secret", "is for format = \"signed\" only");
        }
        Some(Form::Slack)
    };
    let quiet = fields.text("quiet_hours");
    let quiet_hours = quiet.as_deref().and_then(QuietHours::read);
    if quiet.is_some() && quiet_hours.is_none() {
        fields.fault(
            "quiet_hours",
            "must be two different hours of the day in UTC, such as `22-06`",
        );
    }
    let urgent = fields.flag("urgent", true);
    let address = fields.text("address");
    let address = address.map(|address| address.trim_end_matches('/').to_owned());
    if let Some(Err(rule)) = address.as_deref().map(public_address) {
        fields.fault("address", rule);
    }
    let percent = |of: u32| f64::from(of) / 100.0;
    let volume = percent(fields.whole("volume_percent", 15, (1, 90)));
    let coverage = percent(fields.whole("coverage_points", 5, (1, 50)));
    let dead_letters = fields.whole("dead_letters", 10, (1, 1_000_000));
    fields.end();
    Some(Alerts {
        webhook: webhook?,
        form: form?,
        quiet_hours,
        urgent,
        address,
        volume,
        coverage,
        dead_letters,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_go_over_midnight() {
        let at = |hour: i64| UnixMillis(20_000 * 24 * HOUR_MS + hour * HOUR_MS + 59 * 60_000);
        let hours = |text: &str| {
            let quiet = QuietHours::read(text).unwrap();
            let within = (0..24).filter(|hour| quiet.contains(at(*hour)));
            within.collect::<Vec<_>>()
        };
        assert_eq!(hours("22-02"), [0, 1, 22, 23]);
        assert_eq!(hours("00-03"), [0, 1, 2]);
        for odd in [
            "", "22", "22-24", "7-9", "22-22", "22-06-08", "aa-bb", "+2-04",
        ] {
            assert_eq!(QuietHours::read(odd), None, "{odd}");
        }
    }
}
