"""NAPALM drivers that NAPALM itself does not bring."""
