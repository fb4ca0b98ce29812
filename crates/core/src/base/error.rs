//! The codes that tell a sender what is wrong. Stable once released.

use std::borrow::Cow;
use std::fmt;

macro_rules! codes {
    ($($variant:ident $text:literal $status:literal $meaning:literal,)*) => {
        /// Why an event, or a whole request, was refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $meaning] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stable `snake_case` spelling.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// The HTTP status of a request that is refused as a whole for this reason.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status),* }
            }

            /// One sentence for people.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning),* }
            }
        }
    };
}

codes! {
    MalformedJson "malformed_json" 400 "The body is not JSON.",
    InvalidUtf8 "invalid_utf8" 400 "The body is not UTF-8.",
    TooDeep "too_deep" 400 "Nested deeper than 8 levels.",
    EmptyBatch "empty_batch" 400 "The request holds no event.",
    TooManyEvents "too_many_events" 413 "More than 500 events in one request.",
    BodyTooLarge "body_too_large" 413 "The body is over 512 KiB.",
    EventTooLarge "event_too_large" 413 "The event is over 64 KiB.",
    EventMissing "event_missing" 422 "There is no `event` name.",
    EventNameInvalid "event_name_invalid" 422 "The event name is neither a standard one nor of the form of a custom one.",
    EventIdMissing "event_id_missing" 422 "There is no `event_id` (nor, for purchase and refund, a `transaction_id`).",
    EventIdPlaceholder "event_id_placeholder" 422 "The id is a placeholder, such as `undefined` or `{{event_id}}`.",
    EventIdInvalid "event_id_invalid" 422 "The id is over 128 characters, holds control characters, or shows an e-mail address or the visitor's telephone number or name.",
    ValueMissing "value_missing" 422 "The event needs a `value`.",
    ValueInvalid "value_invalid" 422 "Not a JSON number.",
    ValueOutOfRange "value_out_of_range" 422 "The amount is not finite, negative, or over 10^12.",
    CurrencyMissing "currency_missing" 422 "A `value` needs its `currency`.",
    CurrencyInvalid "currency_invalid" 422 "Not a three-letter ISO 4217 code.",
    WrongType "wrong_type" 422 "The value is of another JSON type than the field.",
    InvalidChoice "invalid_choice" 422 "The value is not one of those that the field has.",
    TextTooLong "text_too_long" 422 "The text is longer than the field allows.",
    TooManyItems "too_many_items" 422 "The list is longer than the field allows.",
    DuplicateKey "duplicate_key" 422 "The same key stands twice in one object.",
    UnknownKey "unknown_key" 422 "The format has no such key.",
    EventTimeInvalid "event_time_invalid" 422 "Neither a date and time with a zone (RFC 3339) nor Unix seconds or milliseconds.",
    EventTimeInFuture "event_time_in_future" 422 "More than five minutes ahead of the time of receipt.",
    CredentialsMissing "credentials_missing" 401 "Neither a write key nor a secret nor a signature was sent.",
    KeyUnknown "key_unknown" 401 "No source has this write key.",
    SecretUnknown "secret_unknown" 401 "No source has this secret.",
    SignatureInvalid "signature_invalid" 401 "The signature belongs to another body, id, time or secret.",
    SignatureStale "signature_stale" 401 "The signature's time is more than five minutes away from ours.",
    SignatureReplayed "signature_replayed" 401 "This very signature has been accepted before.",
    OriginMissing "origin_missing" 403 "A write key is for pages; this request has no Origin.",
    OriginNotAllowed "origin_not_allowed" 403 "The source does not list this Origin.",
    EventNotForPages "event_not_for_pages" 422 "Pages of this source may not send events of this name.",
    EventTokenMissing "event_token_missing" 422 "A page's purchase needs the `event_token` that the shop's server made.",
    EventTokenInvalid "event_token_invalid" 422 "The `event_token` belongs to another order, value, currency or secret.",
    ServerOnly "server_only" 403 "A page's key cannot do that: send the server's secret, or sign the request.",
    WithdrawalsFull "withdrawals_full" 429 "So many withdrawals are kept that there is no room for another.",
    RateLimited "rate_limited" 429 "Too many requests with this write key; send them again a minute later.",
    NotFound "not_found" 404 "There is nothing at this address.",
    MethodNotAllowed "method_not_allowed" 405 "The address does not take this method.",
    UnsupportedMediaType "unsupported_media_type" 415 "The body is neither application/json nor text/plain, or it is compressed.",
    NotAConversion "not_a_conversion" 422 "A call `identify`, `group`, `alias` or `screen` of an SDK: nothing is wrong with it, and nothing is made of it.",
    TrackNotMapped "track_not_mapped" 422 "No event of ours stands for this name of a `track` call: `sdk.events` of the source can name one.",
    AdminTokenInvalid "admin_token_invalid" 401 "The admin token is missing or wrong.",
    RequestInvalid "request_invalid" 400 "The request's parameters are not as documented.",
    LabelUnknown "label_unknown" 400 "Nothing of the source has that release or version: it is misspelt, nobody sends it, or nothing came with it yet.",
    SettingsInvalid "settings_invalid" 503 "edgetally's settings are wrong; /v1/health says what and where.",
    QueueUnavailable "queue_unavailable" 503 "The queue did not take the events; send the request again.",
    LedgerUnavailable "ledger_unavailable" 503 "The ledger did not answer; ask again.",
}

impl Code {
    /// Whether it says that there was nothing to take, rather than that something is wrong.
    pub const fn is_ignored(self) -> bool {
        matches!(self, Self::NotAConversion | Self::TrackNotMapped)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is wrong with one event: the code, where it stands, and the rule that it breaks. Never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code} at {path:?}: {message}")]
pub struct ParseError {
    /// The stable code.
    pub code: Code,
    /// The JSON path inside the event, such as `items[2].price`; empty for the event itself.
    pub path: String,
    /// The rule that was broken.
    pub message: Cow<'static, str>,
}

impl ParseError {
    /// A fault at `path`.
    pub fn new(code: Code, path: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            path: path.into(),
            message: message.into(),
        }
    }
}
