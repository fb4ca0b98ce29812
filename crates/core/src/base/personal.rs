//! Personal data that stands in the open where it does not belong: in page addresses, titles, ids, cookies, free data.
//!
//! Sites put form values everywhere, and rarely as they were typed. A text is therefore decoded until nothing changes
//! any more and looked at after every step. Looked for are
//!
//! * anybody's e-mail address, also with a bracketed `(at)`; the visitor's own in any spelling with `at` and `dot`;
//! * the visitor's own telephone number, at the borders of digits, with or without its country code and trunk prefix;
//! * the visitor's own first and last name where they stand beside each other as whole words.
//!
//! Undone are percent-encoding, `%u0040`, HTML entities, escapes of JavaScript, JSON, Python and CSS, quoted-printable,
//! base64 and base64url at every alignment, each any number of times and in any order; compatibility forms, accents,
//! digits of other scripts and invisible characters of Unicode. The work is bounded by the length of the text; what
//! would take more counts as found, since nobody nests encodings that deep by accident.
//!
//! ```
//! use edgetally_core::base::personal::{Visitor, holds_email};
//!
//! assert!(holds_email("q=jane%2540mail.example"));
//! assert!(holds_email("for jane＠mail。example, today"));
//! assert!(!holds_email("2 @ 3.50"));
//!
//! let visitor = Visitor::new(
//!     Some("+49 1512 3456789"),
//!     Some(("4915123456789", 2)),
//!     Some("Nora"),
//!     Some("Feldt"),
//!     Some("nora.feldt@mail.example"),
//! );
//! assert!(visitor.shows("call 01512/345 67 89"));
//! assert!(visitor.shows("Thank you, FELDT, Nora!"));
//! assert!(!visitor.shows("article 000015123456789"));
//! assert_eq!(
//!     visitor.clean_address("https://shop.example/u/nora-feldt/orders?utm_source=news").as_deref(),
//!     Some("https://shop.example/u/orders?utm_source=news"),
//! );
//! ```

use std::borrow::Cow;

/// Whether a text shows an e-mail address, however it is encoded.
pub fn holds_email(text: &str) -> bool {
    Visitor::default().shows(text)
}

/// What is looked for in the texts of one visitor's event; by default e-mail addresses only.
#[derive(Default)]
#[expect(missing_debug_implementations, reason = "the values must not be shown")]
pub struct Visitor {
    numbers: Vec<Number>,
    names: Vec<Names>,
    /// The words of the visitor's own address, and how many of them stand before the `@`.
    address: Option<(Vec<String>, usize)>,
}

/// A telephone number, in the digits that all its spellings end with.
struct Number {
    significant: Vec<u8>,
    /// The calling code, where it is known.
    code: Option<Vec<u8>>,
}

/// A name, in lower case and without accents, word by word.
struct Names {
    first: Vec<String>,
    last: Vec<String>,
}

/// The shortest numbers that are looked for: shorter ones are anybody's.
const SHORTEST_NUMBER: usize = 7;
const SHORTEST_TYPED: usize = 8;
/// The most bytes between two digits of a number.
const WIDEST_GAP: usize = 6;
/// The most words of a name or an address, and the most bytes of each. Longer ones are nobody's.
const MOST_WORDS: usize = 8;
const LONGEST_NAME: usize = 128;
/// The shortest base64 that is undone; it holds six bytes.
const SHORTEST_BASE64: usize = 8;

impl Visitor {
    /// `typed` is the telephone number as typed, `known` its digits with the calling code and how many of them that is.
    pub fn new(
        typed: Option<&str>,
        known: Option<(&str, usize)>,
        first: Option<&str>,
        last: Option<&str>,
        email: Option<&str>,
    ) -> Self {
        let mut visitor = Self::default();
        if let Some((digits, code)) = known
            && let Some((code, rest)) = digits.as_bytes().split_at_checked(code)
        {
            visitor.add_number(rest, Some(code), SHORTEST_NUMBER);
        }
        if let Some(typed) = typed {
            let digits: Vec<u8> = plain(typed)
                .bytes()
                .filter(u8::is_ascii_digit)
                .take(18)
                .collect();
            let known = |number: &Number| digits.ends_with(&number.significant);
            if digits.len() < 18 && !visitor.numbers.iter().any(known) {
                visitor.add_number(&digits, None, SHORTEST_TYPED);
            }
        }
        if let (Some(first), Some(last)) = (first, last) {
            visitor.add_names(&plain(first), &plain(last));
            // German and the Nordic languages write their letters out where there is only ASCII.
            let written = (written_out(first), written_out(last));
            if !matches!(written, (Cow::Borrowed(_), Cow::Borrowed(_))) {
                visitor.add_names(&plain(&written.0), &plain(&written.1));
            }
        }
        if let Some((local, domain)) = email.and_then(|email| email.rsplit_once('@'))
            && email.is_some_and(|email| email.len() <= LONGEST_NAME)
        {
            let local = local.split_once('+').map_or(local, |(local, _)| local);
            let (mut all, domain) = (words(&plain(local)), words(&plain(domain)));
            let before = all.len();
            if before > 0 && domain.len() > 1 {
                all.extend(domain);
                visitor.address = Some((all, before));
            }
        }
        visitor
    }

    fn add_number(&mut self, digits: &[u8], code: Option<&[u8]>, shortest: usize) {
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        let significant = digits.get(zeros..).unwrap_or_default();
        if (shortest..=15).contains(&significant.len()) && !is_dummy(significant) {
            self.numbers.push(Number {
                significant: significant.to_vec(),
                code: code.map(<[u8]>::to_vec),
            });
        }
    }

    fn add_names(&mut self, first: &str, last: &str) {
        let (mut first, last) = (words(first), words(last));
        // An initial stands beside anything.
        first.retain(|word| word.chars().nth(1).is_some() || is_dense(word));
        let long = |word: &String| word.chars().nth(1).is_some() || is_dense(word);
        if !first.is_empty() && last.iter().any(long) {
            self.names.push(Names { first, last });
        }
    }

    /// Whether a text shows an e-mail address, or this visitor's telephone number or name, however it is encoded.
    pub fn shows(&self, text: &str) -> bool {
        let mut budget = text.len().saturating_mul(32).saturating_add(4096);
        self.search(text, &mut budget)
    }

