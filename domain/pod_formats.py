"""Who may take a seat in a pod, and who may leave it for another: by its format."""

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
