//! What a visitor allows, and what that means for each destination. Closed unless opened: a signal that is missing,
//! unreadable or contradictory never turns into a permission.
//!
//! ```
//! use edgetally_core::consent::{Choice, Decision, Policy, Purpose, Signals, decide};
//!
//! let mut signals = Signals { ad_user_data: Some(Choice::Granted), ..Signals::default() };
//! assert!(matches!(decide(&signals, Policy::Required, Purpose::Advertising), Decision::Granted(_)));
//! // Nothing was said about analytics, so nothing is sent to analytics.
//! assert!(matches!(decide(&signals, Policy::Required, Purpose::Analytics), Decision::Blocked(_)));
//! signals.ad_storage = Some(Choice::Denied);
//! assert!(matches!(decide(&signals, Policy::Required, Purpose::Advertising), Decision::Blocked(_)));
//! ```
//!
//! Inputs are the four fields of Google's Consent Mode v2, `Sec-GPC` (W3C Global Privacy Control draft: only the
//! value `1` signals) and the US Privacy string. TCF and GPP strings are carried and, as long as they are not decoded,
//! can only restrict: see [`decide`].

mod grant;
mod guarded;
mod signals;
mod us_privacy;

pub use self::grant::Grant;
pub use self::guarded::{Guarded, Identifying, Scope, Visiting};
pub use self::signals::{Choice, LegalBasis, Signals};
pub use self::us_privacy::{gpc_header, us_privacy_opt_out};
pub use crate::base::reason::Refusal;

/// What a source does when a visitor was not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// Silence is a no (the default).
    #[default]
    Required,
    /// Silence is a yes, for sources whose visitors live where the law is opt-out. An explicit no is still a no.
    Implied,
}

/// What a destination does with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Advertising and its measurement.
    Advertising,
    /// Analytics of the site itself.
    Analytics,
}

/// What the signals mean for one destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It may be sent, on these terms.
    Granted(Grant),
    /// It may not.
    Blocked(Refusal),
}

