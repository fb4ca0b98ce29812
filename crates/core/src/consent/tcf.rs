//! The TC string of the IAB's Transparency and Consent Framework, versions 2.0 to 2.3.
//!
//! Source: IAB Tech Lab, "Consent string and vendor list formats v2" (February 2026). Read strictly, because reference
//! readers make valid data of what is none: a missing core becomes one dated today, a segment that stands there twice
//! counts once.

use super::bits::{Bits, Ids, Unreadable};
use crate::base::time::{DAY_MS, UnixMillis};

/// What a publisher allows a vendor for one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RestrictionType {
    /// Not at all.
    NotAllowed,
    /// Only with consent.
    RequireConsent,
    /// Only as a legitimate interest.
    RequireLegitimateInterest,
    /// Not defined by the framework, so not at all.
    Undefined,
}

/// A publisher's restriction of some vendors for one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restriction {
    /// The purpose.
    pub purpose: u8,
    /// What of it is allowed.
    pub kind: RestrictionType,
    /// Whom it is about.
    pub vendors: Ids,
}

/// The publisher's own choices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublisherTc {
    /// Purposes with consent, bit `n - 1` for purpose `n`.
    pub consents: u32,
    /// Purposes as a legitimate interest.
    pub legitimate_interests: u32,
    /// How many purposes of its own it has.
    pub custom_purposes: u8,
    /// Those with consent.
    pub custom_consents: u64,
    /// Those as a legitimate interest.
    pub custom_legitimate_interests: u64,
}

/// A TC string that could be read. Whether it may be relied on is another question: [`TcString::fault`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcString {
    /// When it was made, in tenths of a second since 1970.
    pub created: u64,
    /// When it was last changed.
    pub last_updated: u64,
    /// The consent management platform that wrote it.
    pub cmp_id: u16,
    /// Its version.
    pub cmp_version: u16,
    /// The screen on which the visitor chose.
    pub consent_screen: u8,
    /// The language of it, two letters.
    pub consent_language: [u8; 2],
    /// The version of the vendor list.
    pub vendor_list_version: u16,
    /// The version of the framework's policy.
    pub policy_version: u8,
    /// Whether it is of this site only.
    pub is_service_specific: bool,
    /// Whether the publisher wrote texts of its own.
    pub non_standard_texts: bool,
    /// Special features with consent, bit `n - 1` for feature `n`.
    pub special_features: u32,
    /// Purposes with consent, bit `n - 1` for purpose `n`.
    pub purposes_consent: u32,
    /// Purposes that were disclosed as a legitimate interest and not objected to.
    pub purposes_legitimate_interest: u32,
    /// Whether purpose one was not disclosed.
    pub purpose_one_treatment: bool,
    /// The publisher's country, two letters.
    pub publisher_country: [u8; 2],
    /// Vendors with consent.
    pub vendor_consents: Ids,
    /// Vendors whose legitimate interest was not objected to.
    pub vendor_legitimate_interests: Ids,
    /// The publisher's restrictions, by purpose and type.
    pub restrictions: Vec<Restriction>,
    /// The vendors that were shown to the visitor; none when the segment is missing.
    pub disclosed: Option<Ids>,
    /// A list that the framework has given up.
    pub allowed: Option<Ids>,
    /// The publisher's own choices.
    pub publisher: Option<PublisherTc>,
}

/// Why a string that could be read must not be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TcFault {
    /// Its policy is older than 2.2.
    Policy,
    /// It is of the scope of many sites, which has been invalid since 2021.
    GlobalScope,
    /// It is older than 13 months.
    Expired,
    /// It was made more than a day from now.
    Future,
    /// It was created when vendors had to be disclosed, and does not say which were.
    NoDisclosedSegment,
}

/// How a vendor may process data for one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Basis {
    /// With the visitor's consent.
    Consent,
    /// As its legitimate interest, which the visitor has not objected to.
    LegitimateInterest,
}

