"""What became of a task on one device: a value, or the sentence that says why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from inventory.errors import DeviceError

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Value]):
    """One device's result; exactly one of ``value`` and ``error`` counts (see :attr:`failed`)."""

    device: str
    value: Value | None = None
    error: DeviceError | None = None

    @property
    def failed(self) -> bool:
        """Whether the task ended in an error."""
        return self.error is not None

    def get(self) -> Value:
        """Return the value.

        Raises:
            DeviceError: the one that the task ended in.
        """
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]