    /// An address of a page without the segments and parameters that show personal data; borrowed where there are none,
    /// `None` where even the host does.
    pub fn clean_address<'u>(&self, url: &'u str) -> Option<Cow<'u, str>> {
        if !self.shows(url) {
            return Some(Cow::Borrowed(url));
        }
        let host = url.find("://").map_or(0, |at| at + 3);
        let path = url
            .get(host..)
            .and_then(|rest| rest.find(['/', '?', '#']))
            .map_or(url.len(), |at| host + at);
        let (site, rest) = url.split_at_checked(path)?;
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        let mut clean = String::with_capacity(url.len());
        clean.push_str(site);
        let segments = path.split('/').filter(|segment| !self.shows(segment));
        join(&mut clean, segments, "", "/");
        if clean.len() == site.len() {
            clean.push('/');
        }
        let pairs = query.into_iter().flat_map(|query| query.split('&'));
        let pairs = pairs.filter(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            !self.shows(name) && !self.shows(value)
        });
        join(&mut clean, pairs, "?", "&");
        // What no part shows by itself, two of them may together.
        if !self.shows(&clean) {
            return Some(Cow::Owned(clean));
        }
        (!self.shows(site)).then(|| Cow::Owned(format!("{site}/")))
    }

    /// Looks at a text and at everything it decodes to.
    fn search(&self, text: &str, budget: &mut usize) -> bool {
        let mut text = Cow::Borrowed(text);
        loop {
            match budget.checked_sub(text.len()) {
                Some(left) => *budget = left,
                None => return true,
            }
            let mut scan = Scan::of(&text);
            if !scan.ascii
                && let Cow::Owned(folded) = plain(&text)
            {
                text = Cow::Owned(folded);
                scan = Scan::of(&text);
            }
            if self.reads(&text, &scan) || self.in_base64(&text, &scan.runs, budget) {
                return true;
            }
            let mut next = None;
            if scan.escapes {
                next = unescape(&text);
            }
            // A parameter's `=` may stand before any two digits, so this comes after what is surer.
            if next.is_none() && scan.equals {
                next = unquote(&text, |_| false);
                // `phone=01511=2E234`: the first is the parameter's, though `=01` would be a byte.
                let values = next
                    .is_some()
                    .then(|| unquote(&text, |at| ends_name(&text, at)));
                if let Some(Some(values)) = values
                    && next.as_ref() != Some(&values)
                    && self.search(&values, budget)
                {
                    return true;
                }
            }
            if next.is_none() && scan.brackets {
                next = spell(&text);
            }
            match next {
                Some(decoded) => text = Cow::Owned(decoded),
                None => return false,
            }
        }
    }

    /// Whether a text shows it as it stands.
    fn reads(&self, text: &str, scan: &Scan) -> bool {
        (scan.at && reads_email(text))
            || self.numbers.iter().any(|number| {
                scan.digits >= number.significant.len() && number.stands_in(text.as_bytes())
            })
            || self.reads_words(text, scan)
    }

    #[inline(never)]
    fn reads_words(&self, text: &str, scan: &Scan) -> bool {
        // Most texts hold no word of either, and are not copied to find that out.
        let begins = |words: &[String]| {
            words
                .first()
                .is_some_and(|word| letters(word) & !scan.letters == 0 && contains_word(text, word))
        };
        let named = self
            .names
            .iter()
            .any(|names| !scan.ascii || begins(&names.last));
        let addressed = self
            .address
            .as_ref()
            .is_some_and(|(words, _)| begins(words));
        if !named && !addressed {
            return false;
        }
        let lower = text.to_lowercase();
        let lower = if scan.ascii {
            lower
        } else {
            plain(&lower).into_owned()
        };
        self.names.iter().any(|names| names.stand_in(&lower))
            || self.address.as_ref().is_some_and(|(words, before)| {
                let (local, domain) = words.split_at_checked(*before).unwrap_or_default();
                stands(&lower, local).any(|(start, end)| {
                    let after = lower.get(end..).and_then(after_at);
                    borders_before(&lower, start)
                        && after.is_some_and(|after| run_of(after, domain).is_some())
                })
            })
    }

    /// Looks into every stretch that may be base64, at each of the four places where its first letter may stand.
    #[inline(never)]
    fn in_base64(&self, text: &str, runs: &Runs, budget: &mut usize) -> bool {
        for run in runs.of(text.as_bytes()) {
            for (skip, holds) in hold_text(run).into_iter().enumerate() {
                if !holds {
                    continue;
                }
                let run = run.get(skip..).unwrap_or_default();
                match budget.checked_sub(run.len()) {
                    Some(left) => *budget = left,
                    None => return true,
                }
                for chunk in from_base64(run).utf8_chunks() {
                    let parts = chunk.valid().split(char::is_control);
                    for part in parts.filter(|part| part.len() > 4) {
                        if self.search(part, budget) {
                            return true;
                        }
                    }
                }
            }
        }
        false
    }
}

impl Number {
    /// Whether the number stands in a text as one: up to the last of some digits, and from their first but for the code
    /// of its country and what is dialled before it.
    #[inline(never)]
    fn stands_in(&self, text: &[u8]) -> bool {
        let Some(last) = self.significant.last() else {
            return false;
        };
        let goes_on = |at: usize| text.get(at + 1).is_some_and(u8::is_ascii_digit);
        text.iter()
            .enumerate()
            .any(|(at, byte)| byte == last && !goes_on(at) && self.ends_at(text, at))
    }

    fn ends_at(&self, text: &[u8], end: usize) -> bool {
        let mut at = Some(end);
        let mut first = end;
        for wanted in self.significant.iter().rev() {
            let Some(place) = at else { return false };
            if text.get(place) != Some(wanted) {
                return false;
            }
            first = place;
            at = digit_before(text, place);
        }
        let mut prefix = [0_u8; 9];
        let mut start = prefix.len();
        loop {
            let open = first == 0 || !text.get(first - 1).is_some_and(u8::is_ascii_digit);
            if open && self.may_follow(prefix.get(start..).unwrap_or_default()) {
                return true;
            }
            let Some(place) = digit_before(text, first) else {
                return false;
            };
            let Some(left) = start.checked_sub(1) else {
                return false;
            };
            if let (Some(slot), Some(byte)) = (prefix.get_mut(left), text.get(place)) {
                *slot = *byte;
            }
            (start, first) = (left, place);
        }
    }

