"""How far the voices of the clean prior are from those of the noisy domain."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trainer.audit.result import CorpusAudit, Distance, Finding
from trainer.audit.spectra import EDGES

_CENTRES = np.sqrt(EDGES[:-1] * EDGES[1:])
_REGIONS = {"bass (below 320 Hz)": (0, 320), "middle (to 2 kHz)": (320, 2000), "treble (above 2 kHz)": (2000, 9000)}
_AUDIBLE, _LOUDER = 3.0, 6.0  # dB
# dB RMS.  LibriSpeech, VCTK, crowd and studio corpora are 1 to 5 apart; noise on the same voices makes about 1.
_NEAR, _FAR = 5.0, 8.0
_LEAST_BANDS = 4


def distance(
    clean: CorpusAudit, noisy: CorpusAudit, clean_voices: Sequence[NDArray], noisy_voices: Sequence[NDArray]
) -> Distance | None:
    """The distance between two corpora whose files have these mean powers of speech, each (BANDS,).

    None where one has no speech, or where they share too few bands.
    """
    clean_db, noisy_db = clean.median("speech_dbfs"), noisy.median("speech_dbfs")
    clean_hz, noisy_hz = clean.median("bandwidth_hz"), noisy.median("bandwidth_hz")
    if clean_db is None or noisy_db is None or clean_hz is None or noisy_hz is None:
        return None
    shared = EDGES[1:] <= min(clean_hz, noisy_hz)
    if shared.sum() < _LEAST_BANDS or not (clean_voices and noisy_voices):
        return None
    means = []
    for voices in (clean_voices, noisy_voices):
        decibels = 10 * np.log10(np.array(voices)[:, shared] + 1e-12)
        means.append((decibels - decibels.mean(1, keepdims=True)).mean(0))
    difference = means[0] - means[1]
    return Distance(
        spectrum_db=round(float(np.sqrt(np.mean(np.square(difference)))), 1),
        bands={round(hz): round(float(db), 1) for hz, db in zip(_CENTRES[shared], difference, strict=True)},
        level_db=round(clean_db - noisy_db, 1),
        clean_hz=clean_hz,
        noisy_hz=noisy_hz,
    )


def distance_finding(between: Distance) -> Finding:
    """The distance in plain words."""
    far, near = between.spectrum_db > _FAR, between.spectrum_db <= _NEAR
    alike = "alike" if near else "very different" if far else "somewhat different"
    words = f"The clean and the noisy voices sound {alike} (spectra {between.spectrum_db:.1f} dB apart)"
    heard: list[str] = []
    for name, (low, high) in _REGIONS.items():
        parts = [db for hz, db in between.bands.items() if low <= hz < high]
        if parts and abs(mean := sum(parts) / len(parts)) >= _AUDIBLE:
            heard.append(f"{abs(mean):.0f} dB {'more' if mean > 0 else 'less'} {name}")
    if heard:
        words += f"{', though' if near else ':'} the clean ones have {' and '.join(heard)}"
    if abs(between.level_db) >= _LOUDER:
        words += f"; they are {abs(between.level_db):.0f} dB {'louder' if between.level_db > 0 else 'softer'}"
        words += ", which training evens out"
    if far:
        advice = "What is trained on them may sound like the clean ones; take clean speech recorded more like the noisy"
        return Finding("look", f"{words}. {advice}.")
    return Finding("ok", f"{words}.")
