"""voicebed models fetch: what it prints, its exit codes, and that it goes on."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli import main
from engine.presets import PRESETS
from engine.published import PUBLISHED, Release
from tests.engine.test_published import BRANCH, SETTINGS, package_codec, save
from tests.engine.web import Server, serving


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return save(package_codec(), tmp_path / "weights_16khz.pth")


@pytest.fixture
def server(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    content = checkpoint.read_bytes()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setitem(PRESETS, "dac-16khz", {"codec": SETTINGS, "branch": BRANCH})
    with serving(content) as server:
        release = Release(server.url("weights_16khz.pth"), hashlib.sha256(content).hexdigest())
        monkeypatch.setitem(PUBLISHED, "dac-16khz", release)
        yield server


def test_it_says_what_was_used(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "fetch", "dac-16khz"]) == 0
    out, err = capsys.readouterr()
    assert str(tmp_path / "cache-weights" / "dac-16khz.pth") in out and "as published" in out
    assert "encoder" in out and "decoder" in out and "left out: quantizer" in out
    assert "Fetching dac-16khz: 100 %" in err
    assert main(["models", "fetch", "dac-16khz", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data.keys() == {"name", "path", "sha256", "source", "published", "used", "left_out"}
    assert len(server.asked) == 1


def test_without_network_it_says_what_to_bring(
    server: Server, checkpoint: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "http://127.0.0.1:9/weights_16khz.pth"
    monkeypatch.setitem(PUBLISHED, "dac-16khz", Release(url, "0" * 64))
    assert main(["models", "fetch", "dac-16khz"]) == 3
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1 and url in complaint
    assert "'voicebed models fetch dac-16khz --from weights_16khz.pth'" in complaint
    assert main(["models", "fetch", "dac-16khz", "--from", str(checkpoint)]) == 0
    assert "not that of the published file" in capsys.readouterr().out


def test_an_unknown_name_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "fetch", "dac-48khz"]) == 2
    assert "choose from dac-16khz, dac-24khz, dac-44khz" in capsys.readouterr().err


def test_what_came_before_it_was_cancelled_stays(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("engine.download._copy", interrupt)
        (tmp_path / "cache-weights").mkdir()
        assert main(["models", "fetch", "dac-16khz"]) == 130
    assert "goes on" in capsys.readouterr().err
    assert main(["models", "fetch", "dac-16khz"]) == 0
