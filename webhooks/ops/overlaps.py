"""Participants who are in two sessions at once: told, and left as they are."""

from flask import render_template

from storage.reports import overlaps
from webhooks.http.context import runtime

MOST = 100


def overlapping() -> str:
    """GET /ops/overlaps"""
    services = runtime().services
    with services.database.read() as tx:
        found = overlaps.coming(tx, now=services.now(), limit=MOST)
    days = overlaps.AHEAD.days
    return render_template("ops/overlaps.html", found=found, most=MOST, days=days)
