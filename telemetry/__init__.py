"""MAVLink in and out: links, vehicles, recordings, tracks and transfers."""
