//! An estimate, from 0 to 10, of how well a platform can match events to people.
//!
//! It is ours, and never a platform's score: no platform publishes weights, so these are choices, made after what each says
//! about its keys (`docs/quality.md`). It is computed when it is read, of the keys that went along.

use crate::base::match_keys::{Key, Keys};

/// By itself a key of this weight is nearly enough.
const HIGH: f64 = 0.60;
/// One that often helps.
const MIDDLE: f64 = 0.30;
/// One that seldom does alone.
const LOW: f64 = 0.10;
/// The platform does not match by it.
const NONE: f64 = 0.0;

/// For each platform that matches people, the weights of [`Key::ALL`] in their order: click id, e-mail, phone, external id,
/// browser id, address with user agent, name and place.
const WEIGHTS: [(&str, [f64; 7]); 9] = [
    ("google_ads", [HIGH, HIGH, HIGH, NONE, NONE, LOW, MIDDLE]),
    ("linkedin", [HIGH, HIGH, NONE, NONE, NONE, NONE, MIDDLE]),
    ("meta", [HIGH, HIGH, MIDDLE, MIDDLE, MIDDLE, LOW, LOW]),
    ("microsoft", [HIGH, HIGH, MIDDLE, MIDDLE, MIDDLE, LOW, NONE]),
    ("pinterest", [HIGH, HIGH, NONE, HIGH, NONE, MIDDLE, LOW]),
    ("reddit", [HIGH, HIGH, MIDDLE, MIDDLE, MIDDLE, LOW, NONE]),
    ("snapchat", [HIGH, HIGH, HIGH, MIDDLE, MIDDLE, LOW, LOW]),
    ("tiktok", [HIGH, HIGH, HIGH, MIDDLE, MIDDLE, LOW, NONE]),
    ("x", [HIGH, MIDDLE, MIDDLE, NONE, NONE, LOW, NONE]),
];

/// The weights of a platform's keys; nothing where it matches nobody.
pub fn weights(platform: &str) -> Option<[(Key, f64); 7]> {
    let (_, weights) = WEIGHTS.iter().find(|(of, _)| *of == platform)?;
    let mut pairs = Key::ALL.map(|key| (key, NONE));
    for ((_, weight), own) in pairs.iter_mut().zip(weights) {
        *weight = *own;
    }
    Some(pairs)
}

/// How well one event can be matched, from 0 to 1: each key is another chance to find the visitor, and a key that is there
/// never takes from the others.
pub fn chance(weights: &[(Key, f64)], keys: Keys) -> f64 {
    let there = weights.iter().filter(|(key, _)| keys.has(*key));
    1.0 - there.map(|(_, weight)| 1.0 - weight).product::<f64>()
}

/// The estimate for events at a platform, by their keys: `10 · mean(1 − Π(1 − weight))`, to two places. Nothing where there
/// are no events, or nobody is matched.
///
/// ```
/// use edgetally_core::base::match_keys::Keys;
/// use edgetally_core::quality::score::estimate;
/// let keys = |code| Keys::read(code).unwrap();
/// assert_eq!(estimate("meta", [(keys("e"), 1)]), Some(6.0));
/// assert_eq!(estimate("meta", [(keys("en"), 3), (keys(""), 1)]), Some(4.8));
/// assert_eq!(estimate("meta", []), None);
/// assert_eq!(estimate("webhook", [(keys("e"), 1)]), None);
/// ```
pub fn estimate(platform: &str, events: impl IntoIterator<Item = (Keys, i64)>) -> Option<f64> {
    let weights = weights(platform)?;
    let (sum, n) = events.into_iter().fold((0.0, 0), |(sum, all), (keys, n)| {
        (sum + chance(&weights, keys) * as_float(n), all + n)
    });
    let places = |of: f64| (of * 100.0).round() / 100.0;
    (n > 0).then(|| places(10.0 * sum / as_float(n)))
}

/// A count as a float. Counts are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts of events")]
pub(crate) const fn as_float(n: i64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_platforms_are_in_order_and_there_are_such() {
        assert!(WEIGHTS.is_sorted_by(|(one, _), (other, _)| one < other));
        for (platform, _) in WEIGHTS {
            assert!(weights(platform).is_some());
        }
        assert!(weights("ga4").is_none());
    }

    proptest! {
        #[test]
        fn more_keys_never_make_it_worse_and_never_too_good(bits in 0..128_usize, more in 0..7_usize, platform in 0..9_usize) {
            let keys = Key::ALL.iter().enumerate().fold(Keys::NONE, |keys, (at, key)| keys.with(*key, bits >> at & 1 == 1));
            let with = keys.with(Key::ALL[more], true);
            let of = |keys| estimate(WEIGHTS[platform].0, [(keys, 1)]).unwrap();
            prop_assert!(of(with) >= of(keys));
            prop_assert!((0.0..10.0).contains(&of(with)));
        }
    }
}
