"""Too many failures from one address: how long it has to wait."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable

ALLOWED = 10
"""Failures that an address may have in a row."""
REFILL = 6.0
"""Seconds after which one of them is forgiven."""
ADDRESSES = 4096
"""How many addresses are remembered; the one that has been quiet longest is forgotten first."""


class Attempts:
    """Counts failures by address: a bucket of :data:`ALLOWED` that fills one each ``REFILL``."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, address: str) -> float:
        """Return the seconds until this address may try again; 0 where it may now."""
        left = self._level(_home(address)) - (ALLOWED - 1)
        return max(0.0, left * REFILL)

    def failed(self, address: str) -> None:
        """Count a failure."""
        home = _home(address)
        self._spent[home] = (min(self._level(home) + 1, ALLOWED), self._clock())
        self._spent.move_to_end(home)
        while len(self._spent) > ADDRESSES:
            self._spent.popitem(last=False)

    def _level(self, home: str) -> float:
        count, at = self._spent.get(home, (0.0, 0.0))
        return max(0.0, count - (self._clock() - at) / REFILL)


def _home(address: str) -> str:
    """Return what counts as one caller: an IPv4 address, or the /64 that one IPv6 host is given."""
    try:
        number = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if number.version == 4:
        return str(number)
    if number.ipv4_mapped is not None:
        return str(number.ipv4_mapped)
    return str(ipaddress.ip_network((number, 64), strict=False))
