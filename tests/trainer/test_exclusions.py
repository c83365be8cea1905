"""The list of files to leave out: people can edit it, and training obeys it."""

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from engine.errors import InputError, UsageError
from trainer.corpus import open_corpus
from trainer.exclusions import read_exclusions, write_exclusions


def test_what_is_written_is_read(tmp_path: Path) -> None:
    odd = [
        tmp_path / name for name in ("plain.wav", "# no comment.wav", "with\nnewline.wav", " spaces .wav", "café.wav")
    ]
    odd.append(tmp_path / b"caf\xe9.wav".decode("utf-8", "surrogateescape"))
    odd.append(tmp_path / 'ends with space"')
    write_exclusions(
        tmp_path / "list", [(path, "a reason\nof two lines") for path in odd], [(tmp_path / "look", "why")]
    )
    assert read_exclusions(tmp_path / "list") == frozenset(odd)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["list"]


def test_editing_the_list(tmp_path: Path) -> None:
    listed = tmp_path / "list"
    one, other = tmp_path / "one.wav", tmp_path / "other.wav"
    write_exclusions(listed, [(one, "noisy")], [(other, "look")])
    text = listed.read_text(encoding="utf-8")
    assert "# noisy\n" in text and f"\n# {other}\n" in text
    text = text.replace(f"\n{one}", f"\n# {one}").replace(f"\n# {other}", f"\n{other}")
    listed.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())  # as some editors save
    assert read_exclusions(listed) == {other}


def test_a_list_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("mine")
    with pytest.raises(UsageError, match="exists"):
        write_exclusions(tmp_path / "list", [], [])
    with pytest.raises(UsageError, match="not a folder"):
        write_exclusions(tmp_path / "missing" / "list", [], [])
    assert (tmp_path / "list").read_text() == "mine"


@pytest.mark.parametrize("line", ["one.wav", '"broken', '{"a": 1}', "[3]"])
def test_lines_that_are_no_paths(tmp_path: Path, line: str) -> None:
    (tmp_path / "list").write_text(f"# first\n{line}\n")
    with pytest.raises(InputError, match="line 2"):
        read_exclusions(tmp_path / "list")
    with pytest.raises(InputError, match="cannot be read"):
        read_exclusions(tmp_path / "other")


def test_training_obeys_the_list(folder: Path) -> None:
    clean, cache = folder / "clean", folder / "cache"
    (folder / "link").symlink_to(clean)
    whole = open_corpus(clean, cache)
    write_exclusions(folder / "list", [(clean.resolve() / "1.wav", "why")], [(clean.resolve() / "2.wav", "perhaps")])
    excluded = read_exclusions(folder / "list")
    for name in ("clean", "link"):
        part = open_corpus(folder / name, cache, excluded=excluded)
        assert part.name == name and len(part.spans) == 2
        for kept, same in zip(part.spans, (whole.spans[0], whole.spans[2]), strict=True):
            assert np.array_equal(part.samples[slice(*kept)], whole.samples[slice(*same)])
    assert len(open_corpus(clean, cache).spans) == 3
    everything = frozenset(clean.resolve() / f"{number}.wav" for number in range(3))
    with pytest.raises(FileNotFoundError, match="excluded"):
        open_corpus(clean, cache, excluded=everything)


def test_an_excluded_file_may_be_unreadable(folder: Path) -> None:
    (folder / "clean" / "bad.wav").write_text("no sound")
    excluded = frozenset({folder.resolve() / "clean" / "bad.wav"})
    assert len(open_corpus(folder / "clean", folder / "cache", excluded=excluded).spans) == 3
    sf.write(folder / "clean" / "bad.wav", np.zeros(1000), 16000)
    assert len(open_corpus(folder / "clean", folder / "cache").spans) == 4
