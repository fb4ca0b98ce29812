//! An estimate with the ends of its interval.

/// What is estimated, and between which values it may lie at the confidence that was asked for.
///
/// `NaN` for what is not defined; an end that the data do not bound is infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The point estimate.
    pub estimate: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Nothing is known.
    pub const UNDEFINED: Self = Self {
        estimate: f64::NAN,
        low: f64::NAN,
        high: f64::NAN,
    };

    /// An estimate and its ends.
    pub const fn new(estimate: f64, low: f64, high: f64) -> Self {
        Self {
            estimate,
            low,
            high,
        }
    }

    /// Without ends where both are the same up to rounding: an interval from a sample has a width, or it is not defined.
    #[must_use]
    pub fn with_width(self) -> Self {
        let rounding = 4.0 * f64::EPSILON * self.low.abs().max(self.high.abs());
        if self.low == self.high || (rounding.is_finite() && self.high - self.low <= rounding) {
            Self::new(self.estimate, f64::NAN, f64::NAN)
        } else {
            self
        }
    }

    /// Everything through a function that grows; for one that falls, see [`Self::swapped`].
    #[must_use]
    pub fn map(self, f: impl Fn(f64) -> f64) -> Self {
        Self::new(f(self.estimate), f(self.low), f(self.high))
    }

    /// With the ends exchanged.
    #[must_use]
    pub const fn swapped(self) -> Self {
        Self::new(self.estimate, self.high, self.low)
    }
}
