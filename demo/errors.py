"""What keeps the demo from going on, as one line that says what to do about it."""

from __future__ import annotations


class DemoError(Exception):
    """Something is in the way: the message is one line of cause and remedy, shown as it is."""
