//! E-mail addresses: one clean-up, five opinions about the part before the `@`.

use super::text;

/// How a platform rewrites the local part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Lower case only; white space inside makes the address invalid.
    Trimmed,
    /// White space beside `@` and dots deleted, lower case.
    Spaceless,
    /// And `+alias` and everything but `a`–`z`, `0`–`9` deleted, at every domain.
    Alphanumeric,
    /// And `+alias` and dots deleted, at every domain.
    Dotless,
    /// And `+alias` and dots deleted, at `gmail.com` and `googlemail.com` only; a domain may lack a dot.
    Gmail,
}

#[inline(never)]
pub(super) fn normalise(rule: Rule, tidy: &str, out: &mut String) -> bool {
    let narrow;
    let tidy = if tidy.is_ascii() {
        tidy
    } else {
        narrow = tidy.chars().map(narrowed).collect::<String>();
        &narrow
    };
    let Ok(address) = bare(tidy) else {
        return false;
    };
    // Platforms delete white space, but between two words it would make another address of both.
    if rule == Rule::Trimmed {
        if address.contains(text::is_space) {
            return false;
        }
    } else if !is_one_word(address) {
        return false;
    }
    text::fold(address, true, |c| !text::is_space(c), out);
    let rewrite: fn(char) -> bool = match rule {
        Rule::Trimmed | Rule::Spaceless => return text::finish(out) && is_address(out, true),
        Rule::Gmail if !is_gmail(out) => return text::finish(out) && is_address(out, false),
        Rule::Alphanumeric => |c| c.is_ascii_lowercase() || c.is_ascii_digit(),
        Rule::Dotless | Rule::Gmail => |c| c != '.',
    };
    // What has no business there makes it no address, also where the rule would delete it.
    if !out
        .split_once('@')
        .is_some_and(|(local, _)| is_local(local))
    {
        return false;
    }
    let (mut domain, mut alias) = (false, false);
    out.retain(|c| {
        domain |= c == '@';
        alias |= c == '+';
        domain || (!alias && rewrite(c))
    });
    text::finish(out) && is_address(out, rule != Rule::Gmail)
}

/// Why [`normalise`] drops an address.
pub(super) fn fault(tidy: &str) -> &'static str {
    let narrow: String = tidy.chars().map(narrowed).collect();
    match bare(&narrow) {
        Err(TwoAddresses) => "email_two_addresses",
        Ok(_) => "email_invalid",
    }
}

/// Full-width forms of ASCII, and the small `@`, as East Asian keyboards type them: the same characters to Unicode's NFKC.
fn narrowed(c: char) -> char {
    match u32::from(c) {
        wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(c),
        0xFE6B => '@',
        _ => c,
    }
}

struct TwoAddresses;

/// The address in what mail programs, links, lists and tables put around it.
#[inline(never)]
fn bare(text: &str) -> Result<&str, TwoAddresses> {
    const AROUND: &[char] = &[
        '"', '\'', '`', '\u{B4}', '\u{201C}', '\u{201D}', '\u{201E}', '\u{2018}', '\u{2019}',
        '\u{201A}', '\u{AB}', '\u{BB}', '[', ']', '(', ')', '<', '>', ',', ';', ':',
    ];
    let mut text = text;
    if let Some(link) = after_scheme(text) {
        text = link.split('?').next().unwrap_or_default();
    }
    // A name beside an address in brackets, or a remark in brackets beside an address.
    for (open, close) in [('<', '>'), ('(', ')'), ('[', ']')] {
        let Some((before, inside, behind)) = bracketed(text, open, close) else {
            continue;
        };
        let beside = before.contains('@') || behind.contains('@');
        if inside.contains('@') {
            if beside && !same(before, inside) {
                return Err(TwoAddresses);
            }
            text = inside;
        } else if before.contains('@') && is_blank(behind) {
            text = before;
        } else if behind.contains('@') && is_blank(before) {
            text = behind;
        }
    }
    loop {
        let trimmed = text
            .trim_matches(|c| text::is_space(c) || AROUND.contains(&c))
            .trim_end_matches('.');
        let inner = after_scheme(trimmed).unwrap_or(trimmed);
        if inner.len() == text.len() {
            break;
        }
        text = inner;
    }
    if text.bytes().filter(|byte| *byte == b'@').count() > 1 {
        return Err(TwoAddresses);
    }
    Ok(text)
}

fn after_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(':')?;
    let scheme = scheme.trim_start_matches(|c| text::is_space(c) || matches!(c, '"' | '\'' | '<'));
    ["mailto", "email", "e-mail", "mail"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
        .then_some(rest)
}

/// What is before, in and behind the one pair of brackets.
fn bracketed(text: &str, open: char, close: char) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once(open)?;
    let (inside, behind) = rest.split_once(close)?;
    (!before.contains(close) && !behind.contains([open, close])).then_some((before, inside, behind))
}

