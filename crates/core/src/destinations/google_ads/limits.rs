//! What the interface takes of ids.

/// The longest transaction id, in characters.
pub(super) const LONGEST_TRANSACTION_ID: usize = 64;

pub(super) fn digits(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}
