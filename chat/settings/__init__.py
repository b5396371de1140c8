"""settings.py as a frozen, checked value."""