fn is_blank(text: &str) -> bool {
    !text.contains(char::is_alphanumeric)
}

/// Whether a display name is the address once more.
fn same(name: &str, address: &str) -> bool {
    let bare = |text: &str| {
        text.trim_matches(|c: char| c != '@' && !c.is_alphanumeric())
            .to_lowercase()
    };
    bare(name) == bare(address)
}

/// Whether white space stands only where it cannot part two words: beside an `@` or a dot.
fn is_one_word(address: &str) -> bool {
    let mut before = None;
    let mut gap = false;
    for c in address.chars() {
        if text::is_space(c) {
            gap = true;
            continue;
        }
        if gap && !matches!(before, Some('@' | '.')) && !matches!(c, '@' | '.') {
            return false;
        }
        (before, gap) = (Some(c), false);
    }
    true
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
    is_local(local)
        && (!dot || domain.contains('.'))
        && domain
            .split('.')
            .all(|label| !label.is_empty() && label.chars().all(is_of_domain))
}

/// What RFC 5322 allows without quotation marks, and the letters of RFC 6531. One of nothing but signs stands for no mailbox:
/// `…@`, `-@` and `..@` are what forms and exports leave behind.
fn is_local(local: &str) -> bool {
    let forbidden = |c: char| {
        c.is_control()
            || text::is_space(c)
            || matches!(
                c,
                '"' | '(' | ')' | ',' | ':' | ';' | '<' | '>' | '@' | '[' | '\\' | ']'
            )
    };
    local.contains(char::is_alphanumeric) && !local.contains(forbidden)
}

fn is_of_domain(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || c == '-'
    } else {
        !c.is_control() && !text::is_space(c) && !text::is_symbol(c)
    }
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

    const RULES: [Rule; 5] = [
        Rule::Trimmed,
        Rule::Spaceless,
        Rule::Alphanumeric,
        Rule::Dotless,
        Rule::Gmail,
    ];

    #[test]
    fn what_is_put_around_an_address_goes() {
        for raw in [
            "Jo Ann <jo@shop.example>",
            "\"Ann, Jo\" <jo@shop.example>",
            "<jo@shop.example>",
            "jo@shop.example <jo@shop.example>",
            "'jo@shop.example' <Jo@Shop.example>;",
            "Jo Ann (jo@shop.example)",
            "Jo Ann [mailto:jo@shop.example]",
            "jo@shop.example (Jo Ann)",
            "(Jo) jo@shop.example",
            "mailto:jo@shop.example",
            "MAILTO:jo@shop.example?subject=Hi&cc=ann@shop.example",
            "<mailto:jo@shop.example>",
            "E-mail: jo@shop.example",
            "\"jo@shop.example\"",
            "\u{201C}jo@shop.example\u{201D}",
            "'jo@shop.example'",
            "[jo@shop.example]",
            "jo@shop.example;",
            "jo@shop.example,",
            "jo@shop.example.",
            "jo@shop.example . ,",
            "jo@shop.example>",
            "jo\u{FF20}shop.example",
            "ｊｏ＠ｓｈｏｐ．ｅｘａｍｐｌｅ",
            "jo\u{FE6B}shop.example",
        ] {
            for rule in RULES {
                assert_eq!(
                    of(rule, raw).as_deref(),
                    Some("jo@shop.example"),
                    "{rule:?} {raw}"
                );
            }
        }
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
            "jo ann@shop.example",
            "jo@shop,example",
            "jo@shop.example, ann@shop.example",
            "jo@shop.example;ann@shop.example",
            "jo@shop.example ann@shop.example",
            "Jo <jo@shop.example>, Ann <ann@shop.example>",
            "ann@shop.example <jo@shop.example>",
            "jo@shop.example Jo",
            "Jo jo@shop.example",
            "jo@shop_example.com",
            "jo+x@shop+y.example",
            "jo@shop.example/ann",
            "jo(at)shop.example",
        ] {
            assert_eq!(of(Rule::Trimmed, raw), None, "{raw}");
        }
        assert_eq!(of(Rule::Spaceless, "jo ann@shop.example"), None);
        assert_eq!(
            of(Rule::Spaceless, "jo . ann @ shop.example").as_deref(),
            Some("jo.ann@shop.example")
        );
        for rule in RULES {
            assert_eq!(of(rule, "Jo Ann <jo@shop,example>"), None);
            assert_eq!(of(rule, "jo, ann@shop.example"), None);
        }
        assert_eq!(of(Rule::Gmail, "+sale@gmail.com"), None);
        assert_eq!(of(Rule::Alphanumeric, "$_@shop.example"), None);
    }
}
