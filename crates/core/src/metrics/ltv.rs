//! Lifetime value: geometric, by horizon, by retention table, by cohort, shifted-beta-geometric; payback.
