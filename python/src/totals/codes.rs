//! Values to codes: numbers from 1 in the order in which the values are met.

use super::windows::Window;

/// The widest range of whole numbers that is looked up instead of searched.
const DENSE: i64 = 1 << 20;
/// No code yet.
const NONE: u32 = u32::MAX;
/// The code of a missing value; others begin at 1.
pub(super) const MISSING: u32 = 0;

pub(super) trait Hashed: Copy + Eq {
    fn hashed(self) -> u64;
}

/// A product of two words, folded: every bit of both shows in the result.
#[inline(always)]
pub(super) fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

const SALT: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03];

impl Hashed for u64 {
    #[inline(always)]
    fn hashed(self) -> u64 {
        fold(self ^ SALT[0], SALT[1])
    }
}

impl Hashed for u128 {
    #[inline(always)]
    fn hashed(self) -> u64 {
        fold(self as u64 ^ SALT[0], (self >> 64) as u64 ^ SALT[1])
    }
}

pub(super) fn hash_bytes(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut hash = fold(bytes.len() as u64 ^ SALT[0], SALT[1]);
    for word in words {
        hash = fold(hash ^ u64::from_le_bytes(*word), SALT[1]);
    }
    let mut last = [0; 8];
    for (to, byte) in last.iter_mut().zip(rest) {
        *to = *byte;
    }
    fold(hash ^ u64::from_le_bytes(last), SALT[0])
}

/// Codes of fixed-size values: open addressing, at most a quarter full, so that the first look mostly finds. The table holds
/// places of values, so that it and the values that come often stay in the nearest cache.
pub(super) struct Codes<K> {
    slots: Vec<u32>,
    entries: Vec<(K, u32)>,
}

impl<K: Hashed + Default> Codes<K> {
    pub(super) fn new() -> Self {
        Self {
            slots: vec![NONE; 64],
            entries: Vec::new(),
        }
    }

    /// The code of a value; `fresh` makes the code of a new one.
    #[inline]
    pub(super) fn find(&mut self, key: K, fresh: impl FnOnce() -> u32) -> u32 {
        let mask = self.slots.len() - 1;
        let mut place = key.hashed() as usize & mask;
        while let Some(entry) = self.slots.get(place) {
            match self.entries.get(*entry as usize) {
                Some((known, code)) if *known == key => return *code,
                Some(_) => place = (place + 1) & mask,
                None => break,
            }
        }
        let code = fresh();
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = self.entries.len() as u32;
        }
        self.entries.push((key, code));
        if self.entries.len() * 4 > self.slots.len() {
            self.grow();
        }
        code
    }

    #[cold]
    fn grow(&mut self) {
        let size = self.slots.len() * 4;
        self.slots.clear();
        self.slots.resize(size, NONE);
        for ((key, _), entry) in self.entries.iter().zip(0..) {
            let mut place = key.hashed() as usize & (size - 1);
            while self.slots.get(place).is_some_and(|slot| *slot != NONE) {
                place = (place + 1) & (size - 1);
            }
            if let Some(slot) = self.slots.get_mut(place) {
                *slot = entry;
            }
        }
    }
}

