//! From all signals together to one decision for each destination: the strictest wins.

use super::additional::AdditionalConsent;
use super::bits::Unreadable;
use super::consent_mode::{gcd, gcs};
use super::gpp::{Gpp, GppFault, ILLEGIBLE, TCF_EU, us_opt_outs};
use super::grant::Grant;
use super::region::Regime;
use super::signals::{Choice, LegalBasis, Other, Signals};
use super::tcf::{Declaration, Denied, TcFault, TcString};
use super::us_privacy::us_privacy_opt_out;
use crate::base::reason::Refusal;
use crate::base::time::UnixMillis;

/// The version of the rules that [`Reading::decide`] goes by. It is raised with every change that lets the same signals and
/// settings come to another decision, so that receipts tell by which they were made.
pub const RULES: u32 = 1;

/// What a destination does with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Advertising and its measurement.
    Advertising,
    /// Analytics of the site itself.
    Analytics,
}

/// Who a destination is to a consent string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// A vendor of the IAB's list, by its id.
    Vendor(u16),
    /// A provider of Google's list beside it, by its id.
    Provider(u32),
    /// The site itself, or somebody who works for it alone: the purposes are enough.
    Own,
    /// In no list that is known: the purposes are not enough, an answer to `ad_user_data` has to stand beside them.
    Unlisted,
}

/// What a destination uses an event for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    /// Which of Consent Mode's answers it depends on.
    pub purpose: Purpose,
    /// Who it is.
    pub party: Party,
    /// The purposes of the framework without which it gets nothing, bit `n - 1` for purpose `n`.
    pub purposes: u32,
    /// Those without which it must not personalise.
    pub personalisation: u32,
    /// The purposes for which a legitimate interest will do, where the publisher allows it. None unless the operator says so.
    pub legitimate_interest: u32,
}

impl Use {
    /// What forwarding events is to the framework, unless the settings say otherwise.
    pub const fn new(purpose: Purpose, party: Party) -> Self {
        let (purposes, personalisation) = match purpose {
            Purpose::Advertising => (MEASUREMENT, PERSONALISATION),
            Purpose::Analytics => (ANALYTICS, PERSONALISATION),
        };
        Self {
            purpose,
            party,
            purposes,
            personalisation,
            legitimate_interest: 0,
        }
    }
}

impl Use {
    /// Whether a TC string permits a vendor a purpose for this use: with consent, or as a legitimate interest where that does.
    fn permission(&self, tc: &TcString, vendor: u16, purpose: u8) -> Result<(), Denied> {
        let flexible = self.legitimate_interest;
        let declared = Declaration {
            consent: u32::MAX,
            legitimate_interest: 0,
            flexible,
        };
        let with_consent = tc.permission(vendor, purpose, &declared);
        let claimed = Declaration {
            consent: 0,
            legitimate_interest: flexible,
            flexible,
        };
        match with_consent {
            Err(denied) if tc.permission(vendor, purpose, &claimed).is_err() => Err(denied),
            _ => Ok(()),
        }
    }
}

/// The bits of some purposes.
pub const fn purposes(list: &[u8]) -> u32 {
    let mut bits = 0;
    let mut at = 0;
    while at < list.len() {
        // An id beyond the framework's is no purpose.
        #[expect(clippy::indexing_slicing, reason = "below the length")]
        if list[at] >= 1 && list[at] <= 24 {
            bits |= 1 << (list[at] - 1);
        }
        at += 1;
    }
    bits
}

/// Storage on the device, and measuring the performance of advertising: what forwarding a conversion is.
pub const MEASUREMENT: u32 = purposes(&[1, 7]);
/// A profile for advertising, and choosing advertising by it.
pub const PERSONALISATION: u32 = purposes(&[3, 4]);
/// Storage on the device, measuring content, and statistics about audiences: what analytics of a site is.
pub const ANALYTICS: u32 = purposes(&[1, 8, 9]);

