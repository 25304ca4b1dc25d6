"""``python -m bitfount_api`` runs the command line, if ``bitfount-api`` is not on the PATH."""

from bitfount_api.cli import main

main()
