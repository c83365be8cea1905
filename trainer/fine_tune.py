"""Fine-tuning on a user's own unpaired folders, from the first look at the files to the verdict on the new model."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric

from engine.base import Base, load_base
from engine.device import use_sensible_threads
from engine.errors import Cancelled, InputError, ResourceError, UsageError, VoicebedError
from engine.generator import Generator
from engine.model import save_model
from engine.model_files import ModelCard, ModelFile, Prior
from engine.whole_file import whole_file
from trainer.audit.folders import audit_folders
from trainer.audit.result import CorpusAudit
from trainer.checkpoint import BEST, checkpoints, load_checkpoint
from trainer.clips import Priors
from trainer.control import is_running, running, wished
from trainer.corpus import Corpus, open_corpus
from trainer.evaluate import Row, mean
from trainer.exclusions import read_exclusions, write_exclusions
from trainer.launch import launched
from trainer.listing import audio_files
from trainer.loop import Report, Training
from trainer.memory import keep_memory, within_memory
from trainer.mining import mine_noise
from trainer.previews import Previews
from trainer.recipe import Recipe, load_recipe
from trainer.validation import noisy_clips, opinions, si_sdr_of_mixtures, speech_of
from trainer.verdict import Verdict, judge

# Share of every corpus that is not learnt from: half of it chooses the best moment, half gives the verdict.
HELD_OUT = 0.2
JUDGED = 12  # clips of the verdict, which are the previews too
SCORES, SHORTEST_UNSCORED, LONGEST_UNSCORED = 8, 120.0, 600.0  # validations in a run; seconds between them
KEPT = 0.5  # where the audit would leave out more of a folder than this leaves, it is only warned of
PAPER = "USE-DDP (Klement et al., arXiv 2509.22942)"


@dataclass(frozen=True)
class Order:
    """What is to be trained.

    Attributes:
        noise: None to mine it from the noisy recordings.
        out: the model file to write; what the training needs lies in a folder beside it, `<stem>.training`.
        base: a model's name or path, a preset (`engine.presets`), or None for the bundled model.
        minutes, steps: how long; one of them, the other 0.
        exclude: the files not to learn from; None for those that the audit would leave out.
    """

    noisy: Path
    clean: Path
    noise: Path | None
    out: Path
    base: str | None = None
    recipe: str = "quick"
    minutes: float = 0.0
    steps: int = 0
    exclude: frozenset[Path] | None = None
    device: str = "auto"

    @property
    def folder(self) -> Path:
        """Where checkpoints, mined noise, the audit and the log are."""
        return self.out.with_name(f"{self.out.stem}.training")


@dataclass(frozen=True)
class Outcome:
    """The new model, and whether it is better; `verdict` is None where DNSMOS is not installed."""

    model: ModelFile
    verdict: Verdict | None
    steps: int
    seconds: float


def fine_tune(order: Order, *, resume: bool = False, report: Report = lambda line: None) -> Outcome | None:
    """Audit, mine noise if there is none, score the base, train, judge, and write the model with its card.

    Args:
        resume: go on where an earlier call for the same files ended, in its folder.
        report: called with plain data: a line for every stage, and those of `trainer.loop.Training`.

    Returns:
        What came of it; None in all processes but the first, where `torchrun` has started several.

    Raises:
        UsageError: the order is not possible, or a training is begun twice, or resumed with other files.
        InputError: a folder or the base cannot be used.
        ResourceError: the disk or memory does not suffice.
        Cancelled: it was asked to stop, by SIGINT or SIGTERM; a checkpoint was written.
    """
    keep_memory()
    use_sensible_threads()
    recipe, base = load_recipe(order.recipe), load_base(order.base)
    fabric = launched(order.device, base.generator.codec)
    with ExitStack() as stack:
        with fabric.rank_zero_first(local=True):
            if fabric.local_rank == 0:
                _open_folder(order, base, resume)
                stack.enter_context(running(order.folder))
            report = stack.enter_context(_logged(report, order.folder)) if fabric.is_global_zero else _unheard
            audit, excluded = _audited(order, report)
            noise = order.noise or _mined(order, excluded, base.generator.codec.sample_rate, report)
            priors = _priors(order, noise, audit, excluded, base.generator.codec.sample_rate)
        large = f"to train {order.base or 'the bundled model'}; close other programs, or take a smaller base"
        stack.enter_context(within_memory(fabric.device, large))
        return _trained(order, recipe, base, fabric, priors, audit, resume, report)


def _trained(
    order: Order,
    recipe: Recipe,
    base: Base,
    fabric: Fabric,
    priors: Priors,
    audit: Mapping[str, Any],
    resume: bool,
    report: Report,
) -> Outcome | None:
    """The training itself in every process; the verdict on it and the model's file are the first one's."""
    learnt, held_out = priors.split(HELD_OUT)
    validation, exam = held_out.split(0.5)
    clips, rate, device = noisy_clips(exam, JUDGED), base.generator.codec.sample_rate, fabric.device
    heard: dict[str, list[Row]] = {}
    before: list[float] = []  # SI-SDR of mixtures by the base, which becomes the new model
    previews: Previews | None = None
    if fabric.is_global_zero:
        heard["input"] = _opinions(clips, rate, "input", report)
        heard["base"] = _opinions(speech_of(base.generator.to(device), clips, device), rate, "base", report)
        before = si_sdr_of_mixtures(base.generator, exam, recipe, device)
        previews = Previews(order.folder / "previews", clips, base.generator, device)
        report({"previews": 0})
        _stop_if_wished(order.folder)

    def renew(average: Generator) -> None:
        assert previews
        previews.renew(average)
        report({"previews": run.step})

    run = Training(
        fabric,
        recipe,
        learnt,
        validation,
        order.folder,
        steps=order.steps,
        minutes=order.minutes,
        report=report,
        start=base.generator,
    )
    if resume and run.resume():
        report({"stage": "resumed", "step": run.step})
    every = min(LONGEST_UNSCORED, max(SHORTEST_UNSCORED, 60 * order.minutes / SCORES or LONGEST_UNSCORED))
    average = run.run(validate_every=every, wished=lambda: wished(order.folder), validated=renew)
    if not run.finished:
        raise Cancelled(f"stopped after {run.step:,} steps; the same command with --resume goes on from there")
    if not fabric.is_global_zero:
        return None
    report({"stage": "verdict"})
    if (best := order.folder / BEST).is_file():
        load_checkpoint(best, {"average": average}, {})
    renew(average)
    heard["output"] = _opinions(speech_of(average, clips, device), rate, "tuned", report)
    verdict = None
    if all(heard.values()):
        si_sdr = before, si_sdr_of_mixtures(average, exam, recipe, device)
        verdict = judge(heard["base"], heard["output"], si_sdr)
    metrics = {who: mean(dict(enumerate(rows))) for who, rows in heard.items()} if verdict else {}
    card = _card(order, recipe, base, priors, audit, run, verdict, metrics)
    model = save_model(order.out, average, card)
    report({"stage": "done", "verdict": verdict and asdict(verdict), "model": str(order.out)})
    return Outcome(model, verdict, run.step, run.seconds)


def _unheard(line: dict[str, Any]) -> None:
    """The report of all processes but the first."""


def _open_folder(order: Order, base: Base, resume: bool) -> None:
    """Make the training's folder, or make sure that the one to go on in is of the same training."""
    note = order.folder / "order.json"
    wanted = {
        "noisy": str(order.noisy.resolve()),
        "clean": str(order.clean.resolve()),
        "noise": str(order.noise.resolve()) if order.noise else None,
        "base": base.origin,
        "recipe": order.recipe,
    }
    given = {"minutes": order.minutes, "steps": order.steps, "device": order.device}  # may differ after a resume
    if resume:
        if not note.is_file():
            raise UsageError(f"there is nothing to resume in {order.folder}; leave --resume away to begin")
        begun = json.loads(note.read_text(encoding="utf-8"))
        other = next((name for name, value in wanted.items() if begun.get(name) != value), None)
        if other:
            raise UsageError(
                f"the training in {order.folder} was begun with --{other} {begun.get(other)}; give the same to resume"
            )
        return
    if order.out.exists():
        raise UsageError(f"{order.out} exists; give another name, or delete it first")
    if order.folder.exists() and (checkpoints(order.folder) or not note.is_file()):
        raise UsageError(f"{order.folder} holds an earlier training; add --resume to go on, or delete it to begin anew")
    if not order.out.parent.is_dir():
        raise UsageError(f"{order.out.parent} is not a folder; give -o a place that exists")
    for role in ("noisy", "clean", "noise"):  # before anything is left behind
        if (folder := getattr(order, role)) and not audio_files(folder):
            raise InputError(f"no audio files in {folder}")
    if is_running(order.folder):
        raise UsageError(f"a training is running in {order.folder}; wait for its end, or stop it first")
    shutil.rmtree(order.folder, ignore_errors=True)  # of a training that ended before its first step
    order.folder.mkdir()
    _write(note, wanted | given)


