"""`python -m huntgroup`: the same as the command `huntgroup`."""

from huntgroup.cli import main

main()
