"""The OpenAPI document: valid, complete, true of what is answered, and readable by people without a network."""

import re
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from tests import cast
from tests.webhooks import desk as desks
from tests.webhooks.desk import SETTINGS, WEEK, Desk
from webhooks.errors import CODES, PROBLEM
from webhooks.openapi import VERSION
from webhooks.routes import ROUTES

PAGES = {"/docs", "/connect/callback"}
