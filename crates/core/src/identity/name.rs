//! Given and family names.

use super::text;

/// How a platform spells names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Lower case; white space and ASCII punctuation deleted; titles kept (Meta).
    Meta,
    /// Lower case; white space and punctuation of any script deleted (TikTok, Pinterest, Snapchat, LinkedIn).
    Compact,
    /// Lower case; `mr.` `mrs.` `ms.` `dr.` in front deleted (Google Ads).
    WithoutTitle,
    /// Lower case; `jr.`, `iii`, `phd` and the like behind deleted (Google Ads).
    WithoutSuffix,
    /// Lower case; digits and symbols deleted, inner spaces kept (GA4).
    LettersAndSpaces,
}

#[inline(never)]
pub(super) fn normalise(rule: Rule, tidy: &str, out: &mut String) -> bool {
    match rule {
        Rule::Meta => text::fold(
            tidy,
            true,
            |c| !text::is_space(c) && !text::is_ascii_symbol(c),
            out,
        ),
        Rule::Compact => text::fold(
            tidy,
            true,
            |c| !text::is_space(c) && !text::is_symbol(c),
            out,
        ),
        Rule::LettersAndSpaces => {
            text::fold(tidy, true, |c| !c.is_numeric() && !text::is_symbol(c), out);
        }
        Rule::WithoutTitle | Rule::WithoutSuffix => text::fold(tidy, true, |_| true, out),
    }
    match rule {
        Rule::WithoutTitle => drop_titles(out),
        Rule::WithoutSuffix => drop_suffixes(out),
        Rule::Meta | Rule::Compact | Rule::LettersAndSpaces => {}
    }
    text::finish(out)
}

/// The full stop and the space (or end) after it are part of the title: `Mralex` is a name.
fn drop_titles(name: &mut String) {
    const TITLES: [&str; 4] = ["mr.", "mrs.", "ms.", "dr."];
    loop {
        text::trim(name);
        let Some(title) = TITLES.iter().find(|title| {
            name.strip_prefix(**title)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(text::is_space))
        }) else {
            return;
        };
        name.drain(..title.len());
    }
}

/// Repeatedly, and only after a comma or a space: `Boardds` is a name.
fn drop_suffixes(name: &mut String) {
    const SUFFIXES: [&str; 16] = [
        "jr", "sr", "2nd", "3rd", "ii", "iii", "iv", "v", "vi", "cpa", "dc", "dds", "vm", "jd",
        "md", "phd",
    ];
    let separates = |c: char| c == ',' || text::is_space(c);
    loop {
        text::trim(name);
        let last = name.trim_end_matches([',', '.', ' ']);
        let Some(start) = last.rfind(separates) else {
            return;
        };
        let word = last
            .get(start..)
            .unwrap_or_default()
            .trim_start_matches(separates);
        if !SUFFIXES.contains(&word) {
            return;
        }
        let kept = last
            .get(..start)
            .unwrap_or_default()
            .trim_end_matches(separates)
            .len();
        name.truncate(kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rule: Rule, raw: &str) -> Option<String> {
        let mut out = String::new();
        normalise(rule, raw.trim(), &mut out).then_some(out)
    }

    #[test]
    fn punctuation_goes_and_accents_stay() {
        assert_eq!(of(Rule::Meta, "O'Connor").as_deref(), Some("oconnor"));
        assert_eq!(of(Rule::Meta, "Mary–Jane").as_deref(), Some("mary–jane"));
        assert_eq!(
            of(Rule::Meta, "Dr. John Smith").as_deref(),
            Some("drjohnsmith")
        );
        assert_eq!(
            of(Rule::Compact, "Mary–Jane O’Neill").as_deref(),
            Some("maryjaneoneill")
        );
        assert_eq!(
            of(Rule::Compact, "José María").as_deref(),
            Some("josémaría")
        );
        assert_eq!(
            of(Rule::LettersAndSpaces, " Ana-Lena 2 ").as_deref(),
            Some("analena")
        );
        assert_eq!(
            of(Rule::LettersAndSpaces, "Ana Lena").as_deref(),
            Some("ana lena")
        );
        assert_eq!(of(Rule::Compact, "---"), None);
    }

    #[test]
    fn titles_and_suffixes_go_for_google_only_when_they_stand_apart() {
        for (raw, expected) in [
            (" Mr. Alex ", Some("alex")),
            ("Dr. Mrs. Alex", Some("alex")),
            ("Mralex", Some("mralex")),
            ("Mr.", None),
            ("alex dr.", Some("alex dr.")),
        ] {
            assert_eq!(of(Rule::WithoutTitle, raw).as_deref(), expected, "{raw}");
        }
        for (raw, expected) in [
            ("quinn, jr., dds", Some("quinn")),
            ("Quinn,Jr.", Some("quinn")),
            ("Quinn III PhD", Some("quinn")),
            ("Boardds", Some("boardds")),
            ("Quinn-Alex", Some("quinn-alex")),
            (",Jr.,DDS", None),
            ("V", Some("v")),
        ] {
            assert_eq!(of(Rule::WithoutSuffix, raw).as_deref(), expected, "{raw}");
        }
    }
}
