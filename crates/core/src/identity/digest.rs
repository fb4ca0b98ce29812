//! SHA-256 values and their text form.

use core::{fmt, slice};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};

use super::sha256::{K, START};
use crate::base::hex::{Hex, nibble, of_words};
use crate::base::text::NO_VALUE;

/// A SHA-256 value: 64 lower-case hexadecimal digits wherever it is written.
///
/// It is read from a field that says that its value is hashed, such as `email_sha256`, and from an identifier's plain field
/// that holds nothing else: nobody's name, address or number is 64 hexadecimal digits.
///
/// ```
/// use edgetally_core::identity::Digest;
///
/// let upper = "62A14E44F765419D10FEA99367361A727C12365E2520F32218D505ED9AA0F62F";
/// assert_eq!(Digest::parse(upper).map(|digest| digest.to_hex()), Some(upper.to_lowercase()));
/// assert!(Digest::parse("jo@shop.example").is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest(pub(super) [u8; 32]);

impl Digest {
    /// Reads exactly 64 hexadecimal digits in any case, ignoring outer white space.
    #[must_use]
    pub fn parse(raw: &str) -> Option<Self> {
        let text = raw.trim().as_bytes();
        if text.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            let &[high, low] = pair else { return None };
            *byte = nibble(high)? << 4 | nibble(low)?;
        }
        Some(Self(bytes))
    }

    /// Whether this is the digest of the empty text or of a word for "no value", as `sha256(undefined)` is sent by pages
    /// that hash before they look.
    ///
    /// ```
    /// use edgetally_core::identity::Digest;
    ///
    /// let empty = Digest::parse("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    /// assert!(empty.is_some_and(|digest| digest.of_nothing()));
    /// ```
    #[must_use]
    pub fn of_nothing(&self) -> bool {
        let start = self.0.first_chunk().copied().map(u64::from_be_bytes);
        start.is_some_and(|start| NOTHING.contains(&start))
    }

    /// The digests of texts that stand end to end.
    pub(super) fn of_all(all: &str, ends: &[usize]) -> Vec<Self> {
        let mut start = 0;
        let texts = ends.iter().map(|end| {
            let text = all.get(start..*end).unwrap_or_default();
            start = *end;
            text
        });
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        {
            let texts: Vec<&str> = texts.collect();
            let mut digests = vec![Self([0; 32]); texts.len()];
            let (short, long): (Vec<usize>, Vec<usize>) = (0..texts.len()).partition(|at| {
                texts
                    .get(*at)
                    .is_some_and(|text| text.len() <= super::lanes::LONGEST)
            });
            for at in long {
                if let (Some(digest), Some(text)) = (digests.get_mut(at), texts.get(at)) {
                    *digest = Self::of(text);
                }
            }
            for four in short.chunks(4) {
                let text = |lane: usize| {
                    four.get(lane)
                        .and_then(|at| texts.get(*at))
                        .copied()
                        .unwrap_or_default()
                };
                let found = super::lanes::digests([text(0), text(1), text(2), text(3)]);
                for (at, found) in four.iter().zip(found) {
                    if let Some(digest) = digests.get_mut(*at) {
                        *digest = Self(found);
                    }
                }
            }
            digests
        }
        #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
        texts.map(Self::of).collect()
    }

    /// The digest of a normalised text.
    pub(super) fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        self.hex().as_str().to_owned()
    }

    pub(super) fn hex(&self) -> Hex {
        Hex::of(&self.0)
    }
}

/// The longest text that SHA-256 takes in one block: 64 bytes less the stop bit and the length.
pub(super) const ONE_BLOCK: usize = 55;

/// How many texts are hashed in one go.
pub(super) const ROUND: usize = 32;

/// The digests of many texts, in hexadecimal digits.
///
/// Each text is written down first and hashed a little later. Hashed at once, the processor would wait for the bytes that
/// it has just written, and could not begin with the next text meanwhile: twice the time.
#[derive(Debug)]
pub(super) struct Round {
    blocks: [[u8; 64]; ROUND],
    states: [State; ROUND],
}

#[derive(Clone, Copy, Debug)]
enum State {
    Dropped,
    /// A block to be hashed.
    Block,
    /// Digits already: the text was too long for one block.
    Digits,
}

impl Round {
    pub(super) const fn new() -> Self {
        Self {
            blocks: [[0; 64]; ROUND],
            states: [State::Dropped; ROUND],
        }
    }