/// Why a TC string must not be relied on.
pub(super) const fn refusal_of(fault: TcFault) -> Refusal {
    match fault {
        TcFault::Policy => Refusal::TcfPolicy,
        TcFault::GlobalScope => Refusal::TcfGlobalScope,
        TcFault::Expired => Refusal::TcfExpired,
        TcFault::Future => Refusal::TcfFuture,
        TcFault::NoDisclosedSegment => Refusal::TcfNotDisclosed,
    }
}

/// What the signals mean for one destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It may be sent, on these terms.
    Granted(Grant),
    /// It may not.
    Blocked(Refusal),
}

/// What the sender's policy makes of a visitor's signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms<'a> {
    /// What the law asks for.
    pub regime: Regime,
    /// Whether the visitor is known to be where it asks for a yes, whatever the policy makes of silence: there nobody can say
    /// that the GDPR does not apply.
    pub gdpr: bool,
    /// Whether a yes in `gcd` is one. Google does not document its letters, so without this only a no in it counts.
    pub gcd_answers: bool,
    /// The legal bases that stand for an answer to silence.
    pub legal_bases: &'a [LegalBasis],
}

impl From<Regime> for Terms<'_> {
    /// Nothing but the law.
    fn from(regime: Regime) -> Self {
        Self {
            regime,
            gdpr: false,
            gcd_answers: false,
            legal_bases: &[],
        }
    }
}

/// What may be stored in the visitor's browser.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Storage {
    /// Cookies and click ids of advertising.
    pub advertising: bool,
    /// Cookies of analytics.
    pub analytics: bool,
}

/// The signals of an event, read once for all its destinations.
#[derive(Debug, Clone)]
pub struct Reading {
    regime: Regime,
    ad_storage: Option<Choice>,
    analytics_storage: Option<Choice>,
    ad_user_data: Option<Choice>,
    ad_personalization: Option<Choice>,
    /// The TC strings that count, each of which has to permit on its own.
    tcs: Vec<Result<TcString, Refusal>>,
    /// The Additional Consent strings, of which the same holds.
    additional: Vec<Result<AdditionalConsent, Unreadable>>,
    /// Who wrote the first TC string that could be read, relied on or not.
    cmp: Option<u16>,
    /// What blocks every destination.
    refused: Option<Refusal>,
    /// Out of sale, sharing or targeted advertising.
    limited: bool,
    /// The sender has a legal basis that stands for an answer where nobody gave one.
    basis: bool,
}