def _write(path: Path, values: Mapping[str, Any]) -> None:
    with whole_file(path) as part:
        part.write_text(json.dumps(values, indent=1), encoding="utf-8")


@contextmanager
def _logged(report: Report, folder: Path) -> Iterator[Report]:
    """The report, kept in the folder as well, for those who look later; so is the error that ends the training."""

    log = folder / "log.jsonl"
    if log.is_file() and not log.read_bytes().endswith(b"\n"):  # killed, or the disk was full, amid a line
        with log.open("a") as file:
            file.write("\n")

    def both(line: dict[str, Any]) -> None:
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        report(line)

    def last(line: dict[str, Any]) -> None:
        with suppress(OSError):  # the disk may be full
            both(line)

    try:
        yield both
    except Cancelled as error:
        last({"stage": "stopped", "words": str(error)})
        raise
    except VoicebedError as error:
        last({"error": " ".join(str(error).split()), "code": error.exit_code})
        raise
    except OSError as error:
        last({"error": f"{error.filename or folder}: {error.strerror or error}", "code": ResourceError.exit_code})
        raise


def _stop_if_wished(folder: Path) -> None:
    if wished(folder) == "stop":
        raise Cancelled("stopped before the first step; the same command with --resume begins with it")


def _audited(order: Order, report: Report) -> tuple[Mapping[str, Any], frozenset[Path]]:
    """(the audit's summary with the kind of each corpus, the files not to learn from); kept for the next time."""
    kept, listed = order.folder / "audit.json", order.folder / "left out.txt"
    if kept.is_file():
        return json.loads(kept.read_text(encoding="utf-8")), read_exclusions(listed)
    audit = audit_folders(order.noisy, order.clean, order.noise, _stage(order, report, "audit"))
    report({"stage": "audited", "grade": audit.grade, "verdict": audit.verdict})
    marked = dict(audit.marked("leave out"))
    if order.exclude is None:
        for corpus in audit.corpora:
            if corpus.hours_kept < KEPT * corpus.hours:
                words = "most of the files would be left out; they are used all the same, so expect little"
                report({"warning": f"{corpus.role} folder: {words}"})
                marked = {path: why for path, why in marked.items() if path not in _readable(corpus)}
        left_out = marked
    else:
        left_out = {path: marked.get(path, "as listed") for path in order.exclude}
    listed.unlink(missing_ok=True)  # half a stage, killed
    write_exclusions(listed, left_out.items(), ())
    summary = audit.summary() | {"left_out": len(left_out)}
    _write(kept, summary)
    return summary, frozenset(left_out)


