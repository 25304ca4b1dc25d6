"""Every operation, written once: as flows, which sync and async clients share."""
