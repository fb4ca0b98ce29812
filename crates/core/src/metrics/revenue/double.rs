//! Sums of squares without the usual loss.

/// A number as an unevaluated sum of two doubles, about 32 digits (Dekker, 1971).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Dd {
    high: f64,
    low: f64,
}

impl From<f64> for Dd {
    fn from(high: f64) -> Self {
        Self { high, low: 0.0 }
    }
}

impl Dd {
    #[inline]
    pub(super) fn value(self) -> f64 {
        self.high + self.low
    }

    /// The exact sum of two doubles (Knuth).
    #[inline]
    fn sum(a: f64, b: f64) -> Self {
        let high = a + b;
        let part = high - a;
        Self {
            high,
            low: (a - (high - part)) + (b - part),
        }
    }

    /// The exact product of two doubles.
    #[inline]
    pub(super) fn product(a: f64, b: f64) -> Self {
        let high = a * b;
        Self {
            high,
            low: a.mul_add(b, -high),
        }
    }

    #[inline]
    pub(super) fn plus(self, other: Self) -> Self {
        let (high, low) = (
            Self::sum(self.high, other.high),
            Self::sum(self.low, other.low),
        );
        let first = Self::sum(high.high, high.low + low.high);
        Self::sum(first.high, first.low + low.low)
    }

    #[inline]
    pub(super) fn minus(self, other: Self) -> Self {
        self.plus(Self {
            high: -other.high,
            low: -other.low,
        })
    }

    #[inline]
    pub(super) fn times(self, other: Self) -> Self {
        let product = Self::product(self.high, other.high);
        let cross = self.high.mul_add(other.low, self.low * other.high);
        Self::sum(product.high, product.low + cross)
    }

    pub(super) fn over(self, divisor: f64) -> Self {
        self.divided(Self::from(divisor))
    }

    pub(super) fn divided(self, divisor: Self) -> Self {
        let first = self.high / divisor.high;
        let rest = self.minus(divisor.times(Self::from(first)));
        let second = rest.high / divisor.high;
        let rest = rest.minus(divisor.times(Self::from(second)));
        Self::sum(first, second).plus(Self::from(rest.high / divisor.high))
    }

    /// Times a power of two.
    #[inline]
    pub(super) fn scaled(self, factor: f64) -> Self {
        Self {
            high: self.high * factor,
            low: self.low * factor,
        }
    }
}
