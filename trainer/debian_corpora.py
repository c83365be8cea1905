"""Free speech and music from Debian's packages, as the bundled model's training wants them.

python -m trainer.debian_corpora FOLDER

fetches the packages with `apt-get download`, which needs no rights, and writes `asterisk` (voices in five languages)
and `moh` (music on hold) below FOLDER, 16 kHz flac, with the packages' `copyright` files, which name the licences.
"""

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

VOICES = tuple(f"asterisk-core-sounds-{language}-g722" for language in ("en", "es", "fr", "it", "ru"))
MUSIC = ("asterisk-moh-opsound-g722",)
RATE = 16000
SHORTEST = 0.3  # seconds; shorter ones are letters and digits cut out of words


def unpacked(package: str, folder: Path) -> Path:
    """The files of a Debian package below a folder of its own.

    Raises:
        OSError, subprocess.CalledProcessError: this is no Debian, or the package cannot be fetched.
    """
    target = folder / package
    target.mkdir()
    subprocess.run(["apt-get", "download", "--quiet", package], cwd=target, check=True)
    for archive in target.glob("*.deb"):
        subprocess.run(["dpkg-deb", "--extract", archive, target], check=True)
    return target


def decoded(path: Path) -> NDArray[np.int16]:
    """The samples of a bare G.722 file, at `RATE`."""
    with av.open(str(path), format="g722") as container:
        frames = [frame.to_ndarray().reshape(-1).astype(np.int16) for frame in container.decode(audio=0)]
    return np.concatenate(frames) if frames else np.zeros(0, np.int16)


def recordings(package: Path) -> Iterator[tuple[str, Path]]:
    """(name without suffix, file) of what is worth hearing in an unpacked package."""
    for path in sorted(package.rglob("*.g722")):
        if path.is_symlink() or "silence" in path.parts:
            continue
        yield "_".join(path.relative_to(package / "usr" / "share" / "asterisk").with_suffix("").parts[1:]), path


def install(packages: tuple[str, ...], folder: Path) -> int:
    """Write the recordings of these packages to a new folder, whole or not at all; returns how many there are."""
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    count = 0
    with tempfile.TemporaryDirectory() as scratch:
        for name in packages:
            package = unpacked(name, Path(scratch))
            shutil.copy(package / "usr" / "share" / "doc" / name / "copyright", part / f"{name}.copyright")
            for title, path in recordings(package):
                audio = decoded(path)
                if len(audio) >= SHORTEST * RATE:
                    soundfile.write(part / f"{title}.flac", audio, RATE)
                    count += 1
    part.rename(folder)
    return count


def main() -> None:
    """Write both folders, where they are not there yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for name, packages in (("asterisk", VOICES), ("moh", MUSIC)):
        if not (folder / name).exists():
            print(f"{install(packages, folder / name)} recordings in {folder / name}")


if __name__ == "__main__":
    main()
