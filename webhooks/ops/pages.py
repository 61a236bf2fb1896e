"""What ops look at: the overview, lists of messages, one message, one coach, the diary; the live
parts alone, too.
"""

from datetime import datetime, timedelta
from typing import Any

from flask import abort, render_template, request

from domain.freshness import State
from storage.reports import causes, changed_events, coach_states, outbox, samples
from storage.reports import overview as overview_report
from storage.reports.overview import Troubled
from storage.rows import audit_log, coaches, connections, refresh_jobs, refusals
from storage.rows import bulk_deeds as bulk_deed_rows
from storage.schema.database import Tx
from storage.slots import slot_sets
from storage.transactions import bulk_deeds
from webhooks.http.context import parts, runtime
from webhooks.http.listing import listing_of, offered
from webhooks.ops import troubles, watch, weeks, worst
from webhooks.ops.facts import MOST_SHOWN, Facts, Overview, Queue, Tallies, due_of
from webhooks.ops.plots import NAMES, SHEETS, PlotRange, draw
from workers import queues
from workers.actors import QUEUES

MOST_CAUSES = 10
MOST_REFUSALS = 10
ALL_REFUSALS = 200
ENDED = ("sent", "superseded")
UNENDED = ("pending", "scheduled", "paused", "sending", "waiting_for_text", "withheld", "dead")
STATES = (*UNENDED, *ENDED)
# Hours a plot shows -> the span of one of its points.
SPANS = {3: timedelta(minutes=1), 24: timedelta(minutes=5), 168: timedelta(minutes=30)}
USUAL_HOURS = 24
# A queue -> the kind of message it delivers; the others read calendars and make sets.
KIND_OF = {"mails": "mail", "calendars": "calendar", "callbacks": "callback"}


def overview() -> str:
    """GET /ops"""
    return render_template("ops/overview.html", **_overview(), **_plots())


def overview_live() -> str:
    """GET /ops/live"""
    return render_template("ops/overview_alone.html", **_overview())


def plotted() -> str:
    """GET /ops/plots"""
    return render_template("ops/plots.html", **_plots())


def messages_in() -> str:
    """GET /ops/outbox: the messages in one state."""
    state, kind = request.args.get("state", "pending"), request.args.get("kind") or None
    if state not in STATES:
        abort(404, f"Messages are {', '.join(STATES)}.")
    services = runtime().services
    with services.database.read() as tx:
        found = outbox.listed(tx, state=state, kind=kind, now=services.now())
    return render_template("ops/outbox.html", messages=found, state=state, kind=kind, states=STATES)


def message(outbox_id: str) -> str:
    """GET /ops/outbox/{id}"""
    return render_template("ops/message.html", **_message(outbox_id))


def message_live(outbox_id: str) -> str:
    """GET /ops/outbox/{id}/live"""
    return render_template("ops/message_live.html", **_message(outbox_id))


def coach(coach_id: str) -> str:
    """GET /ops/coaches/{id}"""
    return render_template("ops/coach.html", **_coach(coach_id))


def coach_live(coach_id: str) -> str:
    """GET /ops/coaches/{id}/live"""
    return render_template("ops/coach_live.html", **_coach(coach_id))


def audit() -> str:
    """GET /ops/audit"""
    with runtime().services.database.read() as tx:
        found = audit_log.deeds(tx)
    return render_template("ops/audit.html", deeds=found)


def refused() -> str:
    """GET /ops/refusals: the newest"""
    with runtime().services.database.read() as tx:
        found = refusals.recent(tx, limit=ALL_REFUSALS)
    return render_template("ops/refusals.html", refused=found, most=ALL_REFUSALS)


def _overview() -> dict[str, Any]:
    services = runtime().services
    now = services.now()
    depths = queues.depths(services)
    known = depths or {}
    with services.database.read() as tx:
        # Before anything is counted: a deed then does no more than what was shown.
        seen_ms = causes.shown_ms(tx)
        tallies = {}
        for tally in outbox.tallies(tx, now=now, ended=False):
            tallies[tally.kind, tally.state] = tally
        seen = Overview(
            queues=[_queue(tx, name, known.get(name), tallies, now) for name in QUEUES],
            redis_up=depths is not None,
            tallies=tallies,
            reading=overview_report.being_read(tx),
            sending=outbox.in_flight(tx),
            stuck_reads=overview_report.stuck_reads(tx, limit=MOST_SHOWN),
            stuck_messages=outbox.stuck(tx, limit=MOST_SHOWN),
            dead=outbox.listed(tx, state="dead", now=now, limit=MOST_SHOWN),
            standings=coach_states.counts(tx, now=now, stale_after=services.stale_after()),
            stale=_troubled(tx, "stale", now),
            disconnected=_troubled(tx, "disconnected", now),
            conflicted=overview_report.conflicted(tx, now=now, limit=MOST_SHOWN),
            unsettled=changed_events.unsettled(tx, now=now),
            changed=changed_events.coaches(tx, now=now, limit=MOST_SHOWN),
            moved_clocks=overview_report.moved_clocks(tx, now=now, limit=MOST_SHOWN),
            refused=refusals.recent(tx, limit=MOST_REFUSALS),
            linkless=overview_report.linkless(tx, now=now, limit=MOST_SHOWN),
        )
        facts = watch.facts(tx, seen, now=now)
    more = {
        "troubles": worst.of(facts),
        "level_words": troubles.WORDS,
        "seen_ms": seen_ms,
    }
    return {"seen": seen, "states": UNENDED, "most": MOST_SHOWN} | more | _deeds(facts)


