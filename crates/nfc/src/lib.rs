//! Unicode Normalization Forms C and KD of texts that are not ASCII.
//!
//! From ICU4X's tables natively and in the wheel. With the feature `host`, in WebAssembly, from JavaScript's
//! `String.prototype.normalize`: every runtime brings these tables along, and a second copy would be a tenth of the
//! worker. Unicode's stability policy keeps both the same for every assigned character.

#![forbid(unsafe_code)]

use std::borrow::Cow;

/// The text in NFC; borrowed where it is already.
///
/// ```
/// assert_eq!(edgetally_nfc::nfc("e\u{301}"), "é");
/// assert!(matches!(edgetally_nfc::nfc("é"), std::borrow::Cow::Borrowed("é")));
/// ```
#[cfg(not(all(feature = "host", target_arch = "wasm32")))]
pub fn nfc(text: &str) -> Cow<'_, str> {
    icu_normalizer::ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// The text in NFC; borrowed where it is already.
#[cfg(all(feature = "host", target_arch = "wasm32"))]
pub fn nfc(text: &str) -> Cow<'_, str> {
    // Letters of the Latin-1 block and the one above it are composed already, and nearly all there is.
    if text.chars().all(|c| c < '\u{300}') {
        return Cow::Borrowed(text);
    }
    let composed = String::from(js_sys::JsString::from(text).normalize("NFC"));
    if composed == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(composed)
    }
}

/// The text in NFKD: compatibility forms resolved, accents apart from their letters.
///
/// ```
/// assert_eq!(edgetally_nfc::nfkd("\u{FF20}\u{E9}"), "@e\u{301}");
/// ```
#[cfg(not(all(feature = "host", target_arch = "wasm32")))]
pub fn nfkd(text: &str) -> Cow<'_, str> {
    icu_normalizer::DecomposingNormalizerBorrowed::new_nfkd().normalize(text)
}

/// The text in NFKD: compatibility forms resolved, accents apart from their letters.
#[cfg(all(feature = "host", target_arch = "wasm32"))]
pub fn nfkd(text: &str) -> Cow<'_, str> {
    // To ask the host costs more than all that is done with the text, so letters of western languages are not asked for.
    latin::nfkd(text)
        .unwrap_or_else(|| Cow::Owned(String::from(js_sys::JsString::from(text).normalize("NFKD"))))
}

#[cfg(any(test, all(feature = "host", target_arch = "wasm32")))]
mod latin;