/// Why a vendor may not process data for one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Denied {
    /// The publisher forbids it.
    Restriction,
    /// The vendor has not declared the purpose.
    NotDeclared,
    /// Consent for the purpose or the vendor is missing.
    Consent,
    /// The legitimate interest was not disclosed or was objected to.
    LegitimateInterest,
}

/// What a vendor declares in the vendor list, bit `n - 1` for purpose `n`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Declaration {
    /// Purposes for which it asks for consent.
    pub consent: u32,
    /// Purposes that it claims a legitimate interest in.
    pub legitimate_interest: u32,
    /// Purposes of which the publisher may choose the basis.
    pub flexible: u32,
}

/// 396 days: choices are to be renewed every 13 months.
const OLDEST_MS: i64 = 396 * DAY_MS;

/// Strings created from 2026-03-01 on say which vendors were disclosed (TCF 2.3), in milliseconds.
const DISCLOSED_SINCE_MS: i64 = 1_772_323_200_000;

/// The bit of a purpose.
const fn bit(purpose: u8) -> u32 {
    match purpose {
        1..=32 => 1 << (purpose - 1),
        _ => 0,
    }
}

impl TcString {
    /// Reads a string.
    ///
    /// # Errors
    /// Whatever the format does not allow. Nothing is guessed: a string that cannot be read permits nothing.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        if text.len() > super::bits::LONGEST {
            return Err(Unreadable::TooLong);
        }
        let mut segments = text.split('.');
        let mut read = Self::core(segments.next().unwrap_or_default())?;
        for segment in segments {
            let mut bits = Bits::new(segment)?;
            let twice = match bits.number(3)? {
                1 => read.disclosed.replace(Ids::vendors(&mut bits)?).is_some(),
                2 => read.allowed.replace(Ids::vendors(&mut bits)?).is_some(),
                3 => read
                    .publisher
                    .replace(PublisherTc::read(&mut bits)?)
                    .is_some(),
                _ => true,
            };
            if twice {
                return Err(Unreadable::Segment);
            }
            bits.end()?;
        }
        Ok(read)
    }

    fn core(text: &str) -> Result<Self, Unreadable> {
        let mut bits = Bits::new(text)?;
        let version = bits.number(6)?;
        if version != 2 {
            return Err(Unreadable::Version(u8::try_from(version).unwrap_or(0)));
        }
        let byte = |number: u64| u8::try_from(number).unwrap_or(u8::MAX);
        let mut read = Self {
            created: bits.number(36)?,
            last_updated: bits.number(36)?,
            cmp_id: bits.small(12)?,
            cmp_version: bits.small(12)?,
            consent_screen: byte(bits.number(6)?),
            consent_language: bits.letters()?,
            vendor_list_version: bits.small(12)?,
            policy_version: byte(bits.number(6)?),
            is_service_specific: bits.bit()?,
            non_standard_texts: bits.bit()?,
            special_features: bits.flags(12)?,
            purposes_consent: bits.flags(24)?,
            purposes_legitimate_interest: bits.flags(24)?,
            purpose_one_treatment: bits.bit()?,
            publisher_country: bits.letters()?,
            vendor_consents: Ids::vendors(&mut bits)?,
            vendor_legitimate_interests: Ids::vendors(&mut bits)?,
            restrictions: Vec::new(),
            disclosed: None,
            allowed: None,
            publisher: None,
        };
        for _ in 0..bits.number(12)? {
            let purpose = byte(bits.number(6)?);
            let kind = match bits.number(2)? {
                0 => RestrictionType::NotAllowed,
                1 => RestrictionType::RequireConsent,
                2 => RestrictionType::RequireLegitimateInterest,
                _ => RestrictionType::Undefined,
            };
            read.restrictions.push(Restriction {
                purpose,
                kind,
                // Ranges may span ids that no vendor has.
                vendors: Ids::entries(&mut bits, u16::MAX)?,
            });
        }
        bits.end()?;
        Ok(read)
    }

    /// When it was created.
    pub fn created_at(&self) -> UnixMillis {
        UnixMillis(i64::try_from(self.created * 100).unwrap_or(i64::MAX))
    }

    /// Why it must not be relied on, if anything.
    pub fn fault(&self, now: UnixMillis) -> Option<TcFault> {
        let updated = i64::try_from(self.last_updated * 100).unwrap_or(i64::MAX);
        let created = self.created_at().0;
        if self.policy_version < 4 {
            Some(TcFault::Policy)
        } else if !self.is_service_specific {
            Some(TcFault::GlobalScope)
        } else if now.0.saturating_sub(updated) > OLDEST_MS {
            Some(TcFault::Expired)
        } else if updated.max(created).saturating_sub(now.0) > DAY_MS {
            Some(TcFault::Future)
        } else if created >= DISCLOSED_SINCE_MS && self.disclosed.is_none() {
            Some(TcFault::NoDisclosedSegment)
        } else {
            None
        }
    }

    /// Whether a vendor was disclosed: a segment of any date is taken at its word.
    pub fn discloses(&self, vendor: u16) -> bool {
        self.disclosed
            .as_ref()
            .is_none_or(|disclosed| disclosed.contains(vendor))
    }

    /// Whether the visitor consents to a purpose, whoever's it is.
    pub const fn consents(&self, purpose: u8) -> bool {
        self.purposes_consent & bit(purpose) != 0
    }

    fn restricted(&self, purpose: u8, vendor: u16, kind: RestrictionType) -> bool {
        self.restrictions.iter().any(|restriction| {
            restriction.purpose == purpose
                && restriction.kind == kind
                && restriction.vendors.contains(vendor)
        })
    }

    /// On what basis a vendor may process data for a purpose, by its declaration and the publisher's restrictions. Whether it
    /// was disclosed is another question.
    ///
    /// # Errors
    /// Why it may not.
    pub fn permission(
        &self,
        vendor: u16,
        purpose: u8,
        declared: &Declaration,
    ) -> Result<Basis, Denied> {
        let of = |purposes: u32| purposes & bit(purpose) != 0;
        let restricted = |kind| self.restricted(purpose, vendor, kind);
        if restricted(RestrictionType::NotAllowed) || restricted(RestrictionType::Undefined) {
            return Err(Denied::Restriction);
        }
        let (mut basis, other, requires_other) = if of(declared.consent) {
            (
                Basis::Consent,
                Basis::LegitimateInterest,
                RestrictionType::RequireLegitimateInterest,
            )
        } else if of(declared.legitimate_interest) {
            (
                Basis::LegitimateInterest,
                Basis::Consent,
                RestrictionType::RequireConsent,
            )
        } else {
            return Err(Denied::NotDeclared);
        };
        if restricted(requires_other) {
            if !of(declared.flexible) {
                return Err(Denied::Restriction);
            }
            basis = other;
        }
        match basis {
            Basis::Consent if self.consents(purpose) && self.vendor_consents.contains(vendor) => {
                Ok(basis)
            }
            Basis::Consent => Err(Denied::Consent),
            // Purposes one and three to six always need consent.
            Basis::LegitimateInterest
                if self.purposes_legitimate_interest & bit(purpose) != 0
                    && !matches!(purpose, 1 | 3..=6)
                    && self.vendor_legitimate_interests.contains(vendor) =>
            {
                Ok(basis)
            }
            Basis::LegitimateInterest => Err(Denied::LegitimateInterest),
        }
    }
}

impl PublisherTc {
    fn read(bits: &mut Bits<'_>) -> Result<Self, Unreadable> {
        let consents = bits.flags(24)?;
        let legitimate_interests = bits.flags(24)?;
        let custom = bits.number(6)?;
        let mut flags = || -> Result<u64, Unreadable> {
            let mut flags = 0;
            for id in 0..custom {
                flags |= u64::from(bits.bit()?) << id;
            }
            Ok(flags)
        };
        Ok(Self {
            consents,
            legitimate_interests,
            custom_purposes: u8::try_from(custom).unwrap_or(u8::MAX),
            custom_consents: flags()?,
            custom_legitimate_interests: flags()?,
        })
    }
}
