//! Special functions: normal, beta, gamma, Student, their inverses, and probabilities of counts.
//!
//! What all of them keep to:
//!
//! - **Both tails.** A distribution function gives the lower and the upper tail, each with its own leading digits, because
//!   `1 - p` of a tiny `p` has none left.
//! - **Saddle-point prefactors.** Powers, factorials and gamma functions of large arguments nearly cancel. They are replaced
//!   by Stirling's remainder and the deviance, which do not (C. Loader, *Fast and accurate computation of binomial
//!   probabilities*, 2000).
//! - `NaN` for parameters outside the domain. Nothing panics, nothing loops without a bound.
//!
//! ```
//! use edgetally_core::metrics::special;
//!
//! assert!((special::normal_quantile(0.975) - 1.959963984540054).abs() < 1e-15);
//! // 2.1e-13 and not 0: the upper tail is not 1 less the lower one.
//! let (lower, upper) = special::student_cdf(7.5, 196534.9);
//! assert!(lower == 1.0 - upper && upper > 3e-14 && upper < 4e-14);
//! ```

mod beta;
mod counts;
mod gamma;
mod normal;
mod panel;
mod pieces;
mod student;

pub use beta::{beta_cdf, beta_quantile};
pub use counts::{binomial_pmf, hypergeometric_pmf, poisson_pmf};
pub use gamma::{chi2_sf, gamma_cdf, gamma_quantile, ln_gamma};
pub use normal::{normal_cdf, normal_pdf, normal_quantile, normal_quantile_sf, normal_sf};
pub use panel::{GAUSS_LEGENDRE_16, gauss_legendre, gauss_legendre_panels};
pub use student::{student_cdf, student_quantile};

pub(in crate::metrics) use beta::lower_ratio;
pub(in crate::metrics) use panel::falling_tail;
pub(in crate::metrics) use pieces::{SaddlePoint, log1p_less_x, stirling_rest};
