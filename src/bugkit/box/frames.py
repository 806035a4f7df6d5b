"""Frames: a JSON header and named arrays as raw little-endian bytes. Never pickle.

A frame is ``<IQ`` (bytes of the header, bytes of the arrays), the header, then the arrays one after the other.
The header's key ``_arrays`` lists ``[name, dtype, shape]`` in that order. The reader believes nothing: sizes are
limited before memory is taken, and every byte has to belong to an array.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bugkit.errors import FrameError

Arrays: TypeAlias = Mapping[str, NDArray[Any]]

PREFIX = struct.Struct("<IQ")
LISTING = "_arrays"
MAX_HEADER = 4 << 20
MAX_BODY = 512 << 20
MAX_DIMENSIONS = 16
MAX_ARRAYS = 10_000
DTYPES = ("<f4", "<f8", "<i8", "<i4", "<i2", "|i1", "|u1", "|b1")


def pack(header: Mapping[str, Any], arrays: Arrays | None = None) -> bytes:
    """One frame; arrays of a type that does not cross are widened to one that does, or FrameError."""
    flat = {name: _plain(name, array) for name, array in (arrays or {}).items()}
    listing = [[name, array.dtype.str, list(array.shape)] for name, array in flat.items()]
    head = json.dumps({**header, LISTING: listing}, allow_nan=True).encode()
    body = b"".join(array.tobytes() for array in flat.values())
    return PREFIX.pack(len(head), len(body)) + head + body


def sizes(prefix: bytes | bytearray, max_header: int = MAX_HEADER, max_body: int = MAX_BODY) -> tuple[int, int]:
    """Bytes of the header and of the arrays, from the first ``PREFIX.size`` bytes of a frame."""
    if len(prefix) != PREFIX.size:
        raise FrameError("a message is cut off")
    head, body = PREFIX.unpack(prefix)
    if head > max_header or body > max_body:
        raise FrameError(f"a message of {head} + {body} bytes is too large")
    return head, body


def unpack(head: bytes | bytearray, body: bytes | bytearray) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Header and arrays, or FrameError; the arrays are read-only views of ``body``."""
    try:
        header = json.loads(head)
        listing = header.pop(LISTING)
        if not isinstance(listing, list) or len(listing) > MAX_ARRAYS:
            raise TypeError("the list of arrays is not one")
        arrays, start = {}, 0
        for name, dtype, shape in listing:
            count = _count(name, dtype, shape)
            size = count * np.dtype(dtype).itemsize
            if name in arrays or start + size > len(body):
                raise ValueError(f"array {name!r} stands twice or is cut off")
            arrays[name] = np.frombuffer(memoryview(body).toreadonly(), dtype, count, start).reshape(shape)
            start += size
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise FrameError("a message is malformed", evidence=[str(error)[:200]]) from None
    if start != len(body):
        raise FrameError("a message is malformed", evidence=[f"{len(body) - start} bytes belong to no array"])
    return header, arrays


def _count(name: Any, dtype: Any, shape: Any) -> int:
    if not isinstance(name, str) or dtype not in DTYPES or not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS:
        raise TypeError("an array's name, type or shape is not one")
    if not all(isinstance(n, int) and not isinstance(n, bool) and 0 <= n <= MAX_BODY for n in shape):
        raise ValueError("an array's shape holds something else than sizes")
    return math.prod(shape)


def _plain(name: str, array: Any) -> NDArray[Any]:
    """As one of DTYPES, contiguous."""
    try:
        value = np.asarray(array)
    except ValueError:
        raise FrameError(f"{name!r} holds rows of different lengths") from None
    if value.dtype == np.float16:
        value = value.astype("<f4")
    elif value.dtype.kind == "u" and value.dtype.itemsize > 1:
        if value.size and value.max() > np.iinfo("<i8").max:
            raise FrameError(f"{name!r} holds {value.max()}, which is too large to cross")
        value = value.astype("<i8")
    value = np.asarray(value, dtype=value.dtype.newbyteorder("<"), order="C")
    if value.dtype.str not in DTYPES:
        raise FrameError(f"{name!r} holds {value.dtype}, not numbers that can cross")
    return value
