"""NAPALM driver for FRRouting over SSH; `driver.FRRDriver` is the class that NAPALM loads.

The modules, from the text to the switch: `config_tree` (a configuration as a tree), `rules` (what
is known about single lines, as data), `merge` (a candidate applied to a tree), `differ` (two trees
into ordered commands), `candidate` (all that a commit needs), `transport` (SSH), `switch` with
four files of shell (what runs on the switch; `switch_state.sh` is the first), `driver` and the
getters.

Nothing here imports the rest of the program: it would work as a package of its own.
"""
