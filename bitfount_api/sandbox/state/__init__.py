"""The sandbox's state: one module for each kind of object, all stored in one SQLite file."""
