"""Where NAPALM looks first for drivers that it does not bring (``custom_napalm.PLATFORM``)."""