    /// Whether these digits may be dialled before the number: an exit code, the calling code, a trunk prefix.
    fn may_follow(&self, prefix: &[u8]) -> bool {
        let zeros = prefix.iter().take_while(|digit| **digit == b'0').count();
        let rest = prefix.get(zeros..).unwrap_or_default();
        if zeros > 3 {
            return false;
        }
        if matches!(rest, b"" | b"1" | b"6" | b"8") {
            return true;
        }
        // `011` is North America's exit code.
        [Some(rest), rest.strip_prefix(b"11")]
            .into_iter()
            .flatten()
            .any(|rest| match &self.code {
                Some(code) => rest
                    .strip_prefix(code.as_slice())
                    .is_some_and(|trunk| trunk.len() <= 2 && trunk.iter().all(|d| *d == b'0')),
                None => rest.len() <= 4,
            })
    }
}

/// The next digit to the left, across what people write between digits.
fn digit_before(text: &[u8], place: usize) -> Option<usize> {
    let mut at = place.checked_sub(1)?;
    for _ in 0..=WIDEST_GAP {
        match text.get(at) {
            Some(byte) if byte.is_ascii_digit() => return Some(at),
            Some(byte) if byte.is_ascii_alphabetic() => return None,
            _ => at = at.checked_sub(1)?,
        }
    }
    None
}

/// What is typed where a form insists on a number: one digit again and again, two in turn, or the row of them.
fn is_dummy(digits: &[u8]) -> bool {
    let mut seen = [false; 10];
    let (mut same, mut longest) = (1, 1);
    let (mut up, mut down) = (true, true);
    let value = |digit: u8| usize::from(digit.wrapping_sub(b'0')) % 10;
    for pair in digits.windows(2) {
        let [one, two] = [pair.first(), pair.last()].map(|digit| value(*digit.unwrap_or(&b'0')));
        same = if one == two { same + 1 } else { 1 };
        longest = longest.max(same);
        up &= two == (one + 1) % 10;
        down &= one == (two + 1) % 10;
    }
    for digit in digits {
        if let Some(seen) = seen.get_mut(value(*digit)) {
            *seen = true;
        }
    }
    up || down || longest >= 7 || seen.iter().filter(|seen| **seen).count() <= 2
}

impl Names {
    fn stand_in(&self, text: &str) -> bool {
        stands(text, &self.last).any(|(start, end)| {
            let (before, after) = (text.get(..start), text.get(end..));
            let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
            let (opens, closes) = (borders_before(text, start), borders_after(text, end));
            self.first.iter().any(|first| {
                let follows = gap(after).is_some_and(|rest| {
                    rest.strip_prefix(first.as_str())
                        .is_some_and(|rest| borders_after(rest, 0))
                });
                let precedes = gap_end(before).is_some_and(|rest| {
                    rest.strip_suffix(first.as_str())
                        .is_some_and(|rest| borders_before(rest, rest.len()))
                });
                (opens && follows) || (closes && precedes)
            })
        })
    }
}

/// Where these words stand one behind another, with nothing or little between them: first and past-the-last byte.
fn stands<'t>(text: &'t str, words: &'t [String]) -> impl Iterator<Item = (usize, usize)> + 't {
    let first = words.first().map_or("", String::as_str);
    let more = words.get(1..).unwrap_or_default();
    let places = text.match_indices(if first.is_empty() { "\0" } else { first });
    places.filter_map(move |(start, _)| {
        let after = text.get(start + first.len()..)?;
        let rest = more.iter().try_fold(after, |rest, word| {
            short_gap(rest).strip_prefix(word.as_str())
        })?;
        Some((start, text.len() - rest.len()))
    })
}

/// The rest behind all of a domain's words, where they follow.
fn run_of<'t>(text: &'t str, words: &[String]) -> Option<&'t str> {
    let mut rest = text;
    for (place, word) in words.iter().enumerate() {
        if place > 0 {
            rest = short_gap(rest);
            for dot in ["dot", "punkt", "point", "punto"] {
                if let Some(after) = rest.strip_prefix(dot)
                    && borders_after(after, 0)
                {
                    rest = short_gap(after);
                    break;
                }
            }
        }
        rest = rest.strip_prefix(word.as_str())?;
    }
    borders_after(rest, 0).then_some(rest)
}

/// What follows an `@` or the word for it.
fn after_at(text: &str) -> Option<&str> {
    let rest = short_gap(text);
    let skipped = text.get(..text.len() - rest.len()).unwrap_or_default();
    if skipped.contains('@') {
        return Some(rest);
    }
    let after = rest
        .strip_prefix("at")
        .or_else(|| rest.strip_prefix("arroba"))?;
    let next = short_gap(after);
    (!skipped.is_empty() && next.len() < after.len()).then_some(next)
}

/// The rest behind at most four signs or blanks.
fn short_gap(text: &str) -> &str {
    let mut chars = text.chars();
    for _ in 0..4 {
        let rest = chars.as_str();
        if chars.next().is_none_or(char::is_alphanumeric) {
            return rest;
        }
    }
    chars.as_str()
}

/// The rest behind the gap between two names, which scripts without blanks do not need.
fn gap(text: &str) -> Option<&str> {
    let rest = short_gap(text);
    (rest.len() < text.len() || text.chars().next().is_some_and(is_dense_char)).then_some(rest)
}

/// The same to the left.
fn gap_end(text: &str) -> Option<&str> {
    let rest = text
        .char_indices()
        .rev()
        .take(4)
        .take_while(|(_, c)| !c.is_alphanumeric())
        .last()
        .map_or(text, |(at, _)| text.get(..at).unwrap_or_default());
    (rest.len() < text.len() || text.chars().next_back().is_some_and(is_dense_char)).then_some(rest)
}

/// Whether no word goes on to the left of a place. Words do not end where scripts have no blanks.
fn borders_before(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    before.is_none_or(|c| !c.is_alphabetic() || is_dense_char(c))
}

fn borders_after(text: &str, at: usize) -> bool {
    let after = text.get(at..).and_then(|after| after.chars().next());
    after.is_none_or(|c| !c.is_alphabetic() || is_dense_char(c))
}

/// Letters of scripts that write without blanks: Chinese, Japanese, Korean, Thai and their neighbours.
fn is_dense_char(c: char) -> bool {
    matches!(c, '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{11FF}' | '\u{1780}'..='\u{17FF}' | '\u{2E80}'..='\u{D7FF}'
        | '\u{20000}'..='\u{3FFFF}')
}

fn is_dense(word: &str) -> bool {
    word.chars().all(is_dense_char)
}

