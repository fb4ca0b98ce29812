//! How many users a test needs, and what it can see.
