//! Limits of texts, in characters; `docs/events.md` names them.

pub(super) const TITLE: usize = 1024;
pub(super) const URL: usize = 8192;
pub(super) const ADDRESSES: usize = 1024;
pub(super) const USER_AGENT: usize = 1024;
pub(super) const VISITOR: usize = 1024;
pub(super) const GA_ID: usize = 256;
pub(super) const RELEASE: usize = 64;
pub(super) const ITEM_ID: usize = 256;
pub(super) const ITEM_TEXT: usize = 512;
pub(super) const PROPERTY: usize = 128;
pub(super) const CONSENT: usize = 4096;
