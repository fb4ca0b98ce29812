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
//! [`Visits`] are apart: platforms are asked what they say about quality, and no gate, token or budget of the others is touched.
//!
//! A destination whose tokens come from somewhere else has one fetched before its first request, and a fresh one when
//! the platform answers 401 to it.

mod accounting;
mod circuit_breaker;
mod claiming;
mod polling;
mod release;
mod replay;
mod scheduler;
mod sending;
mod visits;
mod withdrawal;

pub use accounting::{Effects, Message, Queue};
pub use circuit_breaker::CircuitBreaker;
pub use claiming::refused;
pub use polling::Polling;
pub use release::{Release, releases};
pub use replay::{Replay, replay, replayed, too_old};
pub use scheduler::{Gates, MOST_IN_FLIGHT, OutgoingRequest, Spent};
pub use sending::{Delivery, MOST_UNPAIRED, admitted};
pub use visits::{Told, Visits};
pub use withdrawal::{receipts, withdraw};

use crate::base::time::UnixMillis;
use crate::exchange::http::{Failure, Reply};
use crate::ledger::Withdrawals;

/// What both machines are driven by: requests out, replies in.
pub trait Driven {
    /// The next request to send; nothing when none may be sent right now.
    fn next(&mut self, gates: &mut Gates, now: UnixMillis) -> Option<OutgoingRequest>;

    /// Takes the reply to a request, or the reason why there is none.
    fn answer(
        &mut self,
        ticket: usize,
        reply: &Result<Reply, Failure>,
        gates: &mut Gates,
        now: UnixMillis,
    );

    /// Books requests of the invocation that are not platforms'.
    fn spend(&mut self, requests: u32);

    /// Gives what is to be made durable now, while the rest is in flight.
    fn take_ripe(&mut self, _now: UnixMillis) -> Vec<Effects> {
        Vec::new()
    }

    /// Whether nothing more is given out until the ledger has said again what was withdrawn.
    fn stale(&self, _now: UnixMillis) -> bool {
        false
    }

    /// Takes what the ledger said was withdrawn, or that it said nothing.
    fn heed(&mut self, _said: Option<&Withdrawals>) {}
}

macro_rules! driven {
    ($type:ident { $($more:item)* }) => {
        impl Driven for $type<'_> {
            fn next(&mut self, gates: &mut Gates, now: UnixMillis) -> Option<OutgoingRequest> {
                Self::next(self, gates, now)
            }

            fn answer(
                &mut self,
                ticket: usize,
                reply: &Result<Reply, Failure>,
                gates: &mut Gates,
                now: UnixMillis,
            ) {
                Self::answer(self, ticket, reply, gates, now);
            }

            fn spend(&mut self, requests: u32) {
                Self::spend(self, requests);
            }

            $($more)*
        }
    };
}

driven!(Polling {});
driven!(Delivery {
    fn take_ripe(&mut self, now: UnixMillis) -> Vec<Effects> {
        if self.ripe(now) {
            self.take(now)
        } else {
            Vec::new()
        }
    }

    fn stale(&self, now: UnixMillis) -> bool {
        Self::stale(self, now)
    }

    fn heed(&mut self, said: Option<&Withdrawals>) {
        match said {
            Some(withdrawals) => Self::heed(self, withdrawals),
            None => self.leave(),
        }
    }
});
