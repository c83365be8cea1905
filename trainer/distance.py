"""How far the voices of the clean prior are from those of the noisy domain."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trainer.audit_result import CorpusAudit, Distance
from trainer.spectra import BANDS, EDGES

_CENTRES = np.sqrt(EDGES[:-1] * EDGES[1:])
# Hz, what it is called, how more and less of it sound
_REGIONS = (
    (0, 320, "bass", "boomy", "thin"),
    (320, 2000, "middle", "hollow the other way round", "hollow"),
    (2000, 9000, "treble", "bright", "dull"),
)
_AUDIBLE = 3.0  # dB
NEAR, FAR = 4.0, 7.0  # dB RMS; good corpora of other speakers and microphones are up to NEAR apart
