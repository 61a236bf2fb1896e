"""Who may take a seat in a pod, and who may leave it for another: by its format. How many seats it
may have, and until when it may wait for people.
"""

from datetime import datetime

from domain.errors import Invalid
from domain.sessions import Refused, Session


def check_may_take_seat(pod: Session, *, assigned: bool) -> None:
    """closed and hybrid pods are filled by the programme; open and hybrid_v2 ones by the
    participants' own choice.
    """
    if pod.format in ("closed", "hybrid") and not assigned:
        detail = (
            "Seats of this pod are assigned by the programme: send assigned true if that is what"
            " this is."
        )
        raise Refused("format_forbids", detail, format=pod.format)


def check_may_rebook(pod: Session, target: Session) -> None:
    """open and hybrid pods may be changed for another; closed and hybrid_v2 ones hold those who are
    in them.

    Nor does anybody move into a pod that the programme fills: whoever leaves a hybrid one was
    assigned first.
    """
    if pod.format in ("closed", "hybrid_v2"):
        detail = (
            "Whoever is in this pod stays with its group: cancel the booking, or let the"
            " programme move it."
        )
        raise Refused("format_forbids", detail, format=pod.format)
    # Between hybrid pods one may move: whoever is in the one was assigned by the programme before.
    is_among_hybrids = pod.format == target.format == "hybrid"
    if target.format in ("closed", "hybrid") and not is_among_hybrids:
        detail = "Seats of that pod are assigned by the programme: choose another."
        raise Refused("format_forbids", detail, format=target.format)


def check_seats(min_seats: int, capacity: int, taken: int) -> None:
    if min_seats > capacity:
        detail = f"min_seats is {min_seats} and max_seats is {capacity}: swap or correct them."
        raise Invalid("min_seats", "min_over_max", detail)
    if taken > capacity:
        detail = f"{taken} seats are taken: send a max_seats of {taken} or more."
        raise Refused("seats_taken", detail, reason="full")


def check_deadline(deadline: datetime | None, starts: int) -> None:
    if deadline is not None and deadline.timestamp() > starts:
        raise Invalid(
            "deadline",
            "deadline_after_start",
            "Send a deadline that is over before the pod begins.",
        )
