"""How a training goes, drawn for people who never saw one: the score that counts, and why it moves."""

# ruff: noqa: N802, N803  (Qt and pyqtgraph name what is overridden)

import math
from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.document.words import MINUS
from app.window import theme

pg.setConfigOptions(antialias=True, exitCleanup=False)

DRAW_MS, TURN_MS = 100, 20  # what comes within the first is one drawing; between the plots of it, for the rest to go on
MOST = 150  # points of a line that are painted: about one a pixel
MEMORY = 0.2  # share of the newest value in a smoothed one: about the last ten count
LINE, THIN, DOT, GRID = 2.0, 1.0, 7, 70  # pixels; of 255
AXIS = 38  # pixels, for the figures left of a plot
APART = (48, 36)  # pixels between figures, of minutes and of values
MARGIN = 0.12  # of the range of values, above and below what is seen
SIDE = 0.015  # of the time, before and after it: room for spots
FAINT = 0.3  # opacity of values as they came, below their smoothed line
TENTH = 0.1  # minutes that are seen at least

Floats = NDArray[np.float64]


class Line(NamedTuple):
    """A line of a plot: its name in the log, its colour in the theme, and what it is called."""

    name: str
    tint: str
    words: str


class Series:
    """Values over time, in the order in which they come, and smoothed.

    Where time goes back, as after a resume from a checkpoint, what came later is dropped.

    Args:
        memory: share of the newest value in a smoothed one, more while there are few; 1 smoothes nothing.
    """

    def __init__(self, memory: float) -> None:
        self._memory = memory
        self.minutes, self.values, self.smooth = array("d"), array("d"), array("d")

    def add(self, minutes: float, value: float) -> None:
        """Take the next value."""
        while self.minutes and self.minutes[-1] > minutes:
            for part in (self.minutes, self.values, self.smooth):
                part.pop()
        before = self.smooth[-1] if self.smooth else value
        self.minutes.append(minutes)
        self.values.append(value)
        self.smooth.append(before + max(self._memory, 1 / len(self.values)) * (value - before))

    def painted(self, values: "array[float]") -> tuple[Floats, Floats]:
        """Minutes, and `values` (or `smooth`), at evenly spaced places, the first and the last among them."""
        count = len(self.minutes)
        places = np.linspace(0, max(0, count - 1), min(MOST, count)).astype(np.intp)
        return np.array(self.minutes)[places], np.array(values)[places]


class Axis(pg.AxisItem):
    """An axis with round figures as far apart as they need."""

    def __init__(self, side: str, apart: int) -> None:
        super().__init__(side)
        self._apart = apart
        self.setStyle(tickLength=0, tickTextOffset=theme.XS)

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        """The one distance between figures."""
        least = max((maxVal - minVal) * self._apart / max(size, 1.0), 1e-9)
        power = 10.0 ** math.floor(math.log10(least))
        return [(next(step * power for step in (1, 2, 5, 10) if step * power >= least), 0)]


class MinutesAxis(Axis):
    """A time axis with its unit at each figure."""

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """The figures."""
        return [f"{value:g} min" if value else "0" for value in values]


