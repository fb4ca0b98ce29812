//! Sums that do not depend on the order of what is summed.
//!
//! Adding `f64`s rounds at every step, so the same rows in another order, in other parts or on other threads give other last
//! digits. [`Exact`] rounds once, at the end: it keeps the sum itself, as a fixed-point number wide enough for every `f64` and
//! every product of two. So any order, any partition and any number of threads give the same bits.
//!
//! How: a long fixed-point number in 32-bit digits, each held in 64 bits so that carries can wait (R. M. Neal, "Fast exact
//! summation using small and large superaccumulators", 2015; the idea is U. Kulisch's). Money and counts seldom need it:
//! what lies between 2^-12 and 2^30, and zero, goes into one 128-bit integer in units of 2^-64, which is one shift and one add.
//!
//! What is not a number: a `NaN` makes the sum `NaN`; an infinity makes it infinite, and infinities of both signs make it
//! `NaN`, whatever comes before or after. The sum of nothing is `0.0`, and so is the sum of negative zeros.

#![expect(
    clippy::inline_always,
    reason = "what is added row by row; the worker's profile would call it"
)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "digits are cut out of wider numbers, and places and powers are below 5000"
)]

/// The value of the lowest bit of the lowest digit, as a power of two. Products of the smallest numbers have 2^-2148.
const BASE: i32 = -2176;
/// Digits of 32 bits: up to 2^2048, the square of the largest number, 2^64 times, and a sign.
const DIGITS: usize = 136;
/// The value of the lowest bit of the near part, as a power of two.
const NEAR: i32 = -64;
/// How often the near part takes a number below 2^94 in its units before it is emptied: it holds 2^127.
const NEAR_ROOM: u32 = 1 << 31;
/// How often a digit takes 32 bits before carries are passed on: it holds 2^63.
const WIDE_ROOM: u32 = 1 << 29;

const NAN: u8 = 1;
const PLUS_INFINITY: u8 = 2;
const MINUS_INFINITY: u8 = 4;
const NEGATIVE: u8 = 8;

/// A sum that is exact until it is read.
///
/// ```
/// use edgetally_core::metrics::exact::Exact;
///
/// let mut forth = Exact::default();
/// let mut back = Exact::default();
/// for x in [1e100, 0.1, -1e100, 0.2] {
///     forth.add(x);
/// }
/// for x in [0.2, 0.1] {
///     back.add(x);
/// }
/// assert_eq!(forth, back);
/// assert_eq!(forth.to_f64(), 0.1 + 0.2);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Exact {
    /// In units of 2^-64.
    near: i128,
    /// How many numbers went into `near` since it was last emptied.
    used: u32,
    /// What was added that is no number.
    special: u8,
    /// What does not fit `near`.
    wide: Option<Box<Wide>>,
}

#[derive(Clone, Debug)]
struct Wide {
    digits: [i64; DIGITS],
    /// How many numbers went in since carries were last passed on.
    used: u32,
}

/// A finite number taken apart: its sign, its bits, and the power of two that the lowest of them stands for.
#[derive(Clone, Copy)]
struct Parts {
    negative: bool,
    bits: u64,
    power: i32,
}

const FRACTION: u64 = (1 << 52) - 1;

/// Added to a number below 2^51, this leaves it rounded to a whole one, which stands in the lowest bits: two adds, where a
/// conversion with its checks costs more and keeps a loop from being done several rows at a time.
const TO_WHOLE: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52

/// A whole number between -2^30 and 2^30.
#[inline(always)]
pub(super) fn whole(x: f64) -> Option<i64> {
    is_whole(x).then(|| to_whole(x))
}

/// Whether a number is whole and between -2^30 and 2^30.
#[inline(always)]
pub(super) fn is_whole(x: f64) -> bool {
    (x + TO_WHOLE) - TO_WHOLE == x && x.abs() < 1_073_741_824.0
}

/// A number that [`is_whole`], as an integer.
#[inline(always)]
pub(super) const fn to_whole(x: f64) -> i64 {
    (x + TO_WHOLE)
        .to_bits()
        .cast_signed()
        .wrapping_sub(TO_WHOLE.to_bits().cast_signed())
}

