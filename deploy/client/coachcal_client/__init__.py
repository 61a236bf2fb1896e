"""A typed client of coachcal's API.

Client        a method per operation (`api`), with bodies and answers of `models`
Feed          what happened, in order: an iterator to go on with
callbacks     verifies what coachcal posts to you
ApiError      a refusal: its stable code, the field, and the next step
NotReached    nobody answered, however often it was tried
"""

from coachcal_client.api import Client
from coachcal_client.callbacks import BadSignature, verify
from coachcal_client.feed import Feed
from coachcal_client.transport import ApiError, ClientError, NotReached

__all__ = ["ApiError", "BadSignature", "Client", "ClientError", "Feed", "NotReached", "verify"]
