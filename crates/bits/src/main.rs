//! A fingerprint of every bit that the calculators answer, to be compared between processors.
//!
//! `cargo run -p edgetally-bits` prints one line per calculator; built for WebAssembly it exports the same numbers, and
//! `scripts/test-bits.mjs` compares the two.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use edgetally_core::metrics::Rule;
use edgetally_core::metrics::calculator::{Absent, Calculator, UNLESS_ZERO, Value};
use edgetally_core::metrics::registry::all;

/// Rows per calculator.
const ROWS: usize = 2_000;

/// Random numbers, the same ones everywhere (xorshift64).
struct Numbers(u64);

impl Numbers {
    const fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// From 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are kept")]
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// A value that keeps a rule.
    fn keeping(&mut self, rule: Rule) -> f64 {
        match rule {
            Rule::Rate => self.unit(),
            Rule::Inside => self.unit().clamp(0.01, 0.99),
            Rule::Confidence => 0.5 + 0.49 * self.unit(),
            Rule::Count | Rule::PositiveCount => (self.unit() * 1000.0).floor() + 1.0,
            Rule::AtLeast(least) => least + self.unit() * 10.0,
            Rule::Finite => (self.unit() - 0.3) * 5000.0,
            _ => self.unit() * 5000.0,
        }
    }
}

/// Takes bits in; every NaN is the same NaN.
fn add(hash: u64, x: f64) -> u64 {
    let bits = if x.is_nan() { 1 } else { x.to_bits() };
    (hash ^ bits).wrapping_mul(0x0100_0000_01b3).rotate_left(29)
}

/// Of one calculator: random rows in which counts that may not exceed others do not.
fn fingerprint(calculator: &Calculator) -> u64 {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for _ in 0..ROWS {
        let mut row: Vec<f64> = calculator
            .arguments
            .iter()
            .map(|argument| numbers.keeping(argument.rule))
            .collect();
        for (small, large) in calculator.at_most {
            if let Some(most) = row.get(*large % UNLESS_ZERO).copied()
                && let Some(value) = row.get_mut(*small)
            {
                *value = (*value % (most + 1.0)).floor();
            }
        }
        let values: Vec<Value<'_>> = calculator
            .arguments
            .iter()
            .zip(&row)
            .map(|(argument, x)| {
                if argument.absent != Absent::Refused && numbers.next().is_multiple_of(4) {
                    Value::Absent
                } else {
                    Value::One(*x)
                }
            })
            .collect();
        hash = match calculator.one(&values) {
            Ok(outputs) => outputs.into_iter().fold(hash, add),
            Err(_) => add(hash, -1.0),
        };
    }
    hash
}

/// The fingerprint of the calculator at a place, 0 behind the last; for WebAssembly.
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "an exported name")]
pub extern "C" fn fingerprint_at(place: u32) -> u64 {
    all().nth(place as usize).map_or(0, fingerprint)
}

fn main() {
    for calculator in all() {
        println!("{:016x} {}", fingerprint(calculator), calculator.name);
    }
}
