//! SHA-256 values and their text form.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};

/// The first 32 bits of the fractional parts of the square roots of the first 8 primes (FIPS 180-4, 5.3.3).
const START: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// A SHA-256 value: 64 lower-case hexadecimal digits wherever it is written.
///
/// It is read only from a field that says that its value is hashed, such as `email_sha256`. Text that merely looks
/// hashed is not guessed at.
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
        let mut words = [0; 8];
        for (word, bytes) in words.iter_mut().zip(self.0.as_chunks().0) {
            *word = u32::from_be_bytes(*bytes);
        }
        Hex(hex(words))
    }
}

/// The digits of eight words, eight digits at a time.
fn hex(words: [u32; 8]) -> [u8; 64] {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut text = [0; 64];
    for (digits, word) in text.as_chunks_mut().0.iter_mut().zip(words) {
        // Each half byte into a byte of its own, the last digit lowest.
        let mut spread = u64::from(word);
        spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF;
        spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF;
        spread = (spread | spread << 4) & 0x0F0F_0F0F_0F0F_0F0F;
        // Ten and more become letters.
        let letter = ((spread + 6 * ONES) >> 4) & ONES;
        let shown = spread + u64::from(b'0') * ONES + letter * u64::from(b'a' - b'0' - 10);
        *digits = shown.to_be_bytes();
    }
    text
}

/// [`Digest::of`] in hexadecimal digits, for a text of at most 64 bytes that has zeros behind it.
pub(super) fn hex_of_block((mut block, len): ([u8; 64], usize)) -> [u8; 64] {
    // FIPS 180-4, 5.1.1: a stop bit and, at the end of the last block, the length in bits.
    let bits = (len as u64 * 8).to_be_bytes();
    let mut words = START;
    let finish = |block: &mut [u8; 64]| {
        if let Some(end) = block.last_chunk_mut() {
            *end = bits;
        }
    };
    if let Some(stop) = block.get_mut(len) {
        *stop = 0x80;
        if len < 56 {
            finish(&mut block);
            compress256(&mut words, &[block]);
        } else {
            let mut last = [0; 64];
            finish(&mut last);
            compress256(&mut words, &[block, last]);
        }
    } else {
        let mut last = [0; 64];
        if let Some(stop) = last.first_mut() {
            *stop = 0x80;
        }
        finish(&mut last);
        compress256(&mut words, &[block, last]);
    }
    hex(words)
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
    let mut block = [0; 64];
    match block.get_mut(..text.len()) {
        Some(start) => {
            start.copy_from_slice(text.as_bytes());
            hex_of_block((block, text.len()))
        }
        None => Digest::of(text).hex().0,
    }
}

/// Hexadecimal text on the stack.
pub(super) struct Hex([u8; 64]);

impl Hex {
    pub(super) fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
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
        for text in (0..=200).filter_map(|length| long.get(..length)) {
            let mut expected = String::new();
            for byte in Sha256::digest(text) {
                expected.push_str(&format!("{byte:02x}"));
            }
            assert_eq!(str::from_utf8(&sha256_hex(text)), Ok(&*expected), "{text}");
            assert_eq!(Digest::of(text).to_hex(), expected, "{text}");
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
    fn neither_debug_nor_an_error_shows_the_value() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(format!("{:?}", Digest::parse(hex)), "Some(Digest(..))");
        let error = serde_json::from_str::<Digest>("\"jo@shop.example\"")
            .unwrap_err()
            .to_string();
        assert!(!error.contains("jo"), "{error}");
    }
}
