"""`python -m ops` is `droneteam`."""

from ops.cli import main

main()
