"""Sound made a few samples longer or shorter, so little that nobody hears it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""``(count, channels)``, in [-1, 1]."""

REACH = 16
"""Samples on either side that one sample is made from."""

_BETA = 9.0  # Kaiser window: what is not wanted is 90 dB down


def stretch(samples: Samples, before: Samples, after: Samples, count: int) -> Samples:
    """Return ``samples`` as ``count`` samples, by band-limited interpolation.

    ``before`` and ``after`` are the :data:`REACH` samples on either side. What comes out begins
    with the same sample and ends where ``after`` begins, so that runs join without a seam. See
    J. O. Smith, "Digital Audio Resampling", for the method.
    """
    if count == len(samples):
        return samples
    around = np.concatenate([before, samples, after]).T.copy()
    first, weights = _kernel(len(samples), count)
    taps = [sliding_window_view(channel, 2 * REACH)[first] for channel in around]
    return np.stack([np.einsum("nt,nt->n", each, weights) for each in taps], axis=1)


@lru_cache(maxsize=64)
def _kernel(size: int, count: int) -> tuple[NDArray[np.intp], Samples]:
    """Return where the taps of each new sample begin, and ``(count, taps)`` weights."""
    at = np.arange(count) * (size / count)
    whole = np.floor(at)
    distance = np.arange(1 - REACH, REACH + 1)[None] - (at - whole)[:, None]
    window = np.i0(_BETA * np.sqrt(np.clip(1 - (distance / REACH) ** 2, 0, None))) / np.i0(_BETA)
    weights = np.sinc(distance) * window
    weights /= weights.sum(axis=1, keepdims=True)
    return whole.astype(np.intp) + 1, weights.astype(np.float32)
