//! What the sender is told about parts of an event that counted all the same.

use crate::base::reason::Reason;

/// What the sender is told about a part of an event that counted all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Where it stood, such as `items[2].quantity`; never a key that the sender made up.
    pub path: String,
    /// Why; `docs/events.md` lists the codes.
    pub code: &'static str,
}

/// What became of the parts of an event that could not be used as they came: the event counts, and its sender is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remarks {
    /// Parts that were left out.
    pub removed: Vec<Remark>,
    /// Parts that are used, in another form than they were sent.
    pub changed: Vec<Remark>,
}

impl Remarks {
    /// The most remarks of each kind that one event gets; thousands of wrong cookies need no answer each. That there
    /// are more is said by one of its own.
    const MOST: usize = 50;

    /// Notes that a part was left out.
    pub fn removed(&mut self, path: impl Into<String>, code: &'static str) {
        Self::push(&mut self.removed, path.into(), code);
    }

    /// Notes that a part is used in another form than it was sent.
    pub fn changed(&mut self, path: impl Into<String>, code: &'static str) {
        Self::push(&mut self.changed, path.into(), code);
    }

    fn push(list: &mut Vec<Remark>, path: String, code: &'static str) {
        let mut remark = Remark { path, code };
        if list.len() > Self::MOST || list.contains(&remark) {
            return;
        }
        if list.len() == Self::MOST {
            remark = Remark {
                path: String::new(),
                code: "more",
            };
        }
        list.push(remark);
    }

    /// Adds all of another's.
    pub fn extend(&mut self, other: Self) {
        for remark in other.removed {
            Self::push(&mut self.removed, remark.path, remark.code);
        }
        for remark in other.changed {
            Self::push(&mut self.changed, remark.path, remark.code);
        }
    }
}

