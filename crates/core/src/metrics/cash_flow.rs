//! Net present value, internal rates of return, payback.
