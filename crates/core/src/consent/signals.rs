//! What the sender and the request say about the visitor's consent, before any decision.

use serde::Serialize;

use crate::base::json::{Leaf, Object, text_of};
use crate::base::text::Text;
use crate::consent::us_privacy::us_privacy_opt_out;

/// One answer of the visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Yes.
    Granted,
    /// No.
    Denied,
}

impl Choice {
    /// Reads Consent Mode's word, in any case and with blanks around it.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.trim();
        if word.eq_ignore_ascii_case("granted") {
            Some(Self::Granted)
        } else if word.eq_ignore_ascii_case("denied") {
            Some(Self::Denied)
        } else {
            None
        }
    }
}

/// The ground on which the sender processes the event (GDPR, article 6). By itself no permission; where the source's policy
/// accepts it, it stands for an answer that nobody gave, and never against one that somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LegalBasis {
    /// Consent.
    Consent,
    /// Performance of a contract.
    Contract,
    /// A legal obligation.
    LegalObligation,
    /// Vital interests.
    VitalInterests,
    /// A task in the public interest.
    PublicTask,
    /// Legitimate interests.
    LegitimateInterests,
}

impl LegalBasis {
    /// Reads the `snake_case` name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "consent" => Self::Consent,
            "contract" => Self::Contract,
            "legal_obligation" => Self::LegalObligation,
            "vital_interests" => Self::VitalInterests,
            "public_task" => Self::PublicTask,
            "legitimate_interests" => Self::LegitimateInterests,
            _ => return None,
        })
    }
}

/// Everything that was said about consent with an event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Signals<'a> {
    /// May advertising cookies and identifiers be stored and read?
    pub ad_storage: Option<Choice>,
    /// May analytics cookies be stored and read?
    pub analytics_storage: Option<Choice>,
    /// May the visitor's data be sent for advertising?
    pub ad_user_data: Option<Choice>,
    /// May it be used for personalised advertising?
    pub ad_personalization: Option<Choice>,
    /// An IAB TCF string.
    pub tcf: Option<Text<'a>>,
    /// An IAB GPP string.
    pub gpp: Option<Text<'a>>,
    /// The GPP sections that apply, as they came: nonsense is no reason to overlook an opt-out.
    pub gpp_sid: Vec<i64>,
    /// Google's Additional Consent string.
    pub additional_consent: Option<Text<'a>>,
    /// Whether the sender says that the GDPR applies.
    pub gdpr_applies: Option<bool>,
    /// Consent Mode's answers as Google's tags send them, in `gcs`.
    pub gcs: Option<Text<'a>>,
    /// The same in `gcd`, whose form Google does not document.
    pub gcd: Option<Text<'a>>,
    /// An IAB US Privacy string.
    pub us_privacy: Option<Text<'a>>,
    /// Global Privacy Control, from the event or from the `Sec-GPC` header of its request.
    pub gpc: bool,
    /// The sender's legal ground.
    pub legal_basis: Option<LegalBasis>,
    /// Further strings of the same kinds, where two senders' differ: each of them has to permit on its own.
    pub others: Vec<Other<'a>>,
}

