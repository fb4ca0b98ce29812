//! What the data say of a curve, as a value: the tests that make it are in [`evidence`](super::evidence).

/// Below this p-value chance is no longer believed.
const LEVEL: f64 = 0.05;

/// What the data say of revenue and spend, before any model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// How likely so much of a rise is where revenue has nothing to do with spend.
    pub response: f64,
    /// The same of a fall.
    pub falling: f64,
    /// How likely so much of a bend is where revenue is a straight line.
    pub saturation: f64,
    /// The mean revenue: the curve of spend that does nothing.
    pub constant: f64,
    /// The straight line over a steady spend: revenue without spend, and revenue per unit of it.
    pub line: [f64; 2],
    /// The corrected criterion of the constant, comparable with a fit's; `NaN` with a robust loss.
    pub constant_aicc: f64,
    /// The same of the straight line; `NaN` with multiplicative noise too.
    pub line_aicc: f64,
}

/// What follows from the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Nothing could be tested.
    Unknown,
    /// Revenue falls with spend.
    NotIncreasing,
    /// Revenue may well have nothing to do with spend.
    NoResponse,
    /// Revenue rises, and a straight line does as well as a curve: where it levels off was not seen.
    StraightLine,
    /// Revenue rises and levels off.
    Curve,
}

impl Verdict {
    /// The name in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::NotIncreasing => "not_increasing",
            Self::NoResponse => "no_response",
            Self::StraightLine => "straight_line",
            Self::Curve => "curve",
        }
    }
}

impl Evidence {
    /// Nothing is known.
    pub(super) const UNDEFINED: Self = Self {
        response: f64::NAN,
        falling: f64::NAN,
        saturation: f64::NAN,
        constant: f64::NAN,
        line: [f64::NAN; 2],
        constant_aicc: f64::NAN,
        line_aicc: f64::NAN,
    };

    /// What follows at a level of five per cent.
    pub fn verdict(&self) -> Verdict {
        let Self {
            response,
            falling,
            saturation,
            ..
        } = *self;
        if response.is_nan() || falling.is_nan() || saturation.is_nan() {
            Verdict::Unknown
        } else if falling < LEVEL && falling <= response {
            Verdict::NotIncreasing
        } else if response >= LEVEL {
            Verdict::NoResponse
        } else if saturation >= LEVEL {
            Verdict::StraightLine
        } else {
            Verdict::Curve
        }
    }
}
