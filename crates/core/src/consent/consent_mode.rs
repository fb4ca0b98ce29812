//! Google's Consent Mode as it stands in the requests of its tags: `gcs` and `gcd`.
//!
//! `gcs` is in Google's documentation for debugging. `gcd` is not documented; what is known of it was found by comparing
//! requests, so it is read strictly, by position, and nothing but a known letter in its place counts.

use super::bits::Unreadable;
use super::signals::Choice;

/// The answers of `gcs`: `G1` and a sign each for `ad_storage` and `analytics_storage`, `-` where consent is not required.
///
/// # Errors
/// Any other form.
pub fn gcs(text: &str) -> Result<[Option<Choice>; 2], Unreadable> {
    let [b'G', b'1', ads, analytics] = text.as_bytes() else {
        return Err(Unreadable::Malformed);
    };
    let choice = |sign: u8| match sign {
        b'0' => Ok(Some(Choice::Denied)),
        b'1' => Ok(Some(Choice::Granted)),
        b'-' => Ok(None),
        _ => Err(Unreadable::Malformed),
    };
    Ok([choice(*ads)?, choice(*analytics)?])
}

/// The answers of `gcd` to `ad_storage`, `analytics_storage`, `ad_user_data` and `ad_personalization`.
///
/// # Errors
/// Any other form.
pub fn gcd(text: &str) -> Result<[Option<Choice>; 4], Unreadable> {
    let bytes = text.as_bytes();
    let well_formed = (10..=24).contains(&bytes.len())
        && bytes.first() == Some(&b'1')
        && bytes.iter().all(u8::is_ascii_alphanumeric);
    if !well_formed {
        return Err(Unreadable::Malformed);
    }
    let mut answers = [None; 4];
    for (answer, at) in answers.iter_mut().zip([2, 4, 6, 8]) {
        *answer = match bytes.get(at) {
            // Not set.
            Some(b'l') => None,
            // Denied by default, by default and update, by update, granted and then denied.
            Some(b'p' | b'q' | b'm' | b'u') => Some(Choice::Denied),
            // Granted by default, denied and then granted, by update, by default and update.
            Some(b't' | b'r' | b'n' | b'v') => Some(Choice::Granted),
            _ => return Err(Unreadable::Malformed),
        };
    }
    Ok(answers)
}
