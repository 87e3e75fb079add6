"""A virtual Cisco NX-OS switch: NX-API (JSON-RPC over HTTPS) and the SSH command line.

``lab.switch.nxos.switch`` puts it together. What the platform does by itself, line by line
configuration, checkpoints, the scheduler and what broken references mean, is here in full.
"""

from lab.switch.nxos.switch import NxosSwitch

__all__ = ["NxosSwitch"]
