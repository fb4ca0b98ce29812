//! `POST /v1/consent/explain`: what was said about consent, in words, and what each destination would get of an event.
//!
//! ```
//! use edgetally_core::base::time::UnixMillis;
//! use edgetally_core::intake::explain::Question;
//!
//! let now = UnixMillis::parse_rfc3339("2026-11-30T12:00:00Z").unwrap();
//! let question = Question::read(br#"{"country": "US", "consent": {"us_privacy": "1YYN"}}"#).unwrap();
//! let told: serde_json::Value = serde_json::from_str(&question.told(now)).unwrap();
//! assert_eq!(told["signals"][0]["says"][0], "The visitor was given notice; the visitor has opted out of sale.");
//! let meta = told["destinations"].as_array().unwrap().iter().find(|one| one["destination"] == "meta").unwrap();
//! assert_eq!((meta["verdict"].as_str(), meta["told_by"][0].as_str()), (Some("send_limited"), Some("data_processing_options")));
//! ```

use crate::base::error::{Code, ParseError};
use crate::base::remarks::Remarks;
use crate::base::text::Text;
use crate::base::time::UnixMillis;
use crate::consent::{Asked, Regime, Signals, Terms, Use, explanation, is_opt_in};
use crate::destinations;
use crate::identity::Country2;
use crate::intake::native::{read_with_care, strict};
use crate::intake::reader::{Manner, Object, Reading, Stop, Values};
use crate::settings::Settings;

/// What an operator asks.
#[derive(Debug, Default)]
pub struct Question<'a> {
    source: Option<Text<'a>>,
    country: Option<Text<'a>>,
    signals: Signals<'a>,
    remarks: Remarks,
}

impl<'de> Object<'de> for Question<'de> {
    fn lenient(&self) -> bool {
        false
    }

    fn keys(&self) -> &'static [&'static str] {
        &["source", "country", "consent"]
    }

    fn read(
        &mut self,
        key: &Text<'de>,
        map: &mut dyn Values<'de>,
        reading: &mut Reading,
    ) -> Result<bool, Stop> {
        match key.as_str() {
            "source" => self.source = strict(map, reading, Manner::Strict)?,
            "country" => self.country = strict(map, reading, Manner::Strict)?,
            "consent" => map.object(reading, &mut self.signals)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl<'a> Question<'a> {
    /// The longest body, in bytes: every string that an event may have, twice over.
    pub const MOST_BYTES: usize = 64 * 1024;

    /// Reads one, `consent` as strictly as an event's.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn read(body: &'a [u8]) -> Result<Self, ParseError> {
        let fault = |code: Code| ParseError::new(code, "", code.meaning());
        let text = std::str::from_utf8(body).map_err(|_| fault(Code::InvalidUtf8))?;
        let (mut question, reading) = read_with_care::<Self>(text)?;
        question.remarks = reading.remarks();
        if let Some(country) = &question.country {
            let known = Country2::parse(country);
            let known = known.ok_or_else(|| {
                let rule = "must be the two letters of a country in ISO 3166-1";
                ParseError::new(Code::InvalidChoice, "country", rule)
            })?;
            question.country = Some(known.as_str().to_owned().into());
        }
        Ok(question)
    }

    /// The answer for a deployment: by the policy and the destinations of the source, where one is named.
    ///
    /// # Errors
    /// There is no such source.
    pub fn told_by(&self, settings: &Settings, now: UnixMillis) -> Result<String, ParseError> {
        let Some(name) = &self.source else {
            return Ok(self.told(now));
        };
        let source = settings.source(name).ok_or_else(|| {
            ParseError::new(Code::RequestInvalid, "source", "there is no such source")
        })?;
        let asked: Vec<Asked<'_>> = source
            .destinations
            .iter()
            .filter_map(|place| settings.destinations.get(*place))
            .map(|configured| {
                let facts = configured.destination.facts();
                Asked {
                    name: &configured.name,
                    of: configured.consent,
                    limited_use: facts.limited_use,
                    impersonal: facts.impersonal,
                }
            })
            .collect();
        let terms = source.terms([self.country.as_deref(), None]);
        Ok(self.answer(&[terms], &asked, now))
    }

    /// The answer for every platform as it is without further settings; in either regime where no country says which.
    pub fn told(&self, now: UnixMillis) -> String {
        let asked = destinations::FACTS.map(|facts| Asked {
            name: facts.platform,
            of: Use::new(facts.purpose, facts.party),
            limited_use: facts.limited_use,
            impersonal: facts.impersonal,
        });
        let regimes: &[Regime] = match self.country.as_deref() {
            Some(country) if is_opt_in(country) => &[Regime::OptIn],
            Some("US") => &[Regime::OptOut],
            _ => &[Regime::OptIn, Regime::OptOut],
        };
        let terms: Vec<Terms<'_>> = regimes.iter().copied().map(Terms::from).collect();
        self.answer(&terms, &asked, now)
    }

    fn answer(&self, terms: &[Terms<'_>], asked: &[Asked<'_>], now: UnixMillis) -> String {
        let law = match terms {
            [one] if one.regime == Regime::OptIn => "Nothing is sent without a yes.",
            [_] => "Everything is sent that nobody objects to.",
            _ => "Where the visitor is decides whether silence is a no.",
        };
        let removed = self.remarks.removed.iter();
        let left_out = removed.map(|one| format!("`{}` is left out: {}.", one.path, one.code));
        let preface = std::iter::once(law.to_owned()).chain(left_out).collect();
        explanation(preface, &self.signals, terms, asked, now)
    }
}
