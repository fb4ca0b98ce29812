//! What was decided about the events of a request, kept for their receipts.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::base::hex::Hex;
use crate::base::reason::Skip;
use crate::consent::{Choice, Decision, Grant, Other, Reading, Regime, Signals};
use crate::intake::verdict::Verdict;
use crate::ledger::decided::{Allowed, Ruled, Ruling, SIGNALS};
use crate::settings::{Settings, Source};

/// What one event was decided by.
#[derive(Clone, Copy)]
pub(super) struct Basis<'b> {
    pub(super) signals: &'b Signals<'b>,
    pub(super) reading: &'b Reading,
    /// One for each of the source's destinations, in their order.
    pub(super) decisions: &'b [Option<Decision>],
    pub(super) verdicts: &'b [Verdict],
}

/// A decision, and the digest of the signals that it is about.
struct Known {
    signals: String,
    ruling: Ruling,
    inputs: String,
}

/// The decisions of one request. Events that follow each other mostly have the same signals, so what was made for the one
/// does for the next.
#[derive(Default)]
pub(super) struct Rulings(Vec<Known>);

impl fmt::Debug for Rulings {
    /// Without the signals, in which a sender may have put anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rulings(…)")
    }
}

impl Rulings {
    /// Keeps what was decided about an event, and gives its place.
    pub(super) fn add(&mut self, settings: &Settings, source: &Source, of: &Basis<'_>) -> usize {
        let signals = of.signals.to_text();
        let opt_in = of.reading.regime() == Regime::OptIn;
        let last = self.0.last().filter(|last| last.signals == signals);
        let inputs = last.map(|last| last.inputs.clone());
        let same = |last: &Known| {
            let mut pairs = last.ruling.ruled.iter().zip(of.verdicts);
            last.ruling.opt_in == opt_in
                && pairs.all(|(ruled, verdict)| {
                    ruled.verdict.as_ref().err().map(String::as_str) == refusal(*verdict)
                })
        };
        if last.is_none_or(|last| !same(last)) {
            let places = source.destinations.iter().zip(of.decisions);
            let ruled = places
                .zip(of.verdicts)
                .filter_map(|((place, decision), verdict)| {
                    let configured = settings.destinations.get(*place)?;
                    Some(Ruled {
                        destination: configured.name.clone(),
                        verdict: match (refusal(*verdict), decision) {
                            (Some(code), _) => Err(code.to_owned()),
                            (None, Some(Decision::Granted(grant))) => Ok(allowed(grant)),
                            (None, _) => return None,
                        },
                        needs: configured.consent.purposes,
                        consented: of.reading.consented(configured.consent.purposes),
                    })
                });
            let ruling = Ruling {
                policy: source.policy.clone(),
                opt_in,
                signals: which(of.signals),
                ruled: ruled.collect(),
            };
            let inputs = inputs.unwrap_or_else(|| {
                let digest = Sha256::digest(signals.as_bytes());
                Hex::of(&digest.into()).as_str().to_owned()
            });
            self.0.push(Known {
                signals,
                ruling,
                inputs,
            });
        }
        self.0.len() - 1
    }

    /// Decision and digest at a place.
    pub(super) fn get(&self, place: usize) -> Option<(&Ruling, &str)> {
        let known = self.0.get(place)?;
        Some((&known.ruling, &known.inputs))
    }
}

/// Why consent keeps an event from a destination, if it does. An opt-out that the platform cannot be told of keeps it
/// back too.
const fn refusal(verdict: Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::Blocked(refusal) => Some(refusal.code()),
        Verdict::Skipped(skip @ (Skip::LimitedUseUnsupported | Skip::LimitedUseStateUnknown)) => {
            Some(skip.code())
        }
        Verdict::Queued | Verdict::Conflict | Verdict::Duplicate { .. } | Verdict::Skipped(_) => {
            None
        }
    }
}

fn allowed(grant: &Grant) -> Allowed {
    let answer = |choice: Option<Choice>| choice.map(|choice| choice == Choice::Granted);
    let (ad_user_data, ad_personalization) = grant.choices();
    Allowed {
        identifiers: grant.identifiers(),
        personalised: grant.personalised(),
        limited: grant.limited(),
        ad_user_data: answer(ad_user_data),
        ad_personalization: answer(ad_personalization),
    }
}

