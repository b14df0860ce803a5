"""Writes the Python modules of the proving service's messages and calls, from the committed descriptors.

    pip install grpclib==0.4.9 protobuf==3.19.6
    python examples/service/generate.py            # writes them anew
    python examples/service/generate.py --check    # says whether they are what the descriptors give

The modules are as protoc 3.19 and grpclib's plugin write them, without a compiler: what protoc would have compiled is in
proving/src/generated/fairshare.v1.bin, which a test holds to proto/fairshare/v1/prover.proto.
"""

import pathlib
import subprocess
import sys

from google.protobuf.compiler import plugin_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet

HERE = pathlib.Path(__file__).resolve().parent
DESCRIPTORS = HERE.parents[1] / "proving/src/generated/fairshare.v1.bin"

MESSAGES = '''# Written by examples/service/generate.py: do not edit.
"""The messages of {name}."""

from google.protobuf import descriptor_pool, message, reflection
from google.protobuf.internal import enum_type_wrapper

DESCRIPTOR = descriptor_pool.Default().AddSerializedFile(
{serialized}
)

for _name, _descriptor in DESCRIPTOR.message_types_by_name.items():
    _fields = {{"DESCRIPTOR": _descriptor, "__module__": __name__}}
    globals()[_name] = reflection.GeneratedProtocolMessageType(_name, (message.Message,), _fields)

for _name, _descriptor in DESCRIPTOR.enum_types_by_name.items():
    globals()[_name] = enum_type_wrapper.EnumTypeWrapper(_descriptor)
    globals().update((value.name, value.number) for value in _descriptor.values)
'''


def messages(proto):
    """The module of the messages."""
    serialized, lines = proto.SerializeToString(), []
    for start in range(0, len(serialized), 24):
        lines.append(f"    {serialized[start:start + 24]!r}")
    return MESSAGES.format(name=proto.name, serialized="\n".join(lines))


def calls(protos):
    """The module of the calls, as grpclib's plugin writes it."""
    request = plugin_pb2.CodeGeneratorRequest(file_to_generate=[protos.file[-1].name], proto_file=protos.file)
    plugin = [sys.executable, "-c", "from grpclib.plugin.main import main; main()"]
    made = subprocess.run(plugin, input=request.SerializeToString(), stdout=subprocess.PIPE, check=True)
    [file] = plugin_pb2.CodeGeneratorResponse.FromString(made.stdout).file
    return file.content


def main():
    protos = FileDescriptorSet.FromString(DESCRIPTORS.read_bytes())
    folder = HERE / "fairshare/v1"
    made = {"prover_pb2.py": messages(protos.file[-1]), "prover_grpc.py": calls(protos)}
    if "--check" in sys.argv[1:]:
        for name, text in made.items():
            if (folder / name).read_text() != text:
                sys.exit(f"{name} is not what the descriptors give: run examples/service/generate.py")
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in made.items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    main()
