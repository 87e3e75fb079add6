"""Whether ringfence can deal with every device of a site: :func:`ensure_supported`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.errors import InputError
from tasks.adapters import ADAPTERS, TIMERS

if TYPE_CHECKING:
    from inventory.site import Site


def ensure_supported(site: Site) -> None:
    """Refuse, before anything is contacted, what no adapter can do.

    Raises:
        InputError: a device's platform is not known, or it takes no such revert timer.
    """
    for device in site.devices.values():
        if device.platform not in ADAPTERS:
            known = ", ".join(sorted(ADAPTERS))
            text = f"{device.place}: {device.name}: unknown platform {device.platform!r}"
            raise unusable(f"{text}; ringfence knows {known}")
        timer, takes = site.settings.timers.confirm, TIMERS[device.platform]
        if timer not in takes:
            steps = f" in steps of {takes.step}" if takes.step > 1 else ""
            raise unusable(
                f"{site.path / 'site.yaml'}: timers.confirm: {device.name} ({device.platform}) "
                f"takes a revert timer from {takes[0]} to {takes[-1]} s{steps}, not {timer}"
            )


def unusable(text: str) -> InputError:
    """Return the error that says ``text``, a sentence that names its own place."""
    error = InputError()
    error.args = (text,)
    return error
