//! E-mail addresses: one clean-up, five opinions about the part before the `@`.

use super::text;

/// How a platform rewrites the local part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Lower case only; white space inside makes the address invalid (Meta).
    Trimmed,
    /// White space deleted, lower case (TikTok, Pinterest, Snapchat, LinkedIn, X).
    Spaceless,
    /// And `+alias` and everything but `a`–`z`, `0`–`9` deleted, at every domain (Reddit).
    Alphanumeric,
    /// And `+alias` and dots deleted, at every domain (Microsoft).
    Dotless,
    /// And `+alias` and dots deleted, at `gmail.com` and `googlemail.com` only; a domain may lack a dot (Google).
    Gmail,
}

pub(super) fn normalise(rule: Rule, tidy: &str, out: &mut String) -> bool {
    text::fold(
        tidy,
        true,
        |c| rule == Rule::Trimmed || !text::is_space(c),
        out,
    );
    let rewrite: fn(char) -> bool = match rule {
        Rule::Trimmed | Rule::Spaceless => return text::finish(out) && is_address(out, true),
        Rule::Gmail if !is_gmail(out) => return text::finish(out) && is_address(out, false),
        Rule::Alphanumeric => |c| c.is_ascii_lowercase() || c.is_ascii_digit(),
        Rule::Dotless | Rule::Gmail => |c| c != '.',
    };
    let (mut domain, mut alias) = (false, false);
    out.retain(|c| {
        domain |= c == '@';
        alias |= c == '+';
        domain || (!alias && rewrite(c))
    });
    text::finish(out) && is_address(out, rule != Rule::Gmail)
}

fn is_gmail(address: &str) -> bool {
    address
        .rsplit_once('@')
        .is_some_and(|(_, domain)| matches!(domain, "gmail.com" | "googlemail.com"))
}

/// One `@`, something before it, and after it labels with a dot between them (unless `dot` is not asked for).
fn is_address(address: &str, dot: bool) -> bool {
    let Some((local, domain)) = address.split_once('@') else {
        return false;
    };
    !local.is_empty()
        && !domain.contains('@')
        && (!dot || domain.contains('.'))
        && domain.split('.').all(|label| !label.is_empty())
        && !address.chars().any(|c| text::is_space(c) || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rule: Rule, raw: &str) -> Option<String> {
        let mut out = String::new();
        normalise(rule, raw, &mut out).then_some(out)
    }

    #[test]
    fn one_address_has_five_spellings() {
        let raw = "Jo.An_e+Sale+2@GMail.com";
        assert_eq!(
            of(Rule::Trimmed, raw).as_deref(),
            Some("jo.an_e+sale+2@gmail.com")
        );
        assert_eq!(
            of(Rule::Spaceless, raw).as_deref(),
            Some("jo.an_e+sale+2@gmail.com")
        );
        assert_eq!(
            of(Rule::Alphanumeric, raw).as_deref(),
            Some("joane@gmail.com")
        );
        assert_eq!(of(Rule::Dotless, raw).as_deref(), Some("joan_e@gmail.com"));
        assert_eq!(of(Rule::Gmail, raw).as_deref(), Some("joan_e@gmail.com"));
        assert_eq!(
            of(Rule::Gmail, "Jo.A+b@Shop.Example").as_deref(),
            Some("jo.a+b@shop.example")
        );
        assert_eq!(
            of(Rule::Gmail, "jo.a@notgmail.com").as_deref(),
            Some("jo.a@notgmail.com")
        );
    }

    #[test]
    fn what_is_no_address_is_dropped() {
        for raw in [
            "a",
            "a@b",
            "@b.c",
            ".c",
            "@",
            "a@@b.c",
            "a@b@c.d",
            "a@b..c",
            "a@.c",
            "a@c.",
            "jo ann@shop.example",
        ] {
            assert_eq!(of(Rule::Trimmed, raw), None, "{raw}");
        }
        assert_eq!(
            of(Rule::Spaceless, "jo ann@shop.example").as_deref(),
            Some("joann@shop.example")
        );
        assert_eq!(of(Rule::Gmail, "+sale@gmail.com"), None);
        assert_eq!(of(Rule::Alphanumeric, "$_@shop.example"), None);
    }
}
