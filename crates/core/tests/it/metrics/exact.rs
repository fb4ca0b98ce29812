//! The laws of `metrics::exact`: the sum is the sum, whatever the order.
#![expect(
    clippy::float_cmp,
    clippy::unreadable_literal,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_lossless,
    reason = "numbers are picked for their bits"
)]

use edgetally_core::metrics::exact::{Exact, products_about_means, squares_about_mean, sum};
use proptest::prelude::*;

/// A seeded stream of bits, the same on every run (G. Marsaglia, 2003).
pub(super) struct Bits(pub(super) u64);

impl Bits {
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A finite number of any size.
    fn finite(&mut self) -> f64 {
        loop {
            let x = f64::from_bits(self.next());
            if x.is_finite() {
                return x;
            }
        }
    }
}

fn exact(values: impl IntoIterator<Item = f64>) -> Exact {
    values.into_iter().collect()
}

#[test]
fn sums_are_rounded_once() {
    for (values, want) in [
        (vec![], 0.0),
        (vec![-0.0, -0.0], 0.0),
        (vec![0.1; 10], 1.0),
        (vec![1e16, 1.0, -1e16], 1.0),
        (vec![1e308, 1e308, -1e308], 1e308),
        (vec![f64::MAX, f64::MAX], f64::INFINITY),
        (vec![-f64::MAX, -f64::MAX], f64::NEG_INFINITY),
        (vec![5e-324, 5e-324], 1e-323),
        (vec![5e-324, -1.0, 1.0], 5e-324),
        // Ties to even, and what breaks a tie from far below.
        (vec![9007199254740992.0, 1.0], 9007199254740992.0),
        (vec![9007199254740994.0, 1.0], 9007199254740996.0),
        (vec![9007199254740992.0, 1.0, 5e-324], 9007199254740994.0),
        (
            vec![-9007199254740992.0, -1.0, -5e-324],
            -9007199254740994.0,
        ),
        (vec![9007199254740992.0, 1.0, -5e-324], 9007199254740992.0),
        // The largest number, half a unit more, and a little less than that.
        (vec![f64::MAX, 9.9792015476736e291], f64::INFINITY),
        (vec![f64::MAX, 9.9792015476736e291, -5e-324], f64::MAX),
        (
            vec![2.2250738585072014e-308, -5e-324],
            2.225073858507201e-308,
        ),
    ] {
        assert_eq!(sum(&values).to_bits(), f64::to_bits(want), "{values:?}");
    }
}

#[test]
fn what_is_no_number_stays_so() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    assert_eq!(sum(&[inf, 1.0]), inf);
    assert_eq!(sum(&[-1e308, -inf]), -inf);
    for values in [[inf, -inf, 0.0], [nan, 1.0, 2.0], [nan, inf, 0.0]] {
        assert!(sum(&values).is_nan(), "{values:?}");
    }
    let mut products = Exact::default();
    products.add_product(inf, 0.0);
    assert!(products.to_f64().is_nan());
    products = Exact::default();
    products.add_product(-inf, 2.0);
    assert_eq!(products.to_f64(), -inf);
    // Finite factors are not infinite together: the sum may come back.
    products = Exact::default();
    products.add_product(1e300, 1e300);
    assert_eq!(products.to_f64(), inf);
    products.add_product(-1e300, 1e300);
    assert_eq!(products.to_f64(), 0.0);
}

#[test]
fn two_numbers_add_as_the_processor_adds_them() {
    let mut bits = Bits(0x9e37_79b9_7f4a_7c15);
    for _ in 0..200_000 {
        let (a, mut b) = (bits.finite(), bits.finite());
        if bits.below(2) == 0 {
            // Near each other, so that they cancel or carry.
            let near = a.to_bits() & !(0x7f << 52) | (bits.next() & (0x7f << 52));
            b = f64::from_bits(near ^ bits.next() >> 60 ^ (bits.next() >> 63) << 63);
            b = if b.is_finite() { b } else { 1.0 };
        }
        assert_eq!(sum(&[a, b]), a + b, "{a:e} + {b:e}");
        let mut product = Exact::default();
        product.add_product(a, b);
        assert_eq!(product.to_f64(), a * b, "{a:e} * {b:e}");
        let (high, low) = product.to_double_double();
        assert!(
            high.is_infinite() || low == a.mul_add(b, -high),
            "{a:e} * {b:e}"
        );
    }
}

#[test]
fn cents_add_like_whole_cents() {
    // 0.01 is no binary fraction: the exact sum of the doubles, rounded, is judged by integers.
    let mut bits = Bits(7);
    for _ in 0..1000 {
        let cents: Vec<u64> = (0..100).map(|_| bits.below(10_000_000)).collect();
        let got = sum(&cents.iter().map(|c| *c as f64 / 100.0).collect::<Vec<_>>());
        let want = cents.iter().sum::<u64>() as f64 / 100.0;
        assert!((got - want).abs() <= want * f64::EPSILON, "{got} {want}");
    }
}

