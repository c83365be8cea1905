"""A picture of spectrograms, one lane below the other on one time axis, as a PNG file."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.picture.colour import colour_map

WIDTH, LANE, MARGIN, GAP = 1600, 300, 64, 40  # pixels
FLOOR_DB, CEILING_DB = -100.0, -20.0  # colour range, dB relative to full scale per bin


def spectrogram_db(audio: NDArray[np.float32], sample_rate: int, columns: int) -> NDArray[np.float32]:
    """Levels in dB (bins, columns), lowest frequency first; 32 ms Hann windows, the peak of each column."""
    size = 2 * round(0.016 * sample_rate)
    hop = max(1, len(audio) // (4 * columns))
    padded = np.pad(audio, (size // 2, size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[: len(audio) : hop]
    window = np.hanning(size).astype(np.float32)
    level = np.abs(np.fft.rfft(frames * window)) * (2 / window.sum())
    edges = np.linspace(0, len(level), columns + 1).astype(int)[:-1]
    peaks = np.maximum.reduceat(level, edges, axis=0)
    return 20 * np.log10(peaks.T + 1e-9).astype(np.float32)


def save_spectrograms(path: Path, lanes: Mapping[str, NDArray[np.float32]], sample_rate: int) -> None:
    """Draw the mono signals of `lanes` (all of one length, full scale ±1) under their names and save a PNG.

    Raises:
        OSError: the file cannot be written.
        ImportError: Qt's system libraries are missing.
    """
    os.environ["QT_QPA_PLATFORM"] = os.environ.get("QT_QPA_PLATFORM") or "offscreen"  # it may be set to nothing
    from PySide6.QtCore import QRectF, Qt
    from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter

    application = QGuiApplication.instance() or QGuiApplication([])
    table = colour_map("inferno")
    seconds = len(next(iter(lanes.values()))) / sample_rate
    image = QImage(WIDTH + 2 * MARGIN, len(lanes) * (LANE + GAP) + GAP, QImage.Format.Format_RGB32)
    image.fill(QColor("#14161a"))
    painter = QPainter(image)
    font = painter.font()
    font.setPixelSize(18)
    painter.setFont(font)
    for number, (name, audio) in enumerate(lanes.items()):
        top = GAP + number * (LANE + GAP)
        level = spectrogram_db(audio, sample_rate, WIDTH)
        shade = np.clip((level[::-1] - FLOOR_DB) / (CEILING_DB - FLOOR_DB) * 255, 0, 255).astype(np.uint8)
        pixels = np.ascontiguousarray(table[shade], np.uint8)
        strip = QImage(pixels.data, pixels.shape[1], pixels.shape[0], 3 * pixels.shape[1], QImage.Format.Format_RGB888)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(MARGIN, top, WIDTH, LANE), strip)
        painter.setPen(QColor("#e8eaed"))
        painter.drawText(MARGIN, top - 10, name)
        painter.setPen(QColor("#9aa0a6"))
        for kilohertz in range(0, int(sample_rate / 2000) + 1, 2 if sample_rate <= 24000 else 4):
            y = top + LANE - kilohertz * 2000 / sample_rate * LANE
            area = QRectF(0, y - 12, MARGIN - 8, 24)
            painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{kilohertz} k")
    step = next(s for s in (1, 2, 5, 10, 30, 60, 300, 900, 3600) if seconds / s <= 16 or s == 3600)
    for mark in range(0, int(seconds) + 1, step):
        area = QRectF(MARGIN + mark / seconds * WIDTH - 40, image.height() - GAP + 6, 80, 24)
        painter.drawText(area, Qt.AlignmentFlag.AlignHCenter, f"{mark} s")
    painter.end()
    if not image.save(str(path), "PNG"):  # pyright: ignore[reportCallIssue, reportArgumentType]
        raise OSError(f"{path}: the picture cannot be written")
    del application
