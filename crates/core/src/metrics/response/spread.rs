//! Covariance matrices of a linearised fit.

/// Makes the columns orthonormal and returns the inverse of the triangle that takes them back: `J = Q R`, `R^-1`.
#[expect(
    clippy::indexing_slicing,
    reason = "matrices of four by four, columns counted by their own length"
)]
pub(super) fn orthogonalise(columns: &mut [Vec<f64>]) -> [[f64; 4]; 4] {
    let count = columns.len().min(4);
    let mut triangle = [[0.0; 4]; 4];
    for j in 0..count {
        // Twice is enough (Kahan, by way of Parlett 1980).
        for _ in 0..2 {
            for i in 0..j {
                let (before, rest) = columns.split_at_mut(j);
                let (q, column) = (&before[i], &mut rest[0]);
                let product: f64 = q.iter().zip(column.iter()).map(|(q, x)| q * x).sum();
                triangle[i][j] += product;
                column
                    .iter_mut()
                    .zip(q)
                    .for_each(|(x, q)| *x -= product * q);
            }
        }
        let norm = columns[j].iter().map(|x| x * x).sum::<f64>().sqrt();
        triangle[j][j] = norm;
        for x in &mut columns[j] {
            *x /= norm;
        }
    }
    let mut inverse = [[0.0; 4]; 4];
    for j in 0..count {
        inverse[j][j] = 1.0 / triangle[j][j];
        for i in (0..j).rev() {
            let sum: f64 = (i + 1..=j).map(|k| triangle[i][k] * inverse[k][j]).sum();
            inverse[i][j] = -sum / triangle[i][i];
        }
    }
    inverse
}

/// The long-run covariance of the scores in the orthonormal columns, with Bartlett's weights.
#[expect(
    clippy::indexing_slicing,
    reason = "matrices of four by four, columns counted by their own length"
)]
pub(super) fn newey_west(
    columns: &[Vec<f64>],
    scores: &[f64],
    lag: usize,
    factor: f64,
) -> [[f64; 4]; 4] {
    let mut sum = [[0.0; 4]; 4];
    let count = columns.len().min(4);
    let rows = scores.len();
    for distance in 0..=lag.min(rows.saturating_sub(1)) {
        let weight = factor * (1.0 - distance as f64 / (lag as f64 + 1.0));
        for i in 0..count {
            for j in 0..count {
                let product: f64 = (distance..rows)
                    .map(|t| {
                        let earlier = t - distance;
                        columns[i][t] * scores[t] * columns[j][earlier] * scores[earlier]
                    })
                    .sum();
                sum[i][j] += weight * product;
                if distance > 0 {
                    sum[j][i] += weight * product;
                }
            }
        }
    }
    sum
}

/// `variance R^-1 R^-T`, or with something else in the middle.
#[expect(clippy::indexing_slicing, reason = "matrices of four by four")]
pub(super) fn covariance(
    inverse: &[[f64; 4]; 4],
    count: usize,
    variance: f64,
    middle: Option<&[[f64; 4]; 4]>,
) -> [[f64; 4]; 4] {
    let mut result = [[0.0; 4]; 4];
    let count = count.min(4);
    for i in 0..count {
        for j in 0..count {
            result[i][j] = match middle {
                None => {
                    variance
                        * (0..count)
                            .map(|k| inverse[i][k] * inverse[j][k])
                            .sum::<f64>()
                }
                Some(middle) => (0..count)
                    .flat_map(|k| (0..count).map(move |l| (k, l)))
                    .map(|(k, l)| inverse[i][k] * middle[k][l] * inverse[j][l])
                    .sum(),
            };
        }
    }
    result
}

/// The value in the middle.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    let at = |i: usize| values.get(i).copied().unwrap_or(f64::NAN);
    if values.len() % 2 == 1 {
        at(half)
    } else {
        0.5 * (at(half.wrapping_sub(1)) + at(half))
    }
}
