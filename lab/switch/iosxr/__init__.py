"""The virtual IOS-XR: candidate and two-stage commit, RPL, NETCONF and the XML agent."""

from lab.switch.iosxr.switch import IosXrSwitch

__all__ = ["IosXrSwitch"]