/// Which signals came, as bits of [`SIGNALS`].
fn which(signals: &Signals<'_>) -> u16 {
    let other = |wanted: fn(&Other<'_>) -> bool| signals.others.iter().any(wanted);
    let came = |name: &str| match name {
        "ad_storage" => signals.ad_storage.is_some(),
        "analytics_storage" => signals.analytics_storage.is_some(),
        "ad_user_data" => signals.ad_user_data.is_some(),
        "ad_personalization" => signals.ad_personalization.is_some(),
        "tcf" => signals.tcf.is_some() || other(|one| matches!(one, Other::Tcf(_))),
        "gpp" => signals.gpp.is_some() || other(|one| matches!(one, Other::Gpp(..))),
        "gpp_sid" => !signals.gpp_sid.is_empty(),
        "additional_consent" => {
            signals.additional_consent.is_some() || other(|one| matches!(one, Other::Additional(_)))
        }
        "gdpr_applies" => signals.gdpr_applies.is_some(),
        "gcs" => signals.gcs.is_some() || other(|one| matches!(one, Other::Gcs(_))),
        "gcd" => signals.gcd.is_some() || other(|one| matches!(one, Other::Gcd(_))),
        "us_privacy" => signals.us_privacy.is_some(),
        "gpc" => signals.gpc,
        "legal_basis" => signals.legal_basis.is_some(),
        _ => false,
    };
    let bits = SIGNALS.iter().enumerate();
    bits.fold(0, |bits, (bit, name)| bits | u16::from(came(name)) << bit)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::consent::LegalBasis;

    #[test]
    fn each_signal_has_a_bit_and_shows_in_the_text() {
        let text = || Some("x".into());
        let granted = Some(Choice::Granted);
        let none = Signals::default;
        let others = |other: Other<'static>| Signals {
            others: vec![other],
            ..none()
        };
        let all = [
            (
                "ad_storage",
                Signals {
                    ad_storage: granted,
                    ..none()
                },
            ),
            (
                "ad_storage",
                Signals {
                    ad_storage: Some(Choice::Denied),
                    ..none()
                },
            ),
            (
                "analytics_storage",
                Signals {
                    analytics_storage: granted,
                    ..none()
                },
            ),
            (
                "ad_user_data",
                Signals {
                    ad_user_data: granted,
                    ..none()
                },
            ),
            (
                "ad_personalization",
                Signals {
                    ad_personalization: granted,
                    ..none()
                },
            ),
            (
                "tcf",
                Signals {
                    tcf: text(),
                    ..none()
                },
            ),
            ("tcf", others(Other::Tcf("x".into()))),
            (
                "gpp",
                Signals {
                    gpp: text(),
                    ..none()
                },
            ),
            ("gpp", others(Other::Gpp("x".into(), vec![7]))),
            ("gpp", others(Other::Gpp("x".into(), vec![8]))),
            (
                "gpp_sid",
                Signals {
                    gpp_sid: vec![7],
                    ..none()
                },
            ),
            (
                "additional_consent",
                Signals {
                    additional_consent: text(),
                    ..none()
                },
            ),
            ("additional_consent", others(Other::Additional("x".into()))),
            (
                "gdpr_applies",
                Signals {
                    gdpr_applies: Some(false),
                    ..none()
                },
            ),
            (
                "gdpr_applies",
                Signals {
                    gdpr_applies: Some(true),
                    ..none()
                },
            ),
            (
                "us_privacy",
                Signals {
                    us_privacy: text(),
                    ..none()
                },
            ),
            (
                "gpc",
                Signals {
                    gpc: true,
                    ..none()
                },
            ),
            (
                "legal_basis",
                Signals {
                    legal_basis: Some(LegalBasis::Contract),
                    ..none()
                },
            ),
            (
                "legal_basis",
                Signals {
                    legal_basis: Some(LegalBasis::PublicTask),
                    ..none()
                },
            ),
            (
                "gcs",
                Signals {
                    gcs: text(),
                    ..none()
                },
            ),
            ("gcs", others(Other::Gcs("x".into()))),
            (
                "gcd",
                Signals {
                    gcd: text(),
                    ..none()
                },
            ),
            ("gcd", others(Other::Gcd("x".into()))),
        ];
        let mut texts = BTreeSet::from([none().to_text()]);
        let mut bits = 0;
        for (name, signals) in &all {
            let bit = SIGNALS.iter().position(|known| known == name).unwrap();
            assert_eq!(which(signals), 1 << bit, "{name}");
            bits |= which(signals);
            assert!(texts.insert(signals.to_text()), "{name}");
        }
        assert_eq!(bits.count_ones() as usize, SIGNALS.len());
        assert_eq!(which(&none()), 0);
    }
}
