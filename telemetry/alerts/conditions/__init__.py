"""What is watched: small pure functions from a sight of a vehicle and a rule to readings."""
