"""What libpq knows of a result and psycopg2 does not tell.

A column's type modifier is one number to the server, such as the 3 of timestamp(3). The driver's `description` shows
it for some types only, and as something else; its documented `pgresult_ptr` leads to the number itself.
"""

from __future__ import annotations

import ctypes
from functools import cache

from psycopg2 import _psycopg
from psycopg2.extensions import cursor


def type_modifiers(run: cursor) -> list[int]:
    """The modifiers of a result's columns as in pg_attribute.atttypmod: -1 where a type has none."""
    return [_libpq().PQfmod(run.pgresult_ptr, number) for number, _ in enumerate(run.description or ())]


@cache
def _libpq() -> ctypes.PyDLL:
    # The driver's own library, and with it the libpq that it is linked to: another could have other structures.
    library = ctypes.PyDLL(_psycopg.__file__)
    library.PQfmod.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.PQfmod.restype = ctypes.c_int
    return library
