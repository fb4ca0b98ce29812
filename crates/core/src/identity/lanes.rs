//! SHA-256 of four short texts at once, for WebAssembly, which has vectors but no instruction for hashing.
//!
//! FIPS 180-4, with each word a vector of the four texts' words. Texts of up to 55 bytes are one block, which nearly
//! all identifiers are; others go through the ordinary way. A test holds it against the `sha2` crate.

use core::arch::wasm32::{
    i32x4_add, i32x4_extract_lane, u32x4, u32x4_shl, u32x4_shr, u32x4_splat, v128, v128_and,
    v128_andnot, v128_or, v128_xor,
};

use super::sha256::{K, START};

/// The longest text that is one block: 64 bytes less the stop bit and the length.
pub(super) const LONGEST: usize = 55;

fn rotate<const N: u32, const REST: u32>(x: v128) -> v128 {
    v128_or(u32x4_shr(x, N), u32x4_shl(x, REST))
}

fn add(a: v128, b: v128) -> v128 {
    i32x4_add(a, b)
}

/// One text as its sixteen words: the text, the stop bit, zeros, the length in bits.
fn words(text: &str) -> [u32; 16] {
    let mut block = [0_u8; 64];
    block
        .iter_mut()
        .zip(text.bytes().chain([0x80]))
        .for_each(|(to, from)| *to = from);
    let bits = u16::try_from(text.len() * 8)
        .unwrap_or_default()
        .to_be_bytes();
    block
        .iter_mut()
        .skip(62)
        .zip(bits)
        .for_each(|(to, from)| *to = from);
    let mut words = [0; 16];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
        *word = bytes
            .iter()
            .fold(0, |word, byte| word << 8 | u32::from(*byte));
    }
    words
}

#[expect(
    clippy::many_single_char_names,
    reason = "FIPS 180-4 calls the working variables a to h"
)]
/// The digests of four texts of at most [`LONGEST`] bytes each.
pub(super) fn digests(texts: [&str; 4]) -> [[u8; 32]; 4] {
    let [a, b, c, d] = texts.map(words);
    let mut schedule = [u32x4_splat(0); 64];
    for ((((w, a), b), c), d) in schedule.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *w = u32x4(a, b, c, d);
    }
    for round in 16..64 {
        if let Some([w16, w15, .., w7, _, _, _, _, w2, _, next]) =
            schedule.get_mut(round - 16..=round)
        {
            let s0 = v128_xor(
                v128_xor(rotate::<7, 25>(*w15), rotate::<18, 14>(*w15)),
                u32x4_shr(*w15, 3),
            );
            let s1 = v128_xor(
                v128_xor(rotate::<17, 15>(*w2), rotate::<19, 13>(*w2)),
                u32x4_shr(*w2, 10),
            );
            *next = add(add(*w16, s0), add(*w7, s1));
        }
    }
    let start = START.map(|word| u32x4_splat(word));
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = start;
    for (k, word) in K.into_iter().zip(schedule) {
        let s1 = v128_xor(
            v128_xor(rotate::<6, 26>(e), rotate::<11, 21>(e)),
            rotate::<25, 7>(e),
        );
        let choice = v128_xor(v128_and(e, f), v128_andnot(g, e));
        let t1 = add(add(add(h, s1), add(choice, u32x4_splat(k))), word);
        let s0 = v128_xor(
            v128_xor(rotate::<2, 30>(a), rotate::<13, 19>(a)),
            rotate::<22, 10>(a),
        );
        let majority = v128_or(v128_and(a, b), v128_and(c, v128_or(a, b)));
        let t2 = add(s0, majority);
        (h, g, f, e, d, c, b, a) = (g, f, e, add(d, t1), c, b, a, add(t1, t2));
    }
    let mut digests = [[0_u8; 32]; 4];
    for (place, (sum, start)) in [a, b, c, d, e, f, g, h].into_iter().zip(start).enumerate() {
        let sum = add(sum, start);
        let lanes = [
            i32x4_extract_lane::<0>(sum),
            i32x4_extract_lane::<1>(sum),
            i32x4_extract_lane::<2>(sum),
            i32x4_extract_lane::<3>(sum),
        ];
        for (digest, lane) in digests.iter_mut().zip(lanes) {
            digest
                .iter_mut()
                .skip(place * 4)
                .zip(lane.to_be_bytes())
                .for_each(|(to, from)| *to = from);
        }
    }
    digests
}
