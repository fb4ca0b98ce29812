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
