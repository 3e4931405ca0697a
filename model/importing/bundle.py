"""TensorFlow's checkpoints since 2017 (V2): ``PREFIX.index`` and ``PREFIX.data-00000-of-00001``.

tensorflow/core/protobuf/tensor_bundle.proto: the index is a table of names; the data files hold the
arrays as they stand in memory, each with its checksum in the index.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from model.importing.tables import entries
from model.importing.tensors import Array, Shape, Variables, from_bytes, shape_of, size_in_bytes
from segdata.records import masked_crc
from segdata.wire import Malformed, fields

# An index has about a hundred bytes per variable.
_LARGEST_INDEX = 64 << 20


@dataclass(frozen=True)
class _Place:
    """Where an array lies (``BundleEntryProto``)."""

    code: int = 0
    shape: Shape = ()
    shard: int = 0
    offset: int = 0
    size: int = 0
    crc: bytes = bytes(4)
    is_sliced: bool = False


@dataclass(frozen=True)
class Bundle:
    """A checkpoint in the V2 form."""

    prefix: Path
    shards: int
    places: dict[str, _Place]

    @classmethod
    def open(cls, prefix: Path) -> Bundle:
        """Read the index.

        Raises:
            Malformed: it is damaged, or of another kind.
            OSError: it cannot be read.
        """
        index = index_of(prefix)
        if index.stat().st_size > _LARGEST_INDEX:
            raise Malformed(f"an index of {index.stat().st_size >> 20} MiB is none")
        try:
            return cls._opened(prefix, index)
        except Malformed as error:
            raise Malformed(f"{index.name}: {error}") from None

    @classmethod
    def _opened(cls, prefix: Path, index: Path) -> Bundle:
        with index.open("rb") as file:
            found = {key: bytes(value) for key, value, _ in entries(file)}
        shards = _shards(memoryview(found.pop(b"", b"")))
        # A zero byte begins a part of a variable, whose own entry says that it has parts.
        places = {
            key.decode("utf-8", "backslashreplace"): _place(memoryview(value))
            for key, value in found.items()
            if not key.startswith(b"\0")
        }
        _refuse_impossible(places.values(), shards)
        return cls(prefix, shards, places)

    def variables(self) -> Variables:
        """What it holds."""
        return Variables({name: place.shape for name, place in self.places.items()}, self._read)

    def data_file(self, shard: int) -> Path:
        return Path(f"{self.prefix}.data-{shard:05d}-of-{self.shards:05d}")

    def _read(self, name: str) -> Array:
        place = self.places[name]
        if place.is_sliced:
            raise Malformed(f"{name} is stored in parts")
        path = self.data_file(place.shard)
        if place.offset + place.size > path.stat().st_size:
            raise Malformed(f"{path.name} is cut off: {name} would lie behind its end")
        try:
            # Before it is read: the shape has been compared with a network's, the size has not.
            if place.size != size_in_bytes(place.code, place.shape):
                raise Malformed(f"{place.size} bytes are not what its shape takes")
        except Malformed as error:
            raise Malformed(f"{name}: {error}") from None
        with path.open("rb") as file:
            file.seek(place.offset)
            data = file.read(place.size)
        if masked_crc(data) != place.crc:
            raise Malformed(f"{name} in {path.name} does not fit its checksum")
        return from_bytes(data, place.code, place.shape)


def index_of(prefix: Path) -> Path:
    """The index of a checkpoint."""
    return Path(f"{prefix}.index")


def _shards(header: memoryview) -> int:
    """How many data files there are (``BundleHeaderProto``)."""
    values = dict(fields(header))
    if values.get(2):
        raise Malformed("it is written for processors that keep numbers the other way round")
    shards = values.get(1)
    if not isinstance(shards, int) or shards < 1:
        raise Malformed("it does not say how many data files it has")
    return shards


def _refuse_impossible(places: Iterable[_Place], shards: int) -> None:
    """Raise Malformed where arrays lie nowhere, or over each other: together they are no larger
    than their files.
    """
    ends: dict[int, int] = {}
    # An array without values lies where the next one begins.
    for place in sorted(places, key=lambda place: (place.shard, place.offset, place.size)):
        if not 0 <= place.shard < shards:
            raise Malformed("an array lies in a file that there is not")
        if place.size < 0 or place.offset < ends.get(place.shard, 0):
            raise Malformed("two of its arrays overlap")
        ends[place.shard] = place.offset + place.size


def _place(message: memoryview) -> _Place:
    place: dict[str, object] = {}
    numbers = {1: "code", 3: "shard", 4: "offset", 5: "size"}
    for number, value in fields(message):
        if isinstance(value, int) and number in numbers:
            place[numbers[number]] = value
        elif isinstance(value, memoryview) and number == 2:
            place["shape"] = shape_of(value)
        elif isinstance(value, memoryview) and number == 6:
            place["crc"] = bytes(value)
        elif number == 7:
            place["is_sliced"] = True
    return _Place(**place)  # type: ignore[arg-type]
