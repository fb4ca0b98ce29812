//! Delivering a queue batch: which request goes next, what each reply meant, what is left to do. Without I/O: whoever
//! drives it sends the requests and hands in the replies.
//!
//! Two machines over one scheduler: [`Delivery`] sends events, [`Polling`] asks platforms that judge later what became of
//! them. One slow destination never holds another up: destinations take turns, at most two of the connections are one
//! destination's, and one that keeps failing opens its [`CircuitBreaker`].
//!
//! An invocation may do only so much ([`Limits`](crate::exchange::outcome::Limits)). When its budget is spent, nothing more is given
//! out, and what is left is handed on: new messages that go at once and count as no attempt.
//!
//! A destination whose tokens come from somewhere else has one fetched before its first request, and a fresh one when
//! the platform answers 401 to it.

mod accounting;
mod circuit_breaker;
mod polling;
mod release;
mod replay;
mod scheduler;
mod sending;

pub use accounting::{Effects, Message, Queue};
pub use circuit_breaker::CircuitBreaker;
pub use polling::Polling;
pub use release::{Release, releases};
pub use replay::{Replay, replay, replayed};
pub use scheduler::{Gates, MOST_IN_FLIGHT, OutgoingRequest, Spent};
pub use sending::{Delivery, MOST_UNPAIRED, admitted};
