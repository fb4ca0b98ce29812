//! The door: what a format has to bring.

use crate::base::error::{Code, ParseError};
use crate::event::Event;
use crate::intake::answer::{Outcome, Response, error_of};
use crate::intake::arrival::{Arrival, Header, Headers};
use crate::intake::auth::Caller;
use crate::settings::{Settings, Source};

/// The events of a request, each of which may have a fault of its own. None at all is no fault: shops also report what is
/// no conversion.
pub type Events<'a> = Vec<Result<Event<'a>, ParseError>>;

/// A way in which events are sent: one file beside this one, and a line in [`ROUTES`](crate::routes::ROUTES) for each of
/// its addresses.
#[derive(Debug)]
pub struct Format {
    /// Its name in logs and docs.
    pub name: &'static str,
    /// The media types that its bodies may have, of requests that name one; any where the list is empty.
    pub media: &'static [&'static str],
    /// The longest body, in bytes.
    pub most_bytes: usize,
    /// Headers that it reads beside [`Header`], such as a shop's signature; in lower case.
    pub headers: &'static [&'static str],
    /// Whether SDKs speak it, which heed the status alone and repeat or break over any but `200`: what is refused is counted
    /// here, since nobody reads the answer; a body may be compressed; and an address may have a slash too many.
    pub sdk: bool,
    /// What a page of another origin may send with it, for the preflight; absent where pages do not send it.
    pub page_headers: Option<&'static str>,
    /// Whether it is only looked at: nothing is queued, counted or claimed, whatever is answered.
    pub dry: bool,
    /// Recognises the sender. The body is as it came, for signatures.
    ///
    /// # Errors
    /// Why the sender is not recognised.
    pub recognise: for<'a> fn(&'a Settings, &Arrival<'a>) -> Result<Caller<'a>, Code>,
    /// Makes events of what arrived for a source, each by way of [`Draft::check`](crate::event::draft::Draft::check).
    ///
    /// # Errors
    /// A fault of the request as a whole. Faults of single events stand in the list, and are counted in the ledger.
    pub read: for<'a> fn(&'a Source, &Arrival<'a>) -> Result<Events<'a>, ParseError>,
    /// Tells the sender how it went, in the words of its own protocol. The source is there where the sender was recognised.
    pub answer: fn(Option<&Source>, &Arrival<'_>, &Outcome<'_>) -> Response,
}

impl Format {
    /// Whether a body can be read, as far as its headers tell.
    ///
    /// # Errors
    /// `unsupported_media_type`, `body_too_large`.
    pub fn check_headers(&self, headers: &Headers<'_>) -> Result<(), ParseError> {
        let named = headers.get(Header::ContentType);
        let media = named.and_then(|media| media.split(';').next());
        let readable = media.is_none_or(|media| {
            let media = media.trim();
            self.media.is_empty() || self.media.iter().any(|own| own.eq_ignore_ascii_case(media))
        });
        let plain = headers
            .get(Header::ContentEncoding)
            .is_none_or(|coding| coding.eq_ignore_ascii_case("identity"));
        if !readable || !(plain || self.sdk) {
            return Err(error_of(Code::UnsupportedMediaType));
        }
        let announced = headers
            .get(Header::ContentLength)
            .and_then(|length| length.parse::<usize>().ok());
        if announced.is_some_and(|length| length > self.most_bytes) {
            return Err(error_of(Code::BodyTooLarge));
        }
        Ok(())
    }
}