/// As [`TO_WHOLE`], to a multiple of 2^-17.
const TO_HIGH: f64 = 51_539_607_552.0; // 1.5 * 2^35
/// As [`TO_WHOLE`], to a multiple of 2^-64.
const TO_LOW: f64 = 0.000_366_210_937_5; // 1.5 * 2^-12

/// Whether a number is below 2^30 and a multiple of 2^-64, as money is.
#[inline(always)]
pub(super) fn is_quick(x: f64) -> bool {
    let rest = x - ((x + TO_HIGH) - TO_HIGH);
    (rest + TO_LOW) - TO_LOW == rest && x.abs() < 1_073_741_824.0
}

/// A number in units of 2^-17, and what that leaves in units of 2^-64.
#[inline(always)]
pub(super) fn quick_units(x: f64) -> [i64; 2] {
    let high = x + TO_HIGH;
    let low = (x - (high - TO_HIGH)) + TO_LOW;
    let units = |x: f64, zero: f64| x.to_bits().wrapping_sub(zero.to_bits()).cast_signed();
    [units(high, TO_HIGH), units(low, TO_LOW)]
}

#[inline(always)]
const fn exponent(bits: u64) -> u32 {
    ((bits >> 52) & 0x7ff) as u32
}

impl Parts {
    #[inline]
    const fn of(x: f64) -> Self {
        let bits = x.to_bits();
        let exponent = exponent(bits) as i32;
        Self {
            negative: bits >> 63 == 1,
            bits: if exponent == 0 {
                bits & FRACTION
            } else {
                bits & FRACTION | (1 << 52)
            },
            power: if exponent == 0 {
                -1074
            } else {
                exponent - 1075
            },
        }
    }
}

impl Wide {
    const ZERO: Self = Self {
        digits: [0; DIGITS],
        used: 0,
    };

    /// Adds `bits * 2^power`.
    #[inline]
    fn add(&mut self, negative: bool, bits: u64, power: i32) {
        if self.used >= WIDE_ROOM {
            self.carry();
        }
        self.used += 1;
        let place = (power - BASE) as u32;
        let shifted = u128::from(bits) << (place & 31);
        let sign = -i64::from(negative);
        let digits = [
            shifted as u32,
            (shifted >> 32) as u32,
            (shifted >> 64) as u32,
        ];
        let first = (place >> 5) as usize;
        for (to, digit) in self.digits.iter_mut().skip(first).zip(digits) {
            *to += (i64::from(digit) ^ sign) - sign;
        }
    }

    /// Passes carries on: afterwards every digit is from 0 to 2^32 - 1, and the last one carries the sign. There is one such
    /// form of a number.
    fn carry(&mut self) {
        let mut carry = 0;
        let [rest @ .., last] = &mut self.digits;
        for digit in rest {
            let sum = *digit + carry;
            carry = sum >> 32;
            *digit = sum & 0xffff_ffff;
        }
        *last += carry;
        self.used = 1;
    }

    fn negate(&mut self) {
        for digit in &mut self.digits {
            *digit = -*digit;
        }
        self.carry();
    }

    fn is_negative(&self) -> bool {
        self.digits.last().is_some_and(|digit| *digit < 0)
    }
}

impl Exact {
    /// Adds a number.
    #[inline]
    pub fn add(&mut self, x: f64) {
        if self.used >= NEAR_ROOM {
            self.settle();
        }
        self.used += 1;
        self.add_uncounted(x);
    }

    /// Adds the product of two numbers, without rounding it.
    #[inline]
    pub fn add_product(&mut self, a: f64, b: f64) {
        if self.used >= NEAR_ROOM {
            self.settle();
        }
        self.used += 1;
        self.add_product_uncounted(a, b);
    }

    /// [`Self::add`] for a caller that counts and calls [`Self::settle`] in time.
    #[inline(always)]
    pub(super) fn add_uncounted(&mut self, x: f64) {
        const LEAST: u32 = 1023 - 12;
        let bits = x.to_bits();
        let zero = bits << 1 == 0;
        // A zero takes the same way as the rest: in columns of money zeros come as often as not, and a processor cannot
        // guess them.
        let shift = if zero {
            0
        } else {
            exponent(bits).wrapping_sub(LEAST)
        };
        if shift <= 41 {
            let whole = if zero { 0 } else { bits & FRACTION | (1 << 52) };
            let sign = i128::from(bits.cast_signed() >> 63);
            let value = ((i128::from(whole) << shift) ^ sign) - sign;
            self.near = self.near.wrapping_add(value);
        } else {
            self.add_far(x);
        }
    }

