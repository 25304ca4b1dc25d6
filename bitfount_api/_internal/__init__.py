"""Helpers without a network: files, documents, validation."""
