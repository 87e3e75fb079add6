"""An audit's report in the formats that people and programs read; each a pure function of it."""
