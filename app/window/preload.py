"""Loading, right after the window is there, what would else be loaded while the user looks and listens.

scipy takes half a second, in pieces that hold Python's lock for up to a tenth: best over before there is a picture.
"""

import gc
import threading


def preload() -> threading.Thread:
    """Begin to load, in a thread."""
    thread = threading.Thread(target=_load, name="preload", daemon=True)
    thread.start()
    return thread


def _load() -> None:
    gc.disable()  # or it goes through all that is loaded, for 50 ms, with Python's lock held
    try:
        import pyqtgraph  # noqa: F401  for the curves of a training
        import scipy.fft  # noqa: F401  for drawing

        import app.training.tab  # noqa: F401  shown without a wait
        from app.sound.meters import warm_up

        warm_up()
    finally:
        gc.freeze()  # what was loaded stays
        gc.enable()
