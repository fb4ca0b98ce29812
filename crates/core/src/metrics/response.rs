//! Revenue as a function of spend: curves, fits, choice, optimum, adstock.
