"""What NAPALM imports for the platform ``frr``; the driver is `tasks.drivers.frr.driver`.

NAPALM takes the first driver class that it finds in here, so there is only the one. A top-level
module ``napalm_frr`` would be found, too, but NAPALM's command-line tool stops at every module that
is named like that and is not an installed distribution of its own.
"""

from tasks.drivers.frr.driver import FRRDriver as FRRDriver  # noqa: PLC0414 - the one export
