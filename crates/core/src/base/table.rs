//! A small map: a sorted list of pairs.
//!
//! Everything that is mapped here has a handful of keys, and the worker's size is a budget: the standard maps compile
//! into several kilobytes of wasm for each pair of types.

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Serialize, Serializer};

/// Keys in order, each once.
#[derive(Clone, PartialEq, Eq)]
pub struct Table<K, V>(Vec<(K, V)>);

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Table<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Ord, V> Table<K, V> {
    /// An empty one.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.0
            .binary_search_by(|(known, _)| known.borrow().cmp(key))
    }

    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.find(key)
            .ok()
            .and_then(|at| self.0.get(at))
            .map(|(_, value)| value)
    }

    /// Whether there is such a key.
    pub fn contains<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_ok()
    }

    /// Puts a value under a key; whether the key is new.
    pub fn insert(&mut self, key: K, value: V) -> bool {
        match self.find(&key) {
            Ok(at) => {
                if let Some((_, old)) = self.0.get_mut(at) {
                    *old = value;
                }
                false
            }
            Err(at) => {
                self.0.insert(at, (key, value));
                true
            }
        }
    }

    /// The value of a key, which is put there as its default when it is missing. `None` never comes.
    pub fn entry(&mut self, key: K) -> Option<&mut V>
    where
        V: Default,
    {
        let at = match self.find(&key) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(at, (key, V::default()));
                at
            }
        };
        self.0.get_mut(at).map(|(_, value)| value)
    }

    /// Changes the value of a key, which begins as its default.
    pub fn change(&mut self, key: K, change: impl FnOnce(&mut V))
    where
        V: Default,
    {
        if let Some(value) = self.entry(key) {
            change(value);
        }
    }
}

impl<K, V> Table<K, V> {
    /// The pairs, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// The values, by key.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K, V> IntoIterator for Table<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Table<K, V> {
    fn from_iter<T: IntoIterator<Item = (K, V)>>(pairs: T) -> Self {
        let mut table = Self::new();
        for (key, value) in pairs {
            table.insert(key, value);
        }
        table
    }
}

impl<K: Serialize, V: Serialize> Serialize for Table<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Deserialize<'de> for Table<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs<K, V>(PhantomData<(K, V)>);
        impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Visitor<'de> for Pairs<K, V> {
            type Value = Table<K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut table = Table::new();
                while let Some((key, value)) = map.next_entry()? {
                    table.insert(key, value);
                }
                Ok(table)
            }
        }
        deserializer.deserialize_map(Pairs(PhantomData))
    }
}

/// Sorts by insertion, stably. For short lists, and long ones that are in order but for a few: the standard library's
/// sorts are six kilobytes of wasm for each type.
pub fn sort<T>(values: &mut [T], before: impl Fn(&T, &T) -> bool) {
    for end in 1..values.len() {
        for at in (1..=end).rev() {
            match values.get_mut(at - 1..=at) {
                Some([one, other]) if before(other, one) => std::mem::swap(one, other),
                _ => break,
            }
        }
    }
}

/// Sorts any number of values, stably. There is one sort for all types, which sorts the order of their places; so a further
/// type costs some hundred bytes of wasm, where the standard library's sorts take six thousand.
pub fn sort_many<T>(values: &mut Vec<T>, before: impl Fn(&T, &T) -> bool) {
    let order = order(
        values.len(),
        &|one, other| match (values.get(one), values.get(other)) {
            (Some(one), Some(other)) => before(one, other),
            _ => false,
        },
    );
    let mut taken: Vec<Option<T>> = std::mem::take(values).into_iter().map(Some).collect();
    let sorted = order.into_iter().filter_map(|at| taken.get_mut(at)?.take());
    values.extend(sorted);
}

/// The places in the order of what stands there: runs that are in order are merged, two at a time.
#[inline(never)]
fn order(count: usize, before: &dyn Fn(usize, usize) -> bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut merged = Vec::with_capacity(count);
    let mut width = 1;
    while width < count {
        for both in order.chunks(2 * width) {
            let (mut left, mut right) = both.split_at_checked(width).unwrap_or((both, &[]));
            while let (Some((one, lefts)), Some((other, rights))) =
                (left.split_first(), right.split_first())
            {
                if before(*other, *one) {
                    merged.push(*other);
                    right = rights;
                } else {
                    merged.push(*one);
                    left = lefts;
                }
            }
            merged.extend(left);
            merged.extend(right);
        }
        std::mem::swap(&mut order, &mut merged);
        merged.clear();
        width *= 2;
    }
    order
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Table, sort, sort_many};

    proptest! {
        #[test]
        fn many_are_sorted_as_by_the_standard_library(values in proptest::collection::vec(0..20_u8, 0..200)) {
            let mut values: Vec<(u8, usize)> = values.into_iter().enumerate().map(|(at, key)| (key, at)).collect();
            let mut known = values.clone();
            known.sort_by_key(|(key, _)| *key);
            sort_many(&mut values, |(one, _), (other, _)| one < other);
            prop_assert_eq!(values, known);
        }
    }

    #[test]
    fn equals_keep_their_order() {
        let mut values = [(3, 'a'), (1, 'b'), (3, 'c'), (2, 'd'), (1, 'e'), (0, 'f')];
        let mut known = values;
        known.sort_by_key(|(key, _)| *key);
        sort(&mut values, |(one, _), (other, _)| one < other);
        assert_eq!(values, known);
        sort::<(i32, char)>(&mut [], |one, other| one < other);
    }

    #[test]
    fn keys_are_in_order_and_once() {
        let mut table: Table<String, i32> = [("b", 1), ("a", 2), ("b", 3)]
            .map(|(k, v)| (k.to_owned(), v))
            .into_iter()
            .collect();
        table.change("c".to_owned(), |n| *n += 5);
        assert!(!table.insert("a".to_owned(), 9) && table.contains("c") && !table.contains("d"));
        assert_eq!(
            serde_json::to_string(&table).unwrap(),
            r#"{"a":9,"b":3,"c":5}"#
        );
        assert_eq!(
            serde_json::from_str::<Table<String, i32>>(r#"{"c":5,"a":9,"b":3}"#).unwrap(),
            table
        );
    }
}
