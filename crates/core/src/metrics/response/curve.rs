//! The five curves, their slopes, their optimum, and the spend at which a slope is reached.

use crate::metrics::math::{exp, expm1, ln, log1p, pow, ratio};
use crate::metrics::{DomainError, Rule};

/// The family of a response curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Model {
    /// `k s^b`: constant elasticity; concave for `b < 1`.
    Power,
    /// `a ln(1 + s / c)`.
    Log,
    /// `vmax s / (k + s)`: half of `vmax` at `k` (Michaelis and Menten 1913).
    MichaelisMenten,
    /// `vmax (1 - e^(-s / c))`.
    Negexp,
    /// `vmax s^n / (k^n + s^n)`: an S for `n > 1` (Hill 1910). The saturation of the usual marketing-mix models, up to names.
    Hill,
}

impl Model {
    /// All of them, the simplest first.
    pub const ALL: [Self; 5] = [
        Self::Power,
        Self::Log,
        Self::MichaelisMenten,
        Self::Negexp,
        Self::Hill,
    ];
    /// Their names, in the same order.
    pub const NAMES: &'static [&'static str] =
        &["power", "log", "michaelis_menten", "negexp", "hill"];

    /// The name in settings and results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Power => "power",
            Self::Log => "log",
            Self::MichaelisMenten => "michaelis_menten",
            Self::Negexp => "negexp",
            Self::Hill => "hill",
        }
    }

    /// The model of this name.
    pub fn parse(name: &str) -> Result<Self, DomainError> {
        Self::ALL
            .into_iter()
            .find(|model| model.name() == name)
            .ok_or(DomainError::whole("model", Rule::OneOf(Self::NAMES)))
    }

    /// The names of its parameters: the amplitude first.
    pub const fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Power => &["k", "b"],
            Self::Log => &["a", "c"],
            Self::MichaelisMenten => &["vmax", "k"],
            Self::Negexp => &["vmax", "c"],
            Self::Hill => &["vmax", "k", "n"],
        }
    }
}

/// A response curve: revenue as a function of spend in one period.
///
/// ```
/// use edgetally_core::metrics::response::{Curve, Model};
///
/// let curve = Curve::new(Model::Hill, &[400_000.0, 60_000.0, 1.6]).unwrap();
/// assert_eq!(curve.revenue(60_000.0), 200_000.0);
/// // More spend stops paying where another unit brings back 1 / margin.
/// let best = curve.optimum(0.4, None).unwrap();
/// assert!((curve.marginal(best.optimal_spend) - 2.5).abs() < 1e-9);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    model: Model,
    /// In the order of [`Model::parameters`]; the third is 1 where there is none.
    values: [f64; 3],
}

/// A curve at one spend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// Revenue at this spend.
    pub revenue: f64,
    /// Revenue of one more unit of spend: the slope. Infinite at zero spend where the curve starts upright.
    pub marginal_roas: f64,
    /// Revenue per unit of spend; `NaN` at zero spend.
    pub average_roas: f64,
    /// Per cent of revenue for one per cent of spend; `NaN` at zero spend.
    pub elasticity: f64,
}

/// The most profitable spend of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Optimum {
    /// The spend; zero when no spend makes a profit, `NaN` when more is always better.
    pub optimal_spend: f64,
    /// Revenue there.
    pub revenue: f64,
    /// `margin * revenue - spend` there.
    pub profit: f64,
    /// The slope there; `NaN` at zero spend.
    pub marginal_roas: f64,
}

impl Optimum {
    /// Nothing is known.
    pub const UNDEFINED: Self = Self {
        optimal_spend: f64::NAN,
        revenue: f64::NAN,
        profit: f64::NAN,
        marginal_roas: f64::NAN,
    };
}

