//! Secrets: they show nothing of themselves, and are compared in constant time.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

/// The name of the secret that claim keys are made with.
pub const KEY: &str = "EDGETALLY_KEY";

/// The name of the secret that the admin routes ask for.
pub const ADMIN_TOKEN: &str = "EDGETALLY_ADMIN_TOKEN";

/// A secret; shows nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, for the request or the signature that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Compares two texts in time that depends on neither's content.
pub fn same_secret(given: &str, secret: &Secret) -> bool {
    // Hashing first makes the lengths equal.
    let (given, secret) = (
        Sha256::digest(given.as_bytes()),
        Sha256::digest(secret.expose().as_bytes()),
    );
    bool::from(given.as_slice().ct_eq(secret.as_slice()))
}
