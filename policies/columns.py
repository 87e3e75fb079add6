"""Columns: the arithmetic beneath prefix sets, on plain integers.

A set of prefixes of one family is a set of nodes of the binary trie. It is kept as a step function
from address to *mask*: bit ``L`` of the mask at address ``a`` is set iff the prefix of length ``L``
that holds ``a`` is in the set. Over the addresses it changes only at a few *starts*, so the whole
set is two equally long tuples, ``(starts, masks)``, here called columns. Read `Columns` first, then
`merge`.

The laws that every function here keeps:

- ``starts[0] == 0``, starts strictly rise, and neighbouring masks differ. So equal sets are equal
  tuples.
- Bit ``L`` is constant on every aligned block of ``2 ** (width - L)`` addresses. Boolean operations
  work bit by bit and position by position, so they keep this without looking at it.

``width`` is the number of bits of an address (32, 128, or less in tests); masks have ``width + 1``
bits.
"""

from collections.abc import Callable, Iterable, Sequence
from operator import or_

Columns = tuple[tuple[int, ...], tuple[int, ...]]

_SMALL = 8
"""Starts up to which a part of a union is looked at block by block."""


def span(low: int, high: int) -> int:
    """Return the mask of the lengths ``low`` to ``high``, both included.

    >>> bin(span(1, 3))
    '0b1110'
    """
    return (2 << high) - (1 << low)


def merge(left: Columns, right: Columns, operation: Callable[[int, int], int]) -> Columns:
    """Return the columns of ``operation`` applied at every address.

    Linear in the number of starts. ``operation`` must act bit by bit (and, or, xor, and-not).
    """
    left_starts, left_masks = left
    right_starts, right_masks = right
    left_count = len(left_starts)
    # One sentinel beyond any address on both sides ends the walk without a bounds check per step.
    beyond = max(left_starts[-1], right_starts[-1]) + 1
    left_starts += (beyond,)
    right_starts += (beyond,)
    starts: list[int] = []
    masks: list[int] = []
    i = j = left_mask = right_mask = 0
    left_at, right_at = left_starts[0], right_starts[0]
    previous = -1
    while True:
        if left_at < right_at:
            at = left_at
            left_mask = left_masks[i]
            i += 1
            left_at = left_starts[i]
        elif right_at < left_at:
            at = right_at
            right_mask = right_masks[j]
            j += 1
            right_at = right_starts[j]
        elif i == left_count:
            return tuple(starts), tuple(masks)
        else:
            at = left_at
            left_mask = left_masks[i]
            right_mask = right_masks[j]
            i += 1
            j += 1
            left_at = left_starts[i]
            right_at = right_starts[j]
        mask = operation(left_mask, right_mask)
        if mask != previous:
            starts.append(at)
            masks.append(mask)
            previous = mask


def canonical(starts: Sequence[int], masks: Sequence[int]) -> Columns:
    """Return the columns of a sorted list of changes: of equal starts the last holds."""
    kept_starts: list[int] = []
    kept_masks: list[int] = []
    previous = -1
    # A dict keeps the first place and the last value of a key: the last change at an address holds.
    for start, mask in dict(zip(starts, masks, strict=True)).items():
        if mask != previous:
            kept_starts.append(start)
            kept_masks.append(mask)
            previous = mask
    return tuple(kept_starts), tuple(kept_masks)


def union_of_blocks(width: int, blocks: Iterable[tuple[int, int, int]]) -> Columns:
    """Return the union of ``blocks``, each ``(first address, prefix length, mask)``.

    Sorting apart it is linear: prefixes are nested or disjoint, so a stack of the open ones is
    enough.
    """
    starts = [0]
    masks = [0]
    beyond = 1 << width
    ends = [beyond]
    outer = [0]
    end = beyond
    mask = 0
    for first, length, lengths in sorted(blocks):
        while end <= first:
            starts.append(end)
            mask = outer.pop()
            masks.append(mask)
            ends.pop()
            end = ends[-1]
        inner = mask | lengths
        if inner != mask:
            ends.append(end := first + (1 << (width - length)))
            outer.append(mask)
            mask = inner
            starts.append(first)
            masks.append(inner)
    while end < beyond:
        starts.append(end)
        masks.append(outer.pop())
        ends.pop()
        end = ends[-1]
    return canonical(starts, masks)


def union(width: int, parts: Iterable[Columns]) -> Columns:
    """Return the union of ``parts``, near-linear in the sum of their starts.

    Small parts made of whole blocks, nearly all in practice, are swept together. The others are
    merged in pairs of like size, round by round, so that each start is looked at once a round.
    """
    blocks: list[tuple[int, int, int]] = []
    rows: list[Columns] = []
    for part in parts:
        pieces = _blocks(width, part) if len(part[0]) <= _SMALL else None
        if pieces is None:
            rows.append(part)
        else:
            blocks += pieces
    rows.append(union_of_blocks(width, blocks))
    while len(rows) > 1:
        rows.sort(key=_size)
        odd = [rows.pop()] if len(rows) % 2 else []
        rows = [merge(a, b, or_) for a, b in zip(rows[::2], rows[1::2], strict=True)] + odd
    return rows[0]


def _size(part: Columns) -> int:
    return len(part[0])


def _blocks(width: int, part: Columns) -> list[tuple[int, int, int]] | None:
    """Return what ``part`` holds as blocks, or None if some of it is not one aligned block."""
    starts, masks = part
    found: list[tuple[int, int, int]] = []
    for start, end, mask in zip(starts, (*starts[1:], 1 << width), masks, strict=True):
        if mask:
            size = end - start
            if size & (size - 1) or start & (size - 1):
                return None
            found.append((start, width - size.bit_length() + 1, mask))
    return found
