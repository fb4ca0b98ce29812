//! The door: what a format has to bring.

use crate::base::error::ParseError;
use crate::base::time::UnixMillis;
use crate::event::Event;

/// A request as it came in, as far as formats may look at it.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// The body.
    pub body: &'a [u8],
    /// What stands behind the `?` of the address.
    pub query: &'a str,
    /// The time of receipt.
    pub now: UnixMillis,
}

/// The events of a request, each of which may have a fault of its own.
pub type Events<'a> = Vec<Result<Event<'a>, ParseError>>;

/// A way in which events are sent: one file, and one line in [`ALL`].
#[derive(Debug)]
pub struct Format {
    /// Its name in logs and docs.
    pub name: &'static str,
    /// The method of its requests.
    pub method: &'static str,
    /// The path of its requests.
    pub path: &'static str,
    /// Makes events of what arrived, each by way of [`Draft::check`](crate::event::draft::Draft::check).
    ///
    /// # Errors
    /// A fault of the request as a whole. Faults of single events stand in the list.
    pub read: for<'a> fn(&Arrival<'a>) -> Result<Events<'a>, ParseError>,
}
