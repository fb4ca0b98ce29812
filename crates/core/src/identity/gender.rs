//! Genders: one letter, from the words that forms use.

use super::text;

/// Which letters a platform has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// `f` or `m`; anything else is dropped (Meta).
    Binary,
    /// `f`, `m` or `n` for non-binary (Pinterest, Snapchat).
    WithNeutral,
}

/// English words and the commonest ones of check-outs in German, French, Spanish, Italian, Portuguese and Dutch.
const FEMALE: &[&str] = &[
    "f",
    "female",
    "woman",
    "girl",
    "lady",
    "she",
    "maam",
    "madam",
    "w",
    "weiblich",
    "frau",
    "femme",
    "femenino",
    "feminino",
    "femmina",
    "femminile",
    "mujer",
    "donna",
    "mulher",
    "vrouw",
];
const MALE: &[&str] = &[
    "m",
    "male",
    "man",
    "boy",
    "gentleman",
    "he",
    "sir",
    "männlich",
    "maennlich",
    "mann",
    "herr",
    "homme",
    "masculin",
    "masculino",
    "maschio",
    "maschile",
    "hombre",
    "uomo",
    "homem",
];
const NEUTRAL: &[&str] = &[
    "n",
    "nonbinary",
    "enby",
    "nb",
    "x",
    "diverse",
    "divers",
    "neutral",
    "genderqueer",
];

#[inline(never)]
pub(super) fn normalise(rule: Rule, tidy: &str, out: &mut String) -> bool {
    text::fold(
        tidy,
        true,
        |c| !text::is_space(c) && !text::is_symbol(c),
        out,
    );
    let word = out.as_str();
    let letter = if FEMALE.contains(&word) {
        'f'
    } else if MALE.contains(&word) {
        'm'
    } else if rule == Rule::WithNeutral && NEUTRAL.contains(&word) {
        'n'
    } else {
        return false;
    };
    out.clear();
    out.push(letter);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_letters() {
        for (raw, binary, neutral) in [
            ("Female", Some("f"), Some("f")),
            ("MaLe", Some("m"), Some("m")),
            ("ma'am", Some("f"), Some("f")),
            ("non-binary", None, Some("n")),
            ("MÄNNLICH", Some("m"), Some("m")),
            ("unknown", None, None),
            ("", None, None),
        ] {
            for (rule, expected) in [(Rule::Binary, binary), (Rule::WithNeutral, neutral)] {
                let mut out = String::new();
                assert_eq!(
                    normalise(rule, raw, &mut out).then_some(out).as_deref(),
                    expected,
                    "{raw}"
                );
            }
        }
    }
}
