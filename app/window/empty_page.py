"""What the editor shows without a recording: a place to drop one, what Voicebed does in three lines, recent files."""

import math
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.window import icons, theme

WIDTH, PICTURE = 620, QSize(460, 112)
BAR, STEP = 3, 6  # pixels: width of a bar of the drawing, and from one to the next
MOST_RECENT = 5


class EmptyPage(QWidget):
    """The page without a recording.  Files can be dropped anywhere on it.

    Signals:
        open_requested(), demo_requested(): a button was pressed.
        recent_chosen(Path): a recent file was chosen.
        files_dropped(list): paths of files, in the order of the drop.
    """

    open_requested = Signal()
    demo_requested = Signal()
    recent_chosen = Signal(object)
    files_dropped = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.target = DropTarget()
        self.open_button = QPushButton(icons.icon("open", "on_accent"), self.tr("Open…"))
        self.open_button.setProperty("role", "primary")
        self.open_button.setAccessibleName(self.tr("Open a recording"))
        self.open_button.clicked.connect(self.open_requested)
        self.demo_button = QPushButton(self.tr("Try the demo"))
        self.demo_button.setToolTip(self.tr("Fourteen seconds in a café"))
        self.demo_button.setAccessibleName(self.tr("Try the demo"))
        self.demo_button.clicked.connect(self.demo_requested)
        self._recent = QGridLayout()
        self._recent.setHorizontalSpacing(theme.M)
        self._recent.setVerticalSpacing(theme.XS)
        self._recent.setColumnStretch(1, 1)
        self._recent_title = QLabel(self.tr("Recent"))
        self._recent_title.setProperty("role", "heading")
        self._lay_out()
        self.set_recent([])

    def set_recent(self, paths: Sequence[Path]) -> None:
        """Show the latest of these files, each to be opened by a click."""
        while item := self._recent.takeAt(0):
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        self._recent_title.setVisible(bool(paths))
        for row, path in enumerate(paths[:MOST_RECENT]):
            button = QToolButton()
            button.setToolTip(str(path))
            button.setProperty("role", "flat")
            button.setText(_shortened(path.name, button))
            button.setAccessibleName(self.tr("Open {0} in {1}").format(path.name, path.parent))
            button.clicked.connect(lambda _=False, path=path: self.recent_chosen.emit(path))
            folder = QLabel()
            folder.setProperty("role", "muted")
            folder.setText(_shortened(_from_home(path.parent), folder))
            self._recent.addWidget(button, row, 0)
            self._recent.addWidget(folder, row, 1)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.S)
        buttons.addStretch()
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.demo_button)
        buttons.addStretch()
        inside = QVBoxLayout(self.target)
        inside.setContentsMargins(theme.XL, theme.XL, theme.XL, theme.XL)
        inside.setSpacing(theme.M)
        title = QLabel(self.tr("Drop a recording here, or open one"), alignment=Qt.AlignmentFlag.AlignCenter)
        title.setProperty("role", "title")
        inside.addSpacing(PICTURE.height() + theme.M)
        inside.addWidget(title)
        inside.addLayout(buttons)
        column = QVBoxLayout()
        column.setSpacing(theme.XL)
        column.addStretch(1)
        column.addWidget(self.target)
        column.addLayout(_lessons(self))
        column.addWidget(self._recent_title)
        column.addSpacing(theme.S - theme.XL)
        column.addLayout(self._recent)
        column.addStretch(2)
        row = QHBoxLayout(self)
        row.addStretch()
        row.addLayout(column)
        row.addStretch()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's name
        """Files are welcome."""
        if _files(event):
            event.acceptProposedAction()
            self.target.set_welcoming(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802  Qt's name
        """As before the drag."""
        self.target.set_welcoming(False)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802  Qt's name
        """Reports the files."""
        self.target.set_welcoming(False)
        event.acceptProposedAction()
        self.files_dropped.emit(_files(event))


class DropTarget(QFrame):
    """The dashed frame, with a waveform that parts into speech and noise."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._welcoming = False
        self.setFixedWidth(WIDTH)

    def set_welcoming(self, welcoming: bool) -> None:
        """Whether files are held over the page."""
        self._welcoming = welcoming
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """The frame and the drawing."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        pen = QPen(theme.colour("accent" if self._welcoming else "border"), 1.5, Qt.PenStyle.DashLine)
        pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.setBrush(theme.colour("accent", 0.1) if self._welcoming else theme.colour("surface"))
        painter.drawRoundedRect(frame, 2 * theme.RADIUS, 2 * theme.RADIUS)
        painter.translate((self.width() - PICTURE.width()) / 2, theme.XL)
        _draw_parting(painter)


def _draw_parting(painter: QPainter) -> None:
    """Bars of a mixture at the left; two curves lead from them to bars of speech above and of noise below."""
    width, height = PICTURE.width(), PICTURE.height()
    middle, upper, lower = height / 2, height * 0.27, height * 0.78
    left, right = width * 0.40, width * 0.56
    count = int(left / STEP)
    for number in range(count):
        _bar(painter, "mixture", number * STEP, middle, 0.5 * _speech(number) + 0.55 * _noise(number))
    for name, end in (("speech", upper), ("noise", lower)):
        path = QPainterPath(QPointF(left + STEP, middle))
        bend = (left + right) / 2
        path.cubicTo(QPointF(bend, middle), QPointF(bend, end), QPointF(right - STEP, end))
        painter.setPen(QPen(theme.colour(name), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
    for number in range(count + 3):
        _bar(painter, "speech", right + number * STEP, upper, 0.5 * _speech(number))
        _bar(painter, "noise", right + number * STEP, lower, 0.55 * _noise(number))


def _bar(painter: QPainter, name: str, x: float, y: float, share: float) -> None:
    size = max(BAR, share * PICTURE.height())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour(name))
    painter.drawRoundedRect(QRectF(x, y - size / 2, BAR, size), BAR / 2, BAR / 2)


def _speech(number: int) -> float:
    """A height from 0 to 1 that comes and goes like syllables."""
    return max(0.0, math.sin(0.42 * number + 0.6)) * (0.55 + 0.45 * math.sin(1.9 * number)) ** 0.5


def _noise(number: int) -> float:
    """A height from 0 to 1 that is much the same everywhere."""
    return 0.3 + 0.12 * math.sin(2.7 * number) + 0.08 * math.sin(5.1 * number)


def _lessons(page: QWidget) -> QGridLayout:
    lessons = (
        ("zoom_selection", page.tr("See speech and noise apart, each in a lane of its own")),
        ("solo", page.tr("Hear what would be removed before you remove it")),
        ("settings", page.tr("Set the balance with two faders; your recording is never changed")),
    )
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme.M)
    grid.setVerticalSpacing(theme.S)
    grid.setColumnStretch(1, 1)
    for row, (icon, text) in enumerate(lessons):
        grid.addWidget(_Sign(icon), row, 0)
        grid.addWidget(QLabel(text), row, 1)
    return grid


class _Sign(QWidget):
    """An icon that is no button."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._icon = icons.icon(name, "muted")
        self.setFixedSize(theme.ICON, theme.ICON)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        self._icon.paint(QPainter(self), self.rect())


def _from_home(folder: Path) -> str:
    """The folder, with ~ for the home folder."""
    try:
        return str("~" / folder.relative_to(Path.home()))
    except ValueError:
        return str(folder)


def _shortened(text: str, widget: QWidget) -> str:
    """The text without its middle where it would take more than half the page in the widget's type."""
    widget.ensurePolished()
    return widget.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, WIDTH // 2 - 2 * theme.M)


def _files(event: QDropEvent) -> list[Path]:
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
