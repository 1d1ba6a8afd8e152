"""How often codes may be asked for and guessed; kept in this process's memory."""

import ipaddress
import math
import time

from limits import RateLimitItem, RateLimitItemPerHour
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.errors import RateLimited

CODES = RateLimitItemPerHour(5, namespace="codes")
GUESSES = RateLimitItemPerHour(10, namespace="guesses")
# A school or a phone company puts many families behind one network address.
NETWORK = RateLimitItemPerHour(300, namespace="network")
IPV4_PREFIX, IPV6_PREFIX = 32, 64


class Budgets:
    """Each hour an address gets so many codes and guesses, and so does a network.

    Asked before anybody looks an address up: a refusal says nothing about who is known.
    """

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def spend_code(self, address: str, host: str) -> None:
        """Raises RateLimited when the address or the network has had enough."""
        self._spend(NETWORK, network_of(host))
        self._spend(CODES, address)

    def spend_guess(self, address: str, host: str) -> None:
        self._spend(NETWORK, network_of(host))
        self._spend(GUESSES, address)

    def _spend(self, budget: RateLimitItem, who: str) -> None:
        if not self._limiter.hit(budget, who):
            again = self._limiter.get_window_stats(budget, who).reset_time
            raise RateLimited(
                "That was too often. Please wait a while and try again.",
                retry_after=max(1, math.ceil(again - time.time())),
            )


def network_of(host: str) -> str:
    """The host itself, or the /64 that one household has in IPv6."""
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:  # a Unix socket has no address
        return host
    prefix = IPV4_PREFIX if version == 4 else IPV6_PREFIX
    return str(ipaddress.ip_network(f"{host}/{prefix}", strict=False))
