"""The head of a lane: its name, with room for buttons."""

# ruff: noqa: N802  (Qt names its event handlers)

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLayout, QWidget

from app.window import theme


class LaneHeader(QFrame):
    """The name of a lane beside a spot of its colour, with room for buttons at its right (`add`)."""

    def __init__(self, lane: str, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._lane = lane
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(theme.L + theme.XS, theme.XS, theme.S, theme.XS)
        self._row.setSpacing(theme.XS)
        self._row.setSizeConstraint(QLayout.SizeConstraint.SetFixedSize)
        label = QLabel(title)
        label.setFont(theme.font(theme.SMALL, bold=True))
        self._row.addWidget(label)
        self.setCursor(Qt.CursorShape.ArrowCursor)

    def add(self, widget: QWidget) -> None:
        """Put a widget at the right end."""
        self._row.addWidget(widget)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A quiet ground on any picture."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("surface", 0.86))
        painter.drawRoundedRect(QRectF(self.rect()), theme.RADIUS, theme.RADIUS)
        painter.setBrush(theme.colour(self._lane))
        painter.drawEllipse(QPointF(theme.S + theme.XS, self.height() / 2), theme.XS, theme.XS)
