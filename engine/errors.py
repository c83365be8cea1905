"""Errors that a user can act on: one clear line each, with the exit code of the command line."""

_OUT_OF_MEMORY = ("not enough memory", "out of memory", "allocate memory")  # as torch says it on different systems


class VoicebedError(Exception):
    """Base of all expected failures; the message is one line that says what is wrong and what to do."""

    exit_code = 1


class UsageError(VoicebedError):
    """Wrong use: an unknown option value, an output place that cannot be written."""

    exit_code = 2


class InputError(VoicebedError):
    """An input (recording, model, region file) that is missing, unreadable or unsupported."""

    exit_code = 3


class ResourceError(VoicebedError):
    """Not enough disk space or memory."""

    exit_code = 4


class Cancelled(VoicebedError):
    """The user stopped the work; nothing half-written is left."""

    exit_code = 130


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of Python or of torch means that memory could not be had."""
    said = isinstance(error, RuntimeError) and any(words in str(error) for words in _OUT_OF_MEMORY)
    return said or isinstance(error, MemoryError)