    /// The places for the next texts; one that is left alone stands for a dropped value.
    pub(super) fn places(&mut self, count: usize) -> impl Iterator<Item = Place<'_>> {
        let both = self.blocks.iter_mut().zip(&mut self.states);
        both.take(count)
            .map(|(block, state)| Place { block, state })
    }

    /// Hashes what was written down and hands it over in order.
    pub(super) fn finish(&mut self, count: usize, mut take: impl FnMut(Option<&[u8; 64]>)) {
        for (block, state) in self.blocks.iter_mut().zip(&mut self.states).take(count) {
            match state {
                State::Dropped => take(None),
                State::Digits => take(Some(block)),
                State::Block => {
                    let mut words = START;
                    compress256(&mut words, slice::from_ref(block));
                    take(Some(&of_words(words)));
                }
            }
            *state = State::Dropped;
        }
    }
}

/// Where a text to be hashed is written down.
pub(super) struct Place<'a> {
    pub(super) block: &'a mut [u8; 64],
    state: &'a mut State,
}

impl Place<'_> {
    /// Lets `write` fill the block with a text and zeros behind it; `None` leaves the place open.
    pub(super) fn fill(&mut self, write: impl FnOnce(&mut [u8; 64]) -> Option<usize>) -> bool {
        let Some(len) = write(self.block).filter(|len| *len <= ONE_BLOCK) else {
            return false;
        };
        // FIPS 180-4, 5.1.1: a stop bit, and at the end the length in bits.
        if let Some(stop) = self.block.get_mut(len) {
            *stop = 0x80;
        }
        if let Some(end) = self.block.last_chunk_mut() {
            *end = (len as u64 * 8).to_be_bytes();
        }
        *self.state = State::Block;
        true
    }

    /// A digest that is finished already.
    pub(super) fn put_digest(&mut self, digest: Digest) {
        *self.block = digest.hex().bytes();
        *self.state = State::Digits;
    }

    /// A text that stands elsewhere.
    pub(super) fn put(&mut self, text: &str) {
        let filled = self.fill(|block| {
            *block = [0; 64];
            let start = block.get_mut(..text.len())?;
            start.copy_from_slice(text.as_bytes());
            Some(text.len())
        });
        if !filled {
            *self.block = sha256_hex(text);
            *self.state = State::Digits;
        }
    }
}

/// Texts besides [`NO_VALUE`] that programs hash where they have nothing.
const EMPTY: &[&str] = &[
    "",
    " ",
    "0",
    "+",
    "-",
    "@",
    "NaN",
    "[object Object]",
    "[object Undefined]",
    "[object Null]",
    "+undefined",
    "+null",
    "+nan",
    "+NaN",
    "+None",
    "true",
    "false",
    "{}",
    "[]",
    "\"\"",
    "''",
];

/// The first eight bytes of the digests of nothing: of [`EMPTY`], of [`NO_VALUE`] in small letters, capitals and with one
/// capital in front, and of the empty text's own digest as text. Worked out while compiling.
static NOTHING: [u64; EMPTY.len() + 3 * NO_VALUE.len() + 1] = nothing();

/// SHA-256 of the 64 hexadecimal digits of the empty text's digest, which takes two blocks.
const EMPTY_TWICE: u64 = 0xcd37_2fb8_5148_700f;

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated while compiling, where a wrong index would not build"
)]
const fn nothing() -> [u64; EMPTY.len() + 3 * NO_VALUE.len() + 1] {
    let mut table = [EMPTY_TWICE; EMPTY.len() + 3 * NO_VALUE.len() + 1];
    let mut at = 0;
    while at < EMPTY.len() {
        table[at] = first_of_digest(EMPTY[at].as_bytes(), 0);
        at += 1;
    }
    let mut word = 0;
    while word < NO_VALUE.len() {
        let text = NO_VALUE[word].as_bytes();
        table[at] = first_of_digest(text, 0);
        table[at + 1] = first_of_digest(text, 1);
        table[at + 2] = first_of_digest(text, text.len());
        at += 3;
        word += 1;
    }
    table
}