class Panel(QFrame):
    """A plot with a title, with what its lines are and have come to, and with a tool tip that explains it.

    Args:
        title: in plain words.
        explained: what is seen, and which way is better.
        memory: as of `Series`; a smoothed line alone in its plot has its values below it, faintly.
        seen: values that are within the range in any case.
        span: the least range of values: less would make much of little.
        aim: what its line of comparison is called, which is written over it.
        beside: words behind the values.
        figures: how a value is written, such as "{:.2f}".
        dots: draw a spot at each value: for few values.

    Attributes:
        note: words at the right of the title.
        aim: the value to compare with; None for none.
        waiting: words where there is nothing to draw yet.
    """

    def __init__(
        self,
        title: str,
        explained: str,
        lines: Sequence[Line],
        figures: str,
        seen: tuple[float, ...] = (),
        span: float = 0.0,
        aim: str = "",
        beside: str = "",
        memory: float = 1.0,
        dots: bool = False,
    ) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.setToolTip(explained)
        self.setAccessibleName(title)
        self.aim: float | None = None
        self._lines, self._figures, self._seen, self._memory = tuple(lines), figures, seen, memory
        self._aim_name, self._beside, self._span = aim, beside, span
        self.series: dict[str, Series] = {}
        self.note, self.legend = QLabel(), QLabel(textFormat=Qt.TextFormat.RichText)
        self.note.setFont(theme.font(theme.SMALL))
        self.legend.setFont(theme.font(theme.SMALL))
        heading = QLabel(title)
        heading.setFont(theme.font(theme.BODY, bold=True))
        for label in (heading, self.legend):  # plots side by side are equally wide, whatever is written over them
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        axes = {"bottom": MinutesAxis("bottom", APART[0]), "left": Axis("left", APART[1])}
        self.plot = pg.PlotWidget(axisItems=axes)
        self._item: Any = self.plot.getPlotItem()
        self.waiting = QLabel(self.plot, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self.waiting.setProperty("role", "muted")
        self._set_up_plot()
        self._aim_line, self._aim_words = pg.InfiniteLine(angle=0), pg.TextItem(anchor=(1, 1))
        self._ends: list[Any] = [self._aim_line, self._aim_words]
        self._faint = pg.PlotCurveItem(antialias=False)
        self._curves = {line.name: pg.PlotCurveItem() for line in lines}
        self._dots = {line.name: pg.ScatterPlotItem(size=DOT) for line in lines if dots}
        for item in (*self._ends, self._faint, *self._curves.values(), *self._dots.values()):
            self.plot.addItem(item)
        top = QHBoxLayout()
        top.addWidget(heading, 1)
        top.addWidget(self.note)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.M, theme.S, theme.M, theme.S)
        column.setSpacing(theme.XS)
        column.addLayout(top)
        column.addWidget(self.legend)
        column.addWidget(self.plot, 1)
        self.clear()
        self.dress()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(series.minutes for series in self.series.values())

    def clear(self) -> None:
        """Forget all values."""
        self.aim = None
        self.series = {line.name: Series(self._memory) for line in self._lines}

    def add(self, name: str, minutes: float, value: Any) -> None:
        """Take the next value of a line, if it is a finite number."""
        if isinstance(value, int | float) and math.isfinite(value):
            self.series[name].add(minutes, float(value))

    def explain_empty(self, words: str) -> None:
        """Say why there is nothing, if there is nothing."""
        if self.empty:
            self.waiting.setText(words)

    def draw(self, minutes: float) -> None:
        """Bring the picture up to date, with the time from 0 to `minutes`."""
        if self._ratio != self.devicePixelRatioF():
            self.dress()
        for name, series in self.series.items():
            painted = series.painted(series.smooth)
            self._curves[name].setData(*painted)
            if name in self._dots:
                self._dots[name].setData(*painted)
        if self._memory < 1 and len(self.series) == 1:
            (series,) = self.series.values()
            self._faint.setData(*series.painted(series.values))
        seen = [self._seen, *(np.array(series.smooth) for series in self.series.values() if series.smooth)]
        if self.aim is not None:
            seen.append((self.aim,))
            self._aim_line.setValue(self.aim)
            self._aim_words.setText(self._aim_name.format(self.figure(self.aim)))
            self._aim_words.setPos(minutes, self.aim)
        for item in self._ends:
            item.setVisible(self.aim is not None)
        values = np.concatenate([*map(np.asarray, seen)]) if any(map(len, seen)) else np.array([0.0, 1.0])
        low, high = float(values.min()), float(values.max())
        room = MARGIN * (high - low) + max(0.0, self._span - (high - low)) / 2
        side = SIDE * minutes
        self._item.setXRange(-side, minutes + side, padding=0)
        self._item.setYRange(low - room, high + room, padding=0)
        self._item.setVisible(not self.empty)
        self.waiting.setVisible(self.empty)
        self.show_words()

    def figure(self, value: float) -> str:
        """A value in figures."""
        return self._figures.format(value).replace("-", MINUS)

    def show_words(self) -> None:
        """Say what the lines have come to."""
        reached = [(line, self.figure(s.smooth[-1])) for line in self._lines if (s := self.series[line.name]).smooth]
        shown = [
            f'<span style="color:{theme.colour(line.tint).name()}">●</span>&nbsp;{line.words}&nbsp;<b>{value}</b>'
            for line, value in reached
        ]
        spoken = [f"{line.words} {value}" for line, value in reached] or [self.waiting.text()]
        if reached and self._beside:
            shown.append(f'<span style="color:{theme.colour("muted").name()}">{self._beside}</span>')
            spoken.append(self._beside)
        self.legend.setText("&nbsp;&nbsp; ".join(shown))
        if self.aim is not None:
            spoken.append(self._aim_name.format(self.figure(self.aim)))
        self.setAccessibleDescription(", ".join(filter(None, (*spoken, self.note.text()))))

    def dress(self) -> None:
        """Put on the colours of the theme, with lines as wide as the screen wants them."""
        self._ratio = self.devicePixelRatioF()
        thick, thin = LINE * self._ratio, THIN * self._ratio
        for line in self._lines:
            self._curves[line.name].setPen(pen(line.tint, thick))
            if line.name in self._dots:
                self._dots[line.name].setPen(pen("surface", thin))
                self._dots[line.name].setBrush(theme.colour(line.tint))
        self._faint.setPen(pen(self._lines[0].tint, thin, FAINT))
        self._aim_line.setPen(pen("muted", thin, style=Qt.PenStyle.DashLine))
        self._aim_words.setColor(theme.colour("muted"))
        self._aim_words.setFont(theme.font(theme.TINY))
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(pen("border", thin))
            axis.setTextPen(theme.colour("muted"))
            axis.setTickFont(theme.font(theme.TINY))
        self.show_words()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The words that stand for a picture fill its place."""
        super().resizeEvent(event)
        self.waiting.setGeometry(self.plot.rect())

    def _set_up_plot(self) -> None:
        """A picture, not an instrument: nothing of it can be moved."""
        plot = self.plot
        plot.setBackground(None)
        plot.setFrameShape(QFrame.Shape.NoFrame)
        plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        plot.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)  # tool tips are the panel's
        plot.setMouseEnabled(False, False)
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.disableAutoRange()
        plot.setMinimumSize(2 * AXIS, AXIS)
        plot.getAxis("left").setWidth(AXIS)
        plot.getAxis("left").setGrid(GRID)


class Curves(QWidget):
    """A training's lines, from the lines of its log.

    The score on recordings kept aside comes first; below it is how far the tracks add up to the recording, how well the
    judges tell real from made, and how loud the tracks are.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("How the training goes"))
        self._make_panels()
        self._reset()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(theme.S)
        grid.addWidget(self.score, 0, 0, 1, 3)
        for place, panel in enumerate((self.sum, self.judges, self.loudness)):
            grid.addWidget(panel, 1, place)
            grid.setColumnStretch(place, 1)
        grid.setRowStretch(0, 3)
        grid.setRowStretch(1, 2)
        self._due: list[Panel] = []
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._draw_next)
        theme.theme_changed.connect(self._dress)
        self._draw()

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All plots, the one that counts first."""
        return self.score, self.sum, self.judges, self.loudness

    def add(self, line: dict[str, Any]) -> None:
        """Take a line of the log; what is not drawn is passed over."""
        match line:
            case {"step": int(), "seconds": int() | float() as seconds}:
                minutes = seconds / 60
                self._minutes = minutes
                self._end = max(minutes, minutes + line.get("eta", 0) / 60 if seconds else self._end)
                if isinstance(scores := line.get("validation"), dict):
                    self._validated(minutes, scores)
                else:
                    self._learnt(minutes, line)
            case {"stage": "verdict" | "done"}:
                self._end = self._minutes
            case _:
                return
        self._draw_soon()

    def set_base_score(self, ovrl: float) -> None:
        """Draw the score of the model that the training began as, which is to be beaten."""
        self.score.aim = ovrl
        self._draw_soon()

    def clear(self) -> None:
        """Begin anew."""
        self._reset()
        self._draw()

    def showEvent(self, event: QShowEvent) -> None:
        """What came while it was hidden is drawn now."""
        self._draw()
        super().showEvent(event)

    def _make_panels(self) -> None:
        self.score = Panel(
            self.tr("Quality of the speech"),
            self.tr(
                "How good the speech sounds that the model makes of recordings it never learns from: DNSMOS, from 1 "
                "(bad) to 5 (excellent). Higher is better. The dashed line is the model that it began as; the best one "
                "so far is kept."
            ),
            [Line("OVRL", "accent", self.tr("now"))],
            "{:.2f}",
            span=0.2,
            aim=self.tr("to beat: {0}"),
            dots=True,
        )
        self.sum = Panel(
            self.tr("Do the tracks add up?"),
            self.tr(
                "How far speech and noise, added up again, are from the recording, as a share of the error at the "
                "beginning. Lower is better: nothing gets lost."
            ),
            [Line("error", "mixture", self.tr("error"))],
            "{:.0f} %",
            seen=(0.0, 100.0),
            memory=MEMORY,
        )
        self.judges = Panel(
            self.tr("Are the judges fooled?"),
            self.tr(
                "Judges learn to tell the model's tracks from your real speech, noise and recordings. At 100 % they "
                "cannot, at 0 % they always can. Anything between is healthy: then the model learns from them."
            ),
            [
                Line("clean", "speech", self.tr("speech")),
                Line("noise", "noise", self.tr("noise")),
                Line("noisy", "mixture", self.tr("sum")),
            ],
            "{:.0f} %",
            seen=(0.0, 100.0),
            memory=MEMORY,
        )
        self.loudness = Panel(
            self.tr("Is their loudness right?"),
            self.tr(
                "The gains α and β that speech and noise need to add up to the recording. Near 1 both are as loud as "
                "in the recording."
            ),
            [Line("alpha", "speech", "α"), Line("beta", "noise", "β")],
            "{:.2f}",
            seen=(0.8, 1.2),
            beside=self.tr("best at 1"),
            dots=True,
        )

    def _reset(self) -> None:
        self._minutes, self._end = 0.0, TENTH
        self._first_error: float | None = None
        for panel in self.panels:
            panel.clear()
            panel.waiting.setText(self.tr("Comes with the first steps"))
        for panel in (self.score, self.loudness):
            panel.waiting.setText(self.tr("Comes with the first score"))
        self.loudness.aim = 1.0

    def _validated(self, minutes: float, scores: dict[str, Any]) -> None:
        self.score.add("OVRL", minutes, scores.get("OVRL"))
        for name in ("alpha", "beta"):
            self.loudness.add(name, minutes, scores.get(name))
        self.score.explain_empty(self.tr("Not scored: DNSMOS is not installed (pip install 'voicebed[eval]')"))
        self.loudness.explain_empty(self.tr("Not measured: too few clean voices were kept aside"))

    def _learnt(self, minutes: float, line: dict[str, Any]) -> None:
        terms = [line[name] for name in ("mel", "stft") if isinstance(line.get(name), int | float)]
        if terms:
            error = sum(terms)
            self._first_error = self._first_error or error
            self.sum.add("error", minutes, 100 * error / self._first_error if self._first_error else None)
        for name in ("clean", "noise", "noisy"):
            loss = line.get(f"judge_{name}")
            self.judges.add(name, minutes, 100 * min(1.0, loss) if isinstance(loss, int | float) else None)
        self.sum.explain_empty(self.tr("This recipe does not measure it"))
        self.judges.explain_empty(self.tr("This recipe has no judges"))

    def _draw_soon(self) -> None:
        if not self._due:
            self._due = list(self.panels)
            self._timer.start(DRAW_MS)

    def _draw_next(self) -> None:
        """Draw one plot, then the next: all of them at once would be felt."""
        if self._due:
            self._draw_panel(self._due.pop(0))
        if self._due:
            self._timer.start(TURN_MS)
        else:
            self._describe()

    def _draw(self) -> None:
        """Draw all that has come."""
        self._due.clear()
        for panel in self.panels:
            self._draw_panel(panel)
        self._describe()

    def _draw_panel(self, panel: Panel) -> None:
        """Draw a plot, unless nobody sees it."""
        if panel is self.score:
            self._note_best()
        if self.isVisible():
            panel.draw(max(TENTH, self._end))
        else:
            panel.show_words()

    def _describe(self) -> None:
        self.setAccessibleDescription(
            "; ".join(f"{panel.accessibleName()}: {panel.accessibleDescription()}" for panel in self.panels)
        )

    def _note_best(self) -> None:
        """Say how the best score compares with the base."""
        scores, base = self.score.series["OVRL"].values, self.score.aim
        words = ""
        if base is not None and len(scores) > 1:
            gain = self.score.figure(max(scores) - base)
            words = (
                self.tr("best so far: {0} above the old model").format(gain)
                if max(scores) > base
                else self.tr("not above the old model yet")
            )
        self.score.note.setText(words)
        self.score.note.setFont(theme.font(theme.SMALL, bold=base is not None and max(scores, default=base) > base))

    def _dress(self) -> None:
        for panel in self.panels:
            panel.dress()


def pen(tint: str, width: float, alpha: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """A pen in a colour of the theme, so many device pixels wide at any scale of the values."""
    made = QPen(theme.colour(tint, alpha), width, style)
    made.setCosmetic(True)
    return made
