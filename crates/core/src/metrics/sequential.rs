//! Looking at a test while it runs: intervals that hold at every look.
