//! The parameters of an address' query.

/// The parameters of an address' query, percent-decoded.
pub fn parameters(
    query: &str,
) -> impl Iterator<Item = (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)> {
    form_urlencoded::parse(query.as_bytes())
}

/// Parameters as a query.
///
/// ```
/// use edgetally_core::base::query::written;
/// assert_eq!(written([("event_id", "a/b c"), ("days", "7")]), "event_id=a%2Fb+c&days=7");
/// ```
pub fn written<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    query.finish()
}
