"""The picture of a recording: spectrograms and waveforms from a pyramid on disk, and the views that show them."""
