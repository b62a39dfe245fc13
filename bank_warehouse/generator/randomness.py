"""Counter-based random numbers: the value of row i depends only on the key and i.

So rows can be created in blocks of any size, in any order and on any number of threads; the result
is the same. Integer arithmetic modulo 2^64 and one exact scaling give the same bits on every
machine and with every version of numpy.

SplitMix64: Steele, Lea, Flood (2014), "Fast splittable pseudorandom number generators",
OOPSLA 2014, https://doi.org/10.1145/2660193.2660195.
"""

import hashlib

import numpy as np
import numpy.typing as npt

Unsigned = npt.NDArray[np.uint64]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST_FACTOR = np.uint64(0xBF58476D1CE4E5B9)
_SECOND_FACTOR = np.uint64(0x94D049BB133111EB)
_FEISTEL_ROUNDS = 8


def stream_key(seed: int, purpose: str) -> int:
    """Return the 64-bit key of the stream of random numbers for `purpose` under `seed`."""
    digest = hashlib.blake2b(f"{seed}/{purpose}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def random_bits(key: int, counters: Unsigned) -> Unsigned:
    """Return 64 random bits for each counter (any shape).

    They are the output of SplitMix64 with seed `key` at position `counter`, counted from 0.
    """
    state = (counters + np.uint64(1)) * _GAMMA + np.uint64(key)
    state ^= state >> np.uint64(30)
    state *= _FIRST_FACTOR
    state ^= state >> np.uint64(27)
    state *= _SECOND_FACTOR
    state ^= state >> np.uint64(31)
    return state


def uniforms(key: int, counters: Unsigned) -> Floats:
    """Return a number in [0, 1) for each counter: the upper 53 bits, scaled exactly."""
    return (random_bits(key, counters) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def integers_below(limit: int, key: int, counters: Unsigned) -> Integers:
    """Return an integer in [0, limit) for each counter; `limit` must be below 2^32."""
    return (uniforms(key, counters) * limit).astype(np.int64)


def permute(values: Unsigned, size: int, key: int) -> Unsigned:
    """Return the positions of `values` in a random permutation of 0 .. size - 1.

    The permutation is an unbalanced Feistel network over the smallest power of two that is at least
    `size`, and at least 4. A result that is not below `size` is encrypted again until it is (cycle
    walking: Black and Rogaway (2002), "Ciphers with arbitrary finite domains", CT-RSA 2002). Memory
    does not grow with `size`.

    Args:
        values: Shape (n,), each below `size`.
        size: The number of items to permute, at least 1.
        key: The key of the permutation.

    Returns:
        Shape (n,): different for different values, each below `size`.
    """
    bits = max(2, (size - 1).bit_length())
    result = _feistel(values, bits, key)
    outside = np.flatnonzero(result >= size)
    while outside.size:
        walked = _feistel(result[outside], bits, key)
        result[outside] = walked
        outside = outside[walked >= size]
    return result


def _feistel(values: Unsigned, bits: int, key: int) -> Unsigned:
    """Return the images of `values` under a permutation of all `bits`-bit numbers."""
    low_bits = bits // 2
    shift = np.uint64(low_bits)
    low_mask = np.uint64((1 << low_bits) - 1)
    high_mask = np.uint64((1 << (bits - low_bits)) - 1)
    high, low = values >> shift, values & low_mask
    for number in range(_FEISTEL_ROUNDS):
        round_key = stream_key(key, f"round {number}")
        if number % 2:
            low ^= random_bits(round_key, high) & low_mask
        else:
            high ^= random_bits(round_key, low) & high_mask
    return (high << shift) | low
