//! Where a visitor is, as far as the law of consent differs.

/// What the law asks of a site where the visitor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Regime {
    /// Nothing is sent without a yes.
    OptIn,
    /// Everything is sent that nobody objects to.
    OptOut,
}

/// The European Economic Area, the United Kingdom and Switzerland, with the territories that have codes of their own and the
/// same law (the outermost regions of France, and Åland).
const OPT_IN: &[&[u8; 2]] = &[
    b"AT", b"AX", b"BE", b"BG", b"CH", b"CY", b"CZ", b"DE", b"DK", b"EE", b"ES", b"FI", b"FR",
    b"GB", b"GF", b"GP", b"GR", b"HR", b"HU", b"IE", b"IS", b"IT", b"LI", b"LT", b"LU", b"LV",
    b"MF", b"MQ", b"MT", b"NL", b"NO", b"PL", b"PT", b"RE", b"RO", b"SE", b"SI", b"SK", b"YT",
];

/// Whether a country's law asks for a yes: two letters, in any case.
pub fn is_opt_in(country: &str) -> bool {
    country
        .as_bytes()
        .first_chunk::<2>()
        .filter(|_| country.len() == 2)
        .is_some_and(|code| OPT_IN.contains(&&code.map(|letter| letter.to_ascii_uppercase())))
}

/// What a source does where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Policy {
    /// Silence is a no everywhere (the default).
    #[default]
    Required,
    /// Silence is a yes everywhere, for sources whose visitors live where the law is opt-out. An explicit no is still a no.
    Implied,
    /// As the law of the visitor's country asks.
    ByRegion {
        /// Whether silence is a no outside of the European Economic Area, the United Kingdom, Switzerland and the United
        /// States as well.
        elsewhere: Regime,
        /// Whether it is a no where nobody knows the country: the strictest of the markets that the source has.
        unknown: Regime,
    },
}

impl Policy {
    /// By region, for a source with these markets (two letters each; none are all).
    pub fn by_region(elsewhere: Regime, markets: &[String]) -> Self {
        let strict = |country: &String| {
            is_opt_in(country)
                || (elsewhere == Regime::OptIn && !country.eq_ignore_ascii_case("US"))
        };
        let unknown = if markets.is_empty() || markets.iter().any(strict) {
            Regime::OptIn
        } else {
            Regime::OptOut
        };
        Self::ByRegion { elsewhere, unknown }
    }

    /// The strictest of what it asks for these countries, as far as they are known.
    pub fn strictest(&self, countries: [Option<&str>; 2]) -> Regime {
        match countries {
            [None, country] | [country, None] => self.regime(country),
            [one, other] => match (self.regime(one), self.regime(other)) {
                (Regime::OptOut, Regime::OptOut) => Regime::OptOut,
                _ => Regime::OptIn,
            },
        }
    }

    /// What it asks for a visitor of this country; nothing where nobody knows it.
    pub fn regime(&self, country: Option<&str>) -> Regime {
        match self {
            Self::Required => Regime::OptIn,
            Self::Implied => Regime::OptOut,
            Self::ByRegion { elsewhere, unknown } => match country {
                None => *unknown,
                Some(country) if is_opt_in(country) => Regime::OptIn,
                Some(country) if country.eq_ignore_ascii_case("US") => Regime::OptOut,
                Some(_) => *elsewhere,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_law_is_that_of_the_country_and_the_strictest_where_nobody_knows_it() {
        let markets = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let policy = Policy::by_region(Regime::OptOut, &[]);
        for (country, regime) in [
            (Some("DE"), Regime::OptIn),
            (Some("gb"), Regime::OptIn),
            (Some("CH"), Regime::OptIn),
            (Some("RE"), Regime::OptIn),
            (Some("US"), Regime::OptOut),
            (Some("JP"), Regime::OptOut),
            (None, Regime::OptIn),
        ] {
            assert_eq!(policy.regime(country), regime, "{country:?}");
        }
        let american = Policy::by_region(Regime::OptOut, &markets(&["US", "CA"]));
        assert_eq!(american.regime(None), Regime::OptOut);
        let cautious = Policy::by_region(Regime::OptIn, &markets(&["US", "CA"]));
        assert_eq!(cautious.regime(None), Regime::OptIn);
        assert_eq!(cautious.regime(Some("CA")), Regime::OptIn);
        assert_eq!(policy.strictest([Some("US"), Some("DE")]), Regime::OptIn);
        assert_eq!(policy.strictest([Some("US"), None]), Regime::OptOut);
        assert_eq!(Policy::Implied.strictest([None, None]), Regime::OptOut);
        assert_eq!(Policy::Required.regime(Some("US")), Regime::OptIn);
    }
}
