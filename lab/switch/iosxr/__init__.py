"""The virtual IOS-XR: candidate and two-stage commit, RPL, NETCONF and the XML agent."""

from lab.switch.iosxr.switch import IosXrCliSwitch, IosXrSwitch

__all__ = ["IosXrCliSwitch", "IosXrSwitch"]
