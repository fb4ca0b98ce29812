//! The weights of a synthetic control.

use super::dot;

/// The weights on the simplex that bring the donors nearest to the treated: with weights that sum to 1, the distance is the
/// norm of the weighted differences, and sought is the point of their convex hull nearest to the origin (Wolfe 1976).
#[expect(
    clippy::indexing_slicing,
    reason = "indices into the hull's points are made here and never leave"
)]
pub(super) fn simplex_weights(treated: &[f64], donors: &[&[f64]]) -> Vec<f64> {
    let mut points: Vec<Vec<f64>> = donors
        .iter()
        .map(|series| {
            series
                .iter()
                .zip(treated)
                .map(|(x, y)| x - y)
                .collect::<Vec<f64>>()
        })
        .collect();
    let scale = points.iter().flatten().map(|x| x.abs()).fold(0.0, f64::max);
    let count = points.len();
    if scale == 0.0 || !scale.is_finite() {
        // All are the treated region itself: any weights will do.
        return vec![1.0 / count as f64; count];
    }
    points.iter_mut().flatten().for_each(|x| *x /= scale);
    let norms: Vec<f64> = points.iter().map(|point| dot(point, point)).collect();
    let first = (0..count)
        .min_by(|a, b| norms[*a].total_cmp(&norms[*b]))
        .unwrap_or(0);
    let mut corral = vec![first];
    let mut shares = vec![1.0];
    let combine = |corral: &[usize], shares: &[f64]| -> Vec<f64> {
        let mut x = vec![0.0; treated.len()];
        for (i, share) in corral.iter().zip(shares) {
            x.iter_mut()
                .zip(&points[*i])
                .for_each(|(x, p)| *x += share * p);
        }
        x
    };
    for _ in 0..50 * (count + 10) {
        let x = combine(&corral, &shares);
        let square = dot(&x, &x);
        // The point that lies furthest beyond the present one.
        let Some((next, reach)) = (0..count)
            .map(|i| (i, dot(&x, &points[i])))
            .min_by(|a, b| a.1.total_cmp(&b.1))
        else {
            break;
        };
        if reach >= square - 1e-15 * norms[next].max(square).max(1e-300).sqrt() * square.sqrt()
            || corral.contains(&next)
        {
            break;
        }
        corral.push(next);
        shares.push(0.0);
        loop {
            let Some(affine) = affine_minimum(&corral, &points) else {
                // The newcomer lies in the plane of the others.
                corral.pop();
                shares.pop();
                break;
            };
            if affine.iter().all(|share| *share > 0.0) {
                shares = affine;
                break;
            }
            // Towards it as far as the simplex goes; who reaches zero leaves.
            let reach = shares
                .iter()
                .zip(&affine)
                .filter(|(_, to)| **to <= 0.0)
                .map(|(from, to)| from / (from - to))
                .fold(1.0, f64::min);
            shares
                .iter_mut()
                .zip(&affine)
                .for_each(|(from, to)| *from += reach * (to - *from));
            let smallest = shares
                .iter()
                .zip(&affine)
                .enumerate()
                .filter(|(_, (_, to))| **to <= 0.0)
                .min_by(|a, b| a.1.0.total_cmp(b.1.0))
                .map_or(0, |(place, _)| place);
            let keep: Vec<bool> = shares
                .iter()
                .enumerate()
                .map(|(place, share)| place != smallest && *share > 1e-15)
                .collect();
            let mut kept = keep.iter();
            corral.retain(|_| *kept.next().unwrap_or(&true));
            let mut kept = keep.iter();
            shares.retain(|_| *kept.next().unwrap_or(&true));
            if corral.is_empty() {
                corral.push(next);
                shares.push(1.0);
                break;
            }
        }
        // No progress is arithmetic's end.
        let now = combine(&corral, &shares);
        if dot(&now, &now) >= square {
            break;
        }
    }
    let mut weights = vec![0.0; count];
    let total: f64 = shares.iter().sum();
    for (i, share) in corral.iter().zip(&shares) {
        weights[*i] = share / total;
    }
    weights
}

/// The weights of the point nearest to the origin in the plane of some points: differences to the first of them are made
/// orthogonal, so that no squares lose digits. `None` where the last one adds no direction.
#[expect(
    clippy::indexing_slicing,
    reason = "a triangle over the corral's own points"
)]
fn affine_minimum(corral: &[usize], points: &[Vec<f64>]) -> Option<Vec<f64>> {
    let (first, rest) = corral.split_first()?;
    let base = &points[*first];
    let size = rest.len();
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(size);
    let mut triangle = vec![vec![0.0; size]; size];
    for (j, i) in rest.iter().enumerate() {
        let mut column: Vec<f64> = points[*i].iter().zip(base).map(|(x, b)| x - b).collect();
        let length = dot(&column, &column).sqrt();
        for _ in 0..2 {
            for (k, q) in basis.iter().enumerate() {
                let product = dot(q, &column);
                triangle[k][j] += product;
                column
                    .iter_mut()
                    .zip(q)
                    .for_each(|(x, q)| *x -= product * q);
            }
        }
        let left = dot(&column, &column).sqrt();
        if left.is_nan() || left <= 1e-12 * length {
            return None;
        }
        triangle[j][j] = left;
        for x in &mut column {
            *x /= left;
        }
        basis.push(column);
    }
    // Minimise |base + D a|: R a = -Q' base.
    let mut residual = base.clone();
    let mut target = vec![0.0; size];
    for (k, q) in basis.iter().enumerate() {
        let product = dot(q, &residual);
        target[k] = -product;
        residual
            .iter_mut()
            .zip(q)
            .for_each(|(x, q)| *x -= product * q);
    }
    let mut solution = vec![0.0; size];
    for j in (0..size).rev() {
        let sum: f64 = (j + 1..size).map(|k| triangle[j][k] * solution[k]).sum();
        solution[j] = (target[j] - sum) / triangle[j][j];
    }
    let own = 1.0 - solution.iter().sum::<f64>();
    let mut shares = vec![own];
    shares.extend(solution);
    shares
        .iter()
        .all(|share| share.is_finite())
        .then_some(shares)
}
