"""Is a tuned model better than the one it began as?  Judged on noisy recordings and mixtures that it never heard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trainer.evaluate import Row, mean

LEAST_GAIN = 0.01  # of the mean OVRL; less is chance
MOST_LOSS_OF_VOICE = 0.05  # of the mean SIG: a voice that suffers is no price for quiet
LEAST_GAIN_DB = 0.1  # of the mean SI-SDR of mixtures, where DNSMOS hears about the same
SURE = 3.0  # standard errors of that gain; mixtures share files, so fewer would not tell it from chance
MOST_LOSS_OF_OVRL = 0.03  # where mixtures come apart better; a dozen clips do not tell so little from none


@dataclass(frozen=True)
class Verdict:
    """The judgement, in `words` too; `base` and `tuned`: mean DNSMOS of the clips, `SI-SDR` of mixtures.

    `by_mixtures`: better by these alone.
    """

    better: bool
    words: str
    clips: int
    clips_better: int
    base: Mapping[str, float]
    tuned: Mapping[str, float]
    by_mixtures: bool = False


def judge(base: Sequence[Row], tuned: Sequence[Row], si_sdr: tuple[Sequence[float], Sequence[float]]) -> Verdict:
    """Compare the DNSMOS scores of two models on the same clips, and their SI-SDR of each of the same mixtures, dB.

    Better means that SIG is not noticeably lower, and one of two: OVRL is higher on average and on more than half of
    the clips; or it is about the same, and SI-SDR is higher by more than chance, mixture by mixture (a paired t-test):
    DNSMOS, without a reference, cannot hear that a word is gone.
    """
    before, after = (mean(dict(enumerate(rows))) for rows in (base, tuned))
    gain = {name: after[name] - before[name] for name in before}
    won = sum(new["OVRL"] > old["OVRL"] for old, new in zip(base, tuned, strict=True))
    decibels, gains = np.mean(si_sdr, axis=1), np.subtract(si_sdr[1], si_sdr[0])
    error = gains.std(ddof=1) / len(gains) ** 0.5 if len(gains) > 1 else np.inf
    score = f"OVRL {before['OVRL']:.2f} -> {after['OVRL']:.2f}, higher on {won} of {len(base)} held-out clips"
    score += f"; SI-SDR of held-out mixtures {decibels[0]:.1f} -> {decibels[1]:.1f} dB"
    score += f", higher in {(gains > 0).sum()} of {len(gains)}"
    cleaner = gains.mean() >= max(LEAST_GAIN_DB, SURE * error) and gain["OVRL"] > -MOST_LOSS_OF_OVRL
    liked = gain["OVRL"] >= LEAST_GAIN and won * 2 > len(base)

    def verdict(better: bool, reason: str) -> Verdict:
        head = "Better: " if better else "Not better, keep the base: "
        scores = ({**row, "SI-SDR": float(value)} for row, value in zip((before, after), decibels, strict=True))
        words = f"{head}{reason}. {score}." if reason else f"{head}{score}."
        return Verdict(better, words, len(base), won, *scores, by_mixtures=better and not liked)

    if gain["SIG"] < -MOST_LOSS_OF_VOICE:
        return verdict(False, f"the voices suffer (SIG {before['SIG']:.2f} -> {after['SIG']:.2f})")
    if liked:
        return verdict(True, "")
    if cleaner:
        return verdict(True, "mixtures come apart better, and DNSMOS hears no clear difference")
    if gain["OVRL"] < LEAST_GAIN:
        return verdict(
            False, "the base serves these recordings as well; more or other recordings may help, or more time"
        )
    return verdict(False, "it helps a few clips and harms the others; recordings of one kind may help")
