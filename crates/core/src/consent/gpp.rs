//! The Global Privacy Platform string: a header that says which sections follow, and the sections of the United States.
//!
//! Source: IAB Tech Lab, "Global Privacy Platform core" and the documents of the sections. A section is found by its id and
//! never by its place or name, and one that is not known here is left alone: it must not take the others with it.

use super::bits::{Bits, LONGEST, Unreadable};

/// A string that was taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gpp<'s> {
    sections: Vec<(u16, &'s str)>,
}

/// The most sections: there are 27.
const MOST_SECTIONS: usize = 64;

/// The section with a TC string for the European Union.
pub const TCF_EU: u16 = 2;
/// The section with a US Privacy string.
pub(super) const US_PRIVACY: u16 = 6;
/// The section of the whole United States.
const US_NATIONAL: u16 = 7;

impl<'s> Gpp<'s> {
    /// Takes a string apart.
    ///
    /// # Errors
    /// What the format does not allow, of the header or of how many sections there are. What stands in the sections is read
    /// when it is asked for.
    pub fn read(text: &'s str) -> Result<Self, Unreadable> {
        if text.len() > LONGEST {
            return Err(Unreadable::TooLong);
        }
        let mut parts = text.split('~');
        let ids = header(parts.next().unwrap_or_default())?;
        let sections: Vec<&str> = parts.collect();
        if sections.len() != ids.len() {
            return Err(Unreadable::SectionCount);
        }
        Ok(Self {
            sections: ids.into_iter().zip(sections).collect(),
        })
    }

    /// The sections, by id.
    pub fn sections(&self) -> &[(u16, &'s str)] {
        &self.sections
    }

    /// A section by its id.
    pub fn section(&self, id: u16) -> Option<&'s str> {
        self.sections
            .iter()
            .find(|(known, _)| *known == id)
            .map(|(_, section)| *section)
    }
}

/// The ids that a header lists.
fn header(text: &str) -> Result<Vec<u16>, Unreadable> {
    let mut bits = Bits::new(text)?;
    if bits.number(6)? != 3 {
        return Err(Unreadable::Malformed);
    }
    let version = bits.number(6)?;
    if version != 1 {
        return Err(Unreadable::Version(u8::try_from(version).unwrap_or(0)));
    }
    let mut ids = Vec::new();
    let mut last = 0_u16;
    for _ in 0..bits.number(12)? {
        let group = bits.bit()?;
        let start = last
            .checked_add(bits.fibonacci()?)
            .ok_or(Unreadable::Range)?;
        let end = if group {
            start
                .checked_add(bits.fibonacci()?)
                .ok_or(Unreadable::Range)?
        } else {
            start
        };
        if ids.len() + usize::from(end - start) >= MOST_SECTIONS {
            return Err(Unreadable::SectionCount);
        }
        ids.extend(start..=end);
        last = end;
    }
    bits.end()?;
    Ok(ids)
}

/// A field of a section: how many values of two bits it has.
type Field = (&'static str, usize);

/// How a section is laid out, behind the six bits of its version.
#[derive(Debug)]
struct Layout {
    id: u16,
    /// The name that the framework gives it.
    name: &'static str,
    fields: &'static [Field],
    behind: Behind,
}

/// What may stand behind the core of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behind {
    Nothing,
    Gpc,
    /// Eight values on sensitive data. No example of such a string was found; nothing here depends on them.
    Sensitive,
}

const SENSITIVE: &str = "SensitiveDataProcessing";
const CHILD: &str = "KnownChildSensitiveDataConsents";

/// The fields of a section before its opt-outs, its number of kinds of sensitive data and of ages of children, and what
/// stands before the last three.
macro_rules! fields {
    ([$($notice:literal),*], [$($opt_out:literal),*], $sensitive:literal, $child:literal, [$($more:literal),*]) => {
        &[
            $(($notice, 1),)*
            $(($opt_out, 1),)*
            (SENSITIVE, $sensitive),
            (CHILD, $child),
            $(($more, 1),)*
            ("MspaCoveredTransaction", 1),
            ("MspaOptOutOptionMode", 1),
            ("MspaServiceProviderMode", 1),
        ]
    };
}

/// The national section, which comes in two layouts.
macro_rules! national {
    ($sensitive:literal, $child:literal) => {
        Layout {
            id: US_NATIONAL,
            name: "usnat",
            fields: fields!(
                [
                    "SharingNotice",
                    "SaleOptOutNotice",
                    "SharingOptOutNotice",
                    "TargetedAdvertisingOptOutNotice",
                    "SensitiveDataProcessingOptOutNotice",
                    "SensitiveDataLimitUseNotice"
                ],
                ["SaleOptOut", "SharingOptOut", "TargetedAdvertisingOptOut"],
                $sensitive,
                $child,
                ["PersonalDataConsents"]
            ),
            behind: Behind::Gpc,
        }
    };
}

