"""A virtual Junos switch; :class:`lab.switch.junos.switch.JunosSwitch` is the one to start with."""

from lab.switch.junos.switch import JunosSwitch as JunosSwitch
