//! One numbering plan: the forms that its national numbers have.

/// The numbering plan behind a calling code.
#[derive(Debug)]
pub(in crate::identity) struct Plan {
    /// E.164 country code.
    pub(in crate::identity) code: u16,
    /// How many digits the longest national number has.
    longest: u8,
    /// What is dialled before a national number at home and left out abroad, longest first, with spaces between.
    trunk: &'static str,
    /// The forms of national numbers, with spaces between: digits, sets of digits in brackets, `.` for any digit, and at
    /// the end how many digits follow, as a small letter (`a` is one), with the most as a capital behind if it is more.
    forms: &'static str,
}

impl Plan {
    pub(super) const fn new(
        code: u16,
        longest: u8,
        trunk: &'static str,
        forms: &'static str,
    ) -> Self {
        Self {
            code,
            longest,
            trunk,
            forms,
        }
    }

    /// Whether these digits may be a national number without its trunk prefix.
    pub(in crate::identity) fn fits(&self, digits: &[u8]) -> bool {
        let first = digits.first();
        let mut forms = self.forms.as_bytes().split(|byte| *byte == b' ');
        // Most begin with another digit, and none that has its form ends sooner.
        forms.any(|form| match form.first() {
            Some(b'0'..=b'9') if form.first() != first => false,
            _ => has_form(digits, form),
        })
    }

    /// Whether there are more digits than a national number has.
    pub(in crate::identity) fn is_too_long(&self, digits: &[u8]) -> bool {
        digits.len() > usize::from(self.longest)
    }

    /// The trunk prefixes, longest first.
    pub(in crate::identity) fn trunks(&self) -> impl Iterator<Item = &'static [u8]> {
        self.trunk
            .split(' ')
            .filter(|prefix| !prefix.is_empty())
            .map(str::as_bytes)
    }

    /// The number behind a trunk prefix, where there is one and what is left is a number.
    pub(in crate::identity) fn without_trunk<'a>(&self, digits: &'a [u8]) -> Option<&'a [u8]> {
        self.trunks()
            .filter_map(|prefix| digits.strip_prefix(prefix))
            .find(|rest| self.fits(rest))
    }

    /// Whether a number that fits as it is also fits without a trunk prefix, so that nobody can say which it is.
    ///
    /// A leading zero is not meant: where numbers may have one, it is theirs.
    pub(in crate::identity) fn is_ambiguous(&self, digits: &[u8]) -> bool {
        digits.first() != Some(&b'0') && self.without_trunk(digits).is_some()
    }

    /// How a mobile number dialled inside its country differs from the one dialled abroad: Argentina writes `15` behind the
    /// area code at home and `9` before it abroad.
    pub(in crate::identity) fn abroad(&self, digits: &[u8]) -> Option<[u8; 11]> {
        if self.code != 54 || digits.len() != 12 {
            return None;
        }
        // Only Buenos Aires has a code of two digits. At two neighbouring places `15` cannot stand.
        let areas = if digits.starts_with(b"11") {
            2..=2
        } else {
            3..=4
        };
        let area = areas.into_iter().find(|area| {
            let rest = digits.get(*area..);
            rest.is_some_and(|rest| rest.starts_with(b"15"))
        })?;
        let mut number = [b'9'; 11];
        let kept = digits.iter().take(area).chain(digits.iter().skip(area + 2));
        for (to, from) in number.iter_mut().skip(1).zip(kept) {
            *to = *from;
        }
        Some(number)
    }

    /// What is dialled before a foreign number, where it is not `00` alone, as one digit after these.
    pub(in crate::identity) fn exit_prefixes(&self) -> &'static [&'static str] {
        match self.code {
            1 => &["011"],
            7 | 375 | 992 | 993 => &["810"],
            61 => &["0011"],
            62 => &["008", "009"],
            81 => &["010"],
            82 => &["001", "002", "005", "006", "008", "009"],
            _ => &[],
        }
    }
}

/// Whether digits have a form of [`Plan::forms`].
fn has_form(digits: &[u8], form: &[u8]) -> bool {
    let mut digits = digits.iter();
    let mut form = form.iter().copied();
    while let Some(word) = form.next() {
        match word {
            b'[' => {
                let Some(digit) = digits.next() else {
                    return false;
                };
                let (mut among, mut last, mut range) = (false, 0, false);
                for member in form.by_ref().take_while(|byte| *byte != b']') {
                    if member == b'-' {
                        range = true;
                        continue;
                    }
                    among |= *digit == member || (range && (last..=member).contains(digit));
                    (last, range) = (member, false);
                }
                if !among {
                    return false;
                }
            }
            b'a'..=b'z' => {
                let least = usize::from(word - b'`');
                let most = form.next().map_or(least, |most| usize::from(most - b'@'));
                return (least..=most).contains(&digits.len());
            }
            b'.' => {
                if digits.next().is_none() {
                    return false;
                }
            }
            _ => {
                if digits.next() != Some(&word) {
                    return false;
                }
            }
        }
    }
    digits.len() == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_digits_sets_and_a_count() {
        for (form, digits, fits) in [
            ("12c", "12345", true),
            ("12c", "1234", false),
            ("12c", "123456", false),
            ("12c", "13345", false),
            ("1[2-46]aC", "1399", true),
            ("1[2-46]aC", "15", false),
            ("1[2-46]aC", "1512", false),
            ("1[2-46]aC", "16999", true),
            ("1[2-46]aC", "169999", false),
            ("1.2", "172", true),
            ("1.2", "17", false),
            ("12", "12", true),
            ("12", "123", false),
        ] {
            assert_eq!(
                has_form(digits.as_bytes(), form.as_bytes()),
                fits,
                "{form} {digits}"
            );
        }
    }
}