/// A text of up to twelve bytes in one number, as Arrow's view layout has it: length, then bytes.
#[inline(always)]
pub(super) fn short(bytes: &[u8]) -> Option<u128> {
    let length = bytes.len();
    // Put together in registers, from reads of a size that is known when compiling; they may overlap.
    let text = if length > 12 {
        return None;
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk()) {
        let (first, last) = (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
        // The bytes after the eighth; there may be none, and a shift by 64 is not one.
        let rest = (last >> 1) >> (8 * (16 - length) - 1);
        u128::from(first) | u128::from(rest) << 64
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        let rest = u64::from(last) >> (8 * (8 - length));
        u128::from(u64::from(first) | rest << 32)
    } else {
        let byte = |place: usize| {
            let byte = bytes.get(place).copied().unwrap_or(0);
            u128::from(byte) << (8 * place)
        };
        byte(0) | byte(1) | byte(2)
    };
    Some(length as u128 | text << 32)
}

/// Codes of texts.
pub(super) struct Texts {
    pub(super) values: Vec<Box<[u8]>>,
    pub(super) short: Codes<u128>,
    /// Hash and code; the value is looked up.
    pub(super) long: Vec<(u64, u32)>,
    pub(super) long_used: usize,
}

impl Texts {
    pub(super) fn new() -> Self {
        Self {
            values: Vec::new(),
            short: Codes::new(),
            long: vec![(0, NONE); 64],
            long_used: 0,
        }
    }

    pub(super) fn code(&mut self, bytes: &[u8]) -> u32 {
        match short(bytes) {
            Some(word) => self.short_code(word),
            None => self.long_code(bytes),
        }
    }

    #[inline]
    pub(super) fn short_code(&mut self, word: u128) -> u32 {
        let values = &mut self.values;
        self.short.find(word, || {
            let bytes = word.to_le_bytes();
            let text = bytes[4..].iter().take(bytes[0].into()).copied();
            values.push(text.collect());
            values.len() as u32
        })
    }

    pub(super) fn long_code(&mut self, bytes: &[u8]) -> u32 {
        let hash = hash_bytes(bytes);
        let mask = self.long.len() - 1;
        let mut place = hash as usize & mask;
        while let Some((known, code)) = self.long.get(place) {
            if *code == NONE {
                break;
            }
            if *known == hash
                && self
                    .values
                    .get(*code as usize - 1)
                    .is_some_and(|value| **value == *bytes)
            {
                return *code;
            }
            place = (place + 1) & mask;
        }
        self.values.push(Box::from(bytes));
        let code = self.values.len() as u32;
        if let Some(slot) = self.long.get_mut(place) {
            *slot = (hash, code);
        }
        self.long_used += 1;
        if self.long_used * 2 > self.long.len() {
            let size = self.long.len() * 4;
            let old = std::mem::replace(&mut self.long, vec![(0, NONE); size]);
            for slot in old.into_iter().filter(|slot| slot.1 != NONE) {
                let mut place = slot.0 as usize & (size - 1);
                while self.long.get(place).is_some_and(|(_, code)| *code != NONE) {
                    place = (place + 1) & (size - 1);
                }
                if let Some(to) = self.long.get_mut(place) {
                    *to = slot;
                }
            }
        }
        code
    }
}

/// Codes of whole numbers: looked up while they lie near each other, searched otherwise.
pub(super) struct Integers {
    pub(super) base: i64,
    pub(super) dense: Vec<u32>,
    pub(super) sparse: Codes<u64>,
    pub(super) values: Vec<i64>,
    /// Numbers that come to the same value have the same code.
    pub(super) window: Option<Window>,
    pub(super) by_value: Codes<u64>,
    pub(super) least: i64,
    pub(super) most: i64,
}

impl Integers {
    pub(super) fn new(window: Option<Window>) -> Self {
        Self {
            base: 0,
            dense: Vec::new(),
            sparse: Codes::new(),
            values: Vec::new(),
            window,
            by_value: Codes::new(),
            least: i64::MAX,
            most: i64::MIN,
        }
    }

    pub(super) fn fresh(&mut self, number: i64) -> u32 {
        self.least = self.least.min(number);
        self.most = self.most.max(number);
        let values = &mut self.values;
        let value = self.window.map_or(number, |window| window.around(number).0);
        self.by_value.find(value.cast_unsigned(), || {
            values.push(value);
            values.len() as u32
        })
    }

    /// Sees to it that the range can be looked up, if it is not too wide.
    pub(super) fn reach(&mut self, least: i64, most: i64) {
        let held = self.dense.len() as i64;
        let beyond = i128::from(most) - i128::from(self.base);
        if held > 0 && self.base <= least && beyond < i128::from(held) {
            return;
        }
        let (mut from, mut to) = (least, most);
        if held > 0 {
            from = from.min(self.base);
            to = to.max(self.base + held - 1);
        }
        let wide = i128::from(to) - i128::from(from) + 1;
        if wide > i128::from(DENSE) {
            return;
        }
        let mut dense = vec![NONE; wide as usize];
        for (code, number) in self.dense.iter().zip(self.base..) {
            if let Some(slot) = dense.get_mut((number - from) as usize) {
                *slot = *code;
            }
        }
        self.dense = dense;
        self.base = from;
    }

    pub(super) fn code(&mut self, number: i64) -> u32 {
        let place = number.wrapping_sub(self.base) as usize;
        match self.dense.get(place) {
            Some(&code) if code != NONE => code,
            Some(_) => {
                let code = self.fresh(number);
                if let Some(slot) = self.dense.get_mut(place) {
                    *slot = code;
                }
                code
            }
            None => {
                if self.window.is_some() {
                    return self.fresh(number);
                }
                let (values, by_value) = (&mut self.values, &mut self.by_value);
                self.sparse.find(number.cast_unsigned(), || {
                    by_value.find(number.cast_unsigned(), || {
                        values.push(number);
                        values.len() as u32
                    })
                })
            }
        }
    }

    pub(super) fn codes(&mut self, numbers: &[i64], codes: &mut Vec<u32>) {
        // Nearly always all of them are known; then this is one look-up a row and no branch.
        let start = codes.len();
        let (dense, base) = (&self.dense, self.base);
        codes.extend(numbers.iter().map(|number| {
            let place = number.wrapping_sub(base) as usize;
            dense.get(place).copied().unwrap_or(NONE)
        }));
        if codes
            .iter()
            .skip(start)
            .fold(0, |any, code| any | u32::from(*code == NONE))
            != 0
        {
            let unknown = || {
                let pairs = codes.iter().skip(start).zip(numbers);
                pairs
                    .filter(|(code, _)| **code == NONE)
                    .map(|(_, number)| *number)
            };
            if let (Some(least), Some(most)) = (unknown().min(), unknown().max()) {
                self.reach(least, most);
            }
            for (code, number) in codes.iter_mut().skip(start).zip(numbers) {
                if *code == NONE {
                    *code = self.code(*number);
                }
            }
        }
    }
}

/// Codes of pairs of codes.
pub(super) struct Pairs {
    pub(super) bits: u32,
    pub(super) firsts: u32,
    pub(super) dense: Vec<u32>,
    pub(super) sparse: Codes<u64>,
    pub(super) pairs: Vec<(u32, u32)>,
}

impl Pairs {
    pub(super) fn new() -> Self {
        Self {
            bits: 0,
            firsts: 0,
            dense: Vec::new(),
            sparse: Codes::new(),
            pairs: Vec::new(),
        }
    }

    pub(super) const fn slot(&self, first: u32, second: u32) -> usize {
        ((first as usize) << self.bits) | second as usize
    }

    /// Replaces the first codes by those of the pairs. `firsts` and `seconds` say how many there are of each.
    pub(super) fn codes(
        &mut self,
        first: &mut [u32],
        second: &[u32],
        firsts: usize,
        seconds: usize,
    ) {
        if firsts as u64 > u64::from(self.firsts) || seconds as u64 > 1 << self.bits {
            // No wider than what is there, doubled each time: a small table stays in a near cache.
            self.bits = self.bits.max(seconds.next_power_of_two().trailing_zeros());
            self.firsts = self.firsts.max(firsts.next_power_of_two() as u32);
            let wide = u64::from(self.firsts) << self.bits;
            self.dense = if wide <= 1 << 20 {
                vec![NONE; wide as usize]
            } else {
                Vec::new()
            };
            for (&(a, b), code) in self.pairs.iter().zip(0..) {
                if self.dense.is_empty() {
                    self.sparse.find(u64::from(a) << 32 | u64::from(b), || code);
                } else {
                    let slot = self.slot(a, b);
                    if let Some(to) = self.dense.get_mut(slot) {
                        *to = code;
                    }
                }
            }
        }
        let pairs = &mut self.pairs;
        if self.dense.is_empty() {
            for (a, b) in first.iter_mut().zip(second) {
                let key = u64::from(*a) << 32 | u64::from(*b);
                *a = self.sparse.find(key, || {
                    pairs.push((*a, *b));
                    pairs.len() as u32 - 1
                });
            }
            return;
        }
        let bits = self.bits;
        for (a, b) in first.iter_mut().zip(second) {
            let slot = ((*a as usize) << bits) | *b as usize;
            if let Some(code) = self.dense.get_mut(slot) {
                if *code == NONE {
                    pairs.push((*a, *b));
                    *code = pairs.len() as u32 - 1;
                }
                *a = *code;
            }
        }
    }
}
