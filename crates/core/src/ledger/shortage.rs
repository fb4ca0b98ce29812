//! What the ledger had no room for.

macro_rules! shortages {
    ($($(#[$doc:meta])* $shortage:ident $name:literal $sentence:literal,)*) => {
        /// What there was no room for. It is counted by source, and told for as long as anybody may still act on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Shortage {
            $($(#[$doc])* $shortage,)*
        }

        impl Shortage {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$shortage,)*];

            /// The stable `snake_case` name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$shortage => $name,)*
                }
            }

            /// What it means, for people.
            pub const fn sentence(self) -> &'static str {
                match self {
                    $(Self::$shortage => $sentence,)*
                }
            }
        }
    };
}

shortages! {
    /// Withdrawals, since the source's room for them is used up.
    WithdrawalsRefused "withdrawals_refused"
        "withdrawals were refused, since the source has used up its room for them; its server has to send them again later",
    /// Receipts of days that went before their time, since the database is full.
    ReceiptsForgotten "receipts_forgotten"
        "receipts were forgotten before their time, since the ledger's database is full; keep them for fewer days, and export them before",
    /// Receipts that were never written, since the database is full.
    ReceiptsUnwritten "receipts_unwritten"
        "receipts were not written, since the ledger's database is full",
    /// Receipts that do not say what was decided, since the day has too many different rulings.
    RulingsOmitted "rulings_omitted"
        "receipts do not say what was decided, since the source has too many different decisions in a day; somebody may be making up signals",
    /// Outcomes that no bucket took for a week, or that there was no room to keep for it.
    OutcomesDropped "outcomes_dropped"
        "lines of outcomes were dropped, since the bucket took none for a week or the ledger's database is full; /v1/ledger counts what they were about all the same",
}
