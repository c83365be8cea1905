"""The engine room: recordings, the generator, splitting, remixing, loudness, export and model files.

Knows nothing of Qt, the trainer or the command line.  Importing this package imports no torch; modules that need it
(`generator`, `spectral`, `roformer`, `separator`) import it themselves.
"""
