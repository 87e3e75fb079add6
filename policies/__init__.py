"""What: pools, prefix sets, guards and dialects. Pure: no I/O, no clock, no device."""
