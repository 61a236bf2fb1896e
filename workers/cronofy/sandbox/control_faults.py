"""The control API's part that makes trouble, turns the clock and looks inside:
for tests and the demo.
"""

from flask import Response

from workers.cronofy.sandbox import identifiers, state
from workers.cronofy.sandbox.control_requests import checked, done, instant_in
from workers.cronofy.sandbox.errors import ControlError
from workers.cronofy.sandbox.faults import KINDS, Fault
from workers.cronofy.sandbox.responses import answer, body, current_world


def add_secret() -> Response:
    """POST secrets `{secret?}`: a second client secret; pushes carry a value for each."""
    # Behind the others: the oldest goes first, as in a rotation.
    secret = str(body().get("secret") or identifiers.client_secret())
    current_world().secrets.append(secret)
    return answer({"client_secret": secret})


def drop_secret() -> Response:
    """DELETE secrets: the oldest goes. One always stays."""
    world = current_world()
    if len(world.secrets) == 1:
        raise ControlError(
            "there is one secret left; POST /sandbox/secrets adds its successor first", 409
        )
    world.secrets = world.secrets[1:]
    return done()


def order_fault() -> Response:
    """POST faults: the fields of `faults.Fault`; `kind` and `path` matter most."""
    asked = body()
    if asked.get("kind") not in KINDS:
        raise ControlError(f"kind is one of {', '.join(KINDS)}")
    current_world().faults.order(checked(Fault, **asked))
    return done()


def clear_faults() -> Response:
    """DELETE faults."""
    current_world().faults.clear()
    return done()


def switch_pushes() -> Response:
    """PATCH pushes: some of drop, duplicate, reorder, tamper, delay, timeout, retry_scale."""
    world, asked = current_world(), body()
    checked(world.pushes.switch, **asked)
    return answer(world.pushes.show()["switches"])


def close_channel(channel_id: str) -> Response:
    """DELETE channels/{id}: it vanishes from the list, without a word."""
    current_world().close(channel_id)
    return done()


def move_clock() -> Response:
    """POST clock `{advance: seconds}` or `{set: time}`."""
    clock, asked = current_world().clock, body()
    if "advance" in asked:
        checked(clock.advance, checked(float, asked["advance"]))
    else:
        clock.set(instant_in(asked, "set") or clock.now())
    return show_clock()


def show_clock() -> Response:
    """GET clock."""
    return answer({"now": current_world().clock.now().isoformat().replace("+00:00", "Z")})


def change_settings() -> Response:
    """PATCH settings `{page_size}`."""
    size = body().get("page_size")
    if not isinstance(size, int) or size < 1:
        raise ControlError("page_size is a whole number, 1 or more")
    current_world().page_size = size
    return done()


def clear_calls() -> Response:
    """DELETE calls: count anew."""
    current_world().traffic.clear()
    return done()


def show_calls() -> Response:
    """GET calls."""
    return answer(current_world().traffic.show())


def show_deliveries() -> Response:
    """GET deliveries."""
    return answer(current_world().pushes.show())


def show_state() -> Response:
    """GET state: everything, except tokens and secrets."""
    return answer(state.dump(current_world()))
