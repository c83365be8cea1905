"""What a screen reader would find missing."""

from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QProgressBar,
    QTextEdit,
    QWidget,
)

INTERACTIVE = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QProgressBar,
    QTextEdit,
)


def unnamed(widget: QWidget) -> list[str]:
    """The interactive children without an accessible name, hidden ones left out.

    Headers are read with their tables, and the list that a combo box drops down with the box.
    """
    found: list[str] = []
    for child in widget.findChildren(QWidget):
        parent = child.parentWidget()
        inside_box = parent is not None and parent.metaObject().className() == "QComboBoxPrivateContainer"
        if (
            isinstance(child, INTERACTIVE)
            and not isinstance(child, QHeaderView)
            and not inside_box
            and child.isVisibleTo(widget)
        ):
            reader = QAccessible.queryAccessibleInterface(child)
            if reader and not reader.text(QAccessible.Text.Name):
                found.append(f"{type(child).__name__} {child.objectName()} in {type(parent).__name__}")
    return found
