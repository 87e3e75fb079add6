"""What NAPALM imports for the platform ``frr``; the driver is `tasks.drivers.frr.driver`."""

from tasks.drivers.frr.driver import FRRDriver as FRRDriver  # noqa: PLC0414 - the one export
