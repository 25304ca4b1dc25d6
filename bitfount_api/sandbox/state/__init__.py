"""What the sandbox knows: one module a noun, all in one SQLite file."""
