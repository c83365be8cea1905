"""Recipes: typed settings of a training run, read from the TOML files in `trainer/recipes`."""

import tomllib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from engine.generator import BranchConfig
from engine.spectral import SpectralConfig

FOLDER = Path(__file__).parent / "recipes"


@dataclass(frozen=True)
class Mixing:
    """How mixtures are made from the two priors.  Probabilities in [0, 1]; `*_db` ranges in dB; speeds as ratios.

    `babble` is the share of the noises that are four to eight voices of the clean prior at once, `reversed_noise` of
    those that run backwards; speech goes through up to `equalisers` random filters, a noise through `noise_equalisers`.
    Rooms have an RT60 of `reverberation_s`, seconds, and reverberation `reverberation_db` louder than the direct sound.
    `floor` is the share of the mixtures with noise that also have a hiss or hum, `floor_db` below the talker.
    `telephone` is the share in which the voice comes overdriven through a narrow line, in half of them with the noise;
    and of the noises that come through a line of their own; lines begin at `telephone_hz`.  `tones` is the share of
    beeps and melodies in the noises.
    `bystanders` is the share of the mixtures of voice and noise that also have one to four voices across a room,
    `bystanders_db` below the talker; never without one, as a voice that nobody is nearer than is the talker's.
    `level_db` is of the talker or, with `level_of` "mixture", of all that is heard, so that it says nothing about what
    that is.
    """

    snr_db: tuple[float, float] = (-5.0, 20.0)
    level_db: tuple[float, float] = (-45.0, -15.0)
    level_of: Literal["speech", "mixture"] = "speech"
    speed: tuple[float, float] = (0.75, 1.2)
    noise_speed: tuple[float, float] = (0.75, 1.2)
    only_noise: float = 0.06
    only_speech: float = 0.06
    reverberation: float = 0.35
    noise_reverberation: float = 0.15
    reverberation_s: tuple[float, float] = (0.1, 0.7)
    reverberation_db: tuple[float, float] = (-15.0, 0.0)
    second_noise: float = 0.4
    synthetic_noise: float = 0.1
    babble: float = 0.0
    reversed_noise: float = 0.0
    equalisers: int = 1
    noise_equalisers: int = 1
    floor: float = 0.0
    floor_db: tuple[float, float] = (22.0, 42.0)
    band_limit: float = 0.1
    telephone: float = 0.0
    telephone_hz: tuple[float, float] = (63.0, 794.0)
    tones: float = 0.0
    bystanders: float = 0.0
    bystanders_db: tuple[float, float] = (5.0, 25.0)


@dataclass(frozen=True)
class Weights:
    """Weights of the loss terms; a term of weight 0 is not computed.

    `lacking` is how much more an error of the speech's magnitude counts where the estimate has too little: 1 doubles it
    (as in VoiceFilter-Lite's asymmetric loss, Wang et al., arXiv 2009.04323).  `dnsmos` weighs what DNSMOS hears in the
    speech that was found and not in the true one: OVRL that is missing, differences of all three scores, and those of
    features (`trainer.losses.dnsmos.Difference`).
    """

    complex_spectrum: float = 30.0
    magnitude: float = 70.0
    si_sdr: float = 0.2
    log_mel: float = 8.0
    direct: float = 0.5
    noise: float = 0.5
    lacking: float = 0.0
    dnsmos: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Unpaired:
    """The USE-DDP objective on noisy recordings and unpaired priors: weights of its terms; 0 is not computed.

    Attributes:
        tie: how the estimates reconstruct the mixture: "sum", ŝ + n̂, or "least_squares", αŝ + βn̂ as in the paper.
        judged: what the discriminators judge as speech and noise: "masked", the two tracks that users hear, or
            "direct", the generator's own outputs.
        mel, stft, si_sdr: reconstruction of the mixture, x̂ against x.
        mel_scales, stft_windows: (window, bands) and windows in samples.
        clean, noise, noisy: what each ensemble thinks of speech, noise and x̂.
        matching: features of x̂ like those of x; `moments`: statistics of features like those of the two priors.
        energy: speech that falls silent; `coherence`: estimates that are copies.
    """

    tie: Literal["sum", "least_squares"] = "sum"
    judged: Literal["masked", "direct"] = "masked"
    mel: float = 0.0
    mel_scales: tuple[tuple[int, int], ...] = ((256, 40), (512, 80), (1024, 160))
    stft: float = 0.0
    stft_windows: tuple[int, ...] = (2048, 512)
    si_sdr: float = 0.0
    clean: float = 0.0
    noise: float = 0.0
    noisy: float = 0.0
    matching: float = 0.0
    moments: float = 0.0
    energy: float = 0.0
    coherence: float = 0.0