/// The words of a name, in lower case.
fn words(text: &str) -> Vec<String> {
    if text.len() > LONGEST_NAME {
        return Vec::new();
    }
    let lower = if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        plain(&text.to_lowercase()).into_owned()
    };
    let words = lower.split(|c: char| !c.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    words.take(MOST_WORDS).map(str::to_owned).collect()
}

/// A name as passports and airlines write it, where that differs.
fn written_out(name: &str) -> Cow<'_, str> {
    if !name.contains(['ä', 'ö', 'ü', 'å', 'ø', 'Ä', 'Ö', 'Ü', 'Å', 'Ø']) {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        match c {
            'ä' | 'Ä' => out.push_str("ae"),
            'ö' | 'Ö' | 'ø' | 'Ø' => out.push_str("oe"),
            'ü' | 'Ü' => out.push_str("ue"),
            'å' | 'Å' => out.push_str("aa"),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Whether a text holds a word, in any case of ASCII. Its first two letters are looked for in eight places at once.
fn contains_word(text: &str, word: &str) -> bool {
    let (text, word) = (text.as_bytes(), word.as_bytes());
    let [first, second, ..] = word else {
        let alike = |byte: &u8| word.iter().any(|letter| letter.eq_ignore_ascii_case(byte));
        return text.iter().any(alike);
    };
    let stands_at = |at: usize| {
        let found = text.get(at..at + word.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(word))
    };
    // The two cases of a letter differ in this bit.
    let case = eight(0x20);
    let wanted = [first, second].map(|letter| eight(letter | 0x20));
    let mut at = 0;
    while let Some([letters @ .., last]) = text.get(at..).and_then(<[u8]>::first_chunk::<9>) {
        let here = u64::from_le_bytes(*letters);
        let next = here >> 8 | u64::from(*last) << 56;
        let [here, next] = [(here | case) ^ wanted[0], (next | case) ^ wanted[1]];
        // The highest bit of each byte that is zero, and of some behind one.
        let zero = |bytes: u64| bytes.wrapping_sub(eight(1)) & !bytes & eight(0x80);
        let mut places = zero(here) & zero(next);
        while places != 0 {
            if stands_at(at + places.trailing_zeros() as usize / 8) {
                return true;
            }
            places &= places - 1;
        }
        at += 8;
    }
    (at..text.len()).any(stands_at)
}

/// The same byte eight times.
const fn eight(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Whether a text holds something of the form `local@domain.tld`.
#[inline(never)]
fn reads_email(text: &str) -> bool {
    text.match_indices('@').any(|(place, at)| {
        let before = text.get(..place).unwrap_or_default();
        let before = before.chars().rev().find(|c| !c.is_control());
        let local = before.is_some_and(|c| c.is_alphanumeric() || "._%+-\"'".contains(c));
        let after = text.get(place + at.len()..).unwrap_or_default();
        let domain = after
            .trim_start_matches(char::is_control)
            .split(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-'))
            .next()
            .unwrap_or_default();
        // Any label behind the first that begins like a top-level domain: what follows may be the site's own.
        let mut labels = domain.trim_end_matches('.').split('.');
        local
            && labels
                .next()
                .is_some_and(|host| !host.is_empty() && !is_density(host))
            && labels.any(|label| label.chars().take_while(|c| c.is_alphabetic()).count() >= 2)
    })
}

/// The `2x` of `lamp@2x.png`.
fn is_density(host: &str) -> bool {
    host.strip_suffix('x')
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// What there is in a text to be looked at more closely.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own"
)]
struct Scan {
    ascii: bool,
    at: bool,
    escapes: bool,
    equals: bool,
    brackets: bool,
    runs: Runs,
    digits: usize,
    /// A bit for each letter that occurs, in either case.
    letters: u32,
}

impl Scan {
    #[inline(never)]
    fn of(text: &str) -> Self {
        let (mut seen, mut letters, mut digits) = (0_u8, 0_u32, 0_usize);
        let (mut runs, mut start) = (Runs::default(), 0);
        for (at, byte) in text.bytes().enumerate() {
            let kind = kind(byte);
            seen |= kind;
            letters |= letter(byte);
            digits += usize::from(kind & DIGIT != 0);
            if kind & SEXTET == 0 {
                runs.add(start, at);
                start = at + 1;
            }
        }
        runs.add(start, text.len());
        Self {
            ascii: seen & WIDE == 0,
            at: seen & AT != 0,
            escapes: seen & ESCAPE != 0,
            equals: seen & EQUALS != 0,
            brackets: seen & BRACKET != 0,
            runs,
            digits,
            letters,
        }
    }
}

/// Where in a text what may be base64 stands: noted while the text is looked at anyway, as far as there is room.
#[derive(Default)]
struct Runs {
    places: [(usize, usize); 6],
    many: usize,
}

impl Runs {
    fn add(&mut self, start: usize, end: usize) {
        if end - start >= SHORTEST_BASE64 {
            if let Some(place) = self.places.get_mut(self.many) {
                *place = (start, end);
            }
            self.many += 1;
        }
    }

    /// All of them, in their order.
    fn of<'t>(&self, text: &'t [u8]) -> impl Iterator<Item = &'t [u8]> {
        let noted = self.places.get(..self.many).unwrap_or(&self.places);
        let behind = noted.last().filter(|_| self.many > noted.len());
        let more = behind.and_then(|(_, end)| text.get(*end..));
        let more = more
            .unwrap_or_default()
            .split(|byte| sextet(*byte) == NO_SEXTET);
        noted
            .iter()
            .filter_map(|(start, end)| text.get(*start..*end))
            .chain(more.filter(|run| run.len() >= SHORTEST_BASE64))
    }
}

// What a byte is, a bit each.
const SEXTET: u8 = 1;
const DIGIT: u8 = 2;
const AT: u8 = 4;
const ESCAPE: u8 = 8;
const EQUALS: u8 = 16;
const BRACKET: u8 = 32;
const WIDE: u8 = 64;

fn kind(byte: u8) -> u8 {
    KINDS.get(usize::from(byte)).map_or(0, |kind| *kind)
}

#[expect(clippy::indexing_slicing, reason = "computed by the compiler")]
static KINDS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        let mut kind = match byte {
            b'@' => AT,
            b'%' | b'&' | b'\\' => ESCAPE,
            b'=' => EQUALS,
            b'(' | b'[' | b'{' | b'<' => BRACKET,
            b'0'..=b'9' => DIGIT,
            0x80.. => WIDE,
            _ => 0,
        };
        if SEXTETS[byte as usize] != NO_SEXTET {
            kind |= SEXTET;
        }
        table[byte as usize] = kind;
        if byte == 255 {
            break;
        }
        byte += 1;
    }
    table
};

