//! Texts of six bits a character, read bit by bit.

/// Why a consent string cannot be read. None of them says what stood there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unreadable {
    /// Nothing is there.
    Empty,
    /// It is longer than any real one.
    TooLong,
    /// A character that is not of the alphabet of base64 for addresses.
    Alphabet,
    /// A field begins and the string ends.
    Truncated,
    /// Something stands behind the last field.
    Trailing,
    /// Of a kind or version that is not known.
    Version(u8),
    /// A range that ends before it starts, or an id beyond the largest.
    Range,
    /// A part of a kind that is not known, or that stands there twice.
    Segment,
    /// As many parts as the header announces are not there.
    SectionCount,
    /// A value that its field does not have.
    Value,
    /// Of another form altogether.
    Malformed,
}

impl Unreadable {
    /// The stable `snake_case` code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::Alphabet => "non_base64url_character",
            Self::Truncated => "truncated",
            Self::Trailing => "trailing_data",
            Self::Version(_) => "unsupported_version",
            Self::Range => "malformed_range",
            Self::Segment => "unknown_segment",
            Self::SectionCount => "section_count",
            Self::Value => "impossible_value",
            Self::Malformed => "malformed",
        }
    }
}

/// The longest string that is read, in characters: real ones that name every vendor one by one have about 3,000.
pub(super) const LONGEST: usize = 8 * 1024;

/// Six bits of a character of base64 for addresses.
const fn six(character: u8) -> Option<u32> {
    let value = match character {
        b'A'..=b'Z' => character - b'A',
        b'a'..=b'z' => character - b'a' + 26,
        b'0'..=b'9' => character - b'0' + 52,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    };
    Some(value as u32)
}

/// A text of checked characters, and how many bits of it were read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bits<'s> {
    text: &'s [u8],
    at: usize,
}

impl<'s> Bits<'s> {
    /// Of one part of a string.
    pub(super) fn new(text: &'s str) -> Result<Self, Unreadable> {
        if text.is_empty() {
            return Err(Unreadable::Empty);
        }
        if text.len() > LONGEST {
            return Err(Unreadable::TooLong);
        }
        if !text.bytes().all(|character| six(character).is_some()) {
            return Err(Unreadable::Alphabet);
        }
        Ok(Self {
            text: text.as_bytes(),
            at: 0,
        })
    }

    /// All of them.
    pub(super) const fn len(&self) -> usize {
        self.text.len() * 6
    }

    /// Those that were not read yet.
    pub(super) const fn left(&self) -> usize {
        self.len().saturating_sub(self.at)
    }

    /// One bit.
    pub(super) fn bit(&mut self) -> Result<bool, Unreadable> {
        let character = self.text.get(self.at / 6).copied().and_then(six);
        let value = character.ok_or(Unreadable::Truncated)?;
        let bit = value >> (5 - self.at % 6) & 1 == 1;
        self.at += 1;
        Ok(bit)
    }

    /// A number of up to 64 bits, the highest first.
    pub(super) fn number(&mut self, bits: usize) -> Result<u64, Unreadable> {
        if self.left() < bits {
            return Err(Unreadable::Truncated);
        }
        let mut number = 0;
        for _ in 0..bits {
            number = number << 1 | u64::from(self.bit()?);
        }
        Ok(number)
    }

    /// A number of up to sixteen bits.
    pub(super) fn small(&mut self, bits: usize) -> Result<u16, Unreadable> {
        self.number(bits)
            .and_then(|number| u16::try_from(number).map_err(|_| Unreadable::Value))
    }

    /// Flags for the ids from one on, the first in the lowest bit.
    pub(super) fn flags(&mut self, ids: usize) -> Result<u32, Unreadable> {
        let mut flags = 0;
        for id in 0..ids {
            flags |= u32::from(self.bit()?) << id;
        }
        Ok(flags)
    }

    /// Two letters of six bits each.
    pub(super) fn letters(&mut self) -> Result<[u8; 2], Unreadable> {
        let mut letters = [0; 2];
        for letter in &mut letters {
            let value = u8::try_from(self.number(6)?).unwrap_or(u8::MAX);
            if value > 25 {
                return Err(Unreadable::Value);
            }
            *letter = b'A' + value;
        }
        Ok(letters)
    }

