//! Spells telephone numbers for `make test-oracle`: lines of default country, tab, number in; E.164 or an empty line out.
//!
//! `printf 'DE\t0151 23456789\n' | cargo run -p edgetally-core --example spell_phones`

#![expect(
    clippy::disallowed_methods,
    reason = "a program of its own: it reads lines and prints lines"
)]

use std::io::{self, BufRead as _, Write as _};

use edgetally_core::identity::{Country2, Hints, Spelling, normalise};

fn main() -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut text = String::new();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (country, number) = line.split_once('\t').unwrap_or(("", &line));
        let hints = Hints {
            default_country: Country2::parse(country),
        };
        let kept = normalise(Spelling::E164Phone, number, &hints, None, &mut text);
        writeln!(out, "{}", if kept { &*text } else { "" })?;
    }
    out.flush()
}
