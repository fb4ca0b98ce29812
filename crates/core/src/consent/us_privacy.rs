//! The IAB's US Privacy string and Global Privacy Control.

/// Whether a US Privacy string opts out of sale; `None` when it is malformed.
///
/// Four characters: version, notice, opt-out of sale, LSPA (IAB US Privacy, frozen 2021).
pub fn us_privacy_opt_out(text: &str) -> Option<bool> {
    let [version, rest @ ..] = text.trim().as_bytes() else {
        return None;
    };
    let [notice, opt_out, lspa] = rest else {
        return None;
    };
    let answer = |byte: &u8| matches!(byte.to_ascii_uppercase(), b'Y' | b'N' | b'-');
    if !matches!(version, b'1'..=b'9') || ![notice, opt_out, lspa].into_iter().all(answer) {
        return None;
    }
    Some(opt_out.eq_ignore_ascii_case(&b'Y'))
}

/// Reads the value of a `Sec-GPC` header: only `1` signals.
pub fn gpc_header(value: &str) -> bool {
    value.trim() == "1"
}
