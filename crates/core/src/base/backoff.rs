//! When to try again: exponential backoff with jitter that comes from a seed.

/// The retry schedule of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The first delay, in seconds.
    pub base_seconds: u32,
    /// The longest delay, in seconds.
    pub max_seconds: u32,
    /// How many times an event is sent before it is dead.
    pub max_attempts: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        // 10 s doubling to an hour: twelve attempts span about six hours.
        Self {
            base_seconds: 10,
            max_seconds: 3600,
            max_attempts: 12,
        }
    }
}

impl Backoff {
    /// The queue's own limit on a delay (24 hours).
    pub const MOST_SECONDS: u32 = 86_400;

    /// Seconds to wait after the given attempt (the first is 0) failed.
    ///
    /// Exponential with up to a quarter of jitter, which comes from `seed` so that the core stays without chance; a
    /// platform's own wish is a floor.
    pub fn delay(&self, attempt: u32, after: Option<u32>, seed: u64) -> u32 {
        let doubled = u64::from(self.base_seconds) << attempt.min(20);
        let capped = doubled.min(u64::from(self.max_seconds)).max(1);
        let jitter = (capped * (mix(seed ^ u64::from(attempt)) % 256)) / 1024;
        let delay = u32::try_from(capped + jitter).unwrap_or(u32::MAX);
        delay.max(after.unwrap_or(0)).min(Self::MOST_SECONDS)
    }
}

/// `SplitMix64`'s finaliser: spreads the bits of a seed (Steele, Lea and Flood, 2014).
pub(crate) const fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_ceiling_and_honour_the_platforms_wish() {
        let schedule = Backoff {
            base_seconds: 10,
            max_seconds: 600,
            max_attempts: 12,
        };
        for seed in 0..100 {
            for attempt in 0..40 {
                let plain = (10_u64 << attempt.min(20)).min(600);
                let delay = u64::from(schedule.delay(attempt, None, seed));
                assert!(
                    delay >= plain && delay <= plain + plain / 4,
                    "{attempt} {delay}"
                );
            }
            assert_eq!(schedule.delay(0, Some(900), seed), 900);
            assert_eq!(
                schedule.delay(0, Some(u32::MAX), seed),
                Backoff::MOST_SECONDS
            );
        }
    }
}
