"""Downloads that break off go on, and never mix two files."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.download import download
from engine.errors import InputError, ResourceError
from tests.engine.web import Server, serving

CONTENT = bytes(range(256)) * 4000


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(CONTENT) as server:
        yield server


def broken_off(server: Server, part: Path) -> None:
    server.cut = 300_000
    with pytest.raises(InputError, match="broke off at 0 MB of 1 MB"):
        download(server.url("w.pth"), part)
    server.cut = None
    assert part.stat().st_size == 300_000


def test_it_comes_whole_with_progress(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[float, float]] = []
    download(server.url("w.pth"), tmp_path / "part", lambda *at: seen.append(at))
    assert (tmp_path / "part").read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT)) and len(seen) > 2
    assert [path.name for path in tmp_path.iterdir()] == ["part"]


def test_it_goes_on_where_it_broke_off(server: Server, tmp_path: Path) -> None:
    broken_off(server, tmp_path / "part")
    download(server.url("w.pth"), tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == CONTENT
    assert server.asked == ["", "bytes=300000-"]


def test_a_download_that_lacked_only_its_end_is_complete(server: Server, tmp_path: Path) -> None:
    broken_off(server, tmp_path / "part")
    (tmp_path / "part").write_bytes(CONTENT)
    download(server.url("w.pth"), tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == CONTENT and server.asked[-1] == f"bytes={len(CONTENT)}-"


@pytest.mark.parametrize("change", ["another version", "no ranges", "weak tag"])
def test_it_begins_anew_where_it_must(server: Server, tmp_path: Path, change: str) -> None:
    if change == "weak tag":
        server.version = 'W/"1"'
    broken_off(server, tmp_path / "part")
    if change == "another version":
        server.content, server.version = CONTENT[::-1], '"2"'
    server.ranges = change != "no ranges"
    download(server.url("w.pth"), tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == server.content


def test_failures_are_one_line(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = tmp_path / "part"
    server.status = 404
    with pytest.raises(InputError, match=r"w\.pth cannot be had \(status 404\)"):
        download(server.url("w.pth"), part)
    server.status = 0
    with pytest.raises(InputError, match=r"cannot be had \(.+\)$"):
        download("http://127.0.0.1:9/w.pth", part)
    monkeypatch.setattr("engine.download.shutil.disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(ResourceError, match="1 MB needed, 0 MB free"):
        download(server.url("w.pth"), part)
    assert not part.exists()
