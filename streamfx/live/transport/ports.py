"""The UDP ports of a peer, and the candidates that name them (RFC 8445, section 5.1)."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import random
import socket
from typing import Any

from aioice import Candidate, Connection
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import StunProtocol, get_host_addresses, server_reflexive_candidate

RECEIVE_BUFFER = 1 << 20
"""Bytes that the system keeps for us: a keyframe of 1080p and what follows it."""
GATHERING = 3.0
"""Seconds that STUN and TURN servers get to answer."""

logger = logging.getLogger(__name__)


class Port(StunProtocol):
    """A UDP port that tells STUN from the rest by its first byte (RFC 7983)."""

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        """Take a datagram; an empty one is nothing."""
        if not data or isinstance(data, str):
            return
        if data[0] > 3:
            self.receiver.data_received(data, 1)
        else:
            super().datagram_received(data, addr)


async def open_ports(
    path: Connection, addresses: list[str], udp_ports: tuple[int, int] | None
) -> list[Port]:
    """Open a port at each address, or at the loopback address of a machine that has no other.

    They belong to ``path`` at once, which closes them even where this is broken off.
    """
    found = []
    for address in addresses or _loopback():
        port = await _open(path, address, udp_ports)
        if port is not None:
            path._protocols.append(port)
            _describe(port)
            found.append(port)
    if not found and addresses:
        where = "" if udp_ports is None else " from {} to {}".format(*udp_ports)
        logger.warning("no UDP port%s is free for another peer", where)
    return found


async def reflexive(ports: list[Port], server: tuple[str, int]) -> list[Candidate]:
    """Return the candidates that a STUN server sees our ports as (IPv4)."""
    tasks = [
        asyncio.create_task(server_reflexive_candidate(port, server))
        for port in ports
        if ipaddress.ip_address(port.local_candidate.host).version == 4
    ]
    if not tasks:
        return []
    try:
        done, pending = await asyncio.wait(tasks, timeout=GATHERING)
    finally:
        for task in tasks:
            task.cancel()
    if pending:
        await asyncio.wait(pending)
    return [task.result()[0] for task in done if task.exception() is None]


async def _open(path: Connection, address: str, udp_ports: tuple[int, int] | None) -> Port | None:
    loop = asyncio.get_running_loop()
    for number in _numbers(udp_ports):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            sock.bind((address, number))
            _, port = await loop.create_datagram_endpoint(lambda: Port(path), sock=sock)
        except OSError as exc:
            sock.close()
            logger.debug("cannot bind to %s port %d: %s", address, number, exc)
            continue
        except BaseException:
            sock.close()
            raise
        return port
    return None


def _numbers(udp_ports: tuple[int, int] | None) -> list[int]:
    if udp_ports is None:
        return [0]
    numbers = list(range(udp_ports[0], udp_ports[1] + 1))
    start = random.randrange(len(numbers))
    return numbers[start:] + numbers[:start]


def _describe(port: Port) -> None:
    host, number = port.transport.get_extra_info("sockname")[:2]
    priority = candidate_priority(1, "host")
    if ipaddress.ip_address(host).version == 4:
        priority += 1  # FFmpeg tries only the first, and has its own address in IPv4
    port.local_candidate = Candidate(
        foundation=candidate_foundation("host", "udp", host),
        component=1,
        transport="udp",
        priority=priority,
        host=host,
        port=number,
        type="host",
    )


def _loopback() -> list[str]:
    return [] if get_host_addresses(True, True) else ["127.0.0.1"]
