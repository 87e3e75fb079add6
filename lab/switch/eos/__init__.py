"""The virtual Arista EOS switch: eAPI over HTTPS. Read ``switch`` first."""
