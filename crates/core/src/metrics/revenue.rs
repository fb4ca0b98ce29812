//! Means per user: Welch, Fieller, ratio metrics, CUPED; from sufficient statistics.
