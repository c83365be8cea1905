"""The terms of the training losses, a module each.

They take waveforms (batch, samples) and give one number per clip (batch,), so that the mean over a batch does not
depend on how it is spread over processes; modules say where it is otherwise.
"""
