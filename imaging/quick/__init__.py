"""The fast alignment: an overview while the drone is still being packed."""