def _deeds(facts: Facts) -> dict[str, Any]:
    """Errors by cause, and what is being done about them."""
    services = runtime().services
    with services.database.read() as tx:
        running = bulk_deed_rows.lately(tx, now=services.now())
    return {
        "causes": facts.causes,
        "most_causes": MOST_CAUSES,
        "running": running,
        "fitting": bulk_deeds.FITTING,
    }


def _troubled(tx: Tx, state: State, now: datetime) -> list[Troubled]:
    stale_after = runtime().services.stale_after()
    return overview_report.troubled(tx, state, now=now, stale_after=stale_after, limit=MOST_SHOWN)


def _queue(tx: Tx, name: str, depth: int | None, tallies: Tallies, now: datetime) -> Queue:
    """The wake-ups of a queue, beside the rows that they are for: with the rows alone nothing is
    lost.
    """
    if name == "freebusy":
        reads = refresh_jobs.backlog(tx)
        owed, oldest = reads.dirty, reads.oldest_seconds
    elif name == "slots":
        return Queue(name, depth, overview_report.to_roll(tx, today=slot_sets.today(now)), None)
    else:
        due = due_of(tallies, KIND_OF[name], now)
        owed, oldest = due.count, due.oldest
    if not owed:
        return Queue(name, depth, 0, None)
    return Queue(name, depth, owed, oldest)


def _plots() -> dict[str, Any]:
    services = runtime().services
    hours = request.args.get("hours", USUAL_HOURS, type=int)
    if hours not in SPANS:
        hours = USUAL_HOURS
    now = services.now()
    over = PlotRange(now - timedelta(hours=hours), now, SPANS[hours])
    with services.database.read() as tx:
        found = overview_report.plotted(tx, NAMES, since=over.since, every=over.every)
        ended = [tally for tally in outbox.tallies(tx, now=now) if tally.state in ENDED]
    plots = [draw(sheet, found, over) for sheet in SHEETS]
    return {
        "plots": plots,
        "hours": hours,
        "spans": tuple(SPANS),
        "ended": ended,
        "refusals": _by_code(),
    }


def _by_code() -> list[tuple[str, int]]:
    """What was refused since the web processes began, by code, the most frequent first."""
    by_code = {}
    for family in parts().metrics.counted().collect():
        for sample in family.samples:
            if sample.name == "coachcal_refusals_total":
                by_code[sample.labels["code"]] = int(sample.value)
    return sorted(by_code.items(), key=lambda it: -it[1])


def _message(outbox_id: str) -> dict[str, Any]:
    with runtime().services.database.read() as tx:
        found = outbox.find(tx, outbox_id)
        if found is None:
            detail = "it is mistyped, or was dropped when it was kept long enough"
            abort(404, f"No message has this id: {detail}.")
        return {
            "message": found,
            "neighbours": outbox.neighbours(tx, outbox_id),
            "deeds": audit_log.deeds(tx, target=outbox_id),
        }


LOST = ("disconnected", "revoked")
"""What of an account's troubles its coach alone can mend."""


def _coach(coach_id: str) -> dict[str, Any]:
    services = runtime().services
    now = services.now()
    with services.database.read() as tx:
        listing = listing_of(tx, coach_id, now=now, reasons=True)
        if listing is None:
            abort(404, "No coach has this id.")
        duration = offered(listing, request.args.get("duration", type=int))
        accounts = overview_report.accounts_of(tx, coach_id)
        return {
            "listing": listing,
            "coach": coaches.get(tx, coach_id),
            "lost": bool(accounts) and all(account.trouble in LOST for account in accounts),
            "ask": troubles.Remedy("Ask the coach to reconnect", deed="ask", target=coach_id),
            "duration": duration,
            "week": weeks.of(listing, duration, int(now.timestamp())),
            "accounts": accounts,
            "pushes": samples.pushes_of(connections.of_coach(tx, coach_id)),
            "conflicts": overview_report.conflicts_of(tx, coach_id, now=now),
            "changed": changed_events.of_coach(tx, coach_id, now=now),
            "moved_clocks": overview_report.moved_clocks(tx, now=now, coach_id=coach_id),
            "deeds": audit_log.deeds(tx, target=coach_id, limit=20),
        }
