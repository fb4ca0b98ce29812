//! What operators see and do.

mod reading;

pub(crate) use reading::{health, read, replay, resume};
