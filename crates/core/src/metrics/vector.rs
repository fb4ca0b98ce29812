//! Column loops with the widest vectors that the processor has.
//!
//! A loop over slices that is inlined into the closure is compiled twice, for the processor at hand (AVX2 on most servers)
//! and for any. The bits are the same in both: such loops use the four operations, square roots, comparisons and
//! [`f64::mul_add`], which are exact to the last bit everywhere, and nothing is reassociated.
#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the vectors"
)]

/// Runs `f` compiled for the vectors that this processor has.
///
/// Everything that is to profit has to be inlined into `f`: `#[inline(always)]` on the kernels and on the closure itself.
///
/// ```
/// use edgetally_core::metrics::vector::vectorised;
///
/// let (a, b) = ([1.0, 2.0], [0.5, 0.25]);
/// let mut sums = [0.0; 2];
/// vectorised(
///     #[inline(always)]
///     || sums.iter_mut().zip(a).zip(b).for_each(|((sum, a), b)| *sum = a + b),
/// );
/// assert_eq!(sums, [1.5, 2.25]);
/// ```
#[inline(always)]
pub fn vectorised<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        pulp::Arch::new().dispatch(f)
    }
    #[cfg(not(target_arch = "x86_64"))]
    f()
}
