//! Days, weeks, months: windows of time that can be compared.