/// The bit of a letter, the same in either case. Other bytes share them, so that a bit says only what may be there.
fn letter(byte: u8) -> u32 {
    1 << (byte & 31)
}

fn letters(word: &str) -> u32 {
    word.bytes().fold(0, |all, byte| all | letter(byte))
}

/// The value of a letter of base64 or base64url, or [`NO_SEXTET`].
fn sextet(byte: u8) -> u8 {
    SEXTETS
        .get(usize::from(byte))
        .map_or(NO_SEXTET, |value| *value)
}

const NO_SEXTET: u8 = 64;

/// Looked up for every byte of an event: a table costs less than the comparisons.
#[expect(clippy::indexing_slicing, reason = "computed by the compiler")]
static SEXTETS: [u8; 256] = {
    let mut table = [NO_SEXTET; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut value = 0;
    while value < 64 {
        table[alphabet[value as usize] as usize] = value;
        value += 1;
    }
    table[b'-' as usize] = 62;
    table[b'_' as usize] = 63;
    table
};

/// Of each of the four places where the first letter of base64 may stand, whether five bytes or more that may be text
/// follow each other in what it holds. Hardly ever in what is none; and nothing is copied to find it out.
///
/// All four in one pass: two neighbouring letters are the first byte of a group that begins with them, the second of one
/// that began a letter earlier, the third of one that began two earlier. In front of the first group there may be a byte
/// or two too many, which at worst is looked into for nothing.
#[inline(never)]
fn hold_text(run: &[u8]) -> [bool; 4] {
    let mut letters = run.iter();
    let mut before = letters.next().map_or(0, |byte| sextet(*byte) & 63);
    // Of the groups that begin with this pair, that began one letter ago, two, and three.
    let mut states = [0_u8; 4];
    for byte in letters {
        let sextet = sextet(*byte) & 63;
        let [now, one, two, three] = states;
        let now = step(now, before << 2 | sextet >> 4);
        let one = step(one, before << 4 | sextet >> 2);
        let two = step(two, before << 6 | sextet);
        states = [three, now, one, two];
        before = sextet;
    }
    // After as many pairs as there are, less whole rounds, the first place's is there.
    states.rotate_left(run.len().saturating_sub(1) % 4);
    let [first, fourth, third, second] = states;
    [first, second, third, fourth].map(|state| state == HELD)
}

/// How many bytes that may be text there were in a row, and how many the last character still wants: the state after a
/// byte, from the state before.
fn step(state: u8, byte: u8) -> u8 {
    let class = CLASSES.get(usize::from(byte)).map_or(0, |class| *class);
    let next = STEPS.get(usize::from(state | class));
    next.map_or(0, |state| *state)
}

/// Five were.
const HELD: u8 = 31 << 3;

/// What a byte is in UTF-8: 0 of no text, 1 a character of ASCII that is to be seen, 2 one that goes on with a character,
/// 3 to 5 one that begins a character of two to four bytes.
#[expect(clippy::indexing_slicing, reason = "computed by the compiler")]
static CLASSES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = match byte {
            0x20..=0x7E => 1,
            0x80..=0xBF => 2,
            0xC2..=0xDF => 3,
            0xE0..=0xEF => 4,
            0xF0..=0xF4 => 5,
            _ => 0,
        };
        if byte == 255 {
            break;
        }
        byte += 1;
    }
    table
};

/// By state and class: 8 times (4 times the bytes in a row, up to four, and those that are wanted).
#[expect(clippy::indexing_slicing, reason = "computed by the compiler")]
static STEPS: [u8; 256] = {
    let mut table = [0; 256];
    let mut at = 0_u8;
    loop {
        let (state, class) = (at >> 3, at & 7);
        let (length, wanted) = (state >> 2, state & 3);
        let (length, wanted) = match class {
            2 if wanted > 0 => (length + 1, wanted - 1),
            0 | 2 | 6 | 7 => (0, 0),
            // What was wanted did not come, so whatever this is begins anew.
            begins if wanted > 0 => (1, begins - 1 - (begins > 1) as u8),
            begins => (length + 1, begins - 1 - (begins > 1) as u8),
        };
        table[at as usize] = if at >= HELD || length > 4 {
            HELD
        } else {
            (length << 2 | wanted) << 3
        };
        if at == 255 {
            break;
        }
        at += 1;
    }
    table
};

/// The bytes of base64; a group of less than four letters has one byte less than letters.
fn from_base64(run: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(run.len() / 4 * 3 + 3);
    let bits = |group: &[u8]| {
        let letters = group.iter();
        letters.fold(0_u32, |bits, byte| {
            bits << 6 | u32::from(sextet(*byte) & 63)
        })
    };
    let (groups, rest) = run.as_chunks::<4>();
    for group in groups {
        let [_, bytes @ ..] = bits(group).to_be_bytes();
        out.extend_from_slice(&bytes);
    }
    let [_, bytes @ ..] = (bits(rest) << (6 * (4 - rest.len()))).to_be_bytes();
    out.extend(bytes.iter().take(rest.len().saturating_sub(1)));
    out
}

/// A text in compatibility forms, without accents and invisible characters, with ASCII digits; its case stays.
fn plain(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let decomposed = edgetally_nfc::nfkd(text);
    let mut out = String::with_capacity(decomposed.len());
    for c in decomposed.chars() {
        match c {
            '\0'..='\x7f' => out.push(c),
            '\u{300}'..='\u{36F}' => {}
            '。' => out.push('.'),
            'ß' | 'ẞ' => out.push_str("ss"),
            'æ' | 'Æ' => out.push_str("ae"),
            'œ' | 'Œ' => out.push_str("oe"),
            'ø' | 'Ø' => out.push('o'),
            'ł' | 'Ł' => out.push('l'),
            'đ' | 'Đ' | 'ð' | 'Ð' => out.push('d'),
            'þ' | 'Þ' => out.push_str("th"),
            'ı' => out.push('i'),
            c if is_invisible(c) => {}
            c => out.push(digit(c).unwrap_or(c)),
        }
    }
    if out == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(out)
    }
}

/// Format characters (`Cf`), fillers and selectors, which nobody sees.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{80}'..='\u{9F}' | '\u{AD}' | '\u{34F}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}' | '\u{115F}' | '\u{1160}'
        | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// The zeros of the scripts with digits of their own that compatibility forms leave alone (Unicode 16, `Nd`).
