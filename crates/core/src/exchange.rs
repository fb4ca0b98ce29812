//! One request to a platform and its reply: what is asked, how it is authorised, and what the answer means.

pub mod access;
pub mod http;
pub mod oauth1;
pub mod outcome;
pub mod request;
pub mod status;
