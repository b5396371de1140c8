"""The emulators: they must behave as the real servers do."""
