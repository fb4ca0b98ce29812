//! The parameters of an address' query.

/// The parameters of an address' query, percent-decoded.
pub fn parameters(
    query: &str,
) -> impl Iterator<Item = (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)> {
    form_urlencoded::parse(query.as_bytes())
}