    /// Adds numbers in units of 2^-17 and of 2^-64, as [`quick_units`] has them.
    #[inline]
    pub(super) fn add_units(&mut self, [high, low]: [i64; 2]) {
        self.near = self
            .near
            .wrapping_add((i128::from(high) << 47) + i128::from(low));
    }

    /// Adds a whole number below 2^30, which needs no more than one 64-bit add.
    #[inline(always)]
    pub(super) fn add_whole_uncounted(&mut self, x: i64) {
        self.near = self.near.wrapping_add(i128::from(x) << 64);
    }

    #[inline(always)]
    pub(super) fn add_product_uncounted(&mut self, a: f64, b: f64) {
        // Whole numbers, as counts are, have a whole product.
        if let (Some(a), Some(b)) = (whole(a), whole(b))
            && a.abs() < 1 << 15
            && b.abs() < 1 << 15
        {
            self.add_whole_uncounted(a * b);
        } else {
            self.add_far_product(a, b);
        }
    }

    #[cold]
    fn add_far(&mut self, x: f64) {
        if x.is_nan() {
            self.special |= NAN;
        } else if x == f64::INFINITY {
            self.special |= PLUS_INFINITY;
        } else if x == f64::NEG_INFINITY {
            self.special |= MINUS_INFINITY;
        } else {
            let Parts {
                negative,
                bits,
                power,
            } = Parts::of(x);
            self.wide().add(negative, bits, power);
        }
    }

    fn add_far_product(&mut self, a: f64, b: f64) {
        if !(a.is_finite() && b.is_finite()) {
            // Infinite or NaN; the product of an infinity and zero is NaN.
            self.add_far(a * b);
            return;
        }
        let (a, b) = (Parts::of(a), Parts::of(b));
        let product = u128::from(a.bits) * u128::from(b.bits);
        let negative = a.negative != b.negative;
        let power = a.power + b.power;
        let wide = self.wide();
        wide.add(negative, product as u64, power);
        wide.add(negative, (product >> 64) as u64, power + 64);
    }

    #[inline]
    fn wide(&mut self) -> &mut Wide {
        self.wide.get_or_insert_with(|| Box::new(Wide::ZERO))
    }

    /// Empties the near part into the wide one.
    pub(super) fn settle(&mut self) {
        self.used = 0;
        if self.near == 0 {
            return;
        }
        let near = core::mem::take(&mut self.near);
        let magnitude = near.unsigned_abs();
        let wide = self.wide();
        wide.add(near < 0, magnitude as u64, NEAR);
        wide.add(near < 0, (magnitude >> 64) as u64, NEAR + 64);
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        if self.used.saturating_add(other.used) > NEAR_ROOM {
            self.settle();
        }
        self.used += other.used;
        self.merge_uncounted(other);
    }

    /// [`Self::merge`] for a caller that counts.
    pub(super) fn merge_uncounted(&mut self, other: &Self) {
        self.special |= other.special;
        self.near = self.near.wrapping_add(other.near);
        if let Some(theirs) = &other.wide {
            let mut theirs = theirs.clone();
            theirs.carry();
            let wide = self.wide();
            if wide.used >= WIDE_ROOM {
                wide.carry();
            }
            for (to, digit) in wide.digits.iter_mut().zip(&theirs.digits) {
                *to += digit;
            }
            wide.used += 1;
        }
    }

    /// A copy that says how many numbers went in, which a table counts for all of its sums together.
    pub(super) fn counted(&self, used: u32) -> Self {
        Self {
            used,
            ..self.clone()
        }
    }

    /// The whole of it in the one form that a number has, and nothing beside what is no number.
    fn settled(&self) -> (u8, Box<Wide>) {
        if self.special != 0 {
            return (self.special, Box::new(Wide::ZERO));
        }
        let mut copy = self.clone();
        copy.settle();
        let mut wide = copy.wide.unwrap_or_else(|| Box::new(Wide::ZERO));
        wide.carry();
        (copy.special, wide)
    }

