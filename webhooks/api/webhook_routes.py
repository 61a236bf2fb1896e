"""The routes of the feed and of webhook endpoints: part of the one table in routes.py."""

from webhooks.api import events, slots
from webhooks.api import webhook_endpoints as endpoints
from webhooks.api.route import Route
from webhooks.api.schemas.events import (
    EventsOut,
    EventsQuery,
    SlotChangesOut,
    SlotChangesQuery,
)
from webhooks.api.schemas.webhook_endpoints import (
    AttemptsOut,
    EndpointChange,
    EndpointIn,
    EndpointOut,
    EndpointsOut,
    NewEndpointOut,
    ReplayIn,
    ReplayOut,
    RotateIn,
    SecretOut,
    TestSentOut,
)

ENDPOINT = f"{endpoints.PATH}/<endpoint_id>"
WEBHOOKS = ("webhooks:write",)

# fmt: off
WEBHOOK_ROUTES = (
    Route("GET", "/v1/slots/changes", events.show_slots, slots.READS, query=SlotChangesQuery,
          answer=SlotChangesOut, refuses=(410,)),
    Route("GET", "/v1/events", events.show, ("events:read",), query=EventsQuery, answer=EventsOut,
          refuses=(410,)),
    Route("POST", endpoints.PATH, endpoints.create, WEBHOOKS, EndpointIn, answer=NewEndpointOut,
          answers=(201,), refuses=(409,), location=f"{endpoints.PATH}/{{id}}"),
    Route("GET", endpoints.PATH, endpoints.show_all, WEBHOOKS, answer=EndpointsOut),
    Route("GET", ENDPOINT, endpoints.show, WEBHOOKS, answer=EndpointOut, refuses=(404,)),
    Route("PATCH", ENDPOINT, endpoints.change, WEBHOOKS, EndpointChange, answer=EndpointOut,
          refuses=(404, 409)),
    Route("DELETE", ENDPOINT, endpoints.delete, WEBHOOKS, answers=(204,), refuses=(404, 409)),
    Route("POST", f"{ENDPOINT}/secret", endpoints.rotate, WEBHOOKS, RotateIn, answer=SecretOut,
          refuses=(404, 409)),
    Route("POST", f"{ENDPOINT}/test", endpoints.send_test, WEBHOOKS, answer=TestSentOut,
          answers=(202,), refuses=(404,)),
    Route("POST", f"{ENDPOINT}/replay", endpoints.replay, WEBHOOKS, ReplayIn, answer=ReplayOut,
          answers=(202,), refuses=(404, 409)),
    Route("GET", f"{ENDPOINT}/attempts", endpoints.show_attempts, WEBHOOKS, answer=AttemptsOut,
          refuses=(404,)),
)
# fmt: on
