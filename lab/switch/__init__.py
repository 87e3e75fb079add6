"""The virtual switches: one per vendor platform, each in front of an FRR daemon."""
