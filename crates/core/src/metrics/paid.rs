//! The small calculators of paid advertising.