/// The first eight bytes of the SHA-256 of a short text whose first letters are made capitals (FIPS 180-4, 6.2).
#[expect(
    clippy::indexing_slicing,
    clippy::many_single_char_names,
    clippy::cast_possible_truncation,
    reason = "evaluated while compiling, where a wrong index would not build; the standard's names"
)]
const fn first_of_digest(text: &[u8], capitals: usize) -> u64 {
    assert!(text.len() <= ONE_BLOCK, "a word for nothing is short");
    let mut schedule = [0_u32; 64];
    let mut at = 0;
    while at <= text.len() {
        let byte = if at == text.len() {
            0x80
        } else if at < capitals {
            text[at].to_ascii_uppercase()
        } else {
            text[at]
        };
        schedule[at / 4] |= (byte as u32) << (24 - 8 * (at % 4));
        at += 1;
    }
    schedule[15] = text.len() as u32 * 8;
    let mut at = 16;
    while at < 64 {
        let (w15, w2) = (schedule[at - 15], schedule[at - 2]);
        let s0 = w15.rotate_right(7) ^ w15.rotate_right(18) ^ (w15 >> 3);
        let s1 = w2.rotate_right(17) ^ w2.rotate_right(19) ^ (w2 >> 10);
        schedule[at] = schedule[at - 16]
            .wrapping_add(s0)
            .wrapping_add(schedule[at - 7])
            .wrapping_add(s1);
        at += 1;
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = START;
    let mut at = 0;
    while at < 64 {
        let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let t1 = h
            .wrapping_add(s1)
            .wrapping_add((e & f) ^ (!e & g))
            .wrapping_add(K[at])
            .wrapping_add(schedule[at]);
        let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let t2 = s0.wrapping_add((a & b) ^ (a & c) ^ (b & c));
        (h, g, f, e, d, c, b, a) = (g, f, e, d.wrapping_add(t1), c, b, a, t1.wrapping_add(t2));
        at += 1;
    }
    (a.wrapping_add(START[0]) as u64) << 32 | b.wrapping_add(START[1]) as u64
}

/// SHA-256 of a text as it stands, in UTF-8, as 64 lower-case hexadecimal digits.
///
/// Nothing is normalised: this is for values whose spelling is known to be right.
///
/// ```
/// use edgetally_core::identity::sha256_hex;
///
/// assert!(sha256_hex("").starts_with(b"e3b0c44298fc1c14"));
/// ```
#[must_use]
pub fn sha256_hex(text: &str) -> [u8; 64] {
    Digest::of(text).hex().bytes()
}

/// A digest still names a person, so it does not show in logs.
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(..)")
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.hex().as_str())
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = super::plain::Text::deserialize(deserializer)?;
        Self::parse(raw.as_str())
            .ok_or_else(|| de::Error::custom("a SHA-256 value is 64 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_the_empty_text_is_the_published_one() {
        assert_eq!(
            Digest::of("").to_hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn a_text_of_any_length_has_the_digest_that_the_crate_gives() {
        let long = "Aé1~".repeat(64);
        let texts: Vec<&str> = (0..=200).filter_map(|length| long.get(..length)).collect();
        let mut round = Round::new();
        let mut found = Vec::new();
        for some in texts.chunks(ROUND / 2) {
            for (at, mut place) in round.places(2 * some.len()).enumerate() {
                if at % 2 == 0 {
                    place.put(some[at / 2]);
                }
            }
            round.finish(2 * some.len(), |hex| found.push(hex.copied()));
        }
        assert_eq!(found.len(), 2 * texts.len());
        for (text, found) in texts.iter().zip(found.chunks(2)) {
            let expected = Digest(Sha256::digest(text).into()).to_hex();
            assert_eq!(str::from_utf8(&sha256_hex(text)), Ok(&*expected), "{text}");
            assert_eq!(Digest::of(text).to_hex(), expected, "{text}");
            assert_eq!(found, [Some(sha256_hex(text)), None], "{text}");
        }
    }

    #[test]
    fn only_sixty_four_hexadecimal_digits_are_a_digest() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(
            Digest::parse(&format!(" {hex}\n")),
            Digest::parse(&hex.to_uppercase())
        );
        for raw in [
            "",
            &hex[1..],
            &format!("{hex}0"),
            &hex.replace('e', "g"),
            &hex.replace("e3", "é"),
        ] {
            assert_eq!(Digest::parse(raw), None, "{raw}");
        }
    }

    #[test]
    fn the_digests_of_nothing_are_those_of_the_words_for_it() {
        let mut words: Vec<String> = EMPTY.iter().map(|word| (*word).to_owned()).collect();
        for word in NO_VALUE {
            let capital = word[..1].to_uppercase() + &word[1..];
            words.extend([(*word).to_owned(), word.to_uppercase(), capital]);
        }
        words.push(Digest::of("").to_hex());
        for word in &words {
            assert!(Digest::of(word).of_nothing(), "{word:?}");
        }
        assert_eq!(words.len(), NOTHING.len());
        for word in ["jo@shop.example", "undefine", "NULl", "4915123456789", "  "] {
            assert!(!Digest::of(word).of_nothing(), "{word:?}");
        }
    }

    #[test]
    fn neither_debug_nor_an_error_shows_the_value() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(format!("{:?}", Digest::parse(hex)), "Some(Digest(..))");
        let error = serde_json::from_str::<Digest>("\"jo@shop.example\"")
            .unwrap_err()
            .to_string();
        assert!(!error.contains("jo"), "{error}");
    }
}
