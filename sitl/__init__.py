"""Real ArduPilot processes, a small MAVLink vehicle, and a synthetic world with known truth."""
