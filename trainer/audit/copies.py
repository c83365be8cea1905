"""Copies of recordings, found again at another level, rate, format or name."""

from collections.abc import Sequence

import numpy as np

from trainer.audit.spectra import Spectra

_BANDS = slice(1, 16)  # 131 to 3143 Hz: what a telephone copy keeps too
_SLICES = 33  # of the sounding part, in time
_BYTES = 56  # 14 steps in frequency, 32 in time
_DEPTH = 30.0  # dB below the loudest: where the sounding part begins and ends
_DIFFERENT = 0.2  # of the bits; unrelated recordings differ in about half
_NEIGHBOURS = 3  # how many of those alike in 16 bits each is compared to, the next longer ones first


def fingerprint(spectra: Spectra) -> bytes:
    """How the sounding part's spectrum moves, in 56 bytes; empty where it is shorter than 0.5 s.

    After Haitsma and Kalker (A highly robust audio fingerprinting system, ISMIR 2002): the signs of level differences
    over frequency and time.  Here the whole recording has one, its steps in time as long as they need be.
    """
    level = spectra.powers[:, _BANDS].sum(1)
    loud = np.flatnonzero(level > level.max() * 10 ** (-_DEPTH / 10))
    if not len(loud) or loud[-1] - loud[0] < _SLICES:
        return b""
    sounding = spectra.powers[loud[0] : loud[-1] + 1, _BANDS]
    total = np.concatenate((np.zeros((1, sounding.shape[1])), np.cumsum(sounding, axis=0, dtype=np.float64)))
    limits = np.linspace(0, len(sounding), _SLICES + 1)
    whole = limits.astype(int)
    part = (limits - whole)[:, None]
    total = total[whole] * (1 - part) + total[np.minimum(whole + 1, len(sounding))] * part
    decibels = 10 * np.log10(np.diff(total, axis=0) + 1e-12)
    bits = np.diff(np.diff(decibels, axis=0), axis=1) > 0
    return np.packbits(bits.T).tobytes()


def difference(one: bytes, other: bytes) -> float:
    """The share of bits in which two fingerprints differ; 1 where either is empty."""
    if not (one and other):
        return 1.0
    return float(np.unpackbits(np.frombuffer(one, np.uint8) ^ np.frombuffer(other, np.uint8)).mean())


def groups_of_copies(fingerprints: Sequence[bytes], seconds: Sequence[float]) -> list[list[int]]:
    """The indices of recordings that are copies of each other, groups of two and more in order.

    Two are copies whose fingerprints differ in less than a fifth of the bits and whose durations differ by less than
    2 % and 0.2 s; so are copies of copies.  Only those that agree in some 16 bits are compared: 100,000 take seconds.
    """
    known = np.array([index for index, each in enumerate(fingerprints) if each], np.intp)
    bits = np.frombuffer(b"".join(fingerprints), np.uint8).reshape(len(known), _BYTES)
    words = bits.view("<u2")
    durations = np.array(seconds, np.float64)[known]
    leader = list(range(len(known)))

    def first(index: int) -> int:
        while leader[index] != index:
            leader[index] = index = leader[leader[index]]
        return index

    for column in words.T:
        order = np.lexsort((durations, column))
        for distance in range(1, _NEIGHBOURS + 1):
            one, other = order[:-distance], order[distance:]
            length = np.maximum(durations[one], durations[other])
            near = np.abs(durations[one] - durations[other]) < 0.2 + 0.02 * length
            one, other = (index[(column[one] == column[other]) & near] for index in (one, other))
            different = np.unpackbits(bits[one] ^ bits[other], axis=1).mean(1)
            for a, b in zip(one[different < _DIFFERENT], other[different < _DIFFERENT], strict=True):
                low, high = sorted((first(a), first(b)))
                leader[high] = low
    groups: dict[int, list[int]] = {}
    for index in range(len(known)):
        groups.setdefault(first(index), []).append(int(known[index]))
    return [group for group in groups.values() if len(group) > 1]
