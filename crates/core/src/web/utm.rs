//! Campaign parameters of a page address.

use super::click_ids::query;
use crate::base::text::Text;

/// The campaign parameters of a page address, as [`parse_utm`] finds them.
///
/// Names are read exactly as Google Analytics writes them (help page 10917952, read 2026-11-22); values are decoded once,
/// `+` and `%XX`, and keep their case, since reports do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Utm<'a> {
    /// `utm_source`: who sent the visitor.
    pub source: Option<Text<'a>>,
    /// `utm_medium`: by what means.
    pub medium: Option<Text<'a>>,
    /// `utm_campaign`: the campaign's name.
    pub campaign: Option<Text<'a>>,
    /// `utm_id`: the campaign's id.
    pub id: Option<Text<'a>>,
    /// `utm_source_platform`: where the campaign was booked.
    pub source_platform: Option<Text<'a>>,
    /// `utm_term`: the keyword.
    pub term: Option<Text<'a>>,
    /// `utm_content`: which of several links or creatives.
    pub content: Option<Text<'a>>,
    /// `utm_creative_format`: what kind of creative.
    pub creative_format: Option<Text<'a>>,
    /// `utm_marketing_tactic`: who was aimed at.
    pub marketing_tactic: Option<Text<'a>>,
}

impl<'a> Utm<'a> {
    /// The names of the parameters, in the order of [`Self::values`].
    pub const NAMES: [&'static str; 9] = [
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "utm_id",
        "utm_source_platform",
        "utm_term",
        "utm_content",
        "utm_creative_format",
        "utm_marketing_tactic",
    ];

    /// The values, in the order of [`Self::NAMES`].
    pub fn values(&self) -> [Option<&str>; 9] {
        [
            &self.source,
            &self.medium,
            &self.campaign,
            &self.id,
            &self.source_platform,
            &self.term,
            &self.content,
            &self.creative_format,
            &self.marketing_tactic,
        ]
        .map(|value| value.as_deref())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values().iter().all(Option::is_none)
    }

    /// Takes a parameter of the query, if it is one of these; the first that is not empty counts.
    pub(super) fn take(&mut self, name: &str, value: Text<'a>) {
        let slot = match name.strip_prefix("utm_") {
            Some("source") => &mut self.source,
            Some("medium") => &mut self.medium,
            Some("campaign") => &mut self.campaign,
            Some("id") => &mut self.id,
            Some("source_platform") => &mut self.source_platform,
            Some("term") => &mut self.term,
            Some("content") => &mut self.content,
            Some("creative_format") => &mut self.creative_format,
            Some("marketing_tactic") => &mut self.marketing_tactic,
            _ => return,
        };
        if slot.is_none() && !value.is_empty() {
            *slot = Some(value);
        }
    }
}

/// Reads the campaign parameters from the query of a page address. What stands behind `#` is not read, nor is
/// `UTM_SOURCE`; an empty value is none, and of two the first counts.
///
/// ```
/// use edgetally_core::web::parse_utm;
///
/// let utm = parse_utm("https://shop.example/?utm_source=News+Letter&utm_term=r%C3%A9d&utm_medium=#utm_medium=x");
/// assert_eq!(utm.source.as_deref(), Some("News Letter"));
/// assert_eq!(utm.term.as_deref(), Some("réd"));
/// assert_eq!(utm.medium, None);
/// ```
pub fn parse_utm(url: &str) -> Utm<'_> {
    let mut utm = Utm::default();
    for (name, value) in form_urlencoded::parse(query(url).as_bytes()) {
        utm.take(&name, Text(value));
    }
    utm
}
