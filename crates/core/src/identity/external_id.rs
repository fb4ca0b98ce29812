//! The site's own id of a visitor. It must be spelled the same on every channel, so little is done to it.

use super::text;

/// How a platform spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Trimmed; case kept.
    Trimmed,
    /// Trimmed, lower case.
    Lower,
    /// Lower case, all white space deleted.
    LowerSpaceless,
}

#[inline(never)]
pub(super) fn normalise(rule: Rule, tidy: &str, out: &mut String) -> bool {
    text::fold(
        tidy,
        rule != Rule::Trimmed,
        |c| rule != Rule::LowerSpaceless || !text::is_space(c),
        out,
    );
    text::finish(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_kept_unless_the_platform_folds_it() {
        for (rule, expected) in [
            (Rule::Trimmed, "User 1_É"),
            (Rule::Lower, "user 1_é"),
            (Rule::LowerSpaceless, "user1_é"),
        ] {
            let mut out = String::new();
            assert!(normalise(rule, "User 1_É", &mut out));
            assert_eq!(out, expected);
        }
    }
}
