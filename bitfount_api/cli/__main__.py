"""``python -m bitfount_api.cli``, for use if ``bitfount-api`` is not on the PATH."""

from bitfount_api.cli import main

main()
