//! Why an event did not reach a destination: every code of ours for that, with the sentence that a person reads.
//!
//! One table for all platforms and rooms, so that the same thing has the same code everywhere. A code that is not here cannot
//! be used: [`Refusal`], [`Skip`] and [`Cause`] have no other values. `docs/not-arriving.md` is written from it, and a
//! dashboard or a client may show [`meaning`] beside what the ledger counts. Codes are stable once released.
//!
//! A sentence says what it means to somebody who runs a shop, and what to do about it where something can be done.

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// The stable `snake_case` code.
    pub code: &'static str,
    /// What it means and what to do, for people.
    pub meaning: &'static str,
}

macro_rules! reasons {
    ($($(#[$about:meta])* $name:ident { $($variant:ident $code:literal $meaning:literal,)* })*) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = $meaning] $variant,)*
        }

        impl $name {
            /// Every one, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The table's rows.
            pub const ROWS: &'static [Reason] = &[$(Reason { code: $code, meaning: $meaning }),*];

            /// The stable `snake_case` code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }

            /// The sentence for people.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning),* }
            }
        }
    )*};
}

reasons! {
    /// Why a visitor's consent keeps an event from a destination.
    Refusal {
        AdUserDataDenied "ad_user_data_denied" "The visitor said no to their data being sent for advertising. That is their choice; there is nothing to fix.",
        AdStorageDenied "ad_storage_denied" "The visitor said no to advertising cookies. That is their choice; there is nothing to fix.",
        AnalyticsStorageDenied "analytics_storage_denied" "The visitor said no to analytics. That is their choice; there is nothing to fix.",
        AdUserDataMissing "ad_user_data_missing" "Nobody said whether the visitor agrees to their data being sent for advertising, and silence is a no. Send `consent.ad_user_data`; where the law is opt-out, set the source's `consent` to `implied`.",
        AnalyticsStorageMissing "analytics_storage_missing" "Nobody said whether the visitor agrees to analytics, and silence is a no. Send `consent.analytics_storage`; where the law is opt-out, set the source's `consent` to `implied`.",
        TcfUnreadable "tcf_unreadable" "The TC string cannot be read, so it permits nothing. Send what the consent platform gives for `tcString`, unchanged.",
        TcfPolicy "tcf_policy" "The TC string is of a policy older than TCF 2.2, which has been invalid since September 2023. The consent platform needs an update.",
        TcfGlobalScope "tcf_global_scope" "The TC string is of the global scope, which has been invalid since September 2021. Set the consent platform to service-specific strings.",
        TcfExpired "tcf_expired" "The TC string is older than 13 months. The consent platform has to ask again.",
        TcfFuture "tcf_future" "The TC string is dated more than a day ahead, so its date means nothing. See the clock of whoever wrote it.",
        TcfNotDisclosed "tcf_no_disclosed_vendors" "The TC string was created after February 2026 and does not say which vendors were shown to the visitor, as TCF 2.3 asks. The consent platform needs an update.",
        TcfVendorNotDisclosed "tcf_vendor_not_disclosed" "The TC string says that this destination's vendor was not shown to the visitor. Add the vendor to the consent banner.",
        TcfVendor "tcf_vendor" "The visitor has not agreed to this destination's vendor. That is their choice, or the vendor is missing from the consent banner.",
        TcfPurpose "tcf_purpose" "The visitor has not agreed to a purpose that this destination needs. That is their choice; `purposes` in the settings says which are needed.",
        TcfRestriction "tcf_restriction" "The publisher's own restrictions forbid this vendor a purpose that it needs. See the restrictions in the consent platform.",
        TcfUnlisted "tcf_unlisted" "Consent came as a TC string, and this destination is in no list of vendors that is known. Send `consent.ad_user_data` beside it, or set `vendor` or `provider` of the destination.",
        AcMissing "ac_missing" "Consent came as a TC string, and this destination is in Google's list of providers only. Send the Additional Consent string as `consent.additional_consent`.",
        AcUnreadable "ac_unreadable" "The Additional Consent string cannot be read, so it permits nothing.",
        AcNotConsented "ac_not_consented" "The visitor has not agreed to this destination in the Additional Consent string. That is their choice, or the provider is missing from the consent banner.",
        GppUnreadable "gpp_unreadable" "The GPP string, or a section of it that is in force, cannot be read, so it may be an opt-out. Send it unchanged, or none.",
        GppSectionMissing "gpp_section_missing" "`gpp_sid` names a section that the GPP string does not have, so it may be an opt-out.",
        KnownChild "known_child" "A section of the GPP string says that the visitor is a known child. Nothing is sent about children.",
        ConsentWithdrawn "consent_withdrawn" "The visitor withdrew their consent while the event was on its way, or the event itself was withdrawn. There is nothing to fix; what the platforms had by then, the answer to the withdrawal says.",
        ConsentModeUnreadable "consent_mode_unreadable" "`consent.gcs` or `consent.gcd` is not of the form that Google's tags send, so it may say no. Send it unchanged, or none.",
        UsPrivacyMalformed "us_privacy_malformed" "The US Privacy string is malformed, so it may be an opt-out. Send one such as `1YNN`, or none.",
    }

    /// Why a destination has no use for an event. Expected and counted, never an error.
    Skip {
        EventNotMapped "event_not_mapped" "The platform has no such event, or its table in the settings has no action, rule or tag for it: `conversion_actions` (Google Ads), `conversions` (LinkedIn), `tags` (X), `events` (the others). Refunds are taken by GA4, the webhook, and Google Ads with `refunds`.",
        EventNameReserved "event_name_reserved" "The platform (GA4, TikTok) uses this name for events of its own: give the event another name in `events`.",
        TooOld "too_old" "The event is older than the platform takes; its page says how old that is. Send events as they happen.",
        IdentifiersMissing "identifiers_missing" "Nothing in the event lets the platform recognise the visitor; its page says by what it does. Send more of `user`, the click ids, or the address and browser.",
        ClientIdMissing "client_id_missing" "GA4 needs the browser's id: `context.client_id` or the cookie `_ga`.",
        UserAgentMissing "user_agent_missing" "The platform takes no web event without the visitor's browser. Send `context.user_agent`, or set `action_source` where it did not happen on a page.",
        PageUrlMissing "page_url_missing" "The platform takes no web event without the page's address. Send `context.page_url` (one that cannot be an address was left out: `removed` says so), or set `action_source` where it did not happen on a page.",
        OfflineEventSetMissing "offline_event_set_missing" "TikTok takes what did not happen on a page by the setting `offline_event_set_id` only.",
        AppDataUnsupported "app_data_unsupported" "The event is from an app, and the platform wants data of the device for those, which events do not have here.",
        LimitedUseUnsupported "limited_use_unsupported" "The visitor has opted out under a US state's law, and the platform has no field that says so without making the event useless. There is nothing to fix.",
        LimitedUseStateUnknown "limited_use_state_unknown" "The visitor has opted out under a US state's law, and the platform would have to know which state's. A visitor's own browser shows it; for events from a server Meta and Snapchat are content with `context.ip`.",
        PageViewsOff "page_views_off" "Microsoft's own tag counts page views. Set `page_views = true` where the tag is not on the page.",
        ValueMissing "value_missing" "The platform takes no purchase without a `value`.",
        CurrencyUnsupported "currency_unsupported" "The platform takes no purchase in this currency.",
        SearchTermMissing "search_term_missing" "GA4 takes no `search` without the property `search_term`.",
        TransactionIdMissing "transaction_id_missing" "A refund needs the order's `transaction_id`.",
        TransactionIdTooLong "transaction_id_too_long" "The order's `transaction_id` is longer than the platform takes for a refund: 100 characters at GA4, 64 at Google Ads.",
        RefundRemainingValueMissing "refund_remaining_value_missing" "A part of an order came back, or an amount that may be one, and Google Ads wants what remains: a number in the property `remaining_value`, or `refund = \"full\"` in `properties` where it was all.",
        RefundRemainingValueInvalid "refund_remaining_value_invalid" "The property `remaining_value` of a refund is not an amount.",
        RefundCurrencyMissing "refund_currency_missing" "Google Ads wants a `currency` beside what remains of a refunded order.",
        TestEventCodeMissing "test_event_code_missing" "A test event, and the settings have no code for those: `test_event_code`, or `test_id` where the platform's page says so.",
        DryRun "dry_run" "A test event, and the platform has no test mode: it was checked and encoded, and went no further.",
        DryRunFailed "dry_run_failed" "A test event that no request could be made of. Please report it.",
        NotSelected "not_selected" "The sender said which destinations the event is for (`integrations` of an SDK), and this is none of them.",
        DestinationRemoved "destination_removed" "The settings no longer have the destination.",
    }

    /// Why an event was not delivered, not at once, or not whole, where the platform itself has no code for it.
    Cause {
        Timeout "timeout" "The platform did not answer in time. The event is sent again, unless the platform would count it twice.",
        ConnectionFailed "connection_failed" "The connection to the platform could not be made, or broke. The event is sent again.",
        ReplyUnreadable "reply_unreadable" "The platform's answer was none of those that it documents, such as the web page of a proxy. The event is sent again.",
        ReplyShort "reply_short" "The platform answered for fewer events than were sent. The others are sent again.",
        ReplyLost "reply_lost" "The platform may have taken the event, its answer was lost, and it would count a second copy. `retry_lost_replies` in the settings sends it again all the same.",
        EventsReceivedDiffers "events_received_differs" "The platform says that it took another number of events than were sent. They are sent again, unless it would count them twice.",
        EventInvalid "event_invalid" "The platform refused the event and gave no code. Compare it with the platform's page; then replay the dead letter.",
        JsonError "json_error" "The platform refused the body for a wrong type or an unknown field. Please report it.",
        EventTooLarge "event_too_large" "The event alone is larger than the platform takes. Send fewer items or properties.",
        EventNameUnknown "event_name_unknown" "Delivered, but the platform does not know the name of the event: give it another one in `events`.",
        Warning "warning" "Delivered, with a warning that has no code.",
        TagRefused "tag_refused" "X does not know the event's tag, or it is another account's. Fix `tags` in the settings; then replay the dead letter.",
        RuleDisabled "rule_disabled" "LinkedIn says that the event's rule is switched off or deleted. Fix `conversions` in the settings; then replay the dead letter.",
        RuleIdInvalid "rule_id_invalid" "LinkedIn does not know the id of the event's rule. Fix `conversions` in the settings; then replay the dead letter.",
        RuleMethodNotConversionsApi "rule_method_not_conversions_api" "LinkedIn's rule for the event is for its tag. Create one with the method Conversions API.",
        ConversionTimeRefused "conversion_time_refused" "LinkedIn refused the time of the event, as too old or ahead.",
        AdAccountOrRuleUnknown "no_ad_account_or_unknown_rule" "LinkedIn finds no ad account: most times a rule in `conversions` does not exist, else the token's owner has no access to the account. Nothing is lost; the destination waits.",
        CredentialMalformed "credential_malformed" "The secret cannot be sent as it is; a line break or a quotation mark may have come along when it was put. Put it again.",
        KeyUnusable "key_unusable" "No signature can be made with the private key in the secret. Put the whole file as Google gave it.",
        TokenExpired "token_expired" "The platform handed out an access token that had already ended. It is asked for another.",
        Budget "budget" "One invocation of the worker has no room for more; the event goes at once in the next.",
        Slow "slow" "The destination took over a second for its answers and is served from the queue `edgetally-slow` meanwhile.",
        Unanswered "unanswered" "The worker ended before the platform's answer came. The event is sent again.",
        ReceiptTooLong "receipt_too_long" "The platform took the events in with a receipt of over 512 bytes, which cannot be asked about. They may be there.",
        ReceiptUnknown "receipt_unknown" "The platform took the events in and later did not know its own receipt. Replay the dead letters.",
        StatusUnknown "status_unknown" "The platform took the events in and has not said within a day what became of them. Replay the dead letters, and see whether `[triggers]` is in your `wrangler.toml`.",
        DestinationRemoved "destination_removed" "The settings no longer have the destination, and events were still waiting for it. Put it back and replay the dead letters, or dismiss them.",
        EncodingFailed "encoding_failed" "No request could be made of the event. Please report it.",
    }
}

