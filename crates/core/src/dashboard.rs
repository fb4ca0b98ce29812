//! The dashboard: what the ledger answers, as a page that somebody opens every morning.
//!
//! Pure functions of data to HTML. Nothing is counted here: the numbers are those of [`quality`](crate::quality) and of the
//! [ledger](crate::ledger), and the page says by which address a program gets them. Names of events, releases and sources come
//! from senders, and [`html`] is the only way for them onto a page.

pub mod access;
mod arrivals;
pub mod assets;
mod chart;
mod coverage;
mod details;
pub mod event;
pub mod filter;
pub mod html;
pub mod letters;
pub mod live;
pub mod login;
mod overview;
mod platforms;
mod releases;
mod reported;
pub mod session;
mod shell;
pub mod view;
mod words;

pub use filter::Filter;
pub use overview::Overview;
pub use view::View;