/// A section of a state whose notices begin with that of sharing, or of processing.
macro_rules! state {
    ($id:literal, $name:literal, $first:literal, [$($notice:literal),*], $sensitive:literal, $child:literal, [$($more:literal),*], $behind:ident) => {
        Layout {
            id: $id,
            name: $name,
            fields: fields!(
                [$first, "SaleOptOutNotice", "TargetedAdvertisingOptOutNotice" $(, $notice)*],
                ["SaleOptOut", "TargetedAdvertisingOptOut"],
                $sensitive,
                $child,
                [$($more),*]
            ),
            behind: Behind::$behind,
        }
    };
}

/// A section in the layout of 2025, whose core begins with the version of the agreement.
macro_rules! newer {
    ($id:literal, $name:literal, [$(($more:expr, $many:literal)),*], $behind:ident) => {
        Layout {
            id: $id,
            name: $name,
            fields: &[
                ("MspaCoveredTransaction", 1),
                ("MspaMode", 1),
                ("ProcessingNotice", 1),
                ("SaleOptOutNotice", 1),
                ("TargetedAdvertisingOptOutNotice", 1),
                ("SaleOptOut", 1),
                ("TargetedAdvertisingOptOut", 1),
                $(($more, $many),)*
                ("AdditionalDataProcessingConsent", 1),
            ],
            behind: Behind::$behind,
        }
    };
}

/// The first layout of the national section, of 60 bits.
static NATIONAL_SHORT: Layout = national!(12, 2);
/// The second, of 70 bits.
static NATIONAL: Layout = national!(16, 3);

/// The sections of states (IAB Tech Lab, documents of the sections; read 2026-11-22).
static STATES: &[Layout] = &[
    Layout {
        id: 8,
        name: "usca",
        fields: fields!(
            [
                "SaleOptOutNotice",
                "SharingOptOutNotice",
                "SensitiveDataLimitUseNotice"
            ],
            ["SaleOptOut", "SharingOptOut"],
            9,
            2,
            ["PersonalDataConsents"]
        ),
        behind: Behind::Gpc,
    },
    state!(9, "usva", "SharingNotice", [], 8, 1, [], Nothing),
    state!(10, "usco", "SharingNotice", [], 7, 1, [], Gpc),
    state!(
        11,
        "usut",
        "SharingNotice",
        ["SensitiveDataProcessingOptOutNotice"],
        8,
        1,
        [],
        Nothing
    ),
    state!(12, "usct", "SharingNotice", [], 8, 3, [], Gpc),
    state!(
        13,
        "usfl",
        "ProcessingNotice",
        [],
        8,
        3,
        ["AdditionalDataProcessingConsent"],
        Nothing
    ),
    state!(
        14,
        "usmt",
        "SharingNotice",
        [],
        8,
        3,
        ["AdditionalDataProcessingConsent"],
        Gpc
    ),
    state!(
        15,
        "usor",
        "ProcessingNotice",
        [],
        11,
        3,
        ["AdditionalDataProcessingConsent"],
        Gpc
    ),
    state!(
        16,
        "ustx",
        "ProcessingNotice",
        [],
        8,
        1,
        ["AdditionalDataProcessingConsent"],
        Gpc
    ),
    state!(
        17,
        "usde",
        "ProcessingNotice",
        [],
        9,
        5,
        ["AdditionalDataProcessingConsent"],
        Gpc
    ),
    state!(
        18,
        "usia",
        "ProcessingNotice",
        ["SensitiveDataOptOutNotice"],
        8,
        1,
        [],
        Gpc
    ),
    state!(
        19,
        "usne",
        "ProcessingNotice",
        [],
        8,
        1,
        ["AdditionalDataProcessingConsent"],
        Gpc
    ),
    state!(
        20,
        "usnh",
        "ProcessingNotice",
        [],
        8,
        3,
        ["AdditionalDataProcessingConsent"],
        Gpc
    ),
    state!(
        21,
        "usnj",
        "ProcessingNotice",
        [],
        10,
        5,
        ["AdditionalDataProcessingConsent"],
        Gpc
    ),
    state!(
        22,
        "ustn",
        "ProcessingNotice",
        [],
        8,
        1,
        ["AdditionalDataProcessingConsent"],
        Gpc
    ),
    state!(
        23,
        "usmn",
        "ProcessingNotice",
        [],
        8,
        1,
        ["AdditionalDataProcessingConsent"],
        Gpc
    ),
    newer!(24, "usmd", [], Gpc),
    newer!(25, "usin", [(CHILD, 1)], Sensitive),
    newer!(26, "usky", [(CHILD, 1)], Sensitive),
    newer!(27, "usri", [(CHILD, 1)], Sensitive),
];

