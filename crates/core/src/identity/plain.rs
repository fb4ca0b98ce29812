//! An identifier in clear, as the visitor typed it: readable by this module only.

use core::fmt;
use core::marker::PhantomData;
use std::borrow::Cow;

use serde::{Deserialize, Deserializer, de};

/// A visitor's identifier as received: comes in by deserialising, goes out only through
/// [`Prepared`](super::Prepared).
///
/// It has no `Serialize`, `Display`, `Deref`, `Clone` or comparison, and `Debug` shows its kind and length. Numbers are
/// read as their digits, because phones, postcodes and customer ids often arrive as JSON numbers.
///
/// ```
/// use edgetally_core::identity::{Email, Plain};
///
/// let email: Plain<'_, Email> = serde_json::from_str(r#""jo@shop.example""#)?;
/// assert_eq!(format!("{email:?}"), "Plain<Email>(15 bytes)");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Writing one anywhere does not compile:
///
/// ```compile_fail,E0277
/// use edgetally_core::identity::{Email, Plain};
///
/// let email: Plain<'_, Email> = Plain::new("jo@shop.example");
/// serde_json::to_string(&email);
/// ```
pub struct Plain<'a, K>(Cow<'a, str>, PhantomData<fn() -> K>);

impl<'a, K: Kind> Plain<'a, K> {
    /// Takes a value as it was typed.
    pub fn new(raw: impl Into<Cow<'a, str>>) -> Self {
        Self(raw.into(), PhantomData)
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

impl<K: Kind> fmt::Debug for Plain<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plain<{}>({} bytes)", K::NAME, self.0.len())
    }
}

impl<'de: 'a, 'a, K: Kind> Deserialize<'de> for Plain<'a, K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(Visitor { numbers: true })
            .map(|text| Self(text, PhantomData))
    }
}

/// A kind of identifier; the types below are all there are.
pub trait Kind: sealed::Sealed {
    /// As `Debug` shows it.
    #[doc(hidden)]
    const NAME: &'static str;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $kind {}
        impl sealed::Sealed for $kind {}
        impl Kind for $kind {
            const NAME: &'static str = stringify!($kind);
        }
    )+};
}

kinds! {
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A given name.
    FirstName,
    /// A family name.
    LastName,
    /// A date of birth.
    BirthDate,
    /// A gender.
    Gender,
    /// A street and house number.
    Street,
    /// A city.
    City,
    /// A state, province or region.
    Region,
    /// A postcode.
    PostalCode,
    /// A country, as code or name.
    Country,
    /// The site's own id of the visitor.
    ExternalId,
}

/// Text read from any format, borrowed where possible; errors never hold the text.
pub(super) struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(Visitor { numbers: false })
            .map(Self)
    }
}

struct Visitor {
    numbers: bool,
}

impl Visitor {
    fn number<E: de::Error>(&self, digits: &impl ToString) -> Result<Cow<'static, str>, E> {
        if self.numbers {
            Ok(Cow::Owned(digits.to_string()))
        } else {
            Err(wrong())
        }
    }
}

/// serde's own message for a wrong type quotes the value.
fn wrong<E: de::Error>() -> E {
    E::custom("expected text")
}

impl<'de> de::Visitor<'de> for Visitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_borrowed_str<E: de::Error>(self, v: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(v))
    }

    fn visit_str<E: de::Error>(self, v: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(v.to_owned()))
    }

    fn visit_string<E: de::Error>(self, v: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(v))
    }

    fn visit_u64<E: de::Error>(self, v: u64) -> Result<Self::Value, E> {
        self.number(&v)
    }

    fn visit_i64<E: de::Error>(self, v: i64) -> Result<Self::Value, E> {
        self.number(&v)
    }

    /// A whole number that a program has made a floating-point one of: `16505551212.0`.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::float_cmp,
        reason = "a number that is whole is converted exactly, and one that is not is refused"
    )]
    fn visit_f64<E: de::Error>(self, v: f64) -> Result<Self::Value, E> {
        // Above, neighbouring numbers look alike.
        const MOST: f64 = 9_007_199_254_740_992.0;
        if v.abs() < MOST && v.trunc() == v {
            self.number(&(v as i64))
        } else {
            Err(wrong())
        }
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
        Err(wrong())
    }

    fn visit_bytes<E: de::Error>(self, _: &[u8]) -> Result<Self::Value, E> {
        Err(wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_digits_and_escapes_are_resolved() {
        let phone: Plain<'_, Phone> = serde_json::from_str("16505551212").unwrap();
        assert_eq!(phone.text(), "16505551212");
        let phone: Plain<'_, Phone> = serde_json::from_str("16505551212.0").unwrap();
        assert_eq!(phone.text(), "16505551212");
        let name: Plain<'_, FirstName> = serde_json::from_str(r#""Val\u00e9ry""#).unwrap();
        assert_eq!(name.text(), "Valéry");
    }

    #[test]
    fn a_wrong_type_is_refused_without_quoting_it() {
        for json in [
            "650.5551212",
            "1e300",
            "true",
            "[\"jo@shop.example\"]",
            "{\"jo\":1}",
        ] {
            let error = serde_json::from_str::<Plain<'_, Email>>(json)
                .unwrap_err()
                .to_string();
            assert!(
                !error.contains("650") && !error.contains("jo") && !error.contains("true"),
                "{error}"
            );
        }
    }
}
