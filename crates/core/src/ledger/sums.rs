//! Sums as the ledger hands them over: JSON lists, which are shorter than objects where there are many. And those of several
//! spans of time, put together.

use crate::base::table::sort_many;
use crate::base::time::UnixMillis;

/// The columns of a line in their order, and its sum: whole millions, the rest, and whether it is too large to be told.
pub type Sum = (
    UnixMillis,
    String,
    String,
    String,
    String,
    String,
    String,
    String,
    i64,
    i64,
    i64,
);

/// The line that a sum is of, as lines are in order.
type Of<'s> = (UnixMillis, [&'s str; 7]);

fn line(sum: &Sum) -> Of<'_> {
    let (hour, source, release, event, destination, state, code, worker, ..) = sum;
    (
        *hour,
        [source, release, event, destination, state, code, worker],
    )
}

/// The sums of spans that do not overlap as the sums of all of them. Nothing where one is no list of sums.
///
/// ```
/// use edgetally_core::ledger::sums::together;
/// let day = |n: i64| format!(r#"[[0,"shop","","","meta","delivered","","",1,{n},0]]"#);
/// assert_eq!(together(&[day(2), "[]".to_owned(), day(999_999)]), Some(day(1).replace(",1,1,", ",3,1,")));
/// ```
pub fn together(spans: &[String]) -> Option<String> {
    let mut all: Vec<Sum> = Vec::new();
    for span in spans {
        all.extend(serde_json::from_str::<Vec<Sum>>(span).ok()?);
    }
    sort_many(&mut all, |one, other| line(one) < line(other));
    all.dedup_by(|next, sum| {
        let same = line(next) == line(sum);
        if same {
            let rest = sum.9.saturating_add(next.9);
            sum.8 = sum
                .8
                .saturating_add(next.8)
                .saturating_add(rest / 1_000_000);
            sum.9 = rest % 1_000_000;
            sum.10 = sum.10.max(next.10);
        }
        same
    });
    all.retain(|sum| sum.8 != 0 || sum.9 != 0);
    serde_json::to_string(&all).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_to_nothing_is_left_out_and_what_is_full_stays_so() {
        let of = |state: &str, n: i64, full: i64| {
            format!(r#"[[0,"shop","","","meta","{state}","","",0,{n},{full}]]"#)
        };
        let spans = [of("retrying", 4, 0), of("retrying", -4, 0)];
        assert_eq!(together(&spans).as_deref(), Some("[]"));
        let spans = [of("money", 4, 0), of("delivered", 1, 0), of("money", 5, 1)];
        let both = [of("delivered", 1, 0), of("money", 9, 1)];
        let both = both.map(|one| one.trim_matches(['[', ']']).to_owned());
        assert_eq!(
            together(&spans),
            Some(format!("[[{}],[{}]]", both[0], both[1]))
        );
        assert_eq!(together(&["{}".to_owned()]), None);
    }
}
