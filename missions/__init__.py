"""Pure geometry and rules: areas, coverage, plans and their formats. No sockets, no images, no clock."""
