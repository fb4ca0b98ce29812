//! Values that can only be read under a permission that covers them.

use std::fmt;
use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::grant::Grant;

/// What has to be permitted before a value may be read.
pub trait Scope {
    /// Whether a grant covers it.
    fn covered(grant: &Grant) -> bool;
}

/// Identifiers, click ids and cookies of advertising: only a grant for [identifiers](Grant::identifiers) covers them.
#[derive(Debug, Clone, Copy)]
pub enum Identifying {}

/// What a visit shows by itself (page, network address, browser): any permission for the event covers it.
#[derive(Debug, Clone, Copy)]
pub enum Visiting {}

impl Scope for Identifying {
    fn covered(grant: &Grant) -> bool {
        grant.identifiers()
    }
}

impl Scope for Visiting {
    fn covered(_: &Grant) -> bool {
        true
    }
}

/// A value that is written freely and read under a grant that covers it.
///
/// ```compile_fail,E0616
/// use edgetally_core::queue::parcel::Parcel;
/// let parcel = Parcel::default();
/// let address = parcel.ip.value;
/// ```
///
/// ```compile_fail,E0599
/// use edgetally_core::queue::parcel::Parcel;
/// let parcel = Parcel::default();
/// let address = parcel.page_url.as_deref();
/// ```
///
/// ```
/// use edgetally_core::queue::parcel::Parcel;
/// let mut parcel = Parcel::default();
/// *parcel.ip.get_mut() = Some("203.0.113.24".into());
/// ```
///
/// In a queue it is the bare value, so a message is as it always was. What it shows when it is printed is nothing.
pub struct Guarded<T, S> {
    value: T,
    scope: PhantomData<S>,
}

impl<T, S: Scope> Guarded<T, S> {
    /// The value, where the grant covers it.
    pub fn open(&self, grant: &Grant) -> Option<&T> {
        S::covered(grant).then_some(&self.value)
    }
}

impl<T, S> Guarded<T, S> {
    /// To fill it in, or to take something out of it: what can be changed has not been packed yet.
    pub const fn get_mut(&mut self) -> &mut T {
        &mut self.value
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_vacant(&self) -> bool
    where
        T: Default + PartialEq,
    {
        self.value == T::default()
    }
}

impl<T, S> From<T> for Guarded<T, S> {
    fn from(value: T) -> Self {
        Self {
            value,
            scope: PhantomData,
        }
    }
}

impl<T: Default, S> Default for Guarded<T, S> {
    fn default() -> Self {
        T::default().into()
    }
}

impl<T: Clone, S> Clone for Guarded<T, S> {
    fn clone(&self) -> Self {
        self.value.clone().into()
    }
}

impl<T, S> fmt::Debug for Guarded<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl<T: Serialize, S> Serialize for Guarded<T, S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.value.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>, S> Deserialize<'de> for Guarded<T, S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::from)
    }
}
