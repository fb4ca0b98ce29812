//! How a curve is fitted: what a residual costs, how revenue scatters, what past spend still does.

use super::adstock::{Adstock, Start};
use crate::metrics::{DomainError, Rule};

/// What a residual costs. The robust ones withstand revenues that are far off, not spends that are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Loss {
    /// Its square: least squares.
    #[default]
    Linear,
    /// Its square up to the scale, linear beyond (Huber 1964).
    Huber,
    /// `2 (sqrt(1 + z^2) - 1)`, a smooth relative of Huber's.
    SoftL1,
}

impl Loss {
    /// The names of the losses.
    pub const NAMES: &'static [&'static str] = &["linear", "huber", "soft_l1"];

    /// The loss of this name.
    pub fn parse(name: &str) -> Result<Self, DomainError> {
        match name {
            "linear" => Ok(Self::Linear),
            "huber" => Ok(Self::Huber),
            "soft_l1" => Ok(Self::SoftL1),
            _ => Err(DomainError::whole("loss", Rule::OneOf(Self::NAMES))),
        }
    }

    /// Of a scaled residual: its cost, the weight with which least squares treats it alike, and the derivative of its
    /// influence.
    pub(super) fn of(self, z: f64) -> (f64, f64, f64) {
        match self {
            Self::Linear => (z * z, 1.0, 1.0),
            Self::Huber if z.abs() <= 1.0 => (z * z, 1.0, 1.0),
            Self::Huber => (2.0 * z.abs() - 1.0, 1.0 / z.abs(), 0.0),
            Self::SoftL1 => {
                let root = (1.0 + z * z).sqrt();
                (
                    2.0 * z * z / (1.0 + root),
                    1.0 / root,
                    1.0 / (root * root * root),
                )
            }
        }
    }
}

/// How revenue scatters around the curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Noise {
    /// By amounts: residuals are differences.
    #[default]
    Additive,
    /// By per cent: residuals are differences of logarithms. Without baseline; spend and revenue above zero.
    Multiplicative,
}

impl Noise {
    /// The names of the kinds of noise.
    pub const NAMES: &'static [&'static str] = &["additive", "multiplicative"];

    /// The noise of this name.
    pub fn parse(name: &str) -> Result<Self, DomainError> {
        match name {
            "additive" => Ok(Self::Additive),
            "multiplicative" => Ok(Self::Multiplicative),
            _ => Err(DomainError::whole("noise", Rule::OneOf(Self::NAMES))),
        }
    }
}

/// What past spend still does.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Carry {
    /// Nothing: rows are independent.
    #[default]
    None,
    /// A known adstock: rows are consecutive periods.
    Fixed(Adstock),
    /// An adstock whose `theta` is sought between 0 and 0.99.
    Estimate {
        /// See [`Adstock::normalize`].
        normalize: bool,
        /// See [`Adstock::max_lag`].
        max_lag: Option<usize>,
        /// See [`Adstock::start`].
        start: Start,
    },
}

/// How a curve is fitted. The default is plain least squares.
#[derive(Clone, Copy, Debug, Default)]
pub struct FitOptions<'a> {
    /// Whether there is revenue without spend.
    pub baseline: bool,
    /// Whether it is known that there is none. A curve that bends only because it has to start at zero shows that revenue
    /// levels off when that is known, and nothing when it is not: see [`Evidence`](super::Evidence).
    pub through_origin: bool,
    /// The weight of each row's squared residual, up to a common factor: one over its variance. Zero leaves a row out.
    pub weights: Option<&'a [f64]>,
    /// What a residual costs.
    pub loss: Loss,
    /// From which residual on `loss` is no longer a square; by default 1.345 robust standard deviations of the residuals (1.4826
    /// times their median absolute value), which costs five per cent of efficiency under normal noise.
    pub loss_scale: Option<f64>,
    /// How revenue scatters.
    pub noise: Noise,
    /// What past spend still does.
    pub carry: Carry,
    /// Whether rows are consecutive periods, neighbours of which may be alike: so they are with an adstock or a lag.
    pub periods: bool,
    /// With a lag, standard errors that allow for correlation between neighbouring rows (Newey and West 1987).
    pub newey_west: Option<usize>,
}
