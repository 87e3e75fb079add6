"""Where: a virtual network of real routing daemons. Not part of the program."""
