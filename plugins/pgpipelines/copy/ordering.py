"""An order in which things come after those that they need."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")


def ordered(items: Mapping[Key, Item], needs: Callable[[Item], Iterable[Key]]) -> dict[Key, Item]:
    """Order items so that each comes after those that it needs, and else as they were.

    Where needs go in a circle, one item comes too early. What an item needs may be no item at all.
    """
    done: dict[Key, Item] = {}
    begun: set[Key] = set()

    def place(key: Key) -> None:
        if key in begun or key not in items:
            return
        begun.add(key)
        for other in needs(items[key]):
            place(other)
        done[key] = items[key]

    for key in items:
        place(key)
    return done
