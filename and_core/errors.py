"""The exception tree. Every error a person can cause says what happened, where, and how to mend it.

AndError
├── CaptionerError   a captioner: weights or captions missing, refused or not the expected ones
├── ConfigError      the run configuration: an unknown key, a missing or wrong value
├── DatasetError     the probing dataset: no such folder, nothing readable in it
│   ├── ClipError    one clip: left out of the run, and listed
│   └── DownloadError  it cannot be had: no connection, or another file than it should be
├── EncoderError     a text encoder: weights missing, or not the expected ones
├── LanguageModelError  a language model: cannot be loaded or reached, or cannot do what is asked
├── NetworkError     the target network: files, architecture, labels, self-check
├── PipelineError    a run's folders: locked by another process, disk full, damaged
├── SelectionError   neurons to prune: a selection that cannot be read, or means none
└── StoreError       the DuckDB store: missing, damaged, or of another version
"""


class AndError(Exception):
    """Something a person can mend.

    Args:
        what: what happened and where (file, clip, neuron, setting), one sentence.
        remedy: the command or setting that mends it, one sentence; empty where `what` says it all.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what} {remedy}".strip())
        self.what = what
        self.remedy = remedy

    def __reduce__(self) -> tuple[type["AndError"], tuple[str, str]]:
        return type(self), (self.what, self.remedy)


class CaptionerError(AndError):
    """A captioner's weights or captions are missing, refused, or not the expected ones."""


class ConfigError(AndError):
    """The run configuration holds an unknown key, or a missing or wrong value."""


class DatasetError(AndError):
    """The probing dataset cannot be used."""


class ClipError(DatasetError):
    """One clip cannot be used; the run lists it and goes on without it."""


class DownloadError(DatasetError):
    """The probing dataset's archive cannot be fetched, or is another file than it should be."""


class EncoderError(AndError):
    """A text encoder's weights are missing or are not the expected ones."""


class LanguageModelError(AndError):
    """A language model cannot be loaded or reached, or does not support what is asked of it."""


class NetworkError(AndError):
    """The target network cannot be loaded or does not behave as its layers claim."""


class PipelineError(AndError):
    """A run's folders cannot be written or are in use."""


class SelectionError(AndError):
    """A selection of neurons to prune cannot be read, does not fit the network, or means no neuron."""


class StoreError(AndError):
    """The store cannot be opened or was built by another version."""