/// The first section in the layout of 2025.
const FIRST_NEWER: u16 = 24;

/// A section of the United States, field by field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsSection {
    /// Its id.
    pub id: u16,
    /// The name that the framework gives it.
    pub name: &'static str,
    /// Its version, or that of the agreement in the layout of 2025.
    pub version: u8,
    /// Its fields in order, each with its values: 0 does not apply; of opt-outs 1 is out; of consents 1 is none and 2 is one.
    pub fields: Vec<(&'static str, Vec<u8>)>,
    /// The Global Privacy Control signal, where the section has one.
    pub gpc: Option<bool>,
    /// Whether another reading of the same bits shows a child, where the number of bits does not say which reading is meant.
    pub may_be_child: bool,
}

/// The name of a section of the United States.
pub fn us_section_name(id: u16) -> Option<&'static str> {
    layout(id).map(|layout| layout.name)
}

fn layout(id: u16) -> Option<&'static Layout> {
    if id == US_NATIONAL {
        return Some(&NATIONAL);
    }
    STATES.iter().find(|layout| layout.id == id)
}

impl UsSection {
    /// Reads a section.
    ///
    /// # Errors
    /// What the section's document does not allow; a section that is not of the United States is [`Unreadable::Segment`].
    pub fn read(id: u16, text: &str) -> Result<Self, Unreadable> {
        let mut segments = text.split('.').peekable();
        let first = segments.peek().copied().unwrap_or_default();
        // One library writes the layout of 2025 with its own header, which begins with the section's id.
        if id >= FIRST_NEWER && Bits::new(first)?.number(6)? == u64::from(id) {
            segments.next();
        }
        let core = segments.next().unwrap_or_default();
        let bits = Bits::new(core)?;
        let mut section = if id == US_NATIONAL {
            // By the number of bits, since one library writes version 1 in the second layout. A string of the first may be
            // filled up to 72.
            match bits.len() {
                ..=66 => Self::core(&NATIONAL_SHORT, bits)?,
                72 => {
                    let mut section = Self::core(&NATIONAL, bits)?;
                    section.may_be_child =
                        Self::core(&NATIONAL_SHORT, bits).is_ok_and(|other| other.is_child());
                    section
                }
                _ => Self::core(&NATIONAL, bits)?,
            }
        } else {
            Self::core(layout(id).ok_or(Unreadable::Segment)?, bits)?
        };
        let behind = layout(id).map_or(Behind::Nothing, |layout| layout.behind);
        if let Some(segment) = segments.next() {
            section.subsection(behind, segment)?;
        }
        if segments.next().is_some() {
            return Err(Unreadable::Segment);
        }
        Ok(section)
    }

    fn core(layout: &'static Layout, mut bits: Bits<'_>) -> Result<Self, Unreadable> {
        let version = u8::try_from(bits.number(6)?).unwrap_or(0);
        let known = if layout.id == US_NATIONAL {
            1..=2
        } else {
            1..=1
        };
        if !known.contains(&version) {
            return Err(Unreadable::Version(version));
        }
        let mut fields = Vec::with_capacity(layout.fields.len());
        for (name, many) in layout.fields {
            fields.push((*name, values(&mut bits, *many)?));
        }
        bits.end()?;
        Ok(Self {
            id: layout.id,
            name: layout.name,
            version,
            fields,
            gpc: None,
            may_be_child: false,
        })
    }

    fn subsection(&mut self, behind: Behind, segment: &str) -> Result<(), Unreadable> {
        let mut bits = Bits::new(segment)?;
        match behind {
            Behind::Nothing => return Err(Unreadable::Segment),
            Behind::Gpc => {
                if bits.number(2)? != 1 {
                    return Err(Unreadable::Segment);
                }
                self.gpc = Some(bits.bit()?);
            }
            Behind::Sensitive => self.fields.push((SENSITIVE, values(&mut bits, 8)?)),
        }
        bits.end()
    }

    /// The values of a field; none where the section does not have it.
    pub fn field(&self, name: &str) -> &[u8] {
        self.fields
            .iter()
            .find(|(known, _)| *known == name)
            .map_or(&[], |(_, values)| values)
    }

