"""Where sound goes: the protocol of an output, and the sound devices that PortAudio knows."""

import shutil
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.errors import ResourceError, VoicebedError

BLOCK_SECONDS = 0.01
LATENCY_SECONDS = 0.04  # asked of the device: as much as it may be late, and as much as is added to slider to sound
SILENT_SECONDS = 5.0  # a device that has not asked for this long is gone; some take seconds to wake up

NO_DEVICE = "No sound device was found: connect one or switch it on in the system's sound settings, then press play."
INSTALL_PORTAUDIO = {
    "apt-get": "sudo apt-get install libportaudio2",
    "dnf": "sudo dnf install portaudio",
    "pacman": "sudo pacman -S portaudio",
    "zypper": "sudo zypper install libportaudio2",
}

_LOCK = threading.Lock()  # PortAudio cannot be asked while it is initialised again

Callback = Callable[[NDArray[np.float32]], None]


class OutputUnavailable(VoicebedError):
    """Sound cannot be played; the message says why and what to do."""

    exit_code = ResourceError.exit_code


@dataclass(frozen=True)
class Opened:
    """What an output was opened as: sample rate in Hz, channels, and seconds from a callback to the ear."""

    sample_rate: int
    channels: int
    latency: float


class Output(Protocol):
    """A sink with a clock of its own.  One thread calls its methods, and may be held up by them."""

    underruns: int  # that the device itself reported since it was opened

    @property
    def running(self) -> bool:
        """False once a started output has lost its device."""
        ...

    def open(self, sample_rate: int, channels: int, callback: Callback) -> Opened:
        """Open as near to the format asked for as can be; a rate other than asked for means that it was refused.

        From `start` to `stop` the output calls `callback` with arrays of exactly `block_frames(rate opened)` frames,
        (frames, channels), to fill, in a thread of its own.  Raises OutputUnavailable.
        """
        ...

    def start(self) -> None:
        """Begin to play; raises OutputUnavailable."""
        ...

    def stop(self) -> None:
        """Play what was taken to its end, and wait."""
        ...

    def close(self) -> None:
        """Give the device back, at once; may be called at any time."""
        ...


@dataclass(frozen=True)
class Device:
    """A sound device: its name for people and for `SoundDeviceOutput`, its output channels."""

    name: str
    channels: int


def block_frames(sample_rate: int) -> int:
    """Frames in a block of 10 ms: what is rendered, and what a callback fills, at once."""
    return max(1, round(BLOCK_SECONDS * sample_rate))


def missing_reason() -> str:
    """Why no sound can be played and what to do about it, in a line; empty if it can."""
    try:
        with _LOCK:
            _outputs()
    except OutputUnavailable as error:
        return str(error)
    return ""


def devices() -> list[Device]:
    """The sound devices to choose from, as PortAudio last listed them; empty if there are none.

    The first call loads PortAudio, which takes some tenths of a second.
    """
    try:
        with _LOCK:
            return [Device(info["name"], info["max_output_channels"]) for info in _outputs()[1]]
    except OutputUnavailable:
        return []


class SoundDeviceOutput:
    """A device of `devices()` by its name, or the system's default (None); `Output` through PortAudio.

    In place of a name, a function may give it anew at each `open`.

    The list of devices is made anew at each `open`.  The callback needs Python's global lock: see `app.sound.player`
    for what that asks of the application.
    """

    def __init__(self, device: str | Callable[[], str | None] | None = None) -> None:
        self.underruns = 0
        self._wanted = device
        self._callback: Callback = _silence
        self._called = 0.0
        self._stream: Any = None

    @property
    def running(self) -> bool:
        """See `Output`; a device that has not asked for 5 s counts as lost too."""
        try:
            return bool(self._stream.active) and monotonic() - self._called < SILENT_SECONDS
        except _sounddevice().PortAudioError:
            return False

    def open(self, sample_rate: int, channels: int, callback: Callback) -> Opened:
        """See `Output`; a device with too few channels is opened with two, or one."""
        with _LOCK:
            sounddevice = _sounddevice()
            # PortAudio lists the devices once, when it is initialised.
            sounddevice._terminate()
            sounddevice._initialize()
            default, listed = _outputs()
            wanted = self._wanted() if callable(self._wanted) else self._wanted
            info = default if wanted is None else next((i for i in listed if i["name"] == wanted), None)
            if info is None:
                raise OutputUnavailable(f"The sound device {wanted} is not there: connect it or choose another.")
            self._callback, self.underruns = callback, 0
            refusal = ""
            two = min(2, info["max_output_channels"])
            for rate in dict.fromkeys((sample_rate, int(info["default_samplerate"]))):
                for count in dict.fromkeys((channels if channels <= info["max_output_channels"] else two, two)):
                    try:
                        self._stream = sounddevice.OutputStream(
                            samplerate=rate,
                            blocksize=block_frames(rate),
                            device=info["index"],
                            channels=count,
                            dtype="float32",
                            latency=LATENCY_SECONDS,
                            callback=self._fill,
                        )
                    except sounddevice.PortAudioError as error:
                        refusal = refusal or str(error)
                    else:
                        return Opened(rate, count, float(self._stream.latency))
        raise OutputUnavailable(f"{info['name']} cannot be opened ({refusal}): close what uses it, or choose another.")

    def start(self) -> None:
        """See `Output`."""
        self._called = monotonic()
        try:
            self._stream.start()
        except _sounddevice().PortAudioError as error:
            raise OutputUnavailable(
                f"The sound device does not start ({error}): connect it, or choose another."
            ) from None

    def stop(self) -> None:
        """See `Output`."""
        self._stream.stop()

    def close(self) -> None:
        """See `Output`."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _fill(self, out: NDArray[np.float32], _frames: int, _time: Any, status: Any) -> None:
        # In the device's thread: no memory for samples, no file, no lock, no log.
        self._called = monotonic()
        if status.output_underflow:
            self.underruns += 1
        self._callback(out)


def _silence(out: NDArray[np.float32]) -> None:
    out.fill(0)


def _sounddevice() -> Any:
    """The module, imported where sound is first needed."""
    try:
        import sounddevice
    except ImportError:
        raise OutputUnavailable("Sound needs the package sounddevice: pip install sounddevice") from None
    except (
        Exception
    ) as error:  # OSError: no PortAudio; its own error, of a class that is not to be had: it does not start
        if isinstance(error, OSError):
            raise OutputUnavailable(f"Sound needs PortAudio: {_portaudio_command()}") from None
        raise OutputUnavailable(f"PortAudio does not start ({error}): restart the computer, or its sound.") from None
    return sounddevice


def _portaudio_command() -> str:
    """The command that installs PortAudio here; wheels for other systems than Linux bring it along."""
    if not sys.platform.startswith("linux"):
        return "pip install --force-reinstall sounddevice"
    return next((command for tool, command in INSTALL_PORTAUDIO.items() if shutil.which(tool)), "install libportaudio2")


def _outputs() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The default output device and all of the same system interface, as sounddevice describes them."""
    sounddevice = _sounddevice()
    # On Windows the first interface, MME, is too slow for sliders.
    hosts = sorted(sounddevice.query_hostapis(), key=lambda host: host["name"] != "Windows WASAPI")
    host = next((host for host in hosts if host["default_output_device"] >= 0), None)
    if host is None:
        raise OutputUnavailable(NO_DEVICE)
    listed = [sounddevice.query_devices(index) for index in host["devices"]]
    default = sounddevice.query_devices(host["default_output_device"])
    return default, [info for info in listed if info["max_output_channels"] > 0]