def _readable(corpus: CorpusAudit) -> set[Path]:
    return {Path(corpus.folder) / file.path for file in corpus.files if file.measures}


def _stage(order: Order, report: Report, name: str) -> Callable[[float, float], None]:
    """Progress of a stage, at most every twentieth of it; it ends where the training is asked to stop."""
    shown = -1

    def advance(done: float, total: float) -> None:
        nonlocal shown
        if (step := int(20 * done / max(total, 1))) > shown:
            shown = step
            report({"stage": name, "progress": round(done / max(total, 1), 3)})
        _stop_if_wished(order.folder)

    return advance


def _mined(order: Order, excluded: frozenset[Path], sample_rate: int, report: Report) -> Path:
    folder = order.folder / "mined noise"
    done = folder / "complete"
    if not done.is_file():
        files = [path for path in audio_files(order.noisy) if path not in excluded]
        seconds = mine_noise(files, folder, sample_rate, _stage(order, report, "mine"))
        done.touch()
        report({"stage": "mined", "seconds": round(seconds), "folder": str(folder)})
    return folder


def _priors(order: Order, noise: Path, audit: Mapping[str, Any], excluded: frozenset[Path], rate: int) -> Priors:
    def corpora(role: str, folder: Path) -> list[Corpus]:
        speakers = audit.get(role, {}).get("speakers", 0)
        cache = order.folder / "cache"
        # By its role in the cache: a training keeps to what it began with.
        return [open_corpus(folder, cache, rate, speakers=speakers, excluded=excluded, kept_as=role)]

    return Priors(corpora("clean", order.clean), corpora("noise", noise), corpora("noisy", order.noisy))


