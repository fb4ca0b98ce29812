//! SHA-256 of four short texts at once, for WebAssembly, which has vectors but no instruction for hashing.
//!
//! FIPS 180-4, with each word a vector of the four texts' words. Texts of up to 55 bytes are one block, which nearly
//! all identifiers are; others go through the ordinary way. A test holds it against the `sha2` crate.

use core::arch::wasm32::{
    i32x4_add, i32x4_extract_lane, u32x4, u32x4_shl, u32x4_shr, u32x4_splat, v128, v128_and,
    v128_andnot, v128_or, v128_xor,
};

/// The longest text that is one block: 64 bytes less the stop bit and the length.
pub(super) const LONGEST: usize = 55;

/// The first 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2).
#[rustfmt::skip]
const K: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

/// The first 32 bits of the fractional parts of the square roots of the first 8 primes (FIPS 180-4, 5.3.3).
const START: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

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
