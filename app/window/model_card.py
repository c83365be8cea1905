"""Model cards to read, and the dialog in which models are looked at, imported, removed and chosen."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.document.words import MINUS
from app.window import icons, theme
from app.window.background import run_in_background
from app.window.message_bar import MessageBar
from app.window.text_page import TextPage
from engine.model_files import DEFAULT, SUFFIX, ModelFile, Prior, import_model, list_models, remove_model

SIZE, LIST_WIDTH = (960, 700), 240
NOTHING = "\u00a0"  # Qt joins an empty cell of a table with the next one


class ModelCardView(TextPage):
    """Shows what a model is and what made it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setAccessibleName(self.tr("Model card"))

    def show_model(self, model: ModelFile) -> None:
        """Show the card of a model."""
        self.show_markdown(card_text(model))


class ModelsDialog(QDialog):
    """The models with their cards.

    Args:
        current: name or path of the model in use; "" is the default one.

    Signals:
        chosen(str): the user wants this model, by its name; "" is the default one.
    """

    chosen = Signal(str)

    def __init__(self, current: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Models"))
        self._current = current or DEFAULT
        self._models: list[ModelFile] = []
        self.bar = MessageBar()
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Models"))
        self.list.setFixedWidth(LIST_WIDTH)
        self.list.setIconSize(QSize(theme.ICON, theme.ICON))
        self.card = ModelCardView()
        self.import_button = QPushButton(icons.icon("open"), self.tr("Import…"))
        self.import_button.setToolTip(self.tr("Copy a model file into the folder of your models"))
        self.remove_button = QPushButton(icons.icon("delete"), self.tr("Remove"))
        self.remove_button.setToolTip(self.tr("Delete an imported model"))
        self.use_button = QPushButton(self.tr("Use this model"))
        self.use_button.setProperty("role", "primary")
        close = QPushButton(self.tr("Close"))
        for button in (self.import_button, self.remove_button, self.use_button, close):
            button.setAccessibleName(button.text())
            button.setAutoDefault(button is self.use_button)
        self._lay_out(close)
        self.list.currentItemChanged.connect(self._show_current)
        self.list.itemActivated.connect(self._use)
        self.import_button.clicked.connect(self._choose_file)
        self.remove_button.clicked.connect(self._ask_to_remove)
        self.use_button.clicked.connect(self._use)
        close.clicked.connect(self.reject)
        self._show_current()
        self._load(self._current)

    def import_file(self, path: Path) -> None:
        """Import a model file and show its card; what is wrong with it comes in the message bar."""
        self.import_button.setEnabled(False)
        run_in_background(self, lambda: import_model(path), self._imported, self._failed)

    def _lay_out(self, close: QPushButton) -> None:
        halves = QHBoxLayout()
        halves.setSpacing(0)
        halves.addWidget(self.list)
        halves.addWidget(self.card, stretch=1)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(theme.M, theme.M, theme.M, theme.M)
        buttons.setSpacing(theme.S)
        buttons.addWidget(self.import_button)
        buttons.addWidget(self.remove_button)
        buttons.addStretch()
        buttons.addWidget(close)
        buttons.addWidget(self.use_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addLayout(halves, stretch=1)
        column.addLayout(buttons)
        self.resize(*SIZE)

    def _load(self, selected: str) -> None:
        """Read all cards, in the background: large files take a while to be checked."""
        run_in_background(self, list_models, lambda models: self._fill(models, selected), self._failed)

    def _fill(self, models: Sequence[ModelFile], selected: str) -> None:
        self._models = list(models)
        self.list.clear()
        for model in self._models:
            kind = self.tr("came with Voicebed") if model.bundled else self.tr("imported")
            item = QListWidgetItem(f"{model.path.stem}\n{kind}", self.list)
            item.setSizeHint(QSize(0, 2 * theme.CONTROL - theme.S))
            if _is(model, self._current):
                item.setIcon(icons.icon("check", "accent"))
                item.setToolTip(self.tr("In use"))
        rows = [row for row, model in enumerate(self._models) if _is(model, selected)]
        self.list.setCurrentRow(rows[0] if rows else 0)
        if not self._models:
            self.bar.show_message(self.tr("There is no model here. Import one, a {0} file.").format(SUFFIX), "warning")

    def _selected(self) -> ModelFile | None:
        return self._models[self.list.currentRow()] if self.list.currentRow() >= 0 else None

    def _show_current(self) -> None:
        model = self._selected()
        self.use_button.setEnabled(model is not None)
        self.remove_button.setEnabled(model is not None and not model.bundled)
        if model:
            self.card.show_model(model)

    def _use(self) -> None:
        if model := self._selected():
            self.chosen.emit("" if model.path.stem == DEFAULT else model.path.stem)
            self.accept()

    def _choose_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, self.tr("Import a model"), filter=self.tr("Models") + f" (*{SUFFIX})"
        )
        if name:
            self.import_file(Path(name))

    def _imported(self, model: ModelFile) -> None:
        self.import_button.setEnabled(True)
        self.bar.show_message(self.tr("{0} is imported.").format(model.path.stem), seconds=6)
        self._load(model.path.stem)

    def _failed(self, message: str) -> None:
        self.import_button.setEnabled(True)
        self.bar.show_message(message, "error")

    def _ask_to_remove(self) -> None:
        if model := self._selected():
            name = model.path.stem
            text = self.tr("Remove {0}? Its file will be deleted.").format(name)
            self.bar.show_message(text, "warning", [(self.tr("Remove"), lambda: self._remove(name))])

    def _remove(self, name: str) -> None:
        run_in_background(self, lambda: remove_model(name), lambda _: self._load(self._current), self._failed)


def _is(model: ModelFile, name: str) -> bool:
    """Whether this is the model of that name or path."""
    return name == model.path.stem or Path(name) == model.path


def card_text(model: ModelFile) -> str:
    """The card of a model in Markdown."""
    card = model.card
    domain = any(prior.in_domain for prior in (*card.clean, *card.noise, *card.noisy))
    origin = _tr("came with Voicebed") if model.bundled else _tr("imported")
    parts = [
        f"# {_escaped(card.name)}",
        f"`{model.id}`, {origin}; {_tr('licence')} {_escaped(card.licence)}; {card.date}",
        _escaped(card.method) + ".",
        _tr("It hears up to {0:g} kHz; above that, the gain follows the top of what it hears.").format(
            card.sample_rate / 2000
        ),
        f"## {_tr('What it was trained on')}",
    ]
    for title, priors in (
        (_tr("Clean voices"), card.clean),
        (_tr("Noises"), card.noise),
        (_tr("Noisy recordings"), card.noisy),
    ):
        if priors:
            parts += [f"### {title}", _priors_table(priors, domain)]
    if not domain:
        parts.append(_tr("None of it was recorded where, or as, your own recordings were."))
    parts += [f"## {_tr('How it was trained')}", _training(model)]
    if card.metrics:
        parts.append(f"## {_tr('How it scores')}")
        parts.append(_tr("Input is the noisy recording as it is, output the speech track. Higher is better."))
    for test_set, rows in card.metrics.items():
        parts += [f"### {_escaped(test_set[:1].upper() + test_set[1:])}", _metrics_table(rows)]
    if card.notes:
        parts += [f"## {_tr('Notes and limits')}", _escaped(card.notes)]
    return "\n\n".join(parts)


def _priors_table(priors: Sequence[Prior], domain: bool) -> str:
    """The corpora and their sum; `domain` adds which are of the user's own domain."""
    hours, speakers = sum(prior.hours for prior in priors), sum(prior.speakers for prior in priors)
    voices = speakers > 0  # noises have none
    rows = [
        [_escaped(prior.name), _hours(prior.hours)]
        + [str(prior.speakers or "–")] * voices
        + [_escaped(prior.licence)]
        + [_tr("yes") if prior.in_domain else _tr("no")] * domain
        for prior in priors
    ]
    rows.append([_tr("together"), _hours(hours)] + [str(speakers)] * voices + [NOTHING] + [NOTHING] * domain)
    head = [_tr("collection"), _tr("hours")] + [_tr("speakers")] * voices
    head += [_tr("licence")] + [_tr("in domain")] * domain
    return _table(head, rows, "lrrll" if voices else "lrll")


def _hours(hours: float) -> str:
    return f"{hours:.1f}" if hours >= 1 else f"{hours:.2f}"


def _training(model: ModelFile) -> str:
    card = model.card
    sentence = _tr("{0} steps in {1:.1f} hours on {2}, seed {3}.").format(
        f"{card.steps:,}", card.training_hours, _escaped(card.machine or _tr("an unknown machine")), card.seed
    )
    base = _tr("It began from {0}.").format(_escaped(card.base)) if card.base else _tr("It began from nothing.")
    settings = {key: value for key, value in card.recipe.items() if key not in ("codec", "branch", "seed", "name")}
    name = str(card.recipe.get("name", ""))
    recipe = f"{_tr('Recipe')} *{_escaped(name)}*: {_in_words(settings)}." if settings else ""
    return "\n\n".join(filter(None, (f"{sentence} {base}", recipe)))


def _in_words(settings: dict[str, Any]) -> str:
    """Settings as a list of words; groups of them in brackets."""
    words: list[str] = []
    for key, value in settings.items():
        match value:
            case dict():
                value = f"({_in_words(value)})"
            case [first, last]:
                value = _tr("{0} to {1}").format(_number(first), _number(last))
            case _:
                value = _number(value)
        words.append(f"{_escaped(key.replace('_', ' '))} {value}")
    return ", ".join(words)


def _metrics_table(rows: dict[str, dict[str, float]]) -> str:
    before, after, alone = (rows.get(row, {}) for row in ("input", "output", "method alone"))
    table = []
    for name in dict.fromkeys((*before, *after)):
        values = [f"{scores[name]:.2f}".replace("-", MINUS) if name in scores else "–" for scores in (before, after)]
        known = name in before and name in after
        change = f"{after[name] - before[name]:+.2f}".replace("-", MINUS) if known else NOTHING
        beside = [f"{alone[name]:.2f}".replace("-", MINUS) if name in alone else NOTHING] if alone else []
        table.append([_escaped(name), *values, change, *beside])
    head = [
        _tr("figure"),
        _tr("input"),
        _tr("output"),
        _tr("change"),
        *([_tr("from unpaired priors alone")] if alone else []),
    ]
    return _table(head, table, "lrrrr")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], alignment: str) -> str:
    """A table in GitHub's Markdown; `alignment` has "l" or "r" for each column."""
    marks = ["---:" if side == "r" else "---" for side in alignment[: len(head)]]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, marks, *rows))


def _number(value: object) -> str:
    return _escaped(f"{value:g}".replace("-", MINUS) if isinstance(value, float) else str(value))


def _escaped(text: str) -> str:
    """A text of somebody else's as Markdown that shows just this text, in one line."""
    return re.sub(r"([\\`*_{}\[\]<>#|~&!])", r"\\\1", " ".join(text.split()))


def _tr(text: str) -> str:
    return QCoreApplication.translate("ModelCardView", text)