/// A consent string beside the one that stands in its field.
#[derive(Debug, Clone, PartialEq)]
pub enum Other<'a> {
    /// A TC string.
    Tcf(Text<'a>),
    /// A GPP string with the sections that apply.
    Gpp(Text<'a>, Vec<i64>),
    /// An Additional Consent string.
    Additional(Text<'a>),
    /// Answers in `gcs`.
    Gcs(Text<'a>),
    /// Answers in `gcd`.
    Gcd(Text<'a>),
}

impl<'a> Signals<'a> {
    /// All of it as one text: the same for the same signals, whatever they were sent in.
    pub fn to_text(&self) -> String {
        let word = |choice: Option<Choice>| {
            choice.map(|choice| match choice {
                Choice::Granted => "granted",
                Choice::Denied => "denied",
            })
        };
        Object::write_text(|all| {
            all.put("ad_personalization", word(self.ad_personalization));
            all.put("ad_storage", word(self.ad_storage));
            all.put("ad_user_data", word(self.ad_user_data));
            all.put("additional_consent", self.additional_consent.as_ref());
            all.put("analytics_storage", word(self.analytics_storage));
            all.put("gcd", self.gcd.as_ref());
            all.put("gcs", self.gcs.as_ref());
            all.put("gdpr_applies", self.gdpr_applies);
            all.put("gpc", self.gpc.then_some(true));
            all.put("gpp", self.gpp.as_ref());
            all.list("gpp_sid", self.gpp_sid.iter().copied());
            if let Some(basis) = &self.legal_basis {
                all.put("legal_basis", Leaf::Raw(&text_of(basis)));
            }
            all.objects("others", &self.others, |one, other| match other {
                Other::Tcf(text) => one.put("tcf", text),
                Other::Gpp(text, in_force) => {
                    one.put("gpp", text);
                    one.list("gpp_sid", in_force.iter().copied());
                }
                Other::Additional(text) => one.put("additional_consent", text),
                Other::Gcs(text) => one.put("gcs", text),
                Other::Gcd(text) => one.put("gcd", text),
            });
            all.put("tcf", self.tcf.as_ref());
            all.put("us_privacy", self.us_privacy.as_ref());
        })
    }

    /// Takes what was said of several events into one of them. Where both say something the stricter holds, so that no
    /// event opens what was closed for all.
    pub fn restrict(&mut self, all: &Signals<'a>) {
        for (own, common) in [
            (&mut self.ad_storage, all.ad_storage),
            (&mut self.analytics_storage, all.analytics_storage),
            (&mut self.ad_user_data, all.ad_user_data),
            (&mut self.ad_personalization, all.ad_personalization),
        ] {
            if own.is_none() || common == Some(Choice::Denied) {
                *own = common;
            }
        }
        self.gpc |= all.gpc;
        let others = &mut self.others;
        for (own, common, other) in [
            (
                &mut self.tcf,
                &all.tcf,
                Other::Tcf as fn(Text<'a>) -> Other<'a>,
            ),
            (
                &mut self.additional_consent,
                &all.additional_consent,
                Other::Additional,
            ),
            (&mut self.gcs, &all.gcs, Other::Gcs),
            (&mut self.gcd, &all.gcd, Other::Gcd),
        ] {
            match (&own, common) {
                (None, _) => own.clone_from(common),
                (Some(own), Some(common)) if own != common => others.push(other(common.clone())),
                _ => {}
            }
        }
        // That the law applies is the stricter answer.
        self.gdpr_applies = match (self.gdpr_applies, all.gdpr_applies) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (own, common) => own.or(common),
        };
        match (&self.gpp, &all.gpp) {
            // Sections are said to be in force, and nobody has their string.
            (None, None) => self.gpp_sid.extend(&all.gpp_sid),
            (None, Some(common)) => {
                // Whatever either says to be in force is.
                let own = std::mem::replace(&mut self.gpp_sid, all.gpp_sid.clone());
                if !own.is_empty() && own != all.gpp_sid {
                    self.others.push(Other::Gpp(common.clone(), own));
                }
                self.gpp.clone_from(&all.gpp);
            }
            (Some(own), None) if !all.gpp_sid.is_empty() && self.gpp_sid != all.gpp_sid => {
                self.others
                    .push(Other::Gpp(own.clone(), all.gpp_sid.clone()));
            }
            (Some(own), Some(common)) if own != common || self.gpp_sid != all.gpp_sid => {
                self.others
                    .push(Other::Gpp(common.clone(), all.gpp_sid.clone()));
            }
            _ => {}
        }
        // `None` of a string is that it cannot be read, which blocks and so is stricter than an opt-out.
        let opts_out = |text: &Text<'_>| us_privacy_opt_out(text);
        let (own, common) = (
            self.us_privacy.as_ref().map(opts_out),
            all.us_privacy.as_ref().map(opts_out),
        );
        if matches!(
            (own, common),
            (None, Some(_)) | (Some(Some(_)), Some(None)) | (Some(Some(false)), Some(Some(true)))
        ) {
            self.us_privacy.clone_from(&all.us_privacy);
        }
        self.legal_basis = self.legal_basis.or(all.legal_basis);
    }
}
