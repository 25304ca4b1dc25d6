"""``python -m bitfount_api.cli``, where ``bitfount-api`` is not on the path."""

from bitfount_api.cli import main

main()
