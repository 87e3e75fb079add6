"""The lab's one kind of error: a sentence for people and an exit code."""


class LabError(Exception):
    """What went wrong, in one sentence; ``exit_code`` is 1 (failed) or 5 (missing or bad input)."""

    def __init__(self, sentence: str, *, exit_code: int = 1) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code