def _opinions(tracks: torch.Tensor, sample_rate: int, who: str, report: Report) -> list[Row]:
    """DNSMOS of the clips of the verdict, as they are or by a model; none where the package is not installed."""
    if not find_spec("speechmos"):
        report({"warning": "no verdict without DNSMOS: pip install 'voicebed[eval]'"})
        return []
    rows = opinions(tracks, sample_rate)
    report({"stage": "scored", "what": who, **mean(dict(enumerate(rows)))})
    return rows


def _card(
    order: Order,
    recipe: Recipe,
    base: Base,
    priors: Priors,
    audit: Mapping[str, Any],
    run: Training,
    verdict: Verdict | None,
    metrics: Mapping[str, Row],
) -> ModelCard:
    generator = run.average
    settings = recipe.as_dict()
    del settings["codec"], settings["branch"]  # the base's, as in the architecture

    def listed(corpora: list[Corpus], in_domain: bool) -> tuple[Prior, ...]:
        return tuple(Prior(c.name, round(c.hours, 3), c.speakers, c.licence, in_domain) for c in corpora)

    additions = [name for name, used in (("remix", recipe.remix.weight), ("warm_start", recipe.warm_start)) if used]
    return ModelCard(
        name=order.out.stem,
        architecture=generator.settings,
        sample_rate=generator.codec.sample_rate,
        method=f"{PAPER}, recipe {recipe.name}" + (f", with {' and '.join(additions)}" if additions else ""),
        licence="not stated",
        date=date.today().isoformat(),
        base=base.origin,
        clean=listed(priors.clean, in_domain=False),
        noise=listed(priors.noise, in_domain=order.noise is None),
        noisy=listed(priors.noisy, in_domain=True),
        recipe=settings | {"held_out": HELD_OUT, "audit": dict(audit)},
        steps=run.step,
        training_hours=round(run.seconds / 3600, 3),
        machine=f"{run.fabric.world_size} x {run.fabric.device.type}, {torch.get_num_threads()} threads",
        seed=recipe.seed,
        metrics={"held-out noisy clips": dict(metrics)} if metrics else {},
        notes=verdict.words if verdict else "Not compared with its base: DNSMOS was not installed.",
    )
