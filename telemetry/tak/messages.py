"""The messages of TAK protocol version 1, described to the protobuf library by their field numbers.

The numbers are the protocol's, as every TAK client writes them on the wire; the types are protobuf's scalars.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

_PACKAGE = "droneteam.tak"
_SCALARS = {
    "string": FieldDescriptorProto.TYPE_STRING,
    "double": FieldDescriptorProto.TYPE_DOUBLE,
    "uint32": FieldDescriptorProto.TYPE_UINT32,
    "uint64": FieldDescriptorProto.TYPE_UINT64,
}
_MESSAGES: dict[str, tuple[tuple[int, str, str], ...]] = {
    "TakControl": (
        (1, "uint32", "minProtoVersion"),
        (2, "uint32", "maxProtoVersion"),
        (3, "string", "contactUid"),
    ),
    "Contact": ((1, "string", "endpoint"), (2, "string", "callsign")),
    "Group": ((1, "string", "name"), (2, "string", "role")),
    "PrecisionLocation": ((1, "string", "geopointsrc"), (2, "string", "altsrc")),
    "Status": ((1, "uint32", "battery"),),
    "Takv": (
        (1, "string", "device"),
        (2, "string", "platform"),
        (3, "string", "os"),
        (4, "string", "version"),
    ),
    "Track": ((1, "double", "speed"), (2, "double", "course")),
    "Detail": (
        (1, "string", "xmlDetail"),
        (2, "Contact", "contact"),
        (3, "Group", "group"),
        (4, "PrecisionLocation", "precisionLocation"),
        (5, "Status", "status"),
        (6, "Takv", "takv"),
        (7, "Track", "track"),
    ),
    "CotEvent": (
        (1, "string", "type"),
        (2, "string", "access"),
        (3, "string", "qos"),
        (4, "string", "opex"),
        (5, "string", "uid"),
        (6, "uint64", "sendTime"),
        (7, "uint64", "startTime"),
        (8, "uint64", "staleTime"),
        (9, "string", "how"),
        (10, "double", "lat"),
        (11, "double", "lon"),
        (12, "double", "hae"),
        (13, "double", "ce"),
        (14, "double", "le"),
        (15, "Detail", "detail"),
    ),
    "TakMessage": ((1, "TakControl", "takControl"), (2, "CotEvent", "cotEvent")),
}
"""Message: number, type and name of each of its fields."""


def _described() -> FileDescriptorProto:
    file = FileDescriptorProto(name="droneteam/tak.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, kind, field in fields:
            added = message.field.add(name=field, number=number, label=FieldDescriptorProto.LABEL_OPTIONAL)
            if kind in _SCALARS:
                added.type = _SCALARS[kind]
            else:
                added.type = FieldDescriptorProto.TYPE_MESSAGE
                added.type_name = f".{_PACKAGE}.{kind}"
    return file


def _class_of(name: str) -> Any:
    pool = DescriptorPool()
    pool.Add(_described())
    return GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


TakMessage = _class_of("TakMessage")
"""One message: `takControl` and `cotEvent`."""