@dataclass(frozen=True)
class Discriminators:
    """The judges.  "small": log spectra, for laptops; "dac": those of the Descript Audio Codec.

    Attributes:
        windows: of the STFTs, samples.
        periods: samples; of the "dac" kind's judges of periodic structure.
        channels: of the "small" kind.
        floor_db: what is further below a clip's level is hidden from them.
        relativistic: they compare a real with a generated clip instead of judging each; for mixtures, whose speech is
            known.
    """

    kind: Literal["small", "dac"] = "small"
    windows: tuple[int, ...] = (1024, 512)
    periods: tuple[int, ...] = (2, 3, 5, 7, 11)
    channels: int = 16
    floor_db: float = -36.0
    learning_rate: float = 5e-4
    relativistic: bool = False


@dataclass(frozen=True)
class Remix:
    """Bootstrapped remixing (Tzinis et al., arXiv 2202.08862): the averaged model's own estimates, shuffled and mixed.

    `gain_db` is the range in which the borrowed noise is made louder or softer.  `sharpness` is the power of the
    averaged model's gains: above 1, noise that it leaves in the speech is not learnt as speech, nor speech that it
    leaves in the noise as noise.
    """

    weight: float = 0.0
    sharpness: float = 1.0
    gain_db: tuple[float, float] = (-5.0, 5.0)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a run learns, except the audio.

    `seconds` is the length of a training clip; `batch` is per process and even; `warm_up` in steps; `ema` is the decay
    per step of the averaged weights, which are what is kept in the end; `anchor` is the share in them of the weights
    that the training began from, which keeps what those could do (Wortsman et al., "Robust fine-tuning of zero-shot
    models", arXiv 2109.01903).  `optimizer` trains the hidden matrices.
    Where there is no noisy folder, mixtures stand in for it before the discriminators, with their own parts as priors.
    The additions to the paper's method are `warm_start`, the weight of mixtures made of the two priors as `mixing` and
    `weights` say, DNSMOS's opinion of these where `weights` has it, and `remix`.
    """

    name: str = "warm_start"
    batch: int = 8
    seconds: float = 2.5
    learning_rate: float = 1e-3
    warm_up: int = 200
    weight_decay: float = 0.01
    clip_gradient: float = 5.0
    ema: float = 0.999
    anchor: float = 0.0
    seed: int = 0
    optimizer: Literal["muon", "adamw"] = "muon"
    codec: SpectralConfig = field(default_factory=SpectralConfig)
    branch: BranchConfig = field(default_factory=BranchConfig)
    warm_start: float = 1.0
    mixing: Mixing = field(default_factory=Mixing)
    weights: Weights = field(default_factory=Weights)
    remix: Remix = field(default_factory=Remix)
    unpaired: Unpaired = field(default_factory=Unpaired)
    discriminators: Discriminators = field(default_factory=Discriminators)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for the model card and for checkpoints."""
        return asdict(self)


PARTS: dict[str, type] = {
    "codec": SpectralConfig,
    "branch": BranchConfig,
    "mixing": Mixing,
    "weights": Weights,
    "remix": Remix,
    "unpaired": Unpaired,
    "discriminators": Discriminators,
}


def load_recipe(name: str) -> Recipe:
    """The recipe `trainer/recipes/<name>.toml`; it may be `like` another, and then holds only what differs.

    Raises:
        FileNotFoundError: there is no such recipe.
        TypeError: the file has a key that recipes do not know.
    """
    return recipe_from({"name": name, **_settings(name)})


def _settings(name: str) -> dict[str, Any]:
    settings = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    if "like" not in settings:
        return settings
    whole = _settings(settings.pop("like"))
    for key, value in settings.items():
        whole[key] = {**whole.get(key, {}), **value} if isinstance(value, dict) else value
    return whole


def recipe_from(settings: dict[str, Any]) -> Recipe:
    """A recipe from plain data, the inverse of `Recipe.as_dict`."""
    settings = dict(settings)
    for key, kind in PARTS.items():
        settings[key] = kind(**{name: _tuples(value) for name, value in settings.get(key, {}).items()})
    return Recipe(**settings)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value
