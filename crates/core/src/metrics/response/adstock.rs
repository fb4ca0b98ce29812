//! Advertising that works on after it was paid for.

use crate::metrics::math::{pow, ratio};
use crate::metrics::{DomainError, Rule};

/// What was spent before the first row.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Start {
    /// Nothing: the first rows then have less adstock than the same spend has later.
    #[default]
    Zero,
    /// The first row's spend, in every period before it.
    Steady,
    /// This spend, in every period before the first row.
    Level(f64),
}

/// How spend is carried over to the following periods.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adstock {
    /// The share that is left after one period.
    pub theta: f64,
    /// Whether the weights are divided by their sum, so that a steady spend is its own adstock.
    pub normalize: bool,
    /// How many periods count, the present one included; `None` for all of them.
    pub max_lag: Option<usize>,
    /// What was spent before the first row.
    pub start: Start,
}

impl Adstock {
    /// Checked: `theta` from 0 to 1, and below 1 where an endless sum of weights is to be divided by.
    pub fn new(theta: f64, normalize: bool, max_lag: Option<usize>) -> Result<Self, DomainError> {
        DomainError::check("theta", Rule::Rate, theta)?;
        if theta == 1.0 && normalize && max_lag.is_none() {
            return Err(DomainError::scalar(
                "theta",
                Rule::Other(
                    "never_decays",
                    "never decays: its weights have no finite sum to be divided by",
                ),
                theta,
            ));
        }
        if max_lag == Some(0) {
            return Err(DomainError::scalar("max_lag", Rule::PositiveCount, 0.0));
        }
        Ok(Self::raw(theta, normalize, max_lag))
    }

    /// Without checks.
    pub(super) const fn raw(theta: f64, normalize: bool, max_lag: Option<usize>) -> Self {
        Self {
            theta,
            normalize,
            max_lag,
            start: Start::Zero,
        }
    }

    /// The same after another past. Where nothing decays and every period counts, a past has no finite sum and is refused.
    pub fn starting(self, start: Start) -> Result<Self, DomainError> {
        if let Start::Level(level) = start {
            DomainError::check("initial", Rule::NonNegative, level)?;
        }
        if start != Start::Zero && self.theta == 1.0 && self.max_lag.is_none() {
            return Err(DomainError::whole(
                "initial",
                Rule::Other(
                    "never_decays",
                    "is carried over for ever: nothing decays, so that a steady past has no finite sum",
                ),
            ));
        }
        Ok(Self { start, ..self })
    }

    /// The weights of all periods before the first row, at row `row`.
    fn past(&self, row: usize) -> f64 {
        let first = pow(self.theta, row as f64 + 1.0);
        match self.max_lag {
            None => first / (1.0 - self.theta),
            Some(lag) if row + 1 >= lag => 0.0,
            Some(lag) if self.theta == 1.0 => (lag - row - 1) as f64,
            // Term by term, since a difference of powers would lose digits.
            Some(lag) => {
                let (mut weight, mut sum) = (first, 0.0);
                for _ in row + 1..lag {
                    sum += weight;
                    weight *= self.theta;
                    if weight == 0.0 {
                        break;
                    }
                }
                sum
            }
        }
    }

    /// The sum of the weights; infinite where nothing decays.
    pub(super) fn sum(&self) -> f64 {
        match self.max_lag {
            None if self.theta >= 1.0 => f64::INFINITY,
            None => 1.0 / (1.0 - self.theta),
            Some(lag) if self.theta == 1.0 => lag as f64,
            Some(lag) => {
                let mut weight = 1.0;
                let mut sum = 0.0;
                for _ in 0..lag {
                    sum += weight;
                    weight *= self.theta;
                    if weight == 0.0 {
                        break;
                    }
                }
                sum
            }
        }
    }

    /// The adstock of a spend of one in every period, for ever.
    pub fn steady(&self) -> f64 {
        if self.normalize { 1.0 } else { self.sum() }
    }

    /// The adstock of each period.
    ///
    /// Without `max_lag` it is the recursion `a_t = x_t + theta a_(t-1)` (Broadbent 1979); with it the sum over a finite
    /// window, lags `0 .. max_lag - 1`. Normalised by `1 - theta` or by the sum of the window's weights. What came before the
    /// first row is [`Start`]'s to say: by default nothing, so that the first rows of a steady spend start too low.
    ///
    /// ```
    /// use edgetally_core::metrics::response::Adstock;
    /// let carried = Adstock::new(0.5, false, None).unwrap().apply(&[100.0, 0.0, 0.0]).unwrap();
    /// assert_eq!(carried, [100.0, 50.0, 25.0]);
    /// ```
    pub fn apply(&self, spend: &[f64]) -> Result<Vec<f64>, DomainError> {
        DomainError::check_all("spend", Rule::NonNegative, spend)?;
        let mut carried = self.rows(spend);
        let level = match self.start {
            Start::Zero => 0.0,
            Start::Steady => spend.first().copied().unwrap_or(0.0),
            Start::Level(level) => level,
        };
        if level != 0.0 {
            let divisor = if self.normalize { self.sum() } else { 1.0 };
            for (row, slot) in carried.iter_mut().enumerate() {
                let past = self.past(row);
                // From here on it is rounding, and a window has an end.
                if past == 0.0 {
                    break;
                }
                *slot += level * past / divisor;
            }
        }
        Ok(carried)
    }

    /// The adstock of what was spent in the rows themselves.
    fn rows(&self, spend: &[f64]) -> Vec<f64> {
        let Some(lag) = self.max_lag.filter(|lag| *lag < spend.len()) else {
            // A window that holds the whole series differs in its divisor alone.
            let factor = match (self.normalize, self.max_lag) {
                (false, _) => 1.0,
                (true, None) => 1.0 - self.theta,
                (true, Some(_)) => ratio(1.0, self.sum()),
            };
            let mut carried = 0.0;
            return spend
                .iter()
                .map(|x| {
                    carried = x + self.theta * carried;
                    carried * factor
                })
                .collect();
        };
        let weights: Vec<f64> = (0..lag).map(|lag| pow(self.theta, lag as f64)).collect();
        let divisor = if self.normalize { self.sum() } else { 1.0 };
        (0..spend.len())
            .map(|t| {
                let past = spend.get(..=t).unwrap_or_default();
                let sum: f64 = past.iter().rev().zip(&weights).map(|(x, w)| x * w).sum();
                sum / divisor
            })
            .collect()
    }
}