const ZEROS: &[u32] = &[
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6,
    0xE50, 0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50,
    0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0,
];

fn digit(c: char) -> Option<char> {
    let code = u32::from(c);
    let zero = ZEROS.iter().rev().find(|zero| **zero <= code)?;
    char::from_digit(code - zero, 10)
}

/// A text with its escapes taken away once; `None` when it has none.
#[inline(never)]
fn unescape(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    // Up to where it is copied, and what comes next.
    let (mut copied, mut at) = (0, 0);
    while let Some(next) = bytes.get(at..).and_then(next_escape) {
        at += next;
        let after = bytes.get(at + 1..).unwrap_or_default();
        let before = out.len();
        let used = match bytes.get(at) {
            Some(b'%') => percent(after, &mut out),
            Some(b'&') => entity(after, &mut out),
            Some(b'\\') => backslash(after, &mut out),
            _ => None,
        };
        if let Some(used) = used {
            let decoded = out.split_off(before);
            out.extend_from_slice(bytes.get(copied..at).unwrap_or_default());
            out.extend(decoded);
            at += used;
            copied = at + 1;
        }
        at += 1;
    }
    if copied == 0 {
        return None;
    }
    out.extend_from_slice(bytes.get(copied..).unwrap_or_default());
    Some(text_of(&out))
}

fn next_escape(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| kind(*byte) & ESCAPE != 0)
}

/// Bytes as text. What is not UTF-8 is Latin-1, as older pages encode.
fn text_of(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().copied().map(char::from));
    }
    text
}

/// A number of `least` to `most` digits of a base at the front, and how many they are.
fn number(bytes: &[u8], base: u32, least: usize, most: usize) -> Option<(u32, usize)> {
    let (mut value, mut length) = (0_u32, 0);
    for byte in bytes.iter().take(most) {
        let Some(digit) = char::from(*byte).to_digit(base) else {
            break;
        };
        value = value.saturating_mul(base).saturating_add(digit);
        length += 1;
    }
    (length >= least).then_some((value, length))
}

fn push(code: u32, out: &mut Vec<u8>) {
    let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend(c.encode_utf8(&mut [0; 4]).bytes());
}

/// `%40`, `%u0040`.
fn percent(after: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    if let Some((b'u' | b'U', code)) = after.split_first() {
        let (code, length) = number(code, 16, 4, 4)?;
        push(code, out);
        return Some(length + 1);
    }
    let (byte, length) = number(after, 16, 2, 2)?;
    out.push(u8::try_from(byte).ok()?);
    Some(length)
}

/// `&#64;`, `&#x40;` and `&commat;`; of the letters with accents the bare ones.
#[inline(never)]
fn entity(after: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let closed = |length: usize| length + usize::from(after.get(length) == Some(&b';'));
    if let Some((b'#', code)) = after.split_first() {
        let (code, length) = match code.split_first() {
            Some((b'x' | b'X', code)) => {
                number(code, 16, 1, 10).map(|(code, length)| (code, length + 2))?
            }
            _ => number(code, 10, 1, 10).map(|(code, length)| (code, length + 1))?,
        };
        push(code, out);
        return Some(closed(length));
    }
    let length = after
        .iter()
        .take(12)
        .position(|byte| !byte.is_ascii_alphanumeric())?;
    let name = after
        .get(..length)
        .and_then(|name| str::from_utf8(name).ok())?;
    if length > 10 || after.get(length) != Some(&b';') {
        return None;
    }
    let text = match name {
        "commat" => "@",
        "period" => ".",
        "amp" | "AMP" => "&",
        "num" => "#",
        "percnt" => "%",
        "plus" => "+",
        "bsol" => "\\",
        "sol" => "/",
        "lowbar" | "UnderBar" => "_",
        "hyphen" | "dash" | "ndash" | "mdash" | "minus" => "-",
        "semi" => ";",
        "equals" => "=",
        "comma" => ",",
        "colon" => ":",
        "lpar" => "(",
        "rpar" => ")",
        "lt" | "LT" => "<",
        "gt" | "GT" => ">",
        "quot" | "QUOT" => "\"",
        "apos" | "rsquo" => "'",
        "nbsp" | "ensp" | "emsp" | "thinsp" | "Tab" | "NewLine" => " ",
        "shy" | "zwj" | "zwnj" | "lrm" | "rlm" | "ZeroWidthSpace" | "NoBreak" => "",
        "szlig" => "ss",
        "aelig" | "AElig" => "ae",
        "oelig" | "OElig" => "oe",
        "eth" | "ETH" => "d",
        "thorn" | "THORN" => "th",
        "inodot" | "imath" => "i",
        _ => {
            let (letter, accent) = name.split_at_checked(1)?;
            const ACCENTS: &[&str] = &[
                "acute", "grave", "circ", "uml", "tilde", "cedil", "ring", "slash", "caron",
                "breve", "macr", "strok", "ogon", "dot", "dblac",
            ];
            ACCENTS.contains(&accent).then_some(letter)?
        }
    };
    out.extend(text.bytes());
    Some(length + 1)
}

/// `\x40`, `\u0040`, `\u{40}`, `\U00000040`, `\100`, `\40 `, and the sign behind any other backslash.
#[inline(never)]
fn backslash(after: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let (kind, code) = after.split_first()?;
    // Bytes here, letters there: what is not UTF-8 in the end is Latin-1, which is the same letters.
    let byte = match kind {
        b'x' | b'X' => number(code, 16, 2, 2).map(|(code, length)| (code, length + 1)),
        _ if after.starts_with(b"0000") => None,
        _ => number(after, 8, 3, 3),
    };
    if let Some((code, length)) = byte
        && let Ok(byte) = u8::try_from(code)
    {
        out.push(byte);
        return Some(length);
    }
    let found = match kind {
        b'u' | b'U' => match code.split_first() {
            Some((b'{', code)) => number(code, 16, 1, 8)
                .filter(|(_, length)| code.get(*length) == Some(&b'}'))
                .map(|(code, length)| (code, length + 3)),
            _ if *kind == b'U' && code.starts_with(b"000") => {
                number(code, 16, 8, 8).map(|(code, length)| (code, length + 1))
            }
            _ => number(code, 16, 4, 4).map(|(code, length)| (code, length + 1)),
        },
        b'n' | b'r' | b't' => Some((u32::from(b' '), 1)),
        b'0' if after.starts_with(b"0000") => number(after, 16, 6, 6),
        _ => number(after, 16, 2, 2)
            .or_else(|| kind.is_ascii_punctuation().then_some((u32::from(*kind), 1))),
    };
    let (code, length) = found?;
    push(code, out);
    Some(length)
}

