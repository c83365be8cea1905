"""python -m app: the same as `voicebed`."""

import sys

from app.cli import main

sys.exit(main())
