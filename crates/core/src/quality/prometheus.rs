//! The ledger's lines in the text format that Prometheus reads, version 0.0.4.
//!
//! Labels are bounded: names of events are as few as the ledger keeps, and codes are left out where platforms and senders
//! choose them.

use crate::base::match_keys::{Key, Keys};
use crate::base::reported::{self, Amount, Reported};
use crate::base::table::Table;
use crate::ledger::measured::{LATENCIES, PARTS, TOO_LARGE};
use crate::ledger::{Line, State};

use super::report::Sum;

/// The format, as an answer names it.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A metric: its name, what it is, and its sentence.
type Metric = (&'static str, &'static str, &'static str);

const RECEIVED: Metric = (
    "edgetally_received_total",
    "counter",
    "Copies of events that were well-formed, by who sent them.",
);
const MALFORMED: Metric = (
    "edgetally_malformed_total",
    "counter",
    "Copies that were refused as malformed.",
);
const ACCEPTED: Metric = (
    "edgetally_accepted_total",
    "counter",
    "Copies of events by destination.",
);
const BECAME: Metric = (
    "edgetally_became_total",
    "counter",
    "What became of them at the destination.",
);
const WAITING: Metric = (
    "edgetally_waiting",
    "gauge",
    "Events that wait for another attempt, or for the platform's judgement.",
);
const RETRIES: Metric = (
    "edgetally_retries_total",
    "counter",
    "Further attempts that were scheduled.",
);
const APART: Metric = (
    "edgetally_apart_total",
    "counter",
    "Tests and robots among the received.",
);
const KEYS_OF: Metric = (
    "edgetally_keys_counted_total",
    "counter",
    "Events whose match keys are counted: as they were given where there is no destination, else as they went along.",
);
const KEYS: Metric = (
    "edgetally_keys_total",
    "counter",
    "Of those, the events that have a match key.",
);
const PARTS_OF: Metric = (
    "edgetally_parts_counted_total",
    "counter",
    "Events whose parts are counted.",
);
const PARTS_WITH: Metric = (
    "edgetally_parts_total",
    "counter",
    "Of those, the events that have a part.",
);
const PRICED: Metric = ("edgetally_priced_total", "counter", "Events with a value.");
const MONEY: Metric = (
    "edgetally_money_total",
    "counter",
    "The sum of their values, in major units.",
);
const CONSENT: Metric = (
    "edgetally_consent_total",
    "counter",
    "Events by what the visitor decided.",
);
const SKEW: Metric = (
    "edgetally_skew_total",
    "counter",
    "Events whose time is off from that of receipt, by how far at least.",
);
const WITHIN: Metric = (
    "edgetally_delivered_within_seconds_total",
    "counter",
    "Events that the platform had within so many seconds of their receipt.",
);

/// All of them, in the order in which they stand.
const METRICS: [Metric; 16] = [
    RECEIVED, MALFORMED, ACCEPTED, BECAME, WAITING, RETRIES, APART, KEYS_OF, KEYS, PARTS_OF,
    PARTS_WITH, PRICED, MONEY, CONSENT, SKEW, WITHIN,
];

/// Values by metric and labels.
#[derive(Default)]
struct Samples(Table<(&'static str, String), i64>);

impl Samples {
    fn add(&mut self, metric: Metric, labels: &[(&str, &str)], n: i64) {
        self.0.change((metric.0, self::labels(labels)), |sum| {
            *sum = sum.saturating_add(n);
        });
    }

    /// A line of the ledger.
    fn line(&mut self, line: &Line, n: i64) {
        let place = [
            ("source", line.source.as_str()),
            ("event", line.event.as_str()),
            ("destination", line.destination.as_str()),
        ];
        let with = |more: &[(&'static str, &'static str)]| {
            let mut labels: Vec<(&str, &str)> = place.to_vec();
            labels.extend(more);
            labels
        };
        let code = line.code.as_str();
        let coded = |name| {
            let mut labels: Vec<(&str, &str)> = place.to_vec();
            labels.push((name, code));
            labels
        };
        let intake = line.destination.is_empty();
        match line.state {
            State::Accepted if intake => self.add(RECEIVED, &coded("sender"), n),
            State::Accepted => self.add(ACCEPTED, &place, n),
            State::Malformed => self.add(MALFORMED, &place, n),
            State::Retrying | State::Processing => {
                self.add(WAITING, &with(&[("state", line.state.as_str())]), n);
            }
            state if State::FINAL.contains(&state) => {
                self.add(BECAME, &with(&[("state", state.as_str())]), n);
            }
            State::Retries => self.add(RETRIES, &place, n),
            State::Apart if intake => self.add(APART, &coded("kind"), n),
            State::Keys => {
                let keys = Keys::read(code).unwrap_or(Keys::NONE);
                self.add(KEYS_OF, &place, n);
                for key in Key::ALL {
                    let has = if keys.has(key) { n } else { 0 };
                    self.add(KEYS, &with(&[("key", key.as_str())]), has);
                }
            }
            State::Parts => {
                self.add(PARTS_OF, &place, n);
                for (letter, name) in PARTS {
                    let has = if code.contains(letter) { n } else { 0 };
                    self.add(PARTS_WITH, &with(&[("part", name)]), has);
                }
            }
            State::Priced if code == TOO_LARGE => {}
            State::Priced => self.add(PRICED, &coded("currency"), n),
            State::Money => self.add(MONEY, &coded("currency"), n),
            State::Consent => {
                let (ads, analytics) = code.split_once(':').unwrap_or((code, ""));
                let mut labels: Vec<(&str, &str)> = place.to_vec();
                labels.extend([("advertising", ads), ("analytics", analytics)]);
                self.add(CONSENT, &labels, n);
            }
            State::Skew => self.add(SKEW, &coded("off"), n),
            State::Latency => self.latency(&place, code, n),
            _ => {}
        }
    }

    /// Every bound that is not below it has it.
    fn latency(&mut self, place: &[(&str, &str)], code: &str, n: i64) {
        let taken = code.parse().unwrap_or(u32::MAX);
        for bound in LATENCIES {
            let mut labels = place.to_vec();
            let le = bound.to_string();
            labels.push(("le", &le));
            self.add(WITHIN, &labels, if taken <= bound { n } else { 0 });
        }
        let mut labels = place.to_vec();
        labels.push(("le", "+Inf"));
        self.add(WITHIN, &labels, n);
    }
}

/// Labels as they stand between braces; what is empty has none.
fn labels(all: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in all.iter().filter(|(_, value)| !value.is_empty()) {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(name);
        text.push_str("=\"");
        for c in value.chars() {
            match c {
                '\\' => text.push_str("\\\\"),
                '"' => text.push_str("\\\""),
                '\n' => text.push_str("\\n"),
                c => text.push(c),
            }
        }
        text.push('"');
    }
    text
}

/// What platforms report: a gauge for each metric, without the span that its number covers.
fn gauges(out: &mut String, all: &[Reported]) {
    for metric in reported::Metric::ALL {
        let mut first = true;
        let figures = all
            .iter()
            .flat_map(|one| one.figures.iter().map(move |figure| (one, figure)));
        for (one, (_, of, amount)) in figures.filter(|(_, (found, ..))| found == metric) {
            let name = ["edgetally_reported_", metric.as_str()].concat();
            if std::mem::take(&mut first) {
                out.extend([
                    "# HELP ",
                    &name,
                    " ",
                    metric.words(),
                    ": as the platform reports it, in ",
                    metric.unit().as_str(),
                    ".\n# TYPE ",
                    &name,
                    " gauge\n",
                ]);
            }
            let (word, value) = match amount {
                Amount::Word(word) => (word.as_str(), "1".to_owned()),
                Amount::Number(number) => ("", serde_json::to_string(number).unwrap_or_default()),
            };
            let labels = labels(&[
                ("event", &one.event),
                ("destination", &one.destination),
                ("key", of),
                ("word", word),
            ]);
            out.extend([&name, "{", &labels, "} ", &value, "\n"]);
        }
    }
}

/// The text, of lines by source, event, destination and code, and of what platforms report.
pub fn text(lines: impl IntoIterator<Item = (Line, i64)>, reported: &[Reported]) -> String {
    let mut samples = Samples::default();
    for (line, n) in lines {
        samples.line(&line, n);
    }
    let mut out = String::new();
    for (name, kind, help) in METRICS {
        let mut own = samples
            .0
            .iter()
            .filter(|((of, _), _)| *of == name)
            .peekable();
        if own.peek().is_none() {
            continue;
        }
        out.extend([
            "# HELP ",
            name,
            " ",
            help,
            "\n# TYPE ",
            name,
            " ",
            kind,
            "\n",
        ]);
        for ((_, labels), n) in own {
            let value = if name == MONEY.0 {
                Sum(*n).to_text()
            } else {
                n.to_string()
            };
            out.extend([name, "{", labels, "} ", &value, "\n"]);
        }
    }
    gauges(&mut out, reported);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::UnixMillis;

    #[test]
    fn lines_are_samples_under_their_metric_and_what_stands_in_a_label_is_escaped() {
        let line = |event: &str, destination: &str, state, code: &str| Line {
            hour: UnixMillis(0),
            source: "shop".to_owned(),
            release: String::new(),
            event: event.to_owned(),
            destination: destination.to_owned(),
            state,
            code: code.to_owned(),
            worker: String::new(),
        };
        let text = text(
            [
                (line("lead", "meta", State::Delivered, ""), 2),
                (line("lead", "meta", State::Delivered, "remarked"), 1),
                (line("le\"a\\d\n", "", State::Accepted, "page"), 4),
                (line("lead", "", State::Money, "EUR"), 12_500_000),
                (line("lead", "meta", State::Latency, "7200"), 3),
                (line("lead", "meta", State::Latency, "more"), 1),
                (line("lead", "meta", State::Processing, ""), 5),
            ],
            &[],
        );
        assert_eq!(
            text,
            r#"# HELP edgetally_received_total Copies of events that were well-formed, by who sent them.
# TYPE edgetally_received_total counter
edgetally_received_total{source="shop",event="le\"a\\d\n",sender="page"} 4
# HELP edgetally_became_total What became of them at the destination.
# TYPE edgetally_became_total counter
edgetally_became_total{source="shop",event="lead",destination="meta",state="delivered"} 3
# HELP edgetally_waiting Events that wait for another attempt, or for the platform's judgement.
# TYPE edgetally_waiting gauge
edgetally_waiting{source="shop",event="lead",destination="meta",state="processing"} 5
# HELP edgetally_money_total The sum of their values, in major units.
# TYPE edgetally_money_total counter
edgetally_money_total{source="shop",event="lead",currency="EUR"} 12.5
# HELP edgetally_delivered_within_seconds_total Events that the platform had within so many seconds of their receipt.
# TYPE edgetally_delivered_within_seconds_total counter
edgetally_delivered_within_seconds_total{source="shop",event="lead",destination="meta",le="+Inf"} 4
edgetally_delivered_within_seconds_total{source="shop",event="lead",destination="meta",le="1"} 0
edgetally_delivered_within_seconds_total{source="shop",event="lead",destination="meta",le="10"} 0
edgetally_delivered_within_seconds_total{source="shop",event="lead",destination="meta",le="1800"} 0
edgetally_delivered_within_seconds_total{source="shop",event="lead",destination="meta",le="2"} 0
edgetally_delivered_within_seconds_total{source="shop",event="lead",destination="meta",le="30"} 0
edgetally_delivered_within_seconds_total{source="shop",event="lead",destination="meta",le="300"} 0
edgetally_delivered_within_seconds_total{source="shop",event="lead",destination="meta",le="5"} 0
edgetally_delivered_within_seconds_total{source="shop",event="lead",destination="meta",le="60"} 0
edgetally_delivered_within_seconds_total{source="shop",event="lead",destination="meta",le="7200"} 3
edgetally_delivered_within_seconds_total{source="shop",event="lead",destination="meta",le="86400"} 3
"#
        );
    }

    #[test]
    fn what_platforms_report_is_gauges_with_the_words_as_labels() {
        let mut of = Reported::new("le\"ad", UnixMillis(0), UnixMillis(9));
        "meta".clone_into(&mut of.destination);
        of.number(reported::Metric::Coverage, "email", Some(81.2));
        of.number(reported::Metric::Coverage, "ip_address", Some(100.0));
        of.word(reported::Metric::Status, Some("GOOD"));
        assert_eq!(
            text([], &[of]),
            r#"# HELP edgetally_reported_coverage Events with: as the platform reports it, in percent.
# TYPE edgetally_reported_coverage gauge
edgetally_reported_coverage{event="le\"ad",destination="meta",key="email"} 81.2
edgetally_reported_coverage{event="le\"ad",destination="meta",key="ip_address"} 100.0
# HELP edgetally_reported_status Status: as the platform reports it, in word.
# TYPE edgetally_reported_status gauge
edgetally_reported_status{event="le\"ad",destination="meta",word="GOOD"} 1
"#
        );
    }
}
