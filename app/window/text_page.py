"""A page of Markdown to read, in the type and colours of the theme."""

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import (
    QFontDatabase,
    QImage,
    QPalette,
    QResizeEvent,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
    QTextTableCellFormat,
)
from PySide6.QtWidgets import QTextBrowser, QTextEdit, QWidget

from app.window import theme

COLUMN = 680  # pixels, the widest that lines get
LINE_HEIGHT = 140  # per cent
HEADINGS = {1: (20, 0, theme.M), 2: (theme.TITLE, theme.XL, theme.S)}  # level -> size, pixels above and below
PLAIN = """
    QTextEdit { border: 2px solid transparent; border-radius: 0; padding: 0; }
    QTextEdit:focus { border-color: palette(accent); }
"""
SMALL_HEADING = (theme.BODY, theme.L, theme.XS)


class TextPage(QTextBrowser):
    """Shows Markdown with headings, lists, tables, code and pictures.  Links are only reported, by `anchorClicked`.

    Args:
        folder: where the pictures are.
    """

    def __init__(self, folder: Path | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOpenLinks(False)
        self._folder, self._text, self._marked = folder, "", ""
        self.setLineWrapMode(QTextEdit.LineWrapMode.FixedPixelWidth)
        self.setStyleSheet(PLAIN)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        theme.theme_changed.connect(self._render)

    def show_markdown(self, text: str) -> None:
        """Show a text in GitHub's Markdown, from its top."""
        self._text = text
        self._render()
        self.verticalScrollBar().setValue(0)

    def highlight(self, text: str) -> None:
        """Mark all places that hold a text, upper or lower case, and go to the first; "" takes the marks away."""
        self._marked = text
        if marks := self._mark():
            first = QTextCursor(marks[0].cursor)  # pyright: ignore[reportAttributeAccessIssue]
            first.clearSelection()
            self.setTextCursor(first)
            self.ensureCursorVisible()

    def loadResource(self, kind: int, name: QUrl | str) -> object:  # noqa: N802  Qt's name
        """Pictures of the folder, as wide as the column at most and sharp on any screen."""
        if kind != QTextDocument.ResourceType.ImageResource.value or self._folder is None:
            return None
        picture = QImage(str(self._folder / QUrl(name).path()))
        ratio = self.devicePixelRatioF()
        column = self.lineWrapColumnOrWidth() or COLUMN  # 0 before the page is shown
        width = round(min(column - 2 * theme.XL, picture.width()) * ratio)
        if picture.width() > width:
            picture = picture.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation)
        picture.setDevicePixelRatio(ratio)
        return picture

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """Lines are as long as the page is wide, but not too long to read."""
        before, column = self.lineWrapColumnOrWidth(), min(COLUMN, self.viewport().width())
        self.setLineWrapColumnOrWidth(column)
        super().resizeEvent(event)
        if column != before and "![" in self._text:
            self._render()  # the pictures too are as wide as the column

    def _mark(self) -> list[QTextEdit.ExtraSelection]:
        marks: list[QTextEdit.ExtraSelection] = []
        found = self.document().find(self._marked) if self._marked else QTextCursor()
        while not found.isNull():
            mark = QTextEdit.ExtraSelection()
            mark.cursor = found  # pyright: ignore[reportAttributeAccessIssue]  PySide's stubs lack its attributes
            mark.format.setBackground(theme.colour("accent", 0.35))  # pyright: ignore[reportAttributeAccessIssue]
            marks.append(mark)
            found = self.document().find(self._marked, found)
        self.setExtraSelections(marks)
        return marks

    def _render(self) -> None:
        place = self.verticalScrollBar().value()
        self.document().setDefaultFont(theme.font())
        self.document().setDocumentMargin(theme.XL)
        self.document().setIndentWidth(theme.XL)
        palette = QPalette(self.palette())
        palette.setColor(QPalette.ColorRole.Link, theme.colour("accent"))
        self.setPalette(palette)
        self.setMarkdown(self._text)
        block = self.document().begin()
        while block.isValid():
            _style_block(block)
            block = block.next()
        for frame in self.document().rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                _style_table(frame)
        self._mark()
        self.verticalScrollBar().setValue(place)


def _style_block(block: QTextBlock) -> None:
    form, level = QTextBlockFormat(), block.blockFormat().headingLevel()
    whole = QTextCursor(block)
    if level:
        size, above, below = HEADINGS.get(level, SMALL_HEADING)
        words = QTextCharFormat()
        words.setFont(theme.font(size, bold=True))
        words.setForeground(theme.colour("text"))
        whole.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
        whole.mergeCharFormat(words)
        form.setTopMargin(above)
        form.setBottomMargin(below)
    elif whole.currentTable() is None:
        code, goes_on = _is_code(block), _is_code(block.next()) or block.next().textList() is not None
        form.setLeftMargin(theme.M if code else 0)
        form.setTopMargin(0)
        close = code or block.textList() is not None
        form.setBottomMargin(theme.M if not (close and goes_on) else 0 if code else theme.XS)
        form.setLineHeight(LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
    QTextCursor(block).mergeBlockFormat(form)
    pieces = block.begin()
    while not pieces.atEnd():
        piece = pieces.fragment()
        if piece.charFormat().fontFixedPitch():
            code = QTextCharFormat()
            code.setFontFamilies(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).families())
            code.setBackground(theme.colour("surface"))
            within = QTextCursor(block)
            within.setPosition(piece.position())
            within.setPosition(piece.position() + piece.length(), QTextCursor.MoveMode.KeepAnchor)
            within.mergeCharFormat(code)
        pieces += 1


def _is_code(block: QTextBlock) -> bool:
    return block.blockFormat().hasProperty(QTextFormat.Property.BlockCodeFence)


def _style_table(table: QTextTable) -> None:
    """Lines between the rows, none around them."""
    form = table.format()
    form.setBorder(0)
    form.setCellSpacing(0)
    form.setCellPadding(theme.XS)
    form.setTopMargin(theme.XS)
    form.setBottomMargin(theme.L)
    form.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
    table.setFormat(form)
    for column in range(table.columns() if table.rows() > 1 else 0):  # Qt aligns all rows but the first
        side = QTextBlockFormat()
        side.setAlignment(table.cellAt(1, column).firstCursorPosition().blockFormat().alignment())
        table.cellAt(0, column).firstCursorPosition().mergeBlockFormat(side)
    for row in range(table.rows()):
        for column in range(table.columns()):
            cell = table.cellAt(row, column)
            line = QTextTableCellFormat(cell.format().toTableCellFormat())
            line.setBottomBorder(1)
            line.setBottomBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
            line.setBottomBorderBrush(theme.colour("border"))
            if row == 0:
                line.setForeground(theme.colour("muted"))
            cell.setFormat(line)
