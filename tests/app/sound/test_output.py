"""The sound device, on a PortAudio that the test plays."""

import builtins
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.sound import output
from app.sound.output import NO_DEVICE, Device, OutputUnavailable, SoundDeviceOutput, devices, missing_reason


class PortAudioError(Exception):
    pass


class FakeSoundDevice:
    """What Voicebed uses of the module sounddevice."""

    PortAudioError = PortAudioError

    def __init__(self) -> None:
        self.infos = [
            {"index": 0, "name": "Microphone", "max_output_channels": 0, "default_samplerate": 48000.0},
            {"index": 1, "name": "Speakers", "max_output_channels": 2, "default_samplerate": 48000.0},
            {"index": 2, "name": "USB Audio", "max_output_channels": 8, "default_samplerate": 44100.0},
        ]
        self.hosts = [{"name": "ALSA", "devices": [0, 1, 2], "default_output_device": 1}]
        self.refused: set[tuple[float, int]] = set()
        self.fails_to_start = False
        self.streams: list[Any] = []
        self.renewed = 0

    def query_hostapis(self) -> list[dict]:
        return self.hosts

    def query_devices(self, index: int) -> dict:
        return self.infos[index]

    def _terminate(self) -> None:
        assert not any(stream.active for stream in self.streams), "a stream would be lost"

    def _initialize(self) -> None:
        self.renewed += 1

    def OutputStream(self, **settings: Any) -> Any:  # noqa: N802
        if (settings["samplerate"], settings["channels"]) in self.refused:
            raise PortAudioError("Invalid sample rate")
        stream = SimpleNamespace(**settings | {"active": False, "closed": False, "latency": 0.035})

        def start() -> None:
            if self.fails_to_start:
                raise PortAudioError("Device unavailable")
            stream.active = True

        stream.start = start
        stream.stop = lambda: setattr(stream, "active", False)
        stream.close = lambda: (setattr(stream, "active", False), setattr(stream, "closed", True))
        self.streams.append(stream)
        return stream


@pytest.fixture
def sounddevice(monkeypatch: pytest.MonkeyPatch) -> FakeSoundDevice:
    fake = FakeSoundDevice()
    monkeypatch.setitem(sys.modules, "sounddevice", fake)  # pyright: ignore[reportArgumentType]
    return fake


def failing_import(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    real = builtins.__import__

    def fail(name: str, *arguments: Any, **more: Any) -> Any:
        if name == "sounddevice":
            raise error
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", fail)


def test_without_portaudio_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    failing_import(monkeypatch, OSError("PortAudio library not found"))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(output.shutil, "which", lambda tool: tool if tool == "apt-get" else None)
    assert missing_reason() == "Sound needs PortAudio: sudo apt-get install libportaudio2"
    assert devices() == []
    with pytest.raises(OutputUnavailable, match="sudo apt-get install libportaudio2"):
        SoundDeviceOutput().open(48000, 2, lambda out: None)
    monkeypatch.setattr(output.shutil, "which", lambda tool: tool if tool == "pacman" else None)
    assert missing_reason() == "Sound needs PortAudio: sudo pacman -S portaudio"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "pip install --force-reinstall sounddevice" in missing_reason()


def test_without_the_package_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    failing_import(monkeypatch, ImportError("no module"))
    assert missing_reason() == "Sound needs the package sounddevice: pip install sounddevice"


def test_a_portaudio_that_does_not_start_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    failing_import(monkeypatch, PortAudioError("Error initializing PortAudio"))
    assert "Error initializing PortAudio" in missing_reason() and "\n" not in missing_reason()


def test_without_a_device_it_says_so(sounddevice: FakeSoundDevice) -> None:
    assert missing_reason() == ""
    sounddevice.hosts[0]["default_output_device"] = -1
    assert missing_reason() == NO_DEVICE and devices() == []
    with pytest.raises(OutputUnavailable, match="No sound device"):
        SoundDeviceOutput().open(48000, 2, lambda out: None)


def test_devices_are_those_that_play(sounddevice: FakeSoundDevice) -> None:
    assert devices() == [Device("Speakers", 2), Device("USB Audio", 8)]
    sounddevice.hosts.append({"name": "Windows WASAPI", "devices": [2], "default_output_device": 2})
    assert devices() == [Device("USB Audio", 8)]


@pytest.mark.parametrize(
    ("device", "asked", "refused", "given"),
    [
        (None, (96000, 2), [], (96000, 2)),
        (None, (48000, 6), [], (48000, 2)),
        ("USB Audio", (48000, 6), [], (48000, 6)),
        ("USB Audio", (48000, 6), [(48000, 6)], (48000, 2)),
        (None, (96000, 2), [(96000, 2)], (48000, 2)),
    ],
)
def test_it_opens_as_near_as_can_be(
    sounddevice: FakeSoundDevice, device: str | None, asked: tuple[int, int], refused: list, given: tuple[int, int]
) -> None:
    sounddevice.refused = set(refused)
    opened = SoundDeviceOutput(device).open(asked[0], asked[1], lambda out: None)
    stream = sounddevice.streams[-1]
    assert (opened.sample_rate, opened.channels) == given == (stream.samplerate, stream.channels)
    assert opened.latency == 0.035 and stream.blocksize == given[0] // 100
    assert stream.device == (2 if device else 1) and stream.dtype == "float32" and sounddevice.renewed == 1


def test_the_device_may_change_between_two_openings(sounddevice: FakeSoundDevice) -> None:
    name: str | None = None
    device = SoundDeviceOutput(lambda: name)
    device.open(48000, 2, lambda out: None)
    name = "USB Audio"
    device.open(48000, 2, lambda out: None)
    assert [stream.device for stream in sounddevice.streams] == [1, 2]


def test_a_device_that_refuses_all_or_is_gone_is_named(sounddevice: FakeSoundDevice) -> None:
    sounddevice.refused = {(96000, 2), (48000, 2)}
    with pytest.raises(OutputUnavailable, match=r"Speakers cannot be opened \(Invalid sample rate"):
        SoundDeviceOutput().open(96000, 2, lambda out: None)
    with pytest.raises(OutputUnavailable, match="Headset is not there"):
        SoundDeviceOutput("Headset").open(48000, 2, lambda out: None)
    device = SoundDeviceOutput("USB Audio")
    device.open(48000, 2, lambda out: None)
    sounddevice.fails_to_start = True
    with pytest.raises(OutputUnavailable, match=r"does not start \(Device unavailable"):
        device.start()


def test_it_fills_counts_and_notices_when_the_device_is_gone(
    sounddevice: FakeSoundDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = SoundDeviceOutput()
    device.open(48000, 2, lambda out: out.fill(0.5))
    device.start()
    stream, out = sounddevice.streams[-1], np.zeros((480, 2), np.float32)
    for underflow in (False, True, True):
        stream.callback(out, 480, None, SimpleNamespace(output_underflow=underflow))
    assert device.underruns == 2 and (out == 0.5).all() and device.running
    now = output.monotonic()
    monkeypatch.setattr(output, "monotonic", lambda: now + 6)
    assert not device.running  # nothing asked for 6 s
    stream.callback(out, 480, None, SimpleNamespace(output_underflow=False))
    assert device.running
    stream.active = False
    assert not device.running
    device.stop()
    device.close()
    device.close()
    assert stream.closed
