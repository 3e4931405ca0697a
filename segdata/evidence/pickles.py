"""Pickles read as data: nothing of what they name is imported, called or built.

A pickle is a program for a small machine (Python's ``pickletools`` documents its commands). Here
the machine only moves plain values; a class or function stays its name, and a call stays a note of
what would have been called with what. So a file can say anything and do nothing.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO, Any

from segdata.wire import Malformed

# Names and shapes of the largest networks take less than 1 MiB.
LARGEST_PICKLE = 32 << 20
_MOST_COMMANDS = 3_000_000


@dataclass(frozen=True)
class Named:
    """A class or function, by its name alone."""

    name: str


@dataclass(eq=False)
class Noted:
    """A call that was not made, or an object that was not built."""

    called: object
    arguments: object = ()
    state: object = None


@dataclass(frozen=True, eq=False)
class Kept:
    """Something that lies outside of the pickle, by what the pickle says of it."""

    key: object


def read_pickle(source: bytes | IO[bytes]) -> object:
    """The value of a pickle; of a file, the one at its position.

    Raises:
        Malformed: it is damaged, or needs what no file of weights has.
    """
    machine = _Machine()
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(source)):
            if count == _MOST_COMMANDS:
                raise Malformed("a pickle is longer than any list of weights")
            machine.do(opcode.name, argument)
        return machine.pop()
    except Malformed:
        raise
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise Malformed("a pickle is damaged") from error


class _Machine:
    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def do(self, name: str, argument: Any) -> None:
        if name in _VALUES:
            self.stack.append(argument)
        elif name in _COMMANDS:
            _COMMANDS[name](self, argument)
        elif name not in _NOTHING:
            raise Malformed(f"a pickle uses {name}, which no file of weights needs")

    def pop(self) -> Any:
        return self.stack.pop()

    def pop_all(self) -> list[Any]:
        """What lies above the last mark."""
        at = self.marks.pop()
        above = self.stack[at:]
        del self.stack[at:]
        return above

    def drop_all(self) -> None:
        self.pop_all()

    def push(self, value: object) -> None:
        self.stack.append(value)

    def put(self, index: int | None) -> None:
        self.memo[len(self.memo) if index is None else index] = self.stack[-1]

    def fill(self, pairs: list[Any]) -> None:
        """Set entries of the dictionary below them; those of an unbuilt object are dropped."""
        into = self.stack[-1]
        if isinstance(into, dict):
            into.update(_entries(zip(pairs[::2], pairs[1::2], strict=True)))

    def extend(self, values: list[Any]) -> None:
        into = self.stack[-1]
        if isinstance(into, list):
            into.extend(values)

    def call(self) -> None:
        arguments, called = self.pop(), self.pop()
        self.push(_called(called, arguments))

    def build(self) -> None:
        state, built = self.pop(), self.stack[-1]
        if isinstance(built, Noted):
            built.state = state


def _entries(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """Those whose keys are texts or numbers: variables have no others."""
    return {key: value for key, value in pairs if isinstance(key, (str, int))}


def _called(called: object, arguments: object) -> object:
    if called == Named("collections.OrderedDict"):
        pairs = arguments[0] if isinstance(arguments, tuple) and arguments else []
        return _entries(pairs) if isinstance(pairs, list) else {}
    return Noted(called, arguments)


def _named(machine: _Machine, argument: str) -> None:
    machine.push(Named(".".join(argument.split(" ", 1))))


def _named_by_stack(machine: _Machine, _: object) -> None:
    name, module = machine.pop(), machine.pop()
    if not (isinstance(name, str) and isinstance(module, str)):
        raise Malformed("a pickle names nothing")
    machine.push(Named(f"{module}.{name}"))


def _tuple(count: int) -> Callable[[_Machine, Any], None]:
    def build(machine: _Machine, _: object) -> None:
        parts = [machine.pop() for _ in range(count)]
        machine.push(tuple(reversed(parts)))

    return build


def _single_entry(machine: _Machine, _: object) -> None:
    value, key = machine.pop(), machine.pop()
    machine.fill([key, value])


def _marked_call(machine: _Machine, _: object) -> None:
    called, *arguments = machine.pop_all()
    machine.push(Noted(called, tuple(arguments)))


def _dictionary(machine: _Machine, _: object) -> None:
    pairs = machine.pop_all()
    machine.push({})
    machine.fill(pairs)


def _with_keywords(machine: _Machine, _: object) -> None:
    machine.pop()
    machine.call()


_NOTHING = frozenset({"PROTO", "FRAME", "STOP"})
_VALUES = frozenset(
    {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT",
     "STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE",
     "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"}
)  # fmt: skip
_COMMANDS: dict[str, Callable[[_Machine, Any], None]] = {
    "NONE": lambda m, _: m.push(None),
    "NEWTRUE": lambda m, _: m.push(True),
    "NEWFALSE": lambda m, _: m.push(False),
    "MARK": lambda m, _: m.marks.append(len(m.stack)),
    "POP": lambda m, _: m.pop(),
    "POP_MARK": lambda m, _: m.drop_all(),
    "DUP": lambda m, _: m.push(m.stack[-1]),
    "EMPTY_LIST": lambda m, _: m.push([]),
    "EMPTY_TUPLE": lambda m, _: m.push(()),
    "EMPTY_DICT": lambda m, _: m.push({}),
    "EMPTY_SET": lambda m, _: m.push([]),
    "LIST": lambda m, _: m.push(m.pop_all()),
    "FROZENSET": lambda m, _: m.push(m.pop_all()),
    "TUPLE": lambda m, _: m.push(tuple(m.pop_all())),
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "DICT": _dictionary,
    "APPEND": lambda m, _: m.extend([m.pop()]),
    "APPENDS": lambda m, _: m.extend(m.pop_all()),
    "ADDITEMS": lambda m, _: m.extend(m.pop_all()),
    "SETITEM": _single_entry,
    "SETITEMS": lambda m, _: m.fill(m.pop_all()),
    "GLOBAL": _named,
    "STACK_GLOBAL": _named_by_stack,
    "REDUCE": lambda m, _: m.call(),
    "NEWOBJ": lambda m, _: m.call(),
    "NEWOBJ_EX": _with_keywords,
    "OBJ": _marked_call,
    "INST": lambda m, argument: m.push(Noted(Named(argument), tuple(m.pop_all()))),
    "BUILD": lambda m, _: m.build(),
    "GET": lambda m, index: m.push(m.memo[index]),
    "BINGET": lambda m, index: m.push(m.memo[index]),
    "LONG_BINGET": lambda m, index: m.push(m.memo[index]),
    "PUT": lambda m, index: m.put(index),
    "BINPUT": lambda m, index: m.put(index),
    "LONG_BINPUT": lambda m, index: m.put(index),
    "MEMOIZE": lambda m, _: m.put(None),
    "PERSID": lambda m, key: m.push(Kept(key)),
    "BINPERSID": lambda m, _: m.push(Kept(m.pop())),
}
