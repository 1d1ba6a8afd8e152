"""How the status of a delivery moves. Pure."""

from app.vocabulary import DeliveryStatus

_NEXT = {DeliveryStatus.SENT: (DeliveryStatus.DELIVERED, DeliveryStatus.FAILED)}


def moves_forward(now: DeliveryStatus, then: DeliveryStatus) -> bool:
    """Only what was sent can still arrive or fail; news that comes late changes nothing."""
    return then in _NEXT.get(now, ())