impl Reading {
    /// Reads the signals of an event on the terms of the visitor's law and the sender's policy.
    pub fn new<'t>(signals: &Signals<'_>, terms: impl Into<Terms<'t>>, now: UnixMillis) -> Self {
        let Terms {
            regime,
            gdpr,
            gcd_answers,
            legal_bases,
        } = terms.into();
        let mut read = Self {
            regime,
            ad_storage: signals.ad_storage,
            analytics_storage: signals.analytics_storage,
            ad_user_data: signals.ad_user_data,
            ad_personalization: signals.ad_personalization,
            tcs: Vec::new(),
            additional: Vec::new(),
            cmp: None,
            refused: None,
            limited: signals.gpc,
            basis: signals
                .legal_basis
                .is_some_and(|basis| legal_bases.contains(&basis)),
        };
        match signals.us_privacy.as_deref().map(us_privacy_opt_out) {
            None => {}
            Some(Some(opt_out)) => read.limited |= opt_out,
            Some(None) => read.refused = Some(Refusal::UsPrivacyMalformed),
        }
        // Where the law asks for a yes, nobody can say that it does not apply.
        let applies = signals.gdpr_applies != Some(false) || regime == Regime::OptIn || gdpr;
        if let Some(text) = signals.tcf.as_deref().filter(|_| applies) {
            read.tc(text, now);
        }
        match signals.gpp.as_deref() {
            Some(text) => read.gpp(text, &signals.gpp_sid, applies, now),
            // Sections are in force, and their string is not there.
            None if signals.gpp_sid.iter().any(|id| *id > 0 || *id == ILLEGIBLE) => {
                read.refuse(Refusal::GppSectionMissing);
            }
            None => {}
        }
        if let Some(text) = signals.additional_consent.as_deref() {
            read.additional.push(AdditionalConsent::read(text));
        }
        if let Some(text) = signals.gcs.as_deref() {
            read.mode(
                gcs(text).map(|[ads, analytics]| [ads, analytics, None, None]),
                true,
            );
        }
        if let Some(text) = signals.gcd.as_deref() {
            read.mode(gcd(text), gcd_answers);
        }
        for other in &signals.others {
            match other {
                Other::Gcs(text) => {
                    read.mode(
                        gcs(text).map(|[ads, analytics]| [ads, analytics, None, None]),
                        true,
                    );
                }
                Other::Gcd(text) => read.mode(gcd(text), gcd_answers),
                Other::Tcf(text) if applies => read.tc(text, now),
                Other::Tcf(_) => {}
                Other::Gpp(text, in_force) => read.gpp(text, in_force, applies, now),
                Other::Additional(text) => read.additional.push(AdditionalConsent::read(text)),
            }
        }
        read
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.refused = self.refused.or(Some(refusal));
    }

    /// Takes answers of Consent Mode in: a no always, a yes where nothing was said and such a yes counts.
    fn mode(&mut self, answers: Result<[Option<Choice>; 4], Unreadable>, may_permit: bool) {
        let Ok(answers) = answers else {
            return self.refuse(Refusal::ConsentModeUnreadable);
        };
        let own = [
            &mut self.ad_storage,
            &mut self.analytics_storage,
            &mut self.ad_user_data,
            &mut self.ad_personalization,
        ];
        for (own, said) in own.into_iter().zip(answers) {
            if said == Some(Choice::Denied) || (own.is_none() && may_permit) {
                *own = said;
            }
        }
    }

    fn tc(&mut self, text: &str, now: UnixMillis) {
        self.tcs.push(match TcString::read(text) {
            Err(_) => Err(Refusal::TcfUnreadable),
            Ok(tc) => {
                self.cmp = self.cmp.or(Some(tc.cmp_id));
                match tc.fault(now) {
                    Some(fault) => Err(refusal_of(fault)),
                    None => Ok(tc),
                }
            }
        });
    }

    fn gpp(&mut self, text: &str, in_force: &[i64], applies: bool, now: UnixMillis) {
        let Ok(gpp) = Gpp::read(text) else {
            return self.refuse(Refusal::GppUnreadable);
        };
        match us_opt_outs(&gpp, in_force) {
            Ok(found) if found.child => self.refuse(Refusal::KnownChild),
            Ok(found) => self.limited |= found.any(),
            Err(GppFault::SectionMissing) => self.refuse(Refusal::GppSectionMissing),
            Err(GppFault::Unreadable(_)) => self.refuse(Refusal::GppUnreadable),
        }
        if let Some(text) = gpp.section(TCF_EU).filter(|_| applies) {
            self.tc(text, now);
        }
    }

    /// The consent management platform that wrote the TC string, for those who count what banners write: the id that it has
    /// in the IAB's list. Nothing where no string could be read.
    pub const fn cmp(&self) -> Option<u16> {
        self.cmp
    }

    /// What the visitor's law asks for.
    pub const fn regime(&self) -> Regime {
        self.regime
    }

    /// Of these purposes, those that every TC string consents to; nothing where no such string counts.
    pub fn consented(&self, purposes: u32) -> Option<u32> {
        let each = self.tcs.iter().map(|tc| match tc {
            Ok(tc) => tc.purposes_consent,
            Err(_) => 0,
        });
        each.reduce(|all, one| all & one).map(|all| all & purposes)
    }

    /// Which of some purposes every TC string permits a destination, disclosed or not; nothing where there is no TC string.
    pub(super) fn permitted(&self, of: &Use, purposes: u32) -> Option<u32> {
        let permits = |tc: &Result<TcString, Refusal>, purpose: u8| {
            tc.as_ref().is_ok_and(|tc| match of.party {
                Party::Vendor(vendor) => of.permission(tc, vendor, purpose).is_ok(),
                _ => tc.consents(purpose),
            })
        };
        let each = (1..=24_u8).filter(|purpose| purposes >> (purpose - 1) & 1 == 1);
        let permitted = each.filter(|purpose| self.tcs.iter().all(|tc| permits(tc, *purpose)));
        (!self.tcs.is_empty()).then(|| permitted.fold(0, |bits, purpose| bits | 1 << (purpose - 1)))
    }

    /// What may be stored in the visitor's browser, of advertising and of analytics.
    ///
    /// Narrower than what may be sent: where the law asks for a yes, storing asks for a yes of its own (`ad_storage`,
    /// `analytics_storage`, or purpose 1 of every TC string), and whoever opted out of the sale of data gets no cookie of
    /// advertising.
    pub fn storage(&self) -> Storage {
        let purpose_1 = self.consented(purposes(&[1])).map(|found| found != 0);
        let stored = |answer: Option<Choice>| {
            self.refused.is_none()
                && purpose_1 != Some(false)
                && match answer {
                    Some(choice) => choice == Choice::Granted,
                    None => purpose_1.is_some() || self.regime == Regime::OptOut,
                }
        };
        Storage {
            advertising: !self.limited && stored(self.ad_storage),
            analytics: stored(self.analytics_storage),
        }
    }

    /// What the visitor is known to have decided on advertising and on analytics of the site itself: `granted`, `denied`, or
    /// `unknown` where nothing that was sent answers, whatever the law makes of that.
    pub fn answers(&self) -> [&'static str; 2] {
        let said = |answers: [Option<Choice>; 2]| {
            !self.tcs.is_empty() || answers.into_iter().any(|answer| answer.is_some())
        };
        let word = |purpose, said: bool| match self.permits(&Use::new(purpose, Party::Own)) {
            Ok(()) if said => "granted",
            Err(Refusal::AdUserDataMissing | Refusal::AnalyticsStorageMissing) | Ok(()) => {
                "unknown"
            }
            Err(_) => "denied",
        };
        [
            word(
                Purpose::Advertising,
                said([self.ad_user_data, self.ad_storage]),
            ),
            word(Purpose::Analytics, said([self.analytics_storage, None])),
        ]
    }

    /// Decides for one destination.
    ///
    /// Every signal that is there is asked, and the strictest wins: an explicit no of Consent Mode, a TC string that cannot be
    /// relied on or lacks the vendor or a purpose, a child, an opt-out. Adding a signal can only narrow a decision, but for the
    /// one case that the law is about: where it asks for a yes, a yes is needed.
    pub fn decide(&self, of: &Use) -> Decision {
        match self.permits(of) {
            Err(refusal) => Decision::Blocked(refusal),
            Ok(()) => Decision::Granted(self.grant(of)),
        }
    }

    fn permits(&self, of: &Use) -> Result<(), Refusal> {
        if let Some(refusal) = self.refused {
            return Err(refusal);
        }
        self.tcf(of, of.purposes)?;
        self.listed(of.party)?;
        match of.purpose {
            Purpose::Advertising => self.advertising(),
            Purpose::Analytics => self.answered(
                self.analytics_storage,
                Refusal::AnalyticsStorageDenied,
                Refusal::AnalyticsStorageMissing,
            ),
        }
    }

    /// Whether Consent Mode's answers permit advertising.
    fn advertising(&self) -> Result<(), Refusal> {
        let answered = self.answered(
            self.ad_user_data,
            Refusal::AdUserDataDenied,
            Refusal::AdUserDataMissing,
        );
        match self.ad_storage {
            Some(Choice::Denied) => answered.and(Err(Refusal::AdStorageDenied)),
            _ => answered,
        }
    }

    /// An answer: silence is a no where the law asks for a yes, and no TC string has given it.
    fn answered(
        &self,
        choice: Option<Choice>,
        denied: Refusal,
        missing: Refusal,
    ) -> Result<(), Refusal> {
        match choice {
            Some(Choice::Denied) => Err(denied),
            None if self.regime == Regime::OptIn && self.tcs.is_empty() && !self.basis => {
                Err(missing)
            }
            Some(Choice::Granted) | None => Ok(()),
        }
    }

    /// Whether every TC string permits these purposes.
    fn tcf(&self, of: &Use, purposes: u32) -> Result<(), Refusal> {
        for tc in &self.tcs {
            self.permitted_by(tc.as_ref().map_err(|refusal| *refusal)?, of, purposes)?;
        }
        Ok(())
    }

    fn permitted_by(&self, tc: &TcString, of: &Use, purposes: u32) -> Result<(), Refusal> {
        let each = (1..=24_u8).filter(|purpose| purposes >> (purpose - 1) & 1 == 1);
        if let Party::Vendor(vendor) = of.party {
            if !tc.discloses(vendor) {
                return Err(Refusal::TcfVendorNotDisclosed);
            }
            for purpose in each {
                of.permission(tc, vendor, purpose)
                    .map_err(|denied| match denied {
                        Denied::Restriction => Refusal::TcfRestriction,
                        _ if tc.consents(purpose) => Refusal::TcfVendor,
                        _ => Refusal::TcfPurpose,
                    })?;
            }
            return Ok(());
        }
        for purpose in each {
            if !tc.consents(purpose) {
                return Err(Refusal::TcfPurpose);
            }
        }
        match of.party {
            Party::Unlisted => {
                let answer = match of.purpose {
                    Purpose::Advertising => self.ad_user_data,
                    Purpose::Analytics => self.analytics_storage,
                };
                if answer == Some(Choice::Granted) {
                    Ok(())
                } else {
                    Err(Refusal::TcfUnlisted)
                }
            }
            Party::Provider(_) if self.additional.is_empty() => Err(Refusal::AcMissing),
            // What stands in an Additional Consent string is asked in any case.
            Party::Vendor(_) | Party::Own | Party::Provider(_) => Ok(()),
        }
    }

    /// Whether every Additional Consent string that is there permits the destination, where it is in that list.
    fn listed(&self, party: Party) -> Result<(), Refusal> {
        let Party::Provider(provider) = party else {
            return Ok(());
        };
        for additional in &self.additional {
            match additional {
                Err(_) => return Err(Refusal::AcUnreadable),
                Ok(read) if !read.consents(provider) => return Err(Refusal::AcNotConsented),
                Ok(_) => {}
            }
        }
        Ok(())
    }

    fn grant(&self, of: &Use) -> Grant {
        // Who was asked about advertising and not about this has not said yes to it.
        let asked = self.ad_storage.or(self.ad_user_data).is_some();
        let personalised = !self.limited
            && match self.ad_personalization {
                Some(choice) => choice == Choice::Granted,
                None if asked => false,
                // A TC string answers for itself; without one silence is what the law takes it for.
                None => !self.tcs.is_empty() || self.regime == Regime::OptOut,
            }
            && self.tcf(of, of.personalisation).is_ok();
        // Of analytics, identifiers go along only where advertising would be permitted too.
        let identifiers = self.advertising().is_ok()
            && (of.purpose == Purpose::Advertising || self.tcf(of, MEASUREMENT).is_ok());
        Grant {
            identifiers,
            personalised,
            limited: self.limited,
            ad_user_data: self.answer(identifiers, self.ad_user_data),
            ad_personalization: if self.limited {
                Some(Choice::Denied)
            } else {
                self.answer(personalised, self.ad_personalization)
            },
        }
    }

    /// What platforms are told that take the visitor's answers along: a TC string has given them all.
    fn answer(&self, yes: bool, said: Option<Choice>) -> Option<Choice> {
        match (self.tcs.is_empty(), yes) {
            (true, _) => said,
            (false, true) => Some(Choice::Granted),
            (false, false) => Some(Choice::Denied),
        }
    }
}
