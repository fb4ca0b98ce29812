//! 32 bytes as 64 lower-case hexadecimal digits, and back.

/// The digits of eight words.
#[expect(
    clippy::indexing_slicing,
    reason = "loops over whole arrays; with iterators instead no vectors are made of them, which takes seven times as long"
)]
pub(crate) fn of_words(words: [u32; 8]) -> [u8; 64] {
    let digit = |value: u8| value + b'0' + if value > 9 { b'a' - b'0' - 10 } else { 0 };
    let mut bytes = [0; 32];
    for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(words) {
        *bytes = word.to_be_bytes();
    }
    let (mut high, mut low) = ([0; 32], [0; 32]);
    for at in 0..32 {
        high[at] = digit(bytes[at] >> 4);
        low[at] = digit(bytes[at] & 15);
    }
    let mut text = [0; 64];
    for at in 0..32 {
        text[2 * at] = high[at];
        text[2 * at + 1] = low[at];
    }
    text
}

/// Hexadecimal text on the stack.
pub(crate) struct Hex([u8; 64]);

impl Hex {
    /// The digits of 32 bytes.
    pub(crate) fn of(bytes: &[u8; 32]) -> Self {
        let mut words = [0; 8];
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
            *word = u32::from_be_bytes(*bytes);
        }
        Self(of_words(words))
    }

    /// The digits as bytes.
    pub(crate) const fn bytes(&self) -> [u8; 64] {
        self.0
    }

    /// The digits.
    pub(crate) fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// What a hexadecimal digit is worth.
pub(crate) fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
