"""Records test/contract/otlp-facts.json from the descriptors in OpenTelemetry's published Python packages.

    python3 -m venv /tmp/facts && . /tmp/facts/bin/activate
    pip install opentelemetry-proto==1.45.2 googleapis-common-protos==1.76.0
    python3 test/contract/record-facts.py > test/contract/otlp-facts.json

Nothing in the file comes from our own proto/ folder: that is its whole worth.
"""

import importlib
import json
import sys
from importlib.metadata import version

from google.protobuf.descriptor import FieldDescriptor as Field

MODULES = [
    "opentelemetry.proto.common.v1.common_pb2",
    "opentelemetry.proto.resource.v1.resource_pb2",
    "opentelemetry.proto.trace.v1.trace_pb2",
    "opentelemetry.proto.metrics.v1.metrics_pb2",
    "opentelemetry.proto.logs.v1.logs_pb2",
    "opentelemetry.proto.profiles.v1development.profiles_pb2",
    "opentelemetry.proto.collector.trace.v1.trace_service_pb2",
    "opentelemetry.proto.collector.metrics.v1.metrics_service_pb2",
    "opentelemetry.proto.collector.logs.v1.logs_service_pb2",
    "opentelemetry.proto.collector.profiles.v1development.profiles_service_pb2",
    "google.protobuf.any_pb2",
    "google.protobuf.duration_pb2",
    "google.rpc.status_pb2",
    "google.rpc.error_details_pb2",
]
# error_details holds a dozen messages; OTLP's responses need only these.
ONLY = {"google.rpc.error_details_pb2": {"RetryInfo", "BadRequest"}}
KINDS = {
    getattr(Field, name): name[len("TYPE_") :].lower()
    for name in dir(Field)
    if name.startswith("TYPE_")
}


def label_of(field):
    if field.is_repeated:
        return "repeated"
    oneof = field.containing_oneof
    if oneof is None:
        return "singular"
    # A proto3 `optional` field is alone in a synthetic oneof named after it.
    return "optional" if oneof.name == "_" + field.name else "oneof " + oneof.name


def record_message(message, out):
    fields = []
    for field in message.fields:
        row = [field.name, field.number, KINDS[field.type], label_of(field)]
        ref = field.message_type or field.enum_type
        if ref is not None:
            row.append(ref.full_name)
        fields.append(row)
    out["messages"][message.full_name] = sorted(fields, key=lambda row: row[1])
    for nested in message.nested_types:
        record_message(nested, out)
    for enum in message.enum_types:
        record_enum(enum, out)


def record_enum(enum, out):
    out["enums"][enum.full_name] = {value.name: value.number for value in enum.values}


def main():
    packages = ["opentelemetry-proto", "googleapis-common-protos"]
    out = {
        "recordedFrom": {package: version(package) for package in packages},
        "columns": ["name", "number", "type", "label", "ref"],
        "messages": {},
        "enums": {},
        "services": {},
    }
    for name in MODULES:
        file = importlib.import_module(name).DESCRIPTOR
        wanted = ONLY.get(name)
        for message in file.message_types_by_name.values():
            if wanted is None or message.name in wanted:
                record_message(message, out)
        for enum in file.enum_types_by_name.values():
            record_enum(enum, out)
        for service in file.services_by_name.values():
            out["services"][service.full_name] = {
                method.name: [method.input_type.full_name, method.output_type.full_name]
                for method in service.methods
            }
    write(out)


def write(out):
    """One field a line, so that a change reads well in a diff."""
    lines = ["{"]
    lines.append('  "recordedFrom": ' + json.dumps(out["recordedFrom"]) + ",")
    lines.append('  "columns": ' + json.dumps(out["columns"]) + ",")
    lines.append('  "messages": {')
    messages = sorted(out["messages"].items())
    for at, (name, fields) in enumerate(messages):
        rows = ",\n".join("      " + json.dumps(row) for row in fields)
        body = "[]" if not fields else "[\n" + rows + "\n    ]"
        comma = "," if at + 1 < len(messages) else ""
        lines.append(f"    {json.dumps(name)}: {body}{comma}")
    lines.append("  },")
    for part, comma in (("enums", ","), ("services", "")):
        lines.append(f'  "{part}": {{')
        entries = sorted(out[part].items())
        for at, (name, values) in enumerate(entries):
            inner = ",\n".join(f"      {json.dumps(key)}: {json.dumps(value)}" for key, value in values.items())
            end = "," if at + 1 < len(entries) else ""
            lines.append(f"    {json.dumps(name)}: {{\n{inner}\n    }}{end}")
        lines.append("  }" + comma)
    lines.append("}")
    sys.stdout.write("\n".join(lines) + "\n")


main()
