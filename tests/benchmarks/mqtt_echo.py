"""The least that a daemon at a broker can do: what comes at lab/in goes out at lab/out.

python -m tests.benchmarks.mqtt_echo ADDRESS PORT
"""

import asyncio
import socket
import sys

import aiomqtt


async def main(address: str, port: int) -> None:
    """Until killed."""
    at_once = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    async with aiomqtt.Client(address, port, protocol=aiomqtt.ProtocolVersion.V5, socket_options=at_once) as client:
        await client.subscribe("lab/in", qos=1)
        await client.publish("lab/ready", b"", qos=1, retain=True)
        async for message in client.messages:
            await client.publish("lab/out", message.payload, qos=1)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
