"""A local Bitfount: services that behave like the real ones, for tests and demonstrations."""
