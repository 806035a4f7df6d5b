"""Arrays cross the wall unchanged, and bytes that are no arrays are refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from bugkit.box.frames import DTYPES, MAX_BODY, MAX_HEADER, PREFIX, pack, sizes, unpack
from bugkit.errors import FrameError

SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
NAMES = st.text(max_size=8)


def parts(frame: bytes) -> tuple[bytes, bytes]:
    head, _ = sizes(frame[: PREFIX.size])
    return frame[PREFIX.size : PREFIX.size + head], frame[PREFIX.size + head :]


def crossed(array: Any) -> NDArray[Any]:
    return unpack(*parts(pack({}, {"x": array})))[1]["x"]


def same(a: NDArray[Any], b: NDArray[Any]) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@given(st.dictionaries(NAMES, st.sampled_from(DTYPES).flatmap(lambda d: hnp.arrays(d, SHAPES)), max_size=4))
def test_every_allowed_array_crosses_bit_by_bit(arrays: dict[str, NDArray[Any]]) -> None:
    frame = pack({"question": "q"}, arrays)
    header, back = unpack(*parts(frame))
    assert header == {"question": "q"}
    assert list(back) == list(arrays)
    assert all(same(back[name], arrays[name]) for name in arrays)
    assert sum(sizes(frame[: PREFIX.size])) + PREFIX.size == len(frame)


@given(st.sampled_from(["f4", "f8", "i2", "i4", "i8"]).flatmap(lambda d: hnp.arrays(f">{d}", SHAPES)))
def test_big_endian_arrays_keep_their_values(array: NDArray[Any]) -> None:
    np.testing.assert_array_equal(crossed(array), array)
    assert crossed(array).dtype.str in DTYPES


@pytest.mark.parametrize(("narrow", "wide"), [("<f2", "<f4"), ("<u2", "<i8"), ("<u4", "<i8"), ("<u8", "<i8")])
def test_types_that_do_not_cross_are_widened(narrow: str, wide: str) -> None:
    array = np.array([0, 1, 60_000], narrow)
    assert crossed(array).dtype.str == wide
    np.testing.assert_array_equal(crossed(array), array.astype(wide))


def test_a_number_that_would_change_its_sign_is_refused() -> None:
    with pytest.raises(FrameError, match="too large"):
        pack({}, {"x": np.array([2**63], np.uint64)})


@pytest.mark.parametrize(
    "array",
    [
        np.arange(24.0).reshape(2, 3, 4)[:, ::2, ::-1],
        np.arange(6, dtype=np.int32).reshape(2, 3).T,
        np.broadcast_to(np.float32(7), (3, 2)),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    ],
    ids=["strided", "transposed", "broadcast", "fortran"],
)
def test_arrays_that_are_not_contiguous_keep_their_values(array: NDArray[Any]) -> None:
    np.testing.assert_array_equal(crossed(array), array)


def test_nan_and_infinity_cross() -> None:
    array = np.array([np.nan, np.inf, -np.inf, -0.0], np.float32)
    assert same(crossed(array), array)
    assert np.isnan(unpack(*parts(pack({"loss": float("nan")})))[0]["loss"])


def test_plain_numbers_and_lists_are_arrays_too() -> None:
    assert crossed(True).shape == ()
    assert crossed([[1, 2]]).tolist() == [[1, 2]]


def test_arrays_that_crossed_cannot_be_written_to() -> None:
    assert not crossed(np.zeros(3)).flags.writeable


@pytest.mark.parametrize(
    "array",
    [
        pytest.param(np.array([object()]), id="an object"),
        np.array([None]),
        np.array([1j]),
        np.array(["words"]),
        np.array([b"bytes"]),
        np.array(["2026-01-01"], "M8[D]"),
        np.zeros(2, np.dtype([("a", "<f4")])),
        np.zeros(2, np.longdouble),
        [[1], [1, 2]],
        {"a": 1},
    ],
    ids=str,
)
def test_what_is_no_array_of_plain_numbers_is_refused(array: Any) -> None:
    if getattr(getattr(array, "dtype", None), "str", "") in DTYPES:
        pytest.skip("a long double is a double here")
    with pytest.raises(FrameError):
        pack({}, {"x": array})


@pytest.mark.parametrize("claim", [(MAX_HEADER + 1, 0), (0, MAX_BODY + 1), (2**32 - 1, 2**64 - 1)])
def test_a_claim_of_too_many_bytes_is_refused_before_memory_is_taken(claim: tuple[int, int]) -> None:
    with pytest.raises(FrameError, match="too large"):
        sizes(PREFIX.pack(*claim))


def test_the_limits_themselves_are_allowed_and_a_caller_may_lower_them() -> None:
    assert sizes(PREFIX.pack(MAX_HEADER, MAX_BODY)) == (MAX_HEADER, MAX_BODY)
    with pytest.raises(FrameError):
        sizes(PREFIX.pack(0, 11), max_body=10)


@given(st.binary(max_size=20))
def test_a_random_prefix_gives_sizes_or_is_refused(prefix: bytes) -> None:
    try:
        head, body = sizes(prefix)
    except FrameError:
        return
    assert head <= MAX_HEADER
    assert body <= MAX_BODY


def refused_or_whole(head: bytes, body: bytes) -> None:
    try:
        _, arrays = unpack(head, body)
    except FrameError:
        return
    assert sum(array.nbytes for array in arrays.values()) == len(body)


SIZES = st.integers(-2, 5) | st.sampled_from([2**29, 2**63, 10**30]) | st.booleans() | st.floats() | st.none()
LISTINGS = st.lists(
    st.tuples(
        st.text(max_size=2) | st.none(),
        st.sampled_from([*DTYPES, "|O", ">f4", "<c8", "V8", ""]) | st.integers() | st.lists(st.text(max_size=2)),
        st.lists(SIZES, max_size=4) | SIZES,
    )
    | st.text(max_size=4)
    | st.integers(),
    max_size=3,
)


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_random_bytes_are_refused(head: bytes, body: bytes) -> None:
    refused_or_whole(head, body)


@given(LISTINGS | st.none() | st.text(max_size=3), st.binary(max_size=40))
def test_random_listings_are_refused_or_whole(listing: Any, body: bytes) -> None:
    refused_or_whole(json.dumps({"arrays": listing}).encode(), body)


@given(st.data())
def test_a_damaged_frame_is_refused_or_whole(data: st.DataObject) -> None:
    frame = bytearray(pack({"a": 1}, {"x": np.ones((2, 3), np.float32), "y": np.arange(4)})[PREFIX.size :])
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(frame)))
    refused_or_whole(bytes(frame[:cut]), bytes(frame[cut:]))


@pytest.mark.parametrize(
    ("listing", "body"),
    [
        ([["x", "<f4", [2]]], b"\0" * 7),
        ([["x", "<f4", [2]]], b"\0" * 9),
        ([["x", "|u1", [1]], ["x", "|u1", [1]]], b"\0\0"),
        ([["x", "|O", [1]]], b"\0" * 8),
        ([["x", "<f4", [-1]]], b"\0" * 8),
        ([["x", "<f4", [True]]], b"\0" * 4),
        ([["x", "|u1", [1] * 17]], b"\0"),
        ([["x", "<f8", [2**29] * 16]], b""),
        ([["x", "<f8", [0] + [2**29] * 15]], b""),
    ],
    ids=["short", "long", "twice", "object", "negative", "true", "dimensions", "huge", "huge but empty"],
)
def test_a_listing_that_does_not_fit_is_refused(listing: Any, body: bytes) -> None:
    with pytest.raises(FrameError, match="malformed"):
        unpack(json.dumps({"arrays": listing}).encode(), body)


def test_a_header_nested_without_end_is_refused() -> None:
    with pytest.raises(FrameError):
        unpack(b'{"arrays":' + b"[" * 100_000, b"")
