"""What the sandbox serves: one module a group of endpoints, as the specs have them."""