/// The longest name of a parameter that is looked for.
const LONGEST_PARAMETER: usize = 64;

/// Whether the `=` there ends the name of a parameter.
fn ends_name(text: &str, at: usize) -> bool {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    let name = before
        .iter()
        .rev()
        .take(LONGEST_PARAMETER + 1)
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"_-.[]".contains(byte))
        .count();
    let start = before.len() - name;
    let first = before.get(start);
    first.is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
        && start.checked_sub(1).is_none_or(|ahead| {
            let ahead = before.get(ahead).copied();
            ahead.is_some_and(|byte| b"?&;# ".contains(&byte))
        })
}

/// A text with its quoted-printable taken away once, but for a `=` that is something else; `None` when it has none.
#[inline(never)]
fn unquote(text: &str, is_other: impl Fn(usize) -> bool) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    // Up to where it is copied, and what comes next.
    let (mut copied, mut at) = (0, 0);
    while let Some(next) = bytes
        .get(at..)
        .and_then(|rest| rest.iter().position(|byte| *byte == b'='))
    {
        at += next;
        let after = bytes.get(at + 1..).unwrap_or_default();
        let line = after.strip_prefix(b"\r").unwrap_or(after);
        let found = if is_other(at) {
            None
        } else if let Some((byte, length)) = number(after, 16, 2, 2) {
            Some((u8::try_from(byte).ok(), length))
        } else {
            // A line that goes on in the next.
            let next = line.strip_prefix(b"\n");
            next.map(|next| (None, after.len() - next.len()))
        };
        if let Some((byte, length)) = found {
            out.extend_from_slice(bytes.get(copied..at).unwrap_or_default());
            out.extend(byte);
            at += length;
            copied = at + 1;
        }
        at += 1;
    }
    if copied == 0 {
        return None;
    }
    out.extend_from_slice(bytes.get(copied..).unwrap_or_default());
    Some(text_of(&out))
}

/// A text with `(at)` and `[dot]` as signs; `None` when it has none.
///
/// Only in brackets: `Lunch at shop.example` is no address.
#[inline(never)]
fn spell(text: &str) -> Option<String> {
    let mut out = String::new();
    // Up to where it is copied, and what comes next.
    let (mut copied, mut at) = (0, 0);
    while let Some(next) = text.as_bytes().get(at..).and_then(next_bracket) {
        let open = at + next;
        at = open + 1;
        if let Some((sign, behind)) = text.get(at..).and_then(sign_in_brackets) {
            out.push_str(text.get(copied..open).unwrap_or_default());
            out.truncate(out.trim_end().len());
            out.push(sign);
            at = text.len() - behind.trim_start().len();
            copied = at;
        }
    }
    if copied == 0 {
        return None;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Some(out)
}

fn next_bracket(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| kind(*byte) & BRACKET != 0)
}

/// The sign that the word behind an opening bracket stands for, and what comes behind the closing one.
fn sign_in_brackets(inside: &str) -> Option<(char, &str)> {
    let inside = short_gap_of_blanks(inside);
    [
        ("at", '@'),
        ("@", '@'),
        ("dot", '.'),
        ("punkt", '.'),
        (".", '.'),
    ]
    .into_iter()
    .find_map(|(word, sign)| {
        let start = inside.get(..word.len())?;
        if !start.eq_ignore_ascii_case(word) {
            return None;
        }
        let behind = short_gap_of_blanks(inside.get(word.len()..)?);
        Some((sign, behind.strip_prefix([')', ']', '}', '>'])?))
    })
}

/// The rest behind at most three blanks.
fn short_gap_of_blanks(text: &str) -> &str {
    let blanks = text
        .bytes()
        .take(3)
        .take_while(|byte| *byte == b' ')
        .count();
    text.get(blanks..).unwrap_or_default()
}

/// Writes texts one behind another.
fn join<'t>(out: &mut String, texts: impl Iterator<Item = &'t str>, before: &str, between: &str) {
    let mut separator = before;
    for text in texts {
        out.push_str(separator);
        out.push_str(text);
        separator = between;
    }
}

#[cfg(test)]
mod tests {
    use super::{
        NO_SEXTET, Runs, SHORTEST_BASE64, Scan, contains_word, from_base64, hold_text, number,
        sextet, short_gap_of_blanks, spell, text_of, unescape, unquote,
    };

    #[test]
    fn no_base64_that_holds_text_is_passed_over() {
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut state = 1_u64;
        let mut random = |most: u64| {
            state = crate::base::backoff::mix(state.wrapping_add(0x9e37_79b9));
            usize::try_from(state % most).unwrap()
        };
        let mut held = [[0_usize; 2]; 2];
        for _ in 0..100_000 {
            let run: Vec<u8> = (0..8 + random(9)).map(|_| letters[random(64)]).collect();
            for (skip, found) in hold_text(&run).into_iter().enumerate() {
                let bytes = from_base64(&run[skip..]);
                let holds = bytes
                    .utf8_chunks()
                    .flat_map(|chunk| chunk.valid().split(char::is_control))
                    .any(|part| part.len() > 4);
                held[usize::from(holds)][usize::from(found)] += 1;
                assert!(!holds || found, "{bytes:?} at {skip}");
            }
        }
        // Much is passed over, and hardly anything looked into for nothing.
        let [[passed, vain], [_, good]] = held;
        assert!(good > 1_000 && passed > 100_000 && vain < good, "{held:?}");
    }

    /// What is quick, as it would be written by somebody in no hurry.
    mod slow {
        use super::*;

        pub(super) fn contains_word(text: &str, word: &str) -> bool {
            let windows = text.as_bytes().windows(word.len().max(1));
            !word.is_empty()
                && windows
                    .into_iter()
                    .any(|found| found.eq_ignore_ascii_case(word.as_bytes()))
        }

        pub(super) fn runs(text: &str) -> Vec<&[u8]> {
            let runs = text.as_bytes().split(|byte| sextet(*byte) == NO_SEXTET);
            runs.filter(|run| run.len() >= SHORTEST_BASE64).collect()
        }

