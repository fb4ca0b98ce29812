//! What a visitor allows, and what that means for each destination. Closed unless opened: a signal that is missing,
//! unreadable or contradictory never turns into a permission.
//!
//! ```
//! use edgetally_core::base::time::UnixMillis;
//! use edgetally_core::consent::{
//!     Choice, Decision, MEASUREMENT, PERSONALISATION, Party, Purpose, Reading, Regime, Signals, Use,
//! };
//!
//! let google_ads = Use {
//!     purpose: Purpose::Advertising,
//!     party: Party::Vendor(755),
//!     purposes: MEASUREMENT,
//!     personalisation: PERSONALISATION,
//!     legitimate_interest: 0,
//! };
//! let now = UnixMillis::parse_rfc3339("2026-11-30T12:00:00Z").unwrap();
//! let decide = |signals: &Signals<'_>| Reading::new(signals, Regime::OptIn, now).decide(&google_ads);
//!
//! let mut signals = Signals::default();
//! assert!(matches!(decide(&signals), Decision::Blocked(_)));
//! signals.ad_user_data = Some(Choice::Granted);
//! assert!(matches!(decide(&signals), Decision::Granted(_)));
//! signals.ad_storage = Some(Choice::Denied);
//! assert!(matches!(decide(&signals), Decision::Blocked(_)));
//! ```
//!
//! Inputs are Google's Consent Mode v2, the IAB's TC and GPP strings, Google's Additional Consent, the US Privacy string and
//! `Sec-GPC` (W3C Global Privacy Control draft: only the value `1` signals).

mod additional;
mod bits;
mod consent_mode;
mod decision;
mod explain;
mod explanation;
mod gpp;
mod grant;
mod guarded;
mod region;
mod signals;
mod tcf;
mod us_privacy;
mod words;

pub use self::additional::AdditionalConsent;
pub use self::bits::{Ids, Unreadable};
pub use self::consent_mode::{gcd, gcs};
pub use self::decision::{
    ANALYTICS, Decision, MEASUREMENT, PERSONALISATION, Party, Purpose, RULES, Reading, Storage,
    Terms, Use, purposes,
};
pub use self::explain::{
    explain_additional, explain_gpp, explain_tcf, explain_us_privacy, explain_us_section,
};
pub use self::explanation::{Asked, explanation};
pub use self::gpp::{
    Gpp, GppFault, ILLEGIBLE, OptOuts, TCF_EU, UsSection, section_in_force, us_opt_outs,
    us_section_name,
};
pub use self::grant::Grant;
pub use self::guarded::{Guarded, Identifying, Scope, Visiting};
pub use self::region::{Policy, Regime, is_opt_in};
pub use self::signals::{Choice, LegalBasis, Other, Signals};
pub use self::tcf::{
    Basis, Declaration, Denied, PublisherTc, Restriction, RestrictionType, TcFault, TcString,
};
pub use self::us_privacy::{gpc_header, us_privacy_opt_out};
pub use crate::base::reason::Refusal;