    /// The sum, rounded once to the nearest `f64`, ties to even.
    pub fn to_f64(&self) -> f64 {
        if self.special == 0 && self.wide.is_none() {
            // An integer is rounded to the nearest, too, and a power of two moves the point.
            return self.near as f64 * power_of_two(NEAR);
        }
        let (special, wide) = self.settled();
        special_value(special).unwrap_or_else(|| round(wide))
    }

    /// The sum in two numbers: the nearest `f64`, and the nearest `f64` to what that leaves. About 106 bits.
    pub fn to_double_double(&self) -> (f64, f64) {
        let high = self.to_f64();
        if !high.is_finite() {
            return (high, 0.0);
        }
        let mut rest = self.clone();
        rest.add(-high);
        (high, rest.to_f64())
    }

    /// Numbers that add up to the sum exactly, largest first; `None` where the sum is no finite number.
    fn pieces(&self) -> Option<Vec<f64>> {
        let mut rest = self.clone();
        let mut pieces = Vec::new();
        loop {
            match rest.to_f64() {
                0.0 => return Some(pieces),
                piece if piece.is_finite() => {
                    pieces.push(piece);
                    rest.add(-piece);
                }
                _ => return None,
            }
        }
    }

    /// Whether nothing but zeros was added, or what was added cancels.
    pub fn is_zero(&self) -> bool {
        let (special, wide) = self.settled();
        special == 0 && wide.digits.iter().all(|digit| *digit == 0)
    }

    /// A form for files and networks: one sum has one form, however it came about.
    ///
    /// One byte of flags, the place of the first digit, the count of digits, and the digits of 32 bits, lowest first, in
    /// little-endian order.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        bytes
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        let (mut flags, mut wide) = self.settled();
        if wide.is_negative() {
            flags |= NEGATIVE;
            wide.negate();
        }
        let nonzero = |digit: &i64| *digit != 0;
        let first = wide.digits.iter().position(nonzero).unwrap_or(0);
        let end = wide
            .digits
            .iter()
            .rposition(nonzero)
            .map_or(0, |last| last + 1);
        bytes.extend([flags, first as u8, (end - first) as u8]);
        for digit in wide.digits.iter().take(end).skip(first) {
            bytes.extend((*digit as u32).to_le_bytes());
        }
    }

    /// What [`Self::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (sum, rest) = Self::read(bytes)?;
        rest.is_empty().then_some(sum)
    }

    pub(super) fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (&[flags, first, count], rest) = bytes.split_first_chunk()?;
        let (first, count) = (usize::from(first), usize::from(count));
        // The last digit is left for the sign and the carries to come.
        if flags > 15
            || (flags & !NEGATIVE != 0 && (first | count != 0 || flags & NEGATIVE != 0))
            || first + count >= DIGITS
            || (count == 0 && (first > 0 || flags & NEGATIVE != 0))
        {
            return None;
        }
        let (digits, rest) = rest.split_at_checked(count * 4)?;
        let (digits, _) = digits.as_chunks::<4>();
        let zero = |digit: Option<&[u8; 4]>| digit == Some(&[0; 4]);
        if zero(digits.first()) || zero(digits.last()) {
            return None;
        }
        let mut sum = Self {
            special: flags & !NEGATIVE,
            ..Self::default()
        };
        if count > 0 {
            let mut wide = Box::new(Wide::ZERO);
            for (to, digit) in wide.digits.iter_mut().skip(first).zip(digits) {
                *to = i64::from(u32::from_le_bytes(*digit));
            }
            if flags & NEGATIVE != 0 {
                wide.negate();
            }
            wide.used = 1;
            sum.wide = Some(wide);
        }
        Some((sum, rest))
    }
}

impl PartialEq for Exact {
    /// Whether the sums are the same number, or the same kind of none.
    fn eq(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.settled(), other.settled());
        ours.0 == theirs.0 && ours.1.digits == theirs.1.digits
    }
}