        pub(super) fn unescape(text: &str) -> Option<String> {
            let mut out = Vec::new();
            let mut changed = false;
            let mut rest = text.as_bytes();
            while let Some((byte, after)) = rest.split_first() {
                let used = match byte {
                    b'%' => super::super::percent(after, &mut out),
                    b'&' => super::super::entity(after, &mut out),
                    b'\\' => super::super::backslash(after, &mut out),
                    _ => None,
                };
                changed |= used.is_some();
                if used.is_none() {
                    out.push(*byte);
                }
                rest = after.get(used.unwrap_or(0)..).unwrap_or_default();
            }
            changed.then(|| text_of(&out))
        }

        pub(super) fn unquote(text: &str) -> Option<String> {
            let mut out = Vec::new();
            let mut changed = false;
            let mut rest = text.as_bytes();
            while let Some((byte, after)) = rest.split_first() {
                rest = after;
                let line = after.strip_prefix(b"\r").unwrap_or(after);
                if *byte != b'=' {
                    out.push(*byte);
                } else if let Some((byte, length)) = number(after, 16, 2, 2) {
                    out.push(u8::try_from(byte).unwrap());
                    rest = &after[length..];
                    changed = true;
                } else if let Some(line) = line.strip_prefix(b"\n") {
                    rest = line;
                    changed = true;
                } else {
                    out.push(*byte);
                }
            }
            changed.then(|| text_of(&out))
        }

        pub(super) fn spell(text: &str) -> Option<String> {
            let mut out = String::new();
            let mut rest = text;
            let mut changed = false;
            while let Some(open) = rest.find(['(', '[', '{', '<']) {
                out.push_str(&rest[..open]);
                let inside = &rest[open + 1..];
                let words = [
                    ("at", '@'),
                    ("@", '@'),
                    ("dot", '.'),
                    ("punkt", '.'),
                    (".", '.'),
                ];
                let found = words.into_iter().find_map(|(word, sign)| {
                    let inside = short_gap_of_blanks(inside);
                    let start = inside.get(..word.len())?;
                    let behind = short_gap_of_blanks(inside.get(word.len()..)?);
                    let behind = behind.strip_prefix([')', ']', '}', '>'])?;
                    start.eq_ignore_ascii_case(word).then_some((sign, behind))
                });
                if let Some((sign, behind)) = found {
                    out.truncate(out.trim_end().len());
                    out.push(sign);
                    rest = behind.trim_start();
                    changed = true;
                } else {
                    out.push_str(&rest[open..=open]);
                    rest = inside;
                }
            }
            out.push_str(rest);
            changed.then_some(out)
        }
    }

    #[test]
    fn the_quick_way_finds_what_the_slow_one_finds() {
        const PIECES: &[&str] = &[
            "a",
            "E",
            "l",
            "elena",
            "ELENA",
            "brandt",
            "Bran",
            "@",
            "`",
            "mail.example",
            "%40",
            "%",
            "%u0040",
            "%4",
            "&#64;",
            "&commat;",
            "&",
            ";",
            "\\x40",
            "\\u0040",
            "\\",
            "\\100",
            "=40",
            "=",
            "=\r\n",
            "\r",
            "\n",
            "=4",
            "(at)",
            "[ dot ]",
            "{",
            "<.>",
            "( at",
            ")",
            "( Punkt)",
            " ",
            "  ",
            "ö",
            "é",
            "\u{1F600}",
            "0",
            "12",
            "+49",
            "-",
            "_",
            "/",
            "ZWxlbmE",
            "Qm9i",
            "abcdefgh",
            "abcdefg",
            "\0",
            "\u{7f}",
            "A",
            "!",
            "aaaaaaaaa",
        ];
        let mut state = 7_u64;
        let mut random = |most: usize| {
            state = crate::base::backoff::mix(state.wrapping_add(0x9e37_79b9));
            usize::try_from(state % u64::try_from(most).unwrap()).unwrap()
        };
        let mut found = [0_usize; 5];
        for _ in 0..60_000 {
            let text: String = (0..random(14))
                .map(|_| PIECES[random(PIECES.len())])
                .collect();
            for word in [
                "elena",
                "e",
                "el",
                "brandt",
                "ö",
                "éa",
                "aaaaaaaaaa",
                "@mail",
                "`",
            ] {
                let slow = slow::contains_word(&text, word);
                assert_eq!(contains_word(&text, word), slow, "{word:?} in {text:?}");
                found[0] += usize::from(slow);
            }
            let runs: &Runs = &Scan::of(&text).runs;
            let slow = slow::runs(&text);
            assert!(
                runs.of(text.as_bytes()).eq(slow.iter().copied()),
                "{text:?}"
            );
            found[1] += slow.len();
            for (place, quick, slow) in [
                (2, unescape(&text), slow::unescape(&text)),
                (3, unquote(&text, |_| false), slow::unquote(&text)),
                (4, spell(&text), slow::spell(&text)),
            ] {
                assert_eq!(quick, slow, "{text:?}");
                found[place] += usize::from(slow.is_some());
            }
        }
        assert!(found.iter().all(|found| *found > 5_000), "{found:?}");
    }

    #[test]
    fn the_sign_of_a_parameter_takes_no_digits_from_its_value() {
        for (number, known, spelled) in [
            ("01511 000 1000", ("4915110001000", 2), "01511=2E000=2E1000"),
            ("(415) 555-2671", ("14155552671", 1), "415=2e555=2e2671"),
        ] {
            let visitor = super::Visitor::new(Some(number), Some(known), None, None, None);
            for text in [
                format!("https://shop.example/?phone={spelled}"),
                format!("https://shop.example/?a=b&user[phone]={spelled}&c=d"),
                format!(
                    "https://shop.example/?phone={}",
                    spelled.replace('=', "%3d")
                ),
                format!("tel={spelled}"),
                format!("please call tel={spelled}"),
            ] {
                assert!(visitor.shows(&text), "{text}");
            }
            let url = format!("https://shop.example/?phone={spelled}&utm_source=news");
            let clean = visitor.clean_address(&url);
            assert_eq!(
                clean.as_deref(),
                Some("https://shop.example/?utm_source=news")
            );
        }
    }

    #[test]
    fn any_number_of_stretches_is_looked_into() {
        for many in 0..20 {
            let text = format!(".{}", "abcdefgh. ".repeat(many));
            let runs = Scan::of(&text).runs;
            assert_eq!(runs.of(text.as_bytes()).count(), many);
            assert!(runs.of(text.as_bytes()).all(|run| run == b"abcdefgh"));
        }
    }
}
