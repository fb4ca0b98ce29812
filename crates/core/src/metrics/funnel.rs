//! From impressions to profit, backwards, and with the uncertainty of counts.
