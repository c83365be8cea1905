"""A window from which folders are dragged: python -m tests.app.training.drag_source X FOLDER..., a strip for each."""

import sys

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

SIDE = 100  # pixels


class Folder(QLabel):
    """Something to drag."""

    def __init__(self, path: str) -> None:
        super().__init__(path.rpartition("/")[2])
        self.path = path
        self.setFixedSize(2 * SIDE, SIDE)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """Begins the drag."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(self.path)])
        drag = QDrag(self)
        drag.setMimeData(data)
        drag.exec(Qt.DropAction.CopyAction)


def main() -> int:
    """Show it at the place X, 0 until it is killed."""
    application = QApplication([])
    window = QWidget()
    window.setWindowTitle("Folders")
    column = QVBoxLayout(window)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for path in sys.argv[2:]:
        column.addWidget(Folder(path))
    window.move(int(sys.argv[1]), 0)
    window.show()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
