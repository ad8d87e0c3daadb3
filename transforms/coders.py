"""How records travel between the workers of a runner: compact, deterministic, readable by the next version."""

from __future__ import annotations

import zlib
from typing import Any

import apache_beam as beam
import msgspec
from apache_beam.coders import Coder
from apache_beam.coders.typecoders import registry

from transforms.records import DeadLetter, Record


class StructCoder(Coder):
    """Codes a msgspec Struct as compressed MessagePack.

    Unlike pickle it survives a change of the program: a field that is missing gets its default, an unknown one is
    ignored. Compression (level 1) keeps what a runner must hold in memory to about a third.
    """

    def __init__(self, struct: type[Any]) -> None:
        self.struct = struct

    def encode(self, value: Any) -> bytes:
        return zlib.compress(msgspec.msgpack.encode(value), 1)

    def decode(self, encoded: bytes) -> Any:
        return msgspec.msgpack.decode(zlib.decompress(encoded), type=self.struct)

    def is_deterministic(self) -> bool:
        return True

    def to_type_hint(self) -> type[Any]:
        return self.struct

    @classmethod
    def from_type_hint(cls, typehint: type[Any], registry: Any) -> StructCoder:  # type: ignore[override]
        return cls(typehint)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StructCoder) and other.struct is self.struct

    def __hash__(self) -> int:
        return hash((StructCoder, self.struct))


def struct_coder(struct: type[Any]) -> None:
    """Have Beam code elements of type `struct` with `StructCoder`. Called beside the definition of the type."""
    registry.register_coder(struct, StructCoder)


def typed(element: Any) -> Any:
    """Return a transform that passes elements on as what they are, of type `element`.

    Beam forgets the types of tagged outputs, and pickles what it knows no type of.
    """
    return beam.Map(_same).with_output_types(element)


def _same(element: Any) -> Any:
    return element


struct_coder(Record)
struct_coder(DeadLetter)