/// What each code of a remark means; `docs/events.md` is written from it.
pub const MEANINGS: &[Reason] = &[
    Reason {
        code: "address_extracted",
        meaning: "`ip` was a list, or had a port or brackets; the first public address is used.",
    },
    Reason {
        code: "category_unknown",
        meaning: "A category of an SDK's `context.consent` that `sdk.categories` does not name; nothing is opened by it.",
    },
    Reason {
        code: "click_id_expired",
        meaning: "A click, by its cookie's own time, more than 90 days before the event.",
    },
    Reason {
        code: "click_id_invalid",
        meaning: "Not the form of the platform's click ids.",
    },
    Reason {
        code: "clock_corrected",
        meaning: "An SDK's `sentAt` shows that its clock is off by more than a minute, or that the call had waited: the time is moved by as much.",
    },
    Reason {
        code: "control_characters",
        meaning: "changed: they are taken out, line ends are blanks. Removed: an id that holds them.",
    },
    Reason {
        code: "cookie_invalid",
        meaning: "Not the form of the platform's cookie, or a time that cannot be right.",
    },
    Reason {
        code: "country_unknown",
        meaning: "Neither a code that ISO 3166-1 has assigned nor a country's name. `UK` and `EL` are read as `GB` and `GR`.",
    },
    Reason {
        code: "credentials_removed",
        meaning: "A name or password in an address.",
    },
    Reason {
        code: "cut",
        meaning: "Longer than the field's limit; the beginning is used.",
    },
    Reason {
        code: "date_invalid",
        meaning: "No date of birth, or one whose day and month could be swapped.",
    },
    Reason {
        code: "digest_of_nothing",
        meaning: "The SHA-256 of the empty text or of a placeholder such as `undefined`.",
    },
    Reason {
        code: "duplicate_key",
        meaning: "The key stands there twice; the last one is used.",
    },
    Reason {
        code: "email_invalid",
        meaning: "No e-mail address.",
    },
    Reason {
        code: "email_two_addresses",
        meaning: "More than one e-mail address in the field.",
    },
    Reason {
        code: "gender_unknown",
        meaning: "No gender that the destinations have a letter for.",
    },
    Reason {
        code: "hash_not_sha256",
        meaning: "An MD5 or SHA-1 value, which no platform takes.",
    },
    Reason {
        code: "hashed_by_sender",
        meaning: "64 hexadecimal digits in a plain field: taken as the SHA-256 that the sender made (`changed`), or left out where every destination wants the field in clear (`removed`).",
    },
    Reason {
        code: "id_derived",
        meaning: "The event came without an id (GA4's Measurement Protocol has none): one is made of visitor, time and content. Sent again as it was, it is the same event; a copy from elsewhere is another.",
    },
    Reason {
        code: "id_extracted",
        meaning: "Google Analytics' id was taken out of the cookie that was sent in its place.",
    },
    Reason {
        code: "id_of_arrival",
        meaning: "The same, and without a time as well: the id is made of when it came, so an event that is sent again counts twice.",
    },
    Reason {
        code: "invalid_choice",
        meaning: "Not one of the values that the field has; the default is used.",
    },
    Reason {
        code: "invalid_digest",
        meaning: "Not 64 hexadecimal digits of SHA-256.",
    },
    Reason {
        code: "ip_invalid",
        meaning: "No network address.",
    },
    Reason {
        code: "ip_not_public",
        meaning: "An address of a private network, which is not the visitor's.",
    },
    Reason {
        code: "item_property",
        meaning: "An item's own property whose key looks like a misspelt field.",
    },
    Reason {
        code: "key_invalid",
        meaning: "A property whose key is empty, too long, or holds control characters or half ones.",
    },
    Reason {
        code: "line_not_everywhere",
        meaning: "A line of a cart with a negative price, or a quantity that is no whole number from 1 on: sent where the platform can take it, left out elsewhere.",
    },
    Reason {
        code: "lone_surrogate",
        meaning: "Half a character, such as an emoji that was cut: replaced by U+FFFD in texts; an id or a field of the user is left out.",
    },
    Reason {
        code: "more",
        meaning: "More was left out or changed than is named.",
    },
    Reason {
        code: "not_a_scalar",
        meaning: "A property that is a list or an object.",
    },
    Reason {
        code: "not_used",
        meaning: "The protocol has it, and nothing here has a use for it.",
    },
    Reason {
        code: "number_as_text",
        meaning: "A number where a text belongs is used as its digits.",
    },
    Reason {
        code: "out_of_range",
        meaning: "A number that is not finite, over 10^12, over 32 characters, or negative where it cannot be.",
    },
    Reason {
        code: "personal_data",
        meaning: "Shows an e-mail address, or the visitor's own telephone number or name; changed: of an address of a page the segment or parameter is gone. `docs/privacy.md` says more.",
    },
    Reason {
        code: "phone_country_unknown",
        meaning: "A national telephone number, and the source has no `default_country`: left out where E.164 is asked for.",
    },
    Reason {
        code: "phone_invalid",
        meaning: "No telephone number, one that is too long, one with masked or lost digits (`1.65E+10`), or one that could be read in two ways.",
    },
    Reason {
        code: "phone_two_numbers",
        meaning: "More than one telephone number in the field.",
    },
    Reason {
        code: "placeholder",
        meaning: "Says that there is no value, such as `undefined`, `null` or `{{email}}`.",
    },
    Reason {
        code: "rebuilt",
        meaning: "Meta's `fbc` was built anew from the click id in it.",
    },
    Reason {
        code: "section_unclear",
        meaning: "Something in `gpp_sid` is no number of a section, so all sections of the GPP string count.",
    },
    Reason {
        code: "session_id_invalid",
        meaning: "No session id of Google Analytics: digits, or its cookie.",
    },
    Reason {
        code: "text_as_number",
        meaning: "A text where a number belongs holds one, which is used.",
    },
    Reason {
        code: "too_long",
        meaning: "Longer than the field's limit, and of no use in part.",
    },
    Reason {
        code: "too_many",
        meaning: "More than the field's limit; the first ones are used.",
    },
    Reason {
        code: "too_many_cookies",
        meaning: "More than 50 cookies `_ga_<stream>`; the first ones are used.",
    },
    Reason {
        code: "trimmed",
        meaning: "Blanks or invisible characters around it are taken away.",
    },
    Reason {
        code: "unusable",
        meaning: "An identifier of which nothing is left in any spelling that the destinations ask for.",
    },
    Reason {
        code: "url_invalid",
        meaning: "No address of the web with a possible host.",
    },
    Reason {
        code: "write_key_differs",
        meaning: "An SDK's request names two write keys: that of the header counts.",
    },
    Reason {
        code: "wrong_type",
        meaning: "Of another JSON type than the field.",
    },
];

/// What a code of a remark means.
pub fn meaning(code: &str) -> Option<&'static str> {
    let mut all = MEANINGS.iter();
    all.find(|reason| reason.code == code)
        .map(|reason| reason.meaning)
}
