"""How much a way can take, each way, from delays and losses (draft-ietf-rmcat-gcc-02)."""

from __future__ import annotations

from aiortc.rate import BandwidthUsage, RemoteBitrateEstimator

LOW = 150_000
"""Bits per second below which no estimate falls."""
FEW = 0.02
"""Share of packets lost below which more may be sent."""
MANY = 0.10
"""Share of packets lost above which less must be sent."""
GROWTH = 1.08
"""By what the estimate grows with each report of few losses."""
HEADROOM = 1.5
"""Times what is really sent up to which an estimate grows: beyond, nothing was tried."""
NOTABLE = 0.05
"""Share by which an estimate changes before it is told."""
BACK_OFF = 0.85
"""Share of what comes that may still come when a queue builds up on the way."""
STEP_DOWN = 0.7
"""Share of an estimate below which it does not fall at once: a busy machine looks like a queue
for a moment, and a queue that is real is seen again."""
PERSISTENT = 0.3
"""Seconds between two such steps."""
RECOVERY = 1.25
"""By what the allowance grows each second when none does."""
EVERY = 1.0
"""Seconds between two allowances told."""


class Bandwidth:
    """What may be sent: the least of what losses allow, what the remote takes, and the setting."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._by_loss = most
        self._by_remote = most
        self._told: int | None = None

    @property
    def told(self) -> int | None:
        """Bits per second last returned as news."""
        return self._told

    def losses(self, share: float, sent: int) -> int | None:
        """Take the share of packets lost since the last report, and the bits sent per second.

        Returns the new estimate if it is worth telling.
        """
        if share > MANY:
            self._by_loss = max(LOW, int(min(self._by_loss, 1.2 * sent) * (1 - share / 2)))
        elif share < FEW and self._by_loss < self._most:
            reach = max(self._by_loss, HEADROOM * sent)
            self._by_loss = int(min(self._by_loss * GROWTH + 1000, reach, self._most))
        return self._news()

    def remote(self, bits: int, sent: int) -> int | None:
        """Take the remote's estimate (REMB), and the bits sent per second.

        Remotes estimate half as much again as what comes, so where little is sent theirs is small
        and says nothing: only one below what is sent is a limit. Returns ours if it is worth
        telling.
        """
        if bits < sent and sent > LOW:
            self._by_remote = max(LOW, bits, int(STEP_DOWN * self._by_remote))
        else:
            self._by_remote = min(max(bits, int(self._by_remote * RECOVERY)), self._most)
        return self._news()

    def _news(self) -> int | None:
        bits = min(self._by_loss, self._by_remote, self._most)
        if self._told is not None and abs(bits - self._told) < NOTABLE * self._told:
            return None
        self._told = bits
        return bits


class Allowance:
    """What the remote may send, to be told to it as REMB (draft-alvestrand-rmcat-remb-03).

    It begins with all that is wanted, which browsers trust in their first two seconds; otherwise
    they would take a minute to get from 300 kbit/s to a sharp picture.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._bits = most
        self._at: float | None = None
        self._estimator = RemoteBitrateEstimator()

    def add(self, send_time: int, size: int, arrived: float) -> int | None:
        """Take a packet's absolute send time, its bytes and its arrival in seconds.

        Returns the bits per second to tell the remote, when it is time to.
        """
        now = int(arrived * 1000)
        self._estimator.add(arrival_time_ms=now, abs_send_time=send_time, payload_size=size, ssrc=0)
        if self._at is None:
            self._at = arrived
            return self._bits
        if self._estimator.detector.state() == BandwidthUsage.OVERUSING:
            comes = self._estimator.incoming_bitrate.rate(now)
            if comes is not None and arrived - self._at >= PERSISTENT:
                lowered = max(LOW, int(BACK_OFF * comes), int(STEP_DOWN * self._bits))
                self._bits, self._at = min(lowered, self._bits), arrived
                return self._bits
        elif arrived - self._at >= EVERY:
            self._bits, self._at = min(self._most, int(self._bits * RECOVERY)), arrived
            return self._bits
        return None
