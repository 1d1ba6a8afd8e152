"""How often codes may be asked for and guessed."""

from collections.abc import Callable

import pytest

from app.errors import RateLimited
from auth.budgets import Budgets, network_of


def allowed(spend: Callable[[], None]) -> int:
    """How often it goes through before it is refused."""
    count = 0
    with pytest.raises(RateLimited) as refused:
        for count in range(1000):  # noqa: B007 (counted until refused)
            spend()
    assert 0 < refused.value.retry_after <= 3600
    return count


def test_an_address_gets_five_codes_and_ten_guesses_an_hour() -> None:
    budgets = Budgets()
    assert allowed(lambda: budgets.spend_code("a@example.org", "192.0.2.1")) == 5
    assert allowed(lambda: budgets.spend_guess("a@example.org", "192.0.2.1")) == 10
    budgets.spend_code("b@example.org", "192.0.2.1")


def test_a_network_gets_three_hundred_of_both_together() -> None:
    budgets = Budgets()
    addresses = iter(range(1000))

    def both() -> None:
        budgets.spend_code(f"p{next(addresses)}@example.org", "192.0.2.1")
        budgets.spend_guess(f"p{next(addresses)}@example.org", "192.0.2.1")

    assert allowed(both) == 150
    budgets.spend_code("p0@example.org", "192.0.2.2")


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("2001:db8::7", "2001:db8::/64"),
        ("2001:db8:0:0:ffff::1", "2001:db8::/64"),
        ("2001:db8:0:1::7", "2001:db8:0:1::/64"),
        ("::1", "::/64"),
        ("unix", "unix"),
        ("", ""),
    ],
)
def test_a_household_in_ipv6_is_one_network(host: str, network: str) -> None:
    assert network_of(host) == network
