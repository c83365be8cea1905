"""Recordings out of Debian's packages."""

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from trainer import debian_corpora
from trainer.debian_corpora import RATE, install


def write_g722(path: Path, seconds: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = (8000 * np.sin(2 * np.pi * 500 * np.arange(int(seconds * RATE)) / RATE)).astype(np.int16)
    with av.open(str(path), "w", format="g722") as container:
        stream = container.add_stream("g722", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:  # pyright: ignore[reportAttributeAccessIssue]
            container.mux(packet)


def package(name: str, folder: Path) -> Path:
    """An unpacked package with two recordings that count."""
    share = folder / name / "usr" / "share"
    sounds = share / "asterisk" / "sounds" / "en_US"
    write_g722(sounds / "hello.g722", 1.0)
    write_g722(sounds / "digits" / "one.g722", 0.5)
    write_g722(sounds / "letters" / "t.g722", 0.1)
    write_g722(sounds / "silence" / "1.g722", 1.0)
    (sounds / "again.g722").symlink_to("hello.g722")
    (share / "doc" / name).mkdir(parents=True)
    (share / "doc" / name / "copyright").write_text("CC")
    return folder / name


def test_what_is_worth_hearing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian_corpora, "unpacked", package)
    assert install(("voices",), tmp_path / "out") == 2
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["en_US_digits_one.flac", "en_US_hello.flac", "voices.copyright"]
    audio, rate = soundfile.read(tmp_path / "out" / "en_US_hello.flac")
    assert rate == RATE and len(audio) == pytest.approx(RATE, abs=400)
    assert np.abs(np.fft.rfft(audio)).argmax() / len(audio) * RATE == pytest.approx(500, abs=5)


def test_a_package_that_is_missing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str, folder: Path) -> Path:
        raise FileNotFoundError(name)

    monkeypatch.setattr(debian_corpora, "unpacked", missing)
    with pytest.raises(FileNotFoundError):
        install(("voices",), tmp_path / "out")
    assert not (tmp_path / "out").exists()