impl Refusal {
    /// Whether it is for what a consent banner wrote, or left out, rather than for an answer or an opt-out.
    pub fn is_of_banner(self) -> bool {
        let code = self.code();
        code.starts_with("tcf_") || code.starts_with("ac_")
    }
}

/// Codes of ours that hold a status or a field's name; `…` stands for it.
pub const FORMS: &[Reason] = &[
    Reason {
        code: "http_…",
        meaning: "The platform answered with this HTTP status and no code. 401, 403 and 404: see the secret and the ids in the settings, nothing is lost. 429 and 5xx: sent again. Others: the platform refused the event.",
    },
    Reason {
        code: "token_http_…",
        meaning: "The address that hands out access tokens answered with this HTTP status. See the credential; nothing is lost.",
    },
    Reason {
        code: "…_invalid",
        meaning: "The platform refused the event for what this field holds.",
    },
    Reason {
        code: "…_ignored",
        meaning: "Delivered without this field, which the platform could not use.",
    },
];

/// What a code of ours means; nothing for a platform's own.
pub fn meaning(code: &str) -> Option<&'static str> {
    let exact = [Refusal::ROWS, Skip::ROWS, Cause::ROWS]
        .into_iter()
        .flatten()
        .find(|reason| reason.code == code);
    let form = || {
        FORMS.iter().find(|form| {
            let (before, after) = form.code.split_once('…').unwrap_or_default();
            code.len() > before.len() + after.len()
                && code.starts_with(before)
                && code.ends_with(after)
        })
    };
    exact.or_else(form).map(|reason| reason.meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_words_and_have_one_meaning_each() {
        let mut seen = std::collections::BTreeSet::new();
        for row in [Refusal::ROWS, Skip::ROWS, Cause::ROWS].concat() {
            assert!(
                row.code
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "{row:?}"
            );
            assert!(row.meaning.ends_with('.'), "{row:?}");
            // Skipped at intake, dead once it waited.
            assert!(
                seen.insert(row.code) || row.code == Skip::DestinationRemoved.code(),
                "{row:?}"
            );
        }
    }

    #[test]
    fn a_code_is_explained_by_itself_or_by_its_form() {
        assert_eq!(meaning("too_old"), Some(Skip::ROWS[2].meaning));
        assert_eq!(meaning("http_503"), Some(FORMS[0].meaning));
        assert_eq!(meaning("token_http_400"), Some(FORMS[1].meaning));
        assert_eq!(meaning("email_invalid"), Some(FORMS[2].meaning));
        assert_eq!(meaning("http_"), None);
        assert_eq!(meaning("INVALID_ARGUMENT"), None);
    }
}
