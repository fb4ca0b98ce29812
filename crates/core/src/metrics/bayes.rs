//! Two rates with Beta priors: probabilities, losses and credible intervals by quadrature.