impl Curve {
    /// A curve with these parameters, in the order of [`Model::parameters`]. All are above zero; `NaN` is carried on.
    pub fn new(model: Model, values: &[f64]) -> Result<Self, DomainError> {
        let names = model.parameters();
        if values.len() != names.len() {
            return Err(DomainError::whole(
                "params",
                Rule::Other(
                    "wrong_parameters",
                    "does not have exactly the parameters of the model",
                ),
            ));
        }
        for (name, value) in names.iter().copied().zip(values) {
            DomainError::check(name, Rule::Positive, *value)?;
        }
        Ok(Self::raw(model, values))
    }

    /// A curve whose parameters are looked up by name.
    pub fn named(
        model: Model,
        mut value: impl FnMut(&'static str) -> Option<f64>,
    ) -> Result<Self, DomainError> {
        let mut values = Vec::with_capacity(3);
        for name in model.parameters() {
            values.push(value(name).ok_or(DomainError::whole(
                name,
                Rule::Other(
                    "missing_parameter",
                    "is a parameter of the model and missing",
                ),
            ))?);
        }
        Self::new(model, &values)
    }

    /// Without checks: what a fit may arrive at.
    pub(super) fn raw(model: Model, values: &[f64]) -> Self {
        let mut own = [1.0; 3];
        own.iter_mut()
            .zip(values)
            .for_each(|(own, value)| *own = *value);
        Self { model, values: own }
    }

    /// The family.
    pub const fn model(&self) -> Model {
        self.model
    }

    /// The parameters, in the order of [`Model::parameters`].
    pub fn values(&self) -> &[f64] {
        let count = self.model.parameters().len();
        self.values.get(..count).unwrap_or(&self.values)
    }

    /// The parameters with their names.
    pub fn params(&self) -> impl Iterator<Item = (&'static str, f64)> {
        self.model.parameters().iter().copied().zip(self.values)
    }

    /// The same curve in another unit of spend: `R(factor * s)` as a function of `s`. This is how a curve over adstock
    /// becomes one over a steady spend.
    #[must_use]
    pub fn rescaled(&self, factor: f64) -> Self {
        let [first, second, third] = self.values;
        let values = match self.model {
            Model::Power => [first * pow(factor, second), second, third],
            _ => [first, second / factor, third],
        };
        Self {
            model: self.model,
            values,
        }
    }

    /// The reached share of the amplitude and what is missing of it, for a spend above zero.
    fn hill_shares(k: f64, n: f64, spend: f64) -> (f64, f64) {
        let odds = pow(spend / k, n);
        if odds > 1.0 {
            let inverse = 1.0 / odds;
            (1.0 / (1.0 + inverse), inverse / (1.0 + inverse))
        } else {
            (odds / (1.0 + odds), 1.0 / (1.0 + odds))
        }
    }

    /// Revenue at a spend from zero.
    pub fn revenue(&self, spend: f64) -> f64 {
        let [p, q, n] = self.values;
        if spend == 0.0 && !(p.is_nan() || q.is_nan() || n.is_nan()) {
            return 0.0;
        }
        match self.model {
            Model::Power => p * pow(spend, q),
            Model::Log => p * log1p(spend / q),
            Model::MichaelisMenten => p * (spend / (q + spend)),
            Model::Negexp => -p * expm1(-spend / q),
            Model::Hill => p * Self::hill_shares(q, n, spend).0,
        }
    }

    /// Revenue of one more unit of spend, at a spend from zero.
    pub fn marginal(&self, spend: f64) -> f64 {
        let [p, q, n] = self.values;
        match self.model {
            Model::Power => p * q * pow(spend, q - 1.0),
            Model::Log => p / (q + spend),
            Model::MichaelisMenten => (p / (q + spend)) * (q / (q + spend)),
            Model::Negexp => p / q * exp(-spend / q),
            // At zero: upright for n < 1, flat for n > 1.
            Model::Hill if spend == 0.0 => p / q * n * pow(0.0, n - 1.0),
            Model::Hill => {
                let (reached, missing) = Self::hill_shares(q, n, spend);
                p * n * (reached / spend) * missing
            }
        }
    }

    /// Per cent of revenue for one per cent of spend, at a spend above zero.
    pub fn elasticity(&self, spend: f64) -> f64 {
        let [_, q, n] = self.values;
        if spend == 0.0 {
            return f64::NAN;
        }
        let scaled = spend / q;
        match self.model {
            Model::Power => q + 0.0 * spend,
            Model::Log => scaled / (1.0 + scaled) / log1p(scaled),
            Model::MichaelisMenten => q / (q + spend),
            Model::Negexp => scaled / expm1(scaled),
            Model::Hill => n * Self::hill_shares(q, n, spend).1,
        }
    }

    /// Everything at one spend.
    pub fn evaluate(&self, spend: f64) -> Result<Evaluation, DomainError> {
        DomainError::check("spend", Rule::NonNegative, spend)?;
        let revenue = self.revenue(spend);
        Ok(Evaluation {
            revenue,
            marginal_roas: self.marginal(spend),
            average_roas: ratio(revenue, spend),
            elasticity: self.elasticity(spend),
        })
    }

    /// The largest spend at which one more unit still brings `price`, or zero if it never does. For an S this is the root
    /// to the right of the inflexion. Infinite where the slope never falls to `price`.
    pub fn inverse_marginal(&self, price: f64) -> f64 {
        self.inverse_marginal_ln(ln(price))
    }

    /// [`Self::inverse_marginal`] of `e^price`.
    pub(crate) fn inverse_marginal_ln(&self, price: f64) -> f64 {
        let [p, q, n] = self.values;
        if price.is_nan() || p.is_nan() || q.is_nan() || n.is_nan() {
            return f64::NAN;
        }
        if p <= 0.0 {
            return 0.0;
        }
        match self.model {
            Model::Power if q < 1.0 => exp((ln(p) + ln(q) - price) / (1.0 - q)),
            Model::Power if q == 1.0 && ln(p) <= price => 0.0,
            Model::Power => f64::INFINITY,
            Model::Log => (p * exp(-price) - q).max(0.0),
            Model::MichaelisMenten => (q * expm1(0.5 * (ln(p) - ln(q) - price))).max(0.0),
            Model::Negexp => (q * (ln(p) - ln(q) - price)).max(0.0),
            Model::Hill => hill_root(ln(p) + ln(n) - ln(q) - price, n).map_or(0.0, |t| q * exp(t)),
        }
    }

    /// Where the curve turns from convex to concave; zero where it is concave throughout.
    pub fn inflexion(&self) -> f64 {
        let [_, q, n] = self.values;
        match self.model {
            Model::Hill if n > 1.0 => q * pow((n - 1.0) / (n + 1.0), 1.0 / n),
            Model::Power if q > 1.0 => f64::INFINITY,
            _ => 0.0,
        }
    }

    /// The spend that leaves the most of `margin * revenue - spend`, not above `cap`.
    ///
    /// A closed form but for Hill, where it is the root of `margin R'(s) = 1` to the right of the inflexion, kept only if
    /// it leaves more than not spending. `margin` is the share of revenue that is left before the spend.
    pub fn optimum(&self, margin: f64, cap: Option<f64>) -> Result<Optimum, DomainError> {
        DomainError::check("margin", Rule::Rate, margin)?;
        let cap = match cap {
            // No cap is an infinite one.
            Some(cap) if cap != f64::INFINITY => DomainError::check("cap", Rule::NonNegative, cap)?,
            _ => f64::INFINITY,
        };
        Ok(self.best(margin, cap))
    }

    /// [`Self::optimum`] without checks.
    pub(crate) fn best(&self, margin: f64, cap: f64) -> Optimum {
        if margin.is_nan() || cap.is_nan() || self.values.iter().any(|value| value.is_nan()) {
            return Optimum::UNDEFINED;
        }
        let free = match (self.model, self.values) {
            _ if margin == 0.0 => 0.0,
            // The customary closed form, whose rounding the reader can repeat.
            (Model::Power, [k, b, _]) if b < 1.0 && k > 0.0 => pow(margin * b * k, 1.0 / (1.0 - b)),
            (Model::Log, [a, c, _]) => (margin * a - c).max(0.0),
            _ => self.inverse_marginal(1.0 / margin),
        };
        let spend = free.min(cap);
        if spend.is_infinite() {
            return Optimum::UNDEFINED;
        }
        let revenue = self.revenue(spend);
        let profit = margin * revenue - spend;
        if profit > 0.0 {
            Optimum {
                optimal_spend: spend,
                revenue,
                profit,
                marginal_roas: self.marginal(spend),
            }
        } else {
            Optimum {
                optimal_spend: 0.0,
                revenue: 0.0,
                profit: 0.0,
                marginal_roas: f64::NAN,
            }
        }
    }

    /// The derivatives of revenue by the logarithms of the parameters.
    pub(super) fn revenue_gradient(&self, spend: f64) -> [f64; 3] {
        let [p, q, n] = self.values;
        if spend == 0.0 {
            return [0.0; 3];
        }
        let scaled = spend / q;
        let revenue = self.revenue(spend);
        match self.model {
            Model::Power => [revenue, revenue * q * ln(spend), 0.0],
            Model::Log => [revenue, -p * (spend / (q + spend)), 0.0],
            Model::MichaelisMenten => [revenue, -revenue * (q / (q + spend)), 0.0],
            Model::Negexp => [revenue, -p * scaled * exp(-scaled), 0.0],
            Model::Hill => {
                let (reached, missing) = Self::hill_shares(q, n, spend);
                let slope = p * n * reached * missing;
                [revenue, -slope, slope * ln(scaled)]
            }
        }
    }

    /// The derivatives of the logarithm of the slope: by the logarithms of the parameters, and by that of spend.
    pub(crate) fn log_marginal_gradient(&self, spend: f64) -> ([f64; 3], f64) {
        let [_, q, n] = self.values;
        match self.model {
            Model::Power => ([1.0, 1.0 + q * ln(spend), 0.0], q - 1.0),
            Model::Log => ([1.0, -q / (q + spend), 0.0], -spend / (q + spend)),
            Model::MichaelisMenten => (
                [1.0, (spend - q) / (q + spend), 0.0],
                -2.0 * spend / (q + spend),
            ),
            Model::Negexp => ([1.0, spend / q - 1.0, 0.0], -spend / q),
            Model::Hill => {
                let (reached, missing) = Self::hill_shares(q, n, spend);
                let lean = missing - reached;
                (
                    [1.0, -n * lean, 1.0 + n * ln(spend / q) * lean],
                    n * lean - 1.0,
                )
            }
        }
    }
}

/// The largest root of `f(t) = level + (n - 1) t - 2 ln(1 + e^(n t))`: where Hill's slope, in `t = ln(s / k)`, has fallen
/// to a price. To the right of the inflexion f falls and is concave, so that Newton's steps from the right never overshoot.
fn hill_root(level: f64, n: f64) -> Option<f64> {
    let softplus = |x: f64| {
        if x > 0.0 {
            x + log1p(exp(-x))
        } else {
            log1p(exp(x))
        }
    };
    let f = |t: f64| level + (n - 1.0) * t - 2.0 * softplus(n * t);
    if n == 1.0 {
        // Michaelis-Menten: e^(level / 2) - 1.
        return (level > 0.0).then(|| ln(expm1(0.5 * level)));
    }
    if n > 1.0 {
        let turn = ln((n - 1.0) / (n + 1.0)) / n;
        let top = f(turn);
        if top < 0.0 || top.is_nan() {
            return None;
        }
        if top == 0.0 {
            return Some(turn);
        }
    }
    // ln(1 + e^x) is above x: the root lies to the left of this.
    let mut t = level / (n + 1.0);
    for _ in 0..200 {
        let x = n * t;
        let share = 1.0 / (1.0 + exp(-x));
        let step = f(t) / (n - 1.0 - 2.0 * n * share);
        if !step.is_finite() {
            break;
        }
        let next = t - step;
        // The last steps are rounding.
        if next >= t || (t - next) <= 1e-16 * t.abs().max(1e-3) {
            t = next.min(t);
            break;
        }
        t = next;
    }
    t.is_finite().then_some(t)
}
