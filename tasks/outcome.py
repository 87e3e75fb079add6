"""What became of a task on one device: a value, or the sentence that says why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from inventory.errors import DeviceError

Value_co = TypeVar("Value_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Value_co]):
    """One device's result; exactly one of ``value`` and ``error`` counts (see :attr:`failed`)."""

    device: str
    value: Value_co | None = None
    error: DeviceError | None = None

    @property
    def failed(self) -> bool:
        """Whether the task ended in an error."""
        return self.error is not None

    def get(self) -> Value_co:
        """Return the value.

        Raises:
            DeviceError: the one that the task ended in.
        """
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]
