"""The verdict on one file of a corpus, in plain words: ok, look, or leave out."""

from math import log10

from trainer.audit.background import FLOOR_BELOW_NOISE
from trainer.audit.measures import Measures
from trainer.audit.result import FileGrade, Reason, Role

_TOO_SHORT = 0.3  # s
JUDGED_FROM = 1.0  # s; shorter, speech is not told from noise
_SILENT_DBFS = -70.0  # peak
# Of the samples; speech clipped at its 99.9th percentile has 0.001.
_CLIPPED_LOOK, _CLIPPED_OUT = 0.0003, 0.005
_DC_LOOK, _DC_OUT = 0.01, 0.1  # of full scale
_CANCELLED_LOOK, _CANCELLED_OUT = 3.0, 12.0  # dB beyond what unrelated channels lose
_NARROW_LOOK, _NARROW_OUT = 0.9, 0.6  # of the bandwidth that is needed
# dB.  Of LibriSpeech a twentieth lies below 20, of VoiceBank's clean test speech nothing.
_NOISY_CLEAN_LOOK, _NOISY_CLEAN_OUT = 20.0, 10.0
_FLOOR_TOLERANCE = 3.0  # dB
_ROOMY_SECONDS = 0.5
NO_SPEECH = 0.05  # of the time
TALK_LOOK, _TALK_OUT, _TALK_OUT_DB = 0.1, 0.5, 6.0  # share; dB of the talk above the rest, where babble has about 3


def file_reasons(role: Role, measures: Measures, needed_hz: float) -> list[Reason]:
    """What speaks against using a file in that role, the gravest first; nothing if it is ok.

    Args:
        needed_hz: how far up the recordings of the noisy domain go, as far as the model hears.
    """
    reasons = _defects(measures)
    if not any(reason.grade == "leave out" for reason in reasons):
        if role != "noise":  # many a noise has nothing above some limit by its nature
            reasons += _bandwidth(role, measures, needed_hz)
        if measures.seconds >= JUDGED_FROM:
            reasons += {"noisy": _as_noisy, "clean": _as_clean, "noise": _as_noise}[role](measures)
    return sorted(reasons, key=lambda reason: reason.grade != "leave out")


def is_noisy(measures: Measures) -> bool:
    """Whether noise lies audibly under speech that should be clean."""
    return measures.snr_db is not None and measures.snr_db < _NOISY_CLEAN_LOOK


def is_roomy(measures: Measures) -> bool:
    """Whether a room rings along."""
    return measures.decay_seconds is not None and measures.decay_seconds >= _ROOMY_SECONDS


def _defects(m: Measures) -> list[Reason]:
    if m.seconds < _TOO_SHORT:
        return [Reason("leave out", "too short to hold a word", f"{m.seconds:.2f} s")]
    if m.peak_dbfs < _SILENT_DBFS:
        return [Reason("leave out", "silent; nothing can be learnt from it")]
    reasons: list[Reason] = []
    if m.clipped >= _CLIPPED_LOOK:
        detail = f"{100 * m.clipped:.2g} % of the samples lie on flat tops"
        what = "clipped; take a recording made at less level"
        reasons.append(Reason(_grade(m.clipped >= _CLIPPED_OUT), what, detail))
    if m.dc >= _DC_LOOK:
        what = "a constant offset (DC), which distorts the levelling; remove it with a high-pass"
        reasons.append(Reason(_grade(m.dc >= _DC_OUT), what, f"{100 * m.dc:.2g} % of full scale"))
    if (lost := m.cancelled_db - 10 * log10(m.channels)) >= _CANCELLED_LOOK:
        what = "channels that cancel each other when averaged; keep one of them only"
        reasons.append(Reason(_grade(lost >= _CANCELLED_OUT), what, f"by {m.cancelled_db:.0f} dB"))
    return reasons


def _bandwidth(role: Role, m: Measures, needed_hz: float) -> list[Reason]:
    if m.bandwidth_hz >= _NARROW_LOOK * needed_hz:
        return []
    claimed = ", though its sample rate is higher" if m.bandwidth_hz < 0.9 * m.sample_rate / 2 else ""
    advice = "it would teach that voices end there" if role == "clean" else "check where it comes from"
    what = f"less treble than the noisy recordings have (telephone, old mp3, upsampled?); {advice}"
    out = role == "clean" and m.bandwidth_hz < _NARROW_OUT * needed_hz
    return [Reason(_grade(out), what, f"ends at {m.bandwidth_hz / 1000:.1f} kHz{claimed}")]


def _as_noisy(m: Measures) -> list[Reason]:
    if m.speech < NO_SPEECH:
        return [Reason("look", "hardly any speech found; may serve better in the noise folder")]
    return []


def _as_clean(m: Measures) -> list[Reason]:
    if m.speech < NO_SPEECH:
        return [Reason("leave out", "no speech found; clean files must be speech")]
    if m.snr_db is not None and is_noisy(m):
        detail = f"{m.snr_db:.0f} dB below it" if m.snr_db >= 1 else "as loud as it"
        if m.snr_db < _NOISY_CLEAN_OUT and not _noisy_between_words(m):
            what = "loud sounds beside the speech (laughter, music, a bang?); listen, and keep speech only"
            return [Reason("look", what, detail)]
        what = "noise under the speech, which the model would learn as part of voices"
        return [Reason(_grade(m.snr_db < _NOISY_CLEAN_OUT), what, detail)]
    if is_roomy(m):
        what = "a room rings along, which the model would learn as part of voices"
        return [Reason("look", what, f"sounds fade over {m.decay_seconds:.1f} s")]
    return []


def _as_noise(m: Measures) -> list[Reason]:
    if m.speech < TALK_LOOK:
        return []
    talk = m.speech >= _TALK_OUT and (m.snr_db is None or m.snr_db >= _TALK_OUT_DB)
    what = "somebody seems to speak; listen, and leave it out if words can be heard"
    return [Reason(_grade(talk), what, f"{100 * m.speech:.0f} % of the time")]


def _noisy_between_words(m: Measures) -> bool:
    """Whether even the quietest moments are noisy: else what was taken for noise comes and goes, and may be a voice."""
    return m.floor_db is None or -m.floor_db - FLOOR_BELOW_NOISE < _NOISY_CLEAN_OUT + _FLOOR_TOLERANCE


def _grade(out: bool) -> FileGrade:
    return "leave out" if out else "look"