impl Extend<f64> for Exact {
    fn extend<T: IntoIterator<Item = f64>>(&mut self, values: T) {
        for value in values {
            self.add(value);
        }
    }
}

impl FromIterator<f64> for Exact {
    fn from_iter<T: IntoIterator<Item = f64>>(values: T) -> Self {
        let mut sum = Self::default();
        sum.extend(values);
        sum
    }
}

/// The exact sum of a column, rounded once.
pub fn sum(values: &[f64]) -> f64 {
    values.iter().copied().collect::<Exact>().to_f64()
}

/// Σ(x - mean)² from Σx, Σx² and the number of rows, as (nΣx² - (Σx)²)/n.
///
/// In doubles this formula is infamous for the digits it loses (T. F. Chan, G. H. Golub and R. J. LeVeque, 1983). Here the
/// difference is exact and only its quotient is rounded, so equal values have a variance of exactly zero, and any others a
/// good one however far from zero they are.
///
/// `NaN` without rows, and where a sum is no finite number; never negative.
pub fn squares_about_mean(sum: &Exact, squares: &Exact, rows: u64) -> f64 {
    products_about_means(sum, sum, squares, rows)
}

/// Σ(x - mean x)(y - mean y) from Σx, Σy, Σxy and the number of rows, as precisely as [`squares_about_mean`].
///
/// `NaN` without rows, and where a sum is no finite number.
pub fn products_about_means(x: &Exact, y: &Exact, products: &Exact, rows: u64) -> f64 {
    if rows == 0 {
        return f64::NAN;
    }
    let (Some(x), Some(y), Some(products)) = (x.pieces(), y.pieces(), products.pieces()) else {
        return f64::NAN;
    };
    let n = rows as f64;
    let mut difference = Exact::default();
    for piece in products {
        difference.add_product(piece, n);
    }
    for x in &x {
        for y in &y {
            difference.add_product(-x, *y);
        }
    }
    difference.to_f64() / n
}

const fn special_value(special: u8) -> Option<f64> {
    Some(match special & (NAN | PLUS_INFINITY | MINUS_INFINITY) {
        0 => return None,
        PLUS_INFINITY => f64::INFINITY,
        MINUS_INFINITY => f64::NEG_INFINITY,
        _ => f64::NAN,
    })
}

/// The nearest `f64` to a number whose carries are passed on.
fn round(mut wide: Box<Wide>) -> f64 {
    let negative = wide.is_negative();
    if negative {
        wide.negate();
    }
    let Some(last) = wide.digits.iter().rposition(|digit| *digit != 0) else {
        return 0.0;
    };
    let digit = |index: usize| wide.digits.get(index).map_or(0, |digit| *digit as u128);
    // The four digits from the highest down hold all 53 bits and more; what lies below only says on which side of a tie
    // the number is.
    let low = last.saturating_sub(3);
    let top = digit(low) | digit(low + 1) << 32 | digit(low + 2) << 64 | digit(low + 3) << 96;
    let below = wide.digits.iter().take(low).any(|digit| *digit != 0);
    let top_power = BASE + 32 * low as i32;
    let highest = top_power + 127 - top.leading_zeros() as i32;
    // The power of the last bit that is kept, and how many bits of `top` lie below it.
    let last_power = (highest - 52).max(-1074);
    let drop = last_power - top_power;
    let mantissa = match drop {
        ..=0 => top << -drop.max(-127),
        1..=127 => {
            let kept = top >> drop;
            let dropped = top & ((1 << drop) - 1);
            let half = 1_u128 << (drop - 1);
            let up = dropped > half || (dropped == half && (below || kept & 1 == 1));
            kept + u128::from(up)
        }
        // Far below the smallest number.
        _ => 0,
    };
    // At most 2^53, so exact; and a power of two only moves the point.
    let magnitude = mantissa as f64 * power_of_two(last_power);
    if negative { -magnitude } else { magnitude }
}

/// 2 to a power from -1074 up; infinite above 1023.
const fn power_of_two(power: i32) -> f64 {
    f64::from_bits(match power {
        ..-1022 => 1 << (power + 1074),
        -1022..=1023 => ((power + 1023) as u64) << 52,
        _ => 0x7ff << 52,
    })
}
