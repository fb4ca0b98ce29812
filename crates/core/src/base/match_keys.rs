//! The match keys: what platforms recognise a visitor by, as far as it is counted. Which of them an event has is told; what
//! they hold never is.

/// What a platform recognises a visitor by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// The platform's own id of the click; at intake the id of any click.
    Click,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// The site's own id of the visitor.
    ExternalId,
    /// The platform's own id of the browser; at intake that of any platform.
    Browser,
    /// The network address and the user agent. One without the other is none.
    Network,
    /// Name, date of birth, town, postcode or country; for Google Ads all that it asks for.
    Person,
}

impl Key {
    /// All of them, in the order of their letters in a code.
    pub const ALL: [Self; 7] = [
        Self::Click,
        Self::Email,
        Self::Phone,
        Self::ExternalId,
        Self::Browser,
        Self::Network,
        Self::Person,
    ];

    /// The stable `snake_case` name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Click => "click_id",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::ExternalId => "external_id",
            Self::Browser => "browser_id",
            Self::Network => "ip_and_user_agent",
            Self::Person => "name_and_place",
        }
    }

    /// Its letter in a code.
    pub const fn letter(self) -> char {
        match self {
            Self::Click => 'c',
            Self::Email => 'e',
            Self::Phone => 'p',
            Self::ExternalId => 'x',
            Self::Browser => 'b',
            Self::Network => 'n',
            Self::Person => 'a',
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of match keys.
///
/// ```
/// use edgetally_core::base::match_keys::{Key, Keys};
/// let keys = Keys::NONE.with(Key::Network, true).with(Key::Email, true).with(Key::Phone, false);
/// assert_eq!(keys.code(), "en");
/// assert_eq!(Keys::read("en"), Some(keys));
/// assert_eq!(Keys::read("ne"), None);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Keys(u8);

impl Keys {
    /// The empty set.
    pub const NONE: Self = Self(0);

    /// The set with a key, where it is there.
    #[must_use]
    pub const fn with(self, key: Key, there: bool) -> Self {
        if there {
            Self(self.0 | key.bit())
        } else {
            self
        }
    }

    /// Whether a key is in it.
    pub const fn has(self, key: Key) -> bool {
        self.0 & key.bit() != 0
    }

    /// The letters of its keys, in order; empty where there are none.
    pub fn code(self) -> String {
        let there = Key::ALL.into_iter().filter(|key| self.has(*key));
        there.map(Key::letter).collect()
    }

    /// By its letters; nothing where they are none, or not in order.
    pub fn read(code: &str) -> Option<Self> {
        let mut rest = code;
        let keys = Key::ALL.into_iter().fold(Self::NONE, |keys, key| {
            let there = rest.strip_prefix(key.letter());
            rest = there.unwrap_or(rest);
            keys.with(key, there.is_some())
        });
        rest.is_empty().then_some(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_has_a_code_of_its_own_and_is_read_from_it() {
        let mut codes = std::collections::BTreeSet::new();
        for bits in 0..128 {
            let keys = Keys(bits);
            let code = keys.code();
            assert_eq!(Keys::read(&code), Some(keys), "{code}");
            assert!(codes.insert(code));
        }
        for code in ["ee", "pe", "q", "e n", "E"] {
            assert_eq!(Keys::read(code), None, "{code}");
        }
    }
}
