"""Is a tuned model better than the one it began as?  Judged on noisy recordings and mixtures that it never heard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trainer.evaluate import Row, mean

LEAST_GAIN = 0.01  # of the mean OVRL; less is chance
MOST_LOSS_OF_VOICE = 0.05  # of the mean SIG: a voice that suffers is no price for quiet
LEAST_GAIN_DB = 0.3  # of the mean SI-SDR of mixtures, where DNSMOS hears about the same
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


def judge(base: Sequence[Row], tuned: Sequence[Row], si_sdr: tuple[float, float]) -> Verdict:
    """Compare the DNSMOS scores of two models on the same clips, and their SI-SDR of the same mixtures, dB.

    Better means that SIG is not noticeably lower, and one of two: OVRL is higher on average and on more than half of
    the clips; or it is about the same, and SI-SDR is higher: DNSMOS, without a reference, cannot hear that a word is
    gone.
    """
    before, after = (mean(dict(enumerate(rows))) for rows in (base, tuned))
    gain = {name: after[name] - before[name] for name in before}
    won = sum(new["OVRL"] > old["OVRL"] for old, new in zip(base, tuned, strict=True))
    score = f"OVRL {before['OVRL']:.2f} -> {after['OVRL']:.2f}, higher on {won} of {len(base)} held-out clips"
    score += f"; SI-SDR of held-out mixtures {si_sdr[0]:.1f} -> {si_sdr[1]:.1f} dB"
    cleaner = si_sdr[1] - si_sdr[0] >= LEAST_GAIN_DB and gain["OVRL"] > -MOST_LOSS_OF_OVRL
    liked = gain["OVRL"] >= LEAST_GAIN and won * 2 > len(base)

    def verdict(better: bool, reason: str) -> Verdict:
        head = "Better: " if better else "Not better, keep the base: "
        scores = ({**row, "SI-SDR": value} for row, value in zip((before, after), si_sdr, strict=True))
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
