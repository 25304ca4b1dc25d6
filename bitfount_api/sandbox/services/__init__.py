"""The sandbox's services: one module for each group of endpoints in the specs."""
