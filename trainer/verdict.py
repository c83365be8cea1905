"""Is a tuned model better than the one it began as?  Judged on noisy recordings that no training heard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trainer.evaluate import Row, mean

LEAST_GAIN = 0.01  # of the mean OVRL; less is chance
MOST_LOSS_OF_VOICE = 0.05  # of the mean SIG: a voice that suffers is no price for quiet


@dataclass(frozen=True)
class Verdict:
    """The judgement, in `words` too; `base` and `tuned` are mean DNSMOS scores over the clips."""

    better: bool
    words: str
    clips: int
    clips_better: int
    base: Mapping[str, float]
    tuned: Mapping[str, float]


def judge(base: Sequence[Row], tuned: Sequence[Row]) -> Verdict:
    """Compare the DNSMOS scores of two models on the same clips.

    Better means: OVRL is higher on average and on more than half of the clips, and SIG is not noticeably lower.
    """
    before, after = (mean(dict(enumerate(rows))) for rows in (base, tuned))
    gain = {name: after[name] - before[name] for name in before}
    won = sum(new["OVRL"] > old["OVRL"] for old, new in zip(base, tuned, strict=True))
    score = f"OVRL {before['OVRL']:.2f} -> {after['OVRL']:.2f}, higher on {won} of {len(base)} held-out clips"
    if gain["SIG"] < -MOST_LOSS_OF_VOICE:
        reason = f"the voices suffer (SIG {before['SIG']:.2f} -> {after['SIG']:.2f})"
    elif gain["OVRL"] < LEAST_GAIN:
        reason = "the base serves these recordings as well; more or other recordings may help, or more time"
    elif won * 2 <= len(base):
        reason = "it helps a few clips and harms the others; recordings of one kind may help"
    else:
        return Verdict(True, f"Better: {score}.", len(base), won, before, after)
    return Verdict(False, f"Not better, keep the base: {reason}. {score}.", len(base), won, before, after)
