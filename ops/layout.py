"""Where an operation's own files lie in its folder."""

DOCUMENT = "operation.json"
LOG = "audit.jsonl"
INDEX = "droneteam.sqlite"
