"""Programs with labels: :class:`Assembler` puts in the numbers that a Program wants."""

from __future__ import annotations

from lab.switch.meaning import Branch, Change, Condition, Instruction, Jump, Program, Verdict


class Label:
    """A place in a program, which may be named before it is known."""

    __slots__ = ()


class Assembler:
    """Gathers instructions in their order; every label is placed after it is jumped to.

    What can't be reached is left to the reader of the program, who has no need to run it.
    """

    def __init__(self) -> None:
        self._code: list[Change | Verdict | tuple[Condition | None, Label, Label | None]] = []
        self._places: dict[Label, int] = {}

    def place(self, label: Label) -> None:
        """Let ``label`` be the next instruction."""
        self._places[label] = len(self._code)

    def add(self, instruction: Change | Verdict) -> None:
        """Add an instruction that names no place."""
        self._code.append(instruction)

    def jump(self, to: Label) -> None:
        """Go on at ``to``."""
        self._code.append((None, to, None))

    def branch(self, condition: Condition, then: Label, otherwise: Label | None = None) -> None:
        """Go on at ``then`` if ``condition`` holds, else at ``otherwise`` or the next one."""
        self._code.append((condition, then, otherwise))

    def program(self) -> Program:
        """Return what was gathered."""
        return Program(tuple(self._resolved(at) for at in range(len(self._code))))

    def _resolved(self, at: int) -> Instruction:
        one = self._code[at]
        if isinstance(one, Change | Verdict):
            return one
        condition, label, other = one
        to = self._places[label]
        if condition is None:
            return Jump(to)
        return Branch(condition, to, at + 1 if other is None else self._places[other])
