"""A client of `fairshare serve` with the libraries of nodes that are some years old: grpclib 0.4 and protobuf 3.19.

    python examples/service/client.py SOCKET POLICY CONTRIBUTOR RECORDS.arrows OUT

It sends an Arrow IPC stream in chunks, says how far the job is, and writes OUT.bundle and OUT.request.json.
Where protobuf 3.19 does not load its compiled part, set PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION=python. The wheel of the package `fairshare` must
not be installed beside it: the modules here have its name.
"""

import asyncio
import pathlib
import sys

from grpclib.client import Channel

from fairshare.v1 import prover_pb2 as v1
from fairshare.v1.prover_grpc import ProverStub

CHUNK = 1 << 18
ENDED = (v1.STATE_DONE, v1.STATE_FAILED, v1.STATE_CANCELLED)


async def submit(prover, header, records):
    """Sends records, and gives the job that they are. The same records are the same job."""
    async with prover.Submit.open() as stream:
        await stream.send_message(v1.SubmitRequest(header=header))
        while chunk := records.read(CHUNK):
            await stream.send_message(v1.SubmitRequest(chunk=chunk))
        await stream.end()
        return (await stream.recv_message()).job


async def follow(prover, job):
    """Waits for the job's end, and says how far it is."""
    async with prover.Watch.open() as stream:
        await stream.send_message(v1.WatchRequest(id=job.id), end=True)
        async for answer in stream:
            job, at = answer.job, answer.job.progress
            print(v1.State.Name(job.state), v1.Task.Name(at.task), f"{at.done}/{at.total}", file=sys.stderr)
    if job.state != v1.STATE_DONE:
        sys.exit(f"{v1.State.Name(job.state)}: {job.error}")
    return job


async def fetch(prover, job, file, path):
    """Writes a file of the job."""
    async with prover.Fetch.open() as stream:
        await stream.send_message(v1.FetchRequest(id=job.id, file=file), end=True)
        with open(path, "wb") as out:
            async for answer in stream:
                out.write(answer.chunk)


async def main(socket, policy, contributor, records, out):
    channel = Channel(path=socket)
    try:
        prover = ProverStub(channel)
        size = pathlib.Path(records).stat().st_size
        header = v1.Header(policy=policy, contributor=contributor, size=size)
        with open(records, "rb") as file:
            job = await submit(prover, header, file)
        job = await follow(prover, job)
        await fetch(prover, job, v1.FILE_BUNDLE, f"{out}.bundle")
        await fetch(prover, job, v1.FILE_REQUEST, f"{out}.request.json")
        print(f"{job.committed.records} records, score {job.proved.score}, {job.proved.bytes} bytes")
    finally:
        channel.close()


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    asyncio.run(main(*sys.argv[1:]))