#[test]
fn many_numbers_fit_the_near_part() {
    // 2^31 of the largest near numbers would take a minute: the room is tested by doubling instead.
    let mut total = exact([-1073741823.9999999]);
    for doubled in 1..100 {
        let copy = total.clone();
        total.merge(&copy);
        let want = -1073741823.9999999 * f64::from_bits((1023 + doubled) << 52);
        assert_eq!(total.to_f64(), want);
    }
}

#[test]
fn double_doubles_leave_little() {
    let total = exact([1e16, 0.5, 1e-10, 3e-17]);
    let (high, low) = total.to_double_double();
    assert_eq!((high, low), (1e16, 0.5 + 1e-10));
}

#[test]
fn variances_survive_a_far_mean() {
    // Four values near 1e9 whose sum of squares in doubles gives a negative variance.
    let values = [1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0];
    let (mut plain, mut squares) = (Exact::default(), Exact::default());
    for x in values {
        plain.add(x);
        squares.add_product(x, x);
    }
    assert_eq!(squares_about_mean(&plain, &squares, 4), 90.0);
    // A mean of 1e12 and a spread of 1e-3, all of it binary fractions.
    let (mut plain, mut squares) = (Exact::default(), Exact::default());
    let step = 1.0 / 1024.0;
    for x in [1e12, 1e12 + step, 1e12 + 3.0 * step] {
        plain.add(x);
        squares.add_product(x, x);
    }
    assert_eq!(
        squares_about_mean(&plain, &squares, 3),
        14.0 * step * step / 3.0
    );
    // Equal values do not vary at all, though their mean is rounded.
    let (mut plain, mut squares) = (Exact::default(), Exact::default());
    for _ in 0..7 {
        plain.add(0.1);
        squares.add_product(0.1, 0.1);
    }
    assert_eq!(squares_about_mean(&plain, &squares, 7), 0.0);
    assert!(squares_about_mean(&plain, &squares, 0).is_nan());
    assert!(products_about_means(&plain, &plain, &exact([f64::NAN]), 3).is_nan());
    assert_eq!(squares_about_mean(&exact([5.0]), &exact([25.0]), 1), 0.0);
}

#[test]
fn bytes_of_something_else_are_refused() {
    for bytes in [
        &[][..],
        &[0, 0],
        &[16, 0, 0],
        &[8, 0, 0],             // minus zero
        &[0, 3, 0],             // zero, somewhere
        &[0, 0, 1, 0, 0, 0, 0], // a zero digit at the end
        &[0, 0, 1, 1, 0, 0],    // cut off
        &[0, 0, 0, 9],          // something left
        &[0, 135, 1, 1, 0, 0, 0],
        &[0, 255, 255],
    ] {
        assert!(Exact::from_bytes(bytes).is_none(), "{bytes:?}");
    }
    assert_eq!(Exact::from_bytes(&[0, 0, 0]), Some(Exact::default()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Any numbers, any order, any parts, through bytes or not: one sum, and one form of it.
    #[test]
    fn order_and_parts_do_not_matter(
        mut values in prop::collection::vec((any::<f64>(), any::<f64>(), 0_u8..5), 0..60),
        cuts in prop::collection::vec(0_usize..60, 0..5),
        seed in any::<u64>(),
    ) {
        let add = |sum: &mut Exact, (x, y, how): &(f64, f64, u8)| match how {
            0 => sum.add(*x),
            1 => sum.add_product(*x, *y),
            2 => sum.add(x.to_bits() as u32 as f64 / 100.0),
            3 => sum.add_product((x.to_bits() as u16).into(), (y.to_bits() as u16).into()),
            _ => sum.add(f64::from(x.to_bits() as i32)),
        };
        let mut whole = Exact::default();
        for value in &values {
            add(&mut whole, value);
        }
        let mut bits = Bits(seed | 1);
        for last in (1..values.len()).rev() {
            values.swap(last, bits.below(last as u64 + 1) as usize);
        }
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(values.len())).collect();
        cuts.extend([0, values.len()]);
        cuts.sort_unstable();
        let mut parts: Vec<Exact> = cuts
            .windows(2)
            .map(|ends| {
                let mut part = Exact::default();
                for value in &values[ends[0]..ends[1]] {
                    add(&mut part, value);
                }
                Exact::from_bytes(&part.to_bytes()).unwrap()
            })
            .collect();
        let mut total = parts.pop().unwrap();
        for part in &parts {
            total.merge(part);
        }
        prop_assert_eq!(&total, &whole);
        prop_assert_eq!(total.to_bytes(), whole.to_bytes());
        prop_assert!(total.to_f64().to_bits() == whole.to_f64().to_bits() || whole.to_f64().is_nan());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Some(sum) = Exact::from_bytes(&bytes) {
            prop_assert_eq!(sum.to_bytes(), bytes);
        }
    }
}