    /// A number from one on in the Fibonacci code: Zeckendorf's terms, the smallest first, and a one behind the last.
    pub(super) fn fibonacci(&mut self) -> Result<u16, Unreadable> {
        let (mut term, mut next) = (1_u32, 2_u32);
        let (mut sum, mut before) = (0_u32, false);
        loop {
            let bit = self.bit()?;
            if bit && before {
                return u16::try_from(sum).map_err(|_| Unreadable::Range);
            }
            if bit {
                sum += term;
            }
            // Beyond what a number of sixteen bits needs, nothing can follow.
            if term > u32::from(u16::MAX) {
                return Err(Unreadable::Range);
            }
            before = bit;
            (term, next) = (next, term + next);
        }
    }

    /// That only padding is left: zeros up to six, eight or 24 bits, and with some writers more.
    pub(super) fn end(mut self) -> Result<(), Unreadable> {
        while self.left() > 0 {
            if self.bit()? {
                return Err(Unreadable::Trailing);
            }
        }
        Ok(())
    }
}

/// Ids as ranges in order, none of which touches the next: merged before anything looks at them, so that a short string
/// that names the same ids a thousand times is a short list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ids(Vec<(u16, u16)>);

impl Ids {
    fn from_ranges(mut ranges: Vec<(u16, u16)>) -> Self {
        ranges.sort_unstable();
        let mut merged: Vec<(u16, u16)> = Vec::with_capacity(ranges.len());
        for (start, end) in ranges {
            match merged.last_mut() {
                Some((_, last)) if u32::from(start) <= u32::from(*last) + 1 => {
                    *last = end.max(*last);
                }
                _ => merged.push((start, end)),
            }
        }
        Self(merged)
    }

    /// Whether an id is among them.
    pub fn contains(&self, id: u16) -> bool {
        let after = self.0.partition_point(|(start, _)| *start <= id);
        after
            .checked_sub(1)
            .and_then(|at| self.0.get(at))
            .is_some_and(|(_, end)| *end >= id)
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0
            .iter()
            .map(|(start, end)| usize::from(*end) - usize::from(*start) + 1)
            .sum()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = u16> {
        self.0.iter().flat_map(|(start, end)| *start..=*end)
    }

    /// A list of range entries: how many in twelve bits, then for each whether it is a range, its start and its end.
    pub(super) fn entries(bits: &mut Bits<'_>, largest: u16) -> Result<Self, Unreadable> {
        let many = bits.number(12)?;
        let mut ranges = Vec::new();
        for _ in 0..many {
            let range = bits.bit()?;
            let start = bits.small(16)?;
            let end = if range { bits.small(16)? } else { start };
            if start == 0 || end < start || end > largest {
                return Err(Unreadable::Range);
            }
            ranges.push((start, end));
        }
        Ok(Self::from_ranges(ranges))
    }

    /// Vendors: the largest id, and then either a bit for each or range entries.
    pub(super) fn vendors(bits: &mut Bits<'_>) -> Result<Self, Unreadable> {
        let largest = bits.small(16)?;
        if bits.bit()? {
            return Self::entries(bits, largest);
        }
        if bits.left() < usize::from(largest) {
            return Err(Unreadable::Truncated);
        }
        let mut ranges: Vec<(u16, u16)> = Vec::new();
        for id in 1..=largest {
            if bits.bit()? {
                match ranges.last_mut() {
                    Some((_, end)) if *end + 1 == id => *end = id,
                    _ => ranges.push((id, id)),
                }
            }
        }
        Ok(Self(ranges))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_the_fibonacci_code() {
        for (text, number) in [
            ("w", 1), // 11
            ("Y", 2), // 011
            ("M", 3), // 0011
            ("s", 4), // 1011
            ("G", 5), // 00011
            ("m", 6), // 10011
            ("D", 8), // 000011
        ] {
            assert_eq!(Bits::new(text).unwrap().fibonacci(), Ok(number), "{text}");
        }
        assert_eq!(
            Bits::new("AAAAAAAA").unwrap().fibonacci(),
            Err(Unreadable::Range)
        );
        assert_eq!(
            Bits::new("AA").unwrap().fibonacci(),
            Err(Unreadable::Truncated)
        );
    }

    #[test]
    fn ranges_are_merged() {
        let ids = Ids::from_ranges(vec![(5, 9), (1, 3), (4, 4), (7, 20), (65_535, 65_535)]);
        assert_eq!(ids, Ids(vec![(1, 20), (65_535, 65_535)]));
        assert_eq!(ids.len(), 21);
        assert!(ids.contains(1) && ids.contains(20) && !ids.contains(21) && !ids.contains(0));
        assert!(ids.contains(65_535));
    }
}
