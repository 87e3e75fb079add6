"""When: procedures over the fleet, and the command line."""
