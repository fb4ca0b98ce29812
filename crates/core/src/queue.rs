//! What travels through the queue: parcels in envelopes.

pub mod envelope;
pub mod id;
pub mod parcel;
