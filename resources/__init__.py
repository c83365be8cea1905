"""Data only: bundled models and the demo recording.  A package so that installers carry it along."""
