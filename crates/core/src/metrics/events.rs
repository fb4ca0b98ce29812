//! The quality of the events themselves: coverage, duplicates, changes of volume.
