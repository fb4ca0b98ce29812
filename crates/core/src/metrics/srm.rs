//! Sample ratio mismatch: were the arms split as planned?