/// Decides whether an event may go to a destination of the given purpose.
///
/// Advertising needs `ad_user_data` granted and `ad_storage` not denied; analytics needs `analytics_storage` granted,
/// and takes identifiers along only where `ad_user_data` is granted too. An explicit no wins over everything. Under
/// [`Policy::Implied`] silence counts as a yes, but a consent string that was sent and cannot be read is not silence.
///
/// A GPC signal, a US Privacy opt-out, or a GPP string for a US section (which is not decoded yet and so is taken for
/// an opt-out) makes the grant [limited](Grant::limited) and takes personalisation away.
pub fn decide(signals: &Signals<'_>, policy: Policy, purpose: Purpose) -> Decision {
    let usp_opt_out = match signals.us_privacy.as_deref().map(us_privacy_opt_out) {
        None => false,
        Some(Some(opt_out)) => opt_out,
        Some(None) => return Decision::Blocked(Refusal::UsPrivacyMalformed),
    };
    // Sections 7 to 27 are the US ones (GPP section ids, read 2026-11-22); no list means that any may apply.
    let gpp_may_opt_out = signals.gpp.is_some()
        && (signals.gpp_sid.is_empty() || signals.gpp_sid.iter().any(|sid| (7..=27).contains(sid)));
    let limited = signals.gpc || usp_opt_out || gpp_may_opt_out;

    let unread = signals.tcf.is_some() || signals.gpp.is_some();
    let silence = |missing: Refusal| match (policy, unread) {
        (_, true) => Err(Refusal::ConsentStringUnread),
        (Policy::Required, false) => Err(missing),
        (Policy::Implied, false) => Ok(()),
    };
    let ad_user_data = match signals.ad_user_data {
        Some(Choice::Denied) => Err(Refusal::AdUserDataDenied),
        Some(Choice::Granted) => Ok(()),
        None => silence(Refusal::AdUserDataMissing),
    };
    let advertising = match signals.ad_storage {
        Some(Choice::Denied) => Err(Refusal::AdStorageDenied),
        _ => Ok(()),
    };
    let permitted = match purpose {
        Purpose::Advertising => ad_user_data.and(advertising),
        Purpose::Analytics => match signals.analytics_storage {
            Some(Choice::Denied) => Err(Refusal::AnalyticsStorageDenied),
            Some(Choice::Granted) => Ok(()),
            None => silence(Refusal::AnalyticsStorageMissing),
        },
    };
    match permitted {
        Err(refusal) => Decision::Blocked(refusal),
        Ok(()) => Decision::Granted(Grant {
            identifiers: ad_user_data.is_ok() && advertising.is_ok(),
            personalised: !limited
                && match signals.ad_personalization {
                    Some(choice) => choice == Choice::Granted,
                    None => policy == Policy::Implied,
                },
            limited,
            ad_user_data: signals.ad_user_data,
            ad_personalization: if limited {
                Some(Choice::Denied)
            } else {
                signals.ad_personalization
            },
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signals(ads: Option<Choice>, analytics: Option<Choice>) -> Signals<'static> {
        Signals {
            ad_user_data: ads,
            analytics_storage: analytics,
            ..Signals::default()
        }
    }

    #[test]
    fn silence_is_a_no_unless_the_source_says_otherwise() {
        let silent = Signals::default();
        assert_eq!(
            decide(&silent, Policy::Required, Purpose::Advertising),
            Decision::Blocked(Refusal::AdUserDataMissing)
        );
        assert!(matches!(
            decide(&silent, Policy::Implied, Purpose::Advertising),
            Decision::Granted(_)
        ));
    }

    #[test]
    fn a_string_that_cannot_be_read_is_not_silence() {
        let signals = Signals {
            tcf: Some("CPXxRfA".into()),
            ..Signals::default()
        };
        assert_eq!(
            decide(&signals, Policy::Implied, Purpose::Analytics),
            Decision::Blocked(Refusal::ConsentStringUnread)
        );
    }

    #[test]
    fn an_explicit_no_wins_over_every_policy() {
        for policy in [Policy::Required, Policy::Implied] {
            assert_eq!(
                decide(
                    &signals(Some(Choice::Denied), None),
                    policy,
                    Purpose::Advertising
                ),
                Decision::Blocked(Refusal::AdUserDataDenied)
            );
            assert_eq!(
                decide(
                    &signals(None, Some(Choice::Denied)),
                    policy,
                    Purpose::Analytics
                ),
                Decision::Blocked(Refusal::AnalyticsStorageDenied)
            );
        }
    }

    #[test]
    fn analytics_without_ad_user_data_carries_no_identifiers() {
        let Decision::Granted(grant) = decide(
            &signals(Some(Choice::Denied), Some(Choice::Granted)),
            Policy::Required,
            Purpose::Analytics,
        ) else {
            panic!("analytics was granted");
        };
        assert!(!grant.identifiers());
    }

    #[test]
    fn an_opt_out_limits_and_takes_personalisation_away() {
        let granted = Signals {
            ad_user_data: Some(Choice::Granted),
            ad_personalization: Some(Choice::Granted),
            ..Signals::default()
        };
        for signals in [
            Signals {
                gpc: true,
                ..granted.clone()
            },
            Signals {
                us_privacy: Some("1YYN".into()),
                ..granted.clone()
            },
            Signals {
                gpp: Some("DBABLA~BVQqAAAACg".into()),
                gpp_sid: vec![7],
                ..granted.clone()
            },
        ] {
            let Decision::Granted(grant) = decide(&signals, Policy::Required, Purpose::Advertising)
            else {
                panic!("ad_user_data was granted");
            };
            assert!(grant.limited() && !grant.personalised(), "{signals:?}");
        }
        let european = Signals {
            gpp: Some("DBABMA~CPXx".into()),
            gpp_sid: vec![2],
            ..granted
        };
        let Decision::Granted(grant) = decide(&european, Policy::Required, Purpose::Advertising)
        else {
            panic!("ad_user_data was granted");
        };
        assert!(!grant.limited());
    }

    #[test]
    fn a_grant_survives_the_queue() {
        for bits in 0..128 {
            let grant = Grant::from_wire(bits);
            assert_eq!(Grant::from_wire(grant.to_wire()), grant);
        }
    }

    #[test]
    fn us_privacy_is_read_as_the_specification_says() {
        for (text, expected) in [
            ("1YNN", Some(false)),
            ("1YYN", Some(true)),
            ("1---", Some(false)),
            ("1yyn", Some(true)),
            ("1YN", None),
            ("1ABC", None),
            ("YYNN", None),
            ("", None),
        ] {
            assert_eq!(us_privacy_opt_out(text), expected, "{text}");
        }
    }
}