    /// An opt-out: whether the visitor is out; nothing where it does not apply.
    pub fn opted_out(&self, name: &str) -> Option<bool> {
        match self.field(name) {
            [1] => Some(true),
            [2] => Some(false),
            _ => None,
        }
    }

    /// Whether anything is said of a known child.
    pub fn is_child(&self) -> bool {
        self.may_be_child || self.field(CHILD).iter().any(|value| *value != 0)
    }
}

/// Values of two bits, of which three is none.
fn values(bits: &mut Bits<'_>, many: usize) -> Result<Vec<u8>, Unreadable> {
    (0..many)
        .map(|_| match u8::try_from(bits.number(2)?) {
            Ok(value @ 0..=2) => Ok(value),
            _ => Err(Unreadable::Value),
        })
        .collect()
}

/// What the sections in force say together: an opt-out in any of them counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptOuts {
    /// Of the sale of personal data.
    pub sale: Option<bool>,
    /// Of its sharing for advertising across sites.
    pub sharing: Option<bool>,
    /// Of targeted advertising.
    pub targeted_advertising: Option<bool>,
    /// The Global Privacy Control signal.
    pub gpc: Option<bool>,
    /// Whether a section speaks of a known child.
    pub child: bool,
}

impl OptOuts {
    /// Whether the visitor is out of anything.
    pub fn any(&self) -> bool {
        [self.sale, self.sharing, self.targeted_advertising, self.gpc].contains(&Some(true))
    }

    fn add(&mut self, section: &UsSection) {
        let or = |one: Option<bool>, other: Option<bool>| match (one, other) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), _) | (_, Some(false)) => Some(false),
            (None, None) => None,
        };
        self.sale = or(self.sale, section.opted_out("SaleOptOut"));
        self.sharing = or(self.sharing, section.opted_out("SharingOptOut"));
        self.targeted_advertising = or(
            self.targeted_advertising,
            section.opted_out("TargetedAdvertisingOptOut"),
        );
        self.gpc = or(self.gpc, section.gpc);
        self.child |= section.is_child();
    }
}

/// Why the sections in force say nothing that could be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GppFault {
    /// One of them cannot be read.
    Unreadable(Unreadable),
    /// One that is said to be in force is not there.
    SectionMissing,
}

/// What the sections of the United States that are in force say. Without any that is named properly, all of them are: a list
/// that is absent, `-1` or nonsense must not hide an opt-out.
///
/// # Errors
/// A section in force that is not there or cannot be read.
pub fn us_opt_outs(gpp: &Gpp<'_>, in_force: &[i64]) -> Result<OptOuts, GppFault> {
    let named: Vec<u16> = in_force
        .iter()
        .filter_map(|id| u16::try_from(*id).ok().filter(|id| *id > 0))
        .collect();
    let mut found = OptOuts::default();
    let mut add = |id: u16, text: &str| -> Result<(), GppFault> {
        if id == US_PRIVACY {
            let opt_out = super::us_privacy::us_privacy_opt_out(text)
                .ok_or(GppFault::Unreadable(Unreadable::Malformed))?;
            let stated = text.as_bytes().get(2) != Some(&b'-');
            found.sale = match (found.sale, opt_out) {
                (_, true) => Some(true),
                (None, false) if stated => Some(false),
                (other, _) => other,
            };
        } else if layout(id).is_some() {
            found.add(&UsSection::read(id, text).map_err(GppFault::Unreadable)?);
        }
        Ok(())
    };
    for id in &named {
        let text = gpp.section(*id).ok_or(GppFault::SectionMissing)?;
        // Canada's, and whatever comes after those that are known: what cannot be read may say no.
        if !matches!(*id, TCF_EU | US_PRIVACY) && layout(*id).is_none() {
            return Err(GppFault::Unreadable(Unreadable::Segment));
        }
        add(*id, text)?;
    }
    // Who names none, or one that nobody can make out, has not said that the others do not apply.
    if named.len() < in_force.len() || named.is_empty() {
        for (id, text) in gpp.sections() {
            add(*id, text)?;
        }
    }
    Ok(found)
}

/// The section that a text names: a number up to 255, or the -1 that consent platforms write where they do not know.
pub fn section_in_force(text: &str) -> i64 {
    let number = text.trim().parse().ok();
    number
        .filter(|number| (-1..=255).contains(number))
        .unwrap_or(ILLEGIBLE)
}

/// What stands in the place of a section that nobody can make out.
pub const ILLEGIBLE: i64 = -2;
