"""The meters: momentary and short-term loudness, the highest true peak, clipping and dropouts."""

import math

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.document.words import MINUS
from app.window import theme

FLOOR_LUFS = -48.0  # the left end of the bar; its right end is 0
TICKS = (-36, -24, -18, -12, -6)


def level(value: float, unit: str) -> str:
    """A level to a tenth, "−18.3 LUFS"; below −70, the gate of EBU R 128, it is silence."""
    return f"{MINUS}∞ {unit}" if value < -70 else f"{value:.1f} {unit}".replace("-", MINUS)


class MeterBar(QWidget):
    """Shows what is being played.

    Attributes:
        hold: the highest true peak in dBTP since the last reset.
        clipped: whether something went beyond full scale since then.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = LoudnessBar()
        self.bar.setToolTip(self.tr("Loudness of the last 0.4 seconds"))
        self.short_term = QLabel()
        self.short_term.setAccessibleDescription(self.tr("Short-term loudness"))
        self.short_term.setToolTip(self.tr("Loudness of the last 3 seconds"))
        self.peak = QPushButton()
        self.peak.setProperty("role", "clip")
        self.peak.setToolTip(self.tr("Highest true peak, red once beyond full scale; click to forget it"))
        self.peak.setCheckable(True)
        self.peak.clicked.connect(self.reset)
        self.dropouts = QLabel()
        self.dropouts.setProperty("role", "warning")
        self.dropouts.setToolTip(self.tr("The sound was interrupted: the computer was too busy"))
        self.dropouts.setFont(theme.font(theme.SMALL))
        self.dropouts.hide()
        numbers = QVBoxLayout()
        numbers.setSpacing(0)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.S)
        row.addWidget(self.bar, 1)
        for widget, widest in ((self.short_term, level(-60, "LUFS")), (self.peak, level(-60, "dBTP"))):
            widget.setFont(theme.font())
            widget.setFixedWidth(widget.fontMetrics().horizontalAdvance(widest) + theme.L)
        for label in (self.short_term, self.dropouts):
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            numbers.addWidget(label)
        row.addLayout(numbers)
        row.addWidget(self.peak)
        self.reset()
        self.set_levels(-math.inf, -math.inf, -math.inf, False)

    def set_levels(self, momentary: float, short_term: float, true_peak: float, clipped: bool) -> None:
        """Show levels in LUFS and dBTP (−∞ for silence), and whether anything was beyond full scale."""
        self.bar.set_level(momentary)
        self.short_term.setText(level(short_term, "LUFS"))
        if true_peak > self.hold or clipped > self.clipped:
            self.hold, self.clipped = max(true_peak, self.hold), clipped or self.clipped
            self._show_peak()

    def set_dropouts(self, count: int) -> None:
        """Show how often the sound was interrupted; nothing for 0."""
        self.dropouts.setVisible(count > 0)
        self.dropouts.setText(self.tr("Dropouts: {count}").format(count=count))

    def reset(self) -> None:
        """Forget the highest peak and the clipping."""
        self.hold, self.clipped = -math.inf, False
        self._show_peak()

    def _show_peak(self) -> None:
        words = level(self.hold, "dBTP")
        self.peak.setText(words)
        self.peak.setAccessibleName(
            self.tr("True peak {level}, clipped").format(level=words)
            if self.clipped
            else self.tr("True peak {level}").format(level=words)
        )
        self.peak.setChecked(self.clipped)


class LoudnessBar(QWidget):
    """A bar from `FLOOR_LUFS` to 0 LUFS."""

    def __init__(self) -> None:
        super().__init__()
        self._level = -math.inf
        self._end = 0  # of the bar, in pixels: what is drawn, so that unseen changes cost nothing
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for the bar above its scale."""
        return QSize(200, theme.CONTROL)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Narrower than this it says nothing."""
        return QSize(96, theme.CONTROL)

    def set_level(self, lufs: float) -> None:
        """Show a loudness in LUFS."""
        self._level = lufs
        if self._x_of(lufs) != self._end:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draws groove, bar and scale."""
        self._end = self._x_of(self._level)
        painter = QPainter(self)
        painter.fillRect(QRectF(0, 4, self.width(), 8), theme.colour("background"))
        painter.fillRect(QRectF(0, 4, self._end, 8), theme.colour("mixture"))
        painter.setFont(theme.font(theme.TINY))
        free = 0.0  # where the next number may begin
        for lufs in TICKS:
            x = self._x_of(lufs)
            painter.setPen(QPen(theme.colour("surface"), 1))
            painter.drawLine(x, 4, x, 11)
            if x - 14 >= free:
                free = x + 14
                painter.setPen(theme.colour("muted"))
                words = f"{lufs}".replace("-", MINUS)
                painter.drawText(QRectF(x - 14, 14, 28, 13), Qt.AlignmentFlag.AlignCenter, words)
        painter.end()

    def _x_of(self, lufs: float) -> int:
        return round(self.width() * min(1.0, max(0.0, 1 - lufs / FLOOR_LUFS)))
