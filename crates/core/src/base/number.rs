//! The value of a JSON number.

/// The value of a JSON number, for comparisons. By the reader of JSON that is there anyway: the standard library's brings
/// ten kilobytes of tables along, to be right in the last bit.
pub(crate) fn number(text: &str) -> Option<f64> {
    serde_json::from_str(text).ok()
}
