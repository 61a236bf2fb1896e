"""What is wrong with webhook endpoints, for the first line of the overview."""

from collections.abc import Iterator, Sequence

from webhooks.ops.facts import EndpointFact
from webhooks.ops.formats import age
from webhooks.ops.troubles import DAY, HOUR, MINUTE, Remedy, Trouble, level_by

SHORT = 15 * MINUTE
"""The other side may be deploying."""
DOES = "Switched on again, or resumed, it is sent all that it missed."


def of_endpoints(endpoints: Sequence[EndpointFact]) -> Iterator[Trouble]:
    remedy = Remedy("See the endpoints", place="endpoints", does=DOES)
    for each in endpoints:
        if each.state == "off":
            words = f"The webhook endpoint {each.id} was switched off {age(each.seconds)} ago"
            level = level_by(each.seconds, 0, DAY)
            yield Trouble(level, words, "CoachcalEndpointOff", remedy)
        elif each.state == "paused":
            words = f"The webhook endpoint {each.id} is paused"
            yield Trouble("amber", words, "CoachcalPaused", remedy)
        elif each.seconds >= SHORT:
            words = f"The webhook endpoint {each.id} has taken nothing for {age(each.seconds)}"
            level = level_by(each.seconds, HOUR, DAY)
            yield Trouble(level, words, "CoachcalEndpointFailing", remedy)
