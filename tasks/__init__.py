"""How: one thing on one device each."""
