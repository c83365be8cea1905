"""What can be said of whole corpora and between them, in plain words."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from trainer.audit.measures import Measures
from trainer.audit.result import CorpusAudit, Finding, Role
from trainer.audit.verdicts import JUDGED_FROM, NO_SPEECH, TALK_LOOK, is_noisy, is_roomy

_ENOUGH_HOURS: dict[Role, float] = {"noisy": 0.2, "clean": 0.5, "noise": 0.1}
_MANY_OUT = 0.3  # of the hours
_MOST, _PART = 0.5, 0.25  # of the files
_TALK = 0.1  # of the time
_SWAPPED_DB = 4.0
_HARDLY_NOISY_DB = 30.0
_NARROWER = 0.8  # of the noisy bandwidth
_PAIRED = 0.2  # of the noisy files
_SAME_LENGTH = 0.05  # s


def corpus_findings(corpus: CorpusAudit) -> list[Finding]:
    """What is remarkable about one folder."""
    judged = [file.measures for file in corpus.files if file.measures and file.measures.seconds >= JUDGED_FROM]
    of_role = {"noisy": _of_noisy, "clean": _of_clean, "noise": _of_noise}[corpus.role]
    return (of_role(judged) if judged else []) + _of_any(corpus)


def _of_any(corpus: CorpusAudit) -> list[Finding]:
    name, found = corpus.role, list[Finding]()
    unreadable = sum(file.measures is None for file in corpus.files)
    if unreadable:
        words = f"{_files(unreadable)} of the {name} folder cannot be read; mend them or take them away."
        found.append(Finding("look", words))
    if len(corpus.files) - unreadable == 1:
        found.append(
            Finding("look", f"The {name} folder has one file, so none can be held out to test with; add some.")
        )
    if not corpus.hours_kept:
        found.append(Finding("stop", f"No file of the {name} folder can be used; the files say why."))
    elif corpus.hours_kept < _ENOUGH_HOURS[name]:
        minutes = f"{60 * corpus.hours_kept:.1f} minutes where {60 * _ENOUGH_HOURS[name]:.0f} are a sensible least"
        found.append(Finding("look", f"The {name} folder is small: {minutes}; add recordings."))
    if 0 < corpus.hours_kept < (1 - _MANY_OUT) * corpus.hours:
        share = 100 * (1 - corpus.hours_kept / corpus.hours)
        found.append(Finding("look", f"{share:.0f} % of the {name} folder should be left out: is it the right folder?"))
    for what, counts in (("sample rates", corpus.sample_rates), ("channel counts", corpus.channels)):
        if len(counts) > 1:
            listed = ", ".join(f"{value} ({_files(count)})" for value, count in counts.items())
            found.append(Finding("ok", f"The {name} folder mixes {what}: {listed}; training brings them to one."))
    return found


def _of_noisy(judged: Sequence[Measures]) -> list[Finding]:
    if (mute := _share(m.speech < NO_SPEECH for m in judged)) > _MOST:
        return [
            Finding("stop", f"{100 * mute:.0f} % of the noisy files hold hardly any speech: is it the noise folder?")
        ]
    ratios = sorted(m.snr_db for m in judged if m.snr_db is not None)
    if ratios and (snr := ratios[len(ratios) // 2]) > _HARDLY_NOISY_DB:
        return [Finding("look", f"The noisy files are hardly noisy (about {snr:.0f} dB): there is little to learn.")]
    return []


def _of_clean(judged: Sequence[Measures]) -> list[Finding]:
    if (mute := _share(m.speech < NO_SPEECH for m in judged)) > _MOST:
        return [Finding("stop", f"{100 * mute:.0f} % of the clean files hold no speech: is it the noise folder?")]
    noisy, roomy = _share(map(is_noisy, judged)), _share(map(is_roomy, judged))
    if noisy + roomy <= _PART:
        return []
    heard = {"noise leaks into": noisy, "a room rings along in": roomy}
    parts = " and ".join(f"{what} {100 * share:.0f} %" for what, share in heard.items() if share)
    words = (
        f"Of the clean files, {parts}. On CHiME-3, where the close-talk microphones pick up the surroundings too, the "
        "USE-DDP paper found that such a clean prior makes results worse: what leaks in is learnt as part of the "
        "voice. Listen to the files marked so, leave out where you hear it, or take speech from a quiet place."
    )
    return [Finding("look", words)]


def _of_noise(judged: Sequence[Measures]) -> list[Finding]:
    talk = sum(m.seconds for m in judged if m.speech >= TALK_LOOK) / sum(m.seconds for m in judged)
    if talk > _MOST:
        return [Finding("stop", f"Speech in {100 * talk:.0f} % of the noise folder: voices would be removed as noise.")]
    if talk > _TALK:
        words = (
            f"There may be speech in {100 * talk:.0f} % of the noise folder; listen to the files that are marked so."
        )
        return [Finding("look", words)]
    return []


def findings_between(noisy: CorpusAudit, clean: CorpusAudit) -> list[Finding]:
    """What is remarkable about the clean folder beside the noisy one."""
    found: list[Finding] = []
    noisy_db, clean_db = noisy.median("snr_db"), clean.median("snr_db")
    speaks = (clean.median("speech") or 0) >= NO_SPEECH
    if speaks and noisy_db is not None and clean_db is not None and noisy_db > clean_db + _SWAPPED_DB:
        words = f"The clean folder sounds noisier ({clean_db:.0f} dB) than the noisy one ({noisy_db:.0f} dB)"
        found.append(Finding("stop", f"{words}: are they swapped?"))
    if (paired := _paired(noisy, clean)) > _PAIRED:
        words = (
            f"{100 * paired:.0f} % of the noisy files have a clean one of the same name and length. Trained with the "
            "clean versions of its own recordings, a model scores better than it is; take clean speech from elsewhere."
        )
        found.append(Finding("look", words))
    return found


def narrower(noisy: CorpusAudit, others: Iterable[CorpusAudit]) -> list[Finding]:
    """Whether the clean or the noise folder reaches less far up than the noisy one."""
    found: list[Finding] = []
    needed = noisy.median("bandwidth_hz") or 0.0
    for corpus in others:
        reached = corpus.median("bandwidth_hz") or 0.0
        if reached < _NARROWER * needed:
            words = f"The {corpus.role} files reach {reached / 1000:.1f} kHz, the noisy ones {needed / 1000:.1f} kHz"
            found.append(Finding("look", f"{words}: nothing is learnt above; add recordings of full bandwidth."))
    return found


def shared_findings(shared: Mapping[tuple[Role, Role], Sequence[Path]]) -> list[Finding]:
    """On recordings that are in two folders, given by their names in the first of them."""
    found: list[Finding] = []
    for (one, other), names in shared.items():
        words = f"{_files(len(names))} of the {one} folder can be found in the {other} folder too"
        found.append(Finding("look", f"{words}, perhaps in another version: {names[0]}."))
    return found


def _paired(noisy: CorpusAudit, clean: CorpusAudit) -> float:
    """The share of noisy files that have a namesake of the same length."""
    lengths = {file.path.rpartition(".")[0]: file.measures.seconds for file in clean.files if file.measures}
    readable = [file for file in noisy.files if file.measures]
    same = 0
    for file in readable:
        other = lengths.get(file.path.rpartition(".")[0])
        same += file.measures is not None and other is not None and abs(other - file.measures.seconds) < _SAME_LENGTH
    return same / len(readable)


def _share(cases: Iterable[bool]) -> float:
    told = list(cases)
    return sum(told) / len(told)


def _files(count: int) -> str:
    return f"{count:,} file{'s' if count > 1 else ''}"
