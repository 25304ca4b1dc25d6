"""Finds the uses of the official SDK in source code, and the edits that replace them."""
