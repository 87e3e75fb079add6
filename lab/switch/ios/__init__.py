"""A Cisco switch that runs IOS-XE; start with :class:`lab.switch.ios.switch.IosSwitch`."""
