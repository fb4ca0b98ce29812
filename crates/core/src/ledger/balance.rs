//! The balance of each source and destination.

use serde::Serialize;

use super::State;
use super::wire::Line;
use crate::base::table::Table;

macro_rules! balances {
    ($($field:ident $state:ident,)* ; $($beside:ident $other:ident,)*) => {
        /// One row of a ledger's answer, summed over whatever was not asked for.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
        pub struct Balance {
            /// The source.
            pub source: String,
            /// The destination.
            pub destination: String,
            $(
                #[doc = concat!("See [`State::", stringify!($state), "`].")]
                pub $field: i64,
            )*
            $(
                #[doc = concat!("See [`State::", stringify!($other), "`].")]
                #[serde(skip_serializing_if = "none")]
                pub $beside: i64,
            )*
            /// `accepted` less the sum of the states: 0, or something was lost or counted twice.
            pub remainder: i64,
        }

        impl Balance {
            /// What it has of a state.
            fn of(&mut self, state: State) -> Option<&mut i64> {
                Some(match state {
                    $(State::$state => &mut self.$field,)*
                    $(State::$other => &mut self.$beside,)*
                    _ => return None,
                })
            }
        }
    };
}

balances! {
    accepted Accepted,
    delivered Delivered,
    duplicate Duplicate,
    blocked Blocked,
    skipped Skipped,
    rejected Rejected,
    processing Processing,
    retrying Retrying,
    dead Dead,
    retries Retries,
    ;
    conflict Conflict,
    maybe_twice MaybeTwice,
    held Held,
    unclaimed Unclaimed,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference; whether that is large depends on the target"
)]
const fn none(n: &i64) -> bool {
    *n == 0
}

/// Draws the balance of each source and destination from ledger lines.
///
/// ```
/// use edgetally_core::ledger::{Line, State, balance};
/// use edgetally_core::base::time::UnixMillis;
///
/// let line = |destination: &str, state| Line {
///     hour: UnixMillis(0), source: "shop".into(), release: String::new(), event: "purchase".into(),
///     destination: destination.into(), state, code: String::new(), worker: String::new(),
/// };
/// let balances = balance([
///     (line("meta", State::Accepted), 3),
///     (line("meta", State::Delivered), 2),
///     (line("meta", State::Duplicate), 1),
/// ]);
/// assert_eq!((balances[0].accepted, balances[0].remainder), (3, 0));
/// ```
pub fn balance(lines: impl IntoIterator<Item = (Line, i64)>) -> Vec<Balance> {
    let mut rows: Table<(String, String), Balance> = Table::new();
    for (line, n) in lines {
        if line.destination.is_empty() {
            continue;
        }
        rows.change((line.source, line.destination), |row| {
            if let Some(sum) = row.of(line.state) {
                *sum += n;
            }
            // The remainder is what no state shares out.
            match line.state {
                State::Accepted => row.remainder += n,
                state if State::FINAL.contains(&state) => row.remainder -= n,
                _ => {}
            }
        });
    }
    rows.into_iter()
        .map(|((source, destination), row)| Balance {
            source,
            destination,
            ..row
        })
        .collect()
}
