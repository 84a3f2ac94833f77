"""Thermal pictures: what their numbers mean, hot spots in them, and sightings joined over frames."""
