"""A method per operation: written from the OpenAPI document by `./run docs`."""

from collections.abc import Iterator
from typing import Any, Literal

from coachcal_client import models
from coachcal_client.feed import Feed
from coachcal_client.transport import Transport, new_key, part


class Client(Transport):
    """The API of one coachcal, with one key."""

    version = "2026-11-29"

    def health_alive(self) -> models.Alive:
        """Is this process alive?

        It answers as long as it can answer at all: restart it when it does not.
        """
        answer: models.Alive = self.call(
            "GET",
            "/healthz",
        )
        return answer

    def health_metrics(self) -> bytes:
        """What this process counts, in Prometheus's text format.

        Only at COACHCAL_INTERNAL_PORT.
        """
        answer: bytes = self.call(
            "GET",
            "/metrics",
            raw=True,
        )
        return answer

    def health_ready(self) -> models.ReadyOut:
        """May this process be sent requests?

        503 while the database is away, cannot be written, or was not migrated, and
        while this machine's clock is off the database's. Redis is told, not required:
        without it pushes are accepted and read by the sweeper.
        """
        answer: models.ReadyOut = self.call(
            "GET",
            "/readyz",
        )
        return answer

    def lists_bookings(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        coach_id: str | None = None,
        participant_id: str | None = None,
        company: str | None = None,
        project: str | None = None,
        cohort: str | None = None,
        programme_name: str | None = None,
        from_: str | None = None,
        to: str | None = None,
        tz: str | None = None,
        changed_since: str | None = None,
        in_conflict: bool | None = None,
        short_of_seats: bool | None = None,
        held_mails: bool | None = None,
        moved: bool | None = None,
        status: Literal["booked", "cancelled", "completed", "missed"] | None = None,
    ) -> models.BookingsOut:
        """Bookings, those that ended too, with the session of each.

        Each filter that is sent has to hold; `company`, `project`, `cohort` and
        `programme_name` are the booking's own, or else its session's.
        """
        answer: models.BookingsOut = self.call(
            "GET",
            "/v1/bookings",
            query={
                "limit": limit,
                "cursor": cursor,
                "coach_id": coach_id,
                "participant_id": participant_id,
                "company": company,
                "project": project,
                "cohort": cohort,
                "programme_name": programme_name,
                "from": from_,
                "to": to,
                "tz": tz,
                "changed_since": changed_since,
                "in_conflict": in_conflict,
                "short_of_seats": short_of_seats,
                "held_mails": held_mails,
                "moved": moved,
                "status": status,
            },
        )
        return answer

    def lists_bookings_all(
        self,
        *,
        limit: int | None = None,
        coach_id: str | None = None,
        participant_id: str | None = None,
        company: str | None = None,
        project: str | None = None,
        cohort: str | None = None,
        programme_name: str | None = None,
        from_: str | None = None,
        to: str | None = None,
        tz: str | None = None,
        changed_since: str | None = None,
        in_conflict: bool | None = None,
        short_of_seats: bool | None = None,
        held_mails: bool | None = None,
        moved: bool | None = None,
        status: Literal["booked", "cancelled", "completed", "missed"] | None = None,
    ) -> Iterator[models.BookingOut]:
        """Each of `lists_bookings`, however many pages there are."""
        cursor: str | None = None
        while True:
            page = self.lists_bookings(
                limit=limit,
                coach_id=coach_id,
                participant_id=participant_id,
                company=company,
                project=project,
                cohort=cohort,
                programme_name=programme_name,
                from_=from_,
                to=to,
                tz=tz,
                changed_since=changed_since,
                in_conflict=in_conflict,
                short_of_seats=short_of_seats,
                held_mails=held_mails,
                moved=moved,
                status=status,
                cursor=cursor,
            )
            yield from page["bookings"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    def bookings_create(
        self, body: models.BookingIn, *, idempotency_key: str | None = None
    ) -> models.BookingOut:
        """Book a time with a coach, or a seat in a pod.

        Accepted exactly when the time is listed. A refusal is 409 with the `reason` and
        the `nearest` open starts.
        """
        answer: models.BookingOut = self.call(
            "POST",
            "/v1/bookings",
            body=body,
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer

    def bookings_show(
        self, booking_id: str, *, if_none_match: str | None = None
    ) -> models.BookingOut:
        """A booking as it is now."""
        answer: models.BookingOut = self.call(
            "GET",
            f"/v1/bookings/{part(booking_id)}",
            headers={"If-None-Match": if_none_match},
        )
        return answer

    def bookings_cancel(
        self,
        booking_id: str,
        body: models.CancelIn,
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.BookingOut:
        """Cancel a booking; shortly before its start it counts as missed instead.

        `status` in the answer says which: cancelled, or missed.
        """
        answer: models.BookingOut = self.call(
            "POST",
            f"/v1/bookings/{part(booking_id)}/cancel",
            body=body,
            headers={"Idempotency-Key": idempotency_key or new_key(), "If-Match": if_match},
        )
        return answer

    def history_show(self, booking_id: str) -> models.HistoryOut:
        """What happened to a booking and its session, by whom, and what was sent because
        of it.

        Each change with what was another before and after, by which means it was made,
        in which request, and why where that was given; each mail, calendar write and
        callback with its state. Ids and times, never a text or an address. It begins
        with the release that keeps it.
        """
        answer: models.HistoryOut = self.call(
            "GET",
            f"/v1/bookings/{part(booking_id)}/history",
        )
        return answer

    def mails_show(self, booking_id: str) -> models.MailsOut:
        """The mails of a booking and what became of each, the oldest first."""
        answer: models.MailsOut = self.call(
            "GET",
            f"/v1/bookings/{part(booking_id)}/mails",
        )
        return answer

    def mails_send(
        self, booking_id: str, kind: str, *, idempotency_key: str | None = None
    ) -> models.SendingOut:
        """Send a mail to the participant once more, now: one for each Idempotency-Key.

        Only a mail that is true of the booking as it is; `fitting` in the refusal names
        those.
        """
        answer: models.SendingOut = self.call(
            "POST",
            f"/v1/bookings/{part(booking_id)}/mails/{part(kind)}/send",
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer

    def bookings_rebook(
        self,
        booking_id: str,
        body: models.RebookIn,
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.BookingOut:
        """Move a 1:1 session to another time, or a seat to another pod.

        The old time opens and the new one closes together, or nothing changes. Send the
        `version` that you saw. Shortly before the start the move counts as a
        cancellation: the booking ends as missed, and the answer is a new one, which
        `replaces` it.
        """
        answer: models.BookingOut = self.call(
            "POST",
            f"/v1/bookings/{part(booking_id)}/rebook",
            body=body,
            headers={"Idempotency-Key": idempotency_key or new_key(), "If-Match": if_match},
        )
        return answer

    def brands_show(self, company_id: str) -> models.BrandOut:
        """What is set for a company."""
        answer: models.BrandOut = self.call(
            "GET",
            f"/v1/brands/{part(company_id)}",
        )
        return answer

    def brands_put(
        self, company_id: str, body: models.BrandIn, *, idempotency_key: str | None = None
    ) -> models.BrandOut:
        """Set the sender's name, whom people ask, and the colour, for mails and pages of
        this company.

        It is the `company` in the `context` of bookings and links. Mails keep their
        address and their organizer. What is left out is as for everybody again; the
        logo stays.
        """
        answer: models.BrandOut = self.call(
            "PUT",
            f"/v1/brands/{part(company_id)}",
            body=body,
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer

    def brands_delete(self, company_id: str, *, idempotency_key: str | None = None) -> None:
        """Take all of it away, the logo too: mails and pages look as for everybody."""
        answer: None = self.call(
            "DELETE",
            f"/v1/brands/{part(company_id)}",
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer

    def brands_put_logo(
        self, company_id: str, content: bytes, *, idempotency_key: str | None = None
    ) -> models.BrandOut:
        """Set the logo: a PNG, sent as the body.

        At most 100,000 bytes and 1000 x 400 pixels. Only what makes the picture is
        kept, without what programs write beside it. An SVG is refused, since it could
        run scripts.
        """
        answer: models.BrandOut = self.call(
            "PUT",
            f"/v1/brands/{part(company_id)}/logo",
            content=content,
            headers={"Idempotency-Key": idempotency_key or new_key(), "Content-Type": "image/png"},
        )
        return answer

    def brands_delete_logo(self, company_id: str, *, idempotency_key: str | None = None) -> None:
        """Take the logo away. Mails that were sent with it show the sender's name there."""
        answer: None = self.call(
            "DELETE",
            f"/v1/brands/{part(company_id)}/logo",
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer

    def change_rules_show(self, scope: str, scope_id: str) -> models.ChangeRulesOut:
        """What is set here, without what a wider scope sets."""
        answer: models.ChangeRulesOut = self.call(
            "GET",
            f"/v1/change_rules/{part(scope)}/{part(scope_id)}",
        )
        return answer

    def change_rules_put(
        self,
        scope: str,
        scope_id: str,
        body: models.ChangeRulesIn,
        *,
        idempotency_key: str | None = None,
    ) -> models.ChangeRulesOut:
        """Set what a late change costs here, and how many rebookings and missed sessions
        are allowed.

        Each figure counts by itself: cohort before project before company. It holds for
        bookings that there are, too. A key with the scope bookings:force passes every
        limit, by `excused` or `force`; `most_missed` of a seat in a pod, which takes
        neither, by `assigned` of POST /v1/pods/{pod_id}/seats alone.
        """
        answer: models.ChangeRulesOut = self.call(
            "PUT",
            f"/v1/change_rules/{part(scope)}/{part(scope_id)}",
            body=body,
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer

    def change_rules_delete(
        self, scope: str, scope_id: str, *, idempotency_key: str | None = None
    ) -> None:
        """Take it away: what the next wider scope sets counts again, or the deployment's."""
        answer: None = self.call(
            "DELETE",
            f"/v1/change_rules/{part(scope)}/{part(scope_id)}",
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer

    def tiles_show(self, *, ids: list[str]) -> models.TilesOut:
        """How the calendars of up to 200 coaches stand, in the order asked for.

        A coach who is not there spoils nothing: `unknown` names those.
        """
        answer: models.TilesOut = self.call(
            "GET",
            "/v1/coach_states",
            query={"ids": ids},
        )
        return answer

    def lists_coaches(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        ids: list[str] | None = None,
        state: Literal[
            "fresh",
            "refreshing",
            "stale",
            "initial_sync",
            "disconnected",
            "no_access",
            "unconnected",
        ]
        | None = None,
        tz: str | None = None,
        changed_since: str | None = None,
    ) -> models.CoachListOut:
        """Coaches, with what was set and how their calendars stand.

        Deprecated: with `ids` the answer is that of `GET /v1/coach_states`.
        """
        answer: models.CoachListOut = self.call(
            "GET",
            "/v1/coaches",
            query={
                "limit": limit,
                "cursor": cursor,
                "ids": ids,
                "state": state,
                "tz": tz,
                "changed_since": changed_since,
            },
        )
        return answer

    def lists_coaches_all(
        self,
        *,
        limit: int | None = None,
        ids: list[str] | None = None,
        state: Literal[
            "fresh",
            "refreshing",
            "stale",
            "initial_sync",
            "disconnected",
            "no_access",
            "unconnected",
        ]
        | None = None,
        tz: str | None = None,
        changed_since: str | None = None,
    ) -> Iterator[models.CoachOut | models.Tile]:
        """Each of `lists_coaches`, however many pages there are."""
        cursor: str | None = None
        while True:
            page = self.lists_coaches(
                limit=limit, ids=ids, state=state, tz=tz, changed_since=changed_since, cursor=cursor
            )
            yield from page["coaches"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    def coaches_put_many(self, body: models.CoachesIn) -> models.CoachesPutOut:
        """Set up to 200 coaches, each as PUT /v1/coaches/{id} does.

        What breaks a rule refuses the whole: every such coach is told, and nothing is
        written. Then each is set in a transaction of its own and has an outcome of its
        own: one that changed meanwhile does not stop the others. To repeat the request
        changes nothing more, and one that was set by it before is no conflict.
        """
        answer: models.CoachesPutOut = self.call(
            "PUT",
            "/v1/coaches",
            body=body,
        )
        return answer

    def coaches_show(self, coach_id: str, *, if_none_match: str | None = None) -> models.CoachOut:
        """A coach: what was set, and how the calendars stand."""
        answer: models.CoachOut = self.call(
            "GET",
            f"/v1/coaches/{part(coach_id)}",
            headers={"If-None-Match": if_none_match},
        )
        return answer

    def coaches_put(
        self, coach_id: str, body: models.CoachIn, *, if_match: str | None = None
    ) -> models.CoachOut:
        """Set all of a coach, but for what says "as before if absent"; 201 when there was
        none.

        The slot set follows in the same transaction: whoever lists slots after the
        answer sees what was set.
        """
        answer: models.CoachOut = self.call(
            "PUT",
            f"/v1/coaches/{part(coach_id)}",
            body=body,
            headers={"If-Match": if_match},
        )
        return answer

    def people_erase_coach(
        self, coach_id: str, *, coming: Literal["cancel"] | None = None
    ) -> models.Accepted:
        """Erase a coach: the calendars are revoked at Cronofy, their channels end, and all
        that an export holds is forgotten.

        While sessions are to come this is refused, unless `coming=cancel`: then nobody
        can book the coach from now on, the sessions are called off within a minute,
        everybody is told by mail, and the erasure follows as soon as that has left;
        after a day in any case. So it does where nothing is to come, but mails about
        the coach still leave. It is written down before this answers, and cannot be
        undone; a coach who leaves takes no sessions and no settings (`coach_leaves`).
        """
        answer: models.Accepted = self.call(
            "DELETE",
            f"/v1/coaches/{part(coach_id)}",
            query={"coming": coming},
        )
        return answer

    def connect_begin(self, coach_id: str, body: models.ConnectIn) -> models.ConnectOut:
        """Begin connecting a calendar account of a coach.

        Send the coach's browser to `authorize_url`: a page that says for whom it is and
        leads on to the consent, in one browser, and only for as long as `expires_in`
        says. With `return_url` it comes back there, with `outcome` in the query:
        `connected`, `declined` (the coach said no), `in_use` (the account is another
        coach's), `refused` (the provider or Cronofy said no), `away` (Cronofy did not
        answer) or `expired`.
        """
        answer: models.ConnectOut = self.call(
            "POST",
            f"/v1/coaches/{part(coach_id)}/connect",
            body=body,
        )
        return answer

    def connections_disconnect(self, coach_id: str, connection_id: str) -> models.Accepted:
        """Disconnect a calendar account.

        Its access is revoked at Cronofy, and all that came from it erased, by a worker
        that is woken now. Until then its busy times still close slots.
        """
        answer: models.Accepted = self.call(
            "DELETE",
            f"/v1/coaches/{part(coach_id)}/connections/{part(connection_id)}",
        )
        return answer

    def connections_put_calendars(
        self, coach_id: str, connection_id: str, body: models.CalendarsIn
    ) -> models.CoachOut:
        """Choose which calendars of a connection block (those not named do not), and which
        one receives sessions.

        sessions.
        """
        answer: models.CoachOut = self.call(
            "PUT",
            f"/v1/coaches/{part(coach_id)}/connections/{part(connection_id)}/calendars",
            body=body,
        )
        return answer

    def people_export_coach(self, coach_id: str) -> models.PersonalData:
        """Tell all that is kept of a coach, by table: for whoever asks for their data. No
        tokens.
        """
        answer: models.PersonalData = self.call(
            "GET",
            f"/v1/coaches/{part(coach_id)}/data",
        )
        return answer

    def coaches_show_hours(
        self, coach_id: str, *, if_none_match: str | None = None
    ) -> models.HoursOut:
        """A coach's weekly hours."""
        answer: models.HoursOut = self.call(
            "GET",
            f"/v1/coaches/{part(coach_id)}/hours",
            headers={"If-None-Match": if_none_match},
        )
        return answer

    def coaches_put_hours(
        self, coach_id: str, body: models.HoursIn, *, if_match: str | None = None
    ) -> models.HoursOut:
        """Set a coach's weekly hours, and the zone if one is sent."""
        answer: models.HoursOut = self.call(
            "PUT",
            f"/v1/coaches/{part(coach_id)}/hours",
            body=body,
            headers={"If-Match": if_match},
        )
        return answer

    def coaches_show_overrides(
        self, coach_id: str, *, if_none_match: str | None = None
    ) -> models.OverridesOut:
        """The dates on which a coach's hours are others."""
        answer: models.OverridesOut = self.call(
            "GET",
            f"/v1/coaches/{part(coach_id)}/overrides",
            headers={"If-None-Match": if_none_match},
        )
        return answer

    def coaches_put_overrides(
        self, coach_id: str, body: models.OverridesIn, *, if_match: str | None = None
    ) -> models.OverridesOut:
        """Set the dates on which a coach's hours are others; those not sent are usual
        again.
        """
        answer: models.OverridesOut = self.call(
            "PUT",
            f"/v1/coaches/{part(coach_id)}/overrides",
            body=body,
            headers={"If-Match": if_match},
        )
        return answer

    def slots_show(
        self,
        coach_id: str,
        *,
        from_: str,
        to: str,
        duration: int | None = None,
        tz: str | None = None,
        detail: Literal["reasons"] | None = None,
        if_none_match: str | None = None,
    ) -> models.SlotsOut:
        """The times that a coach can be booked at.

        What is listed can be booked, until `valid_until` or the next change; ask again
        with If-None-Match. Whether the calendars behind it can be trusted is in
        `state`, and what the coach's policy makes of that in `effect`: with `hide`,
        `starts` is empty.
        """
        answer: models.SlotsOut = self.call(
            "GET",
            f"/v1/coaches/{part(coach_id)}/slots",
            query={"from": from_, "to": to, "duration": duration, "tz": tz, "detail": detail},
            headers={"If-None-Match": if_none_match},
        )
        return answer

    def events_show(
        self,
        *,
        after: str | None = None,
        limit: int | None = None,
        type: list[
            Literal[
                "slots.changed",
                "booking.booked",
                "booking.rebooked",
                "booking.place_changed",
                "booking.cancelled",
                "booking.seat_left",
                "booking.missed",
                "calendar.disconnected",
                "calendar.reconnected",
                "calendar.connected",
                "coach.synced",
                "session.conflict",
                "session.conflict_cleared",
                "session.conferencing_failed",
                "session.conferencing_recovered",
                "session.event_moved",
                "session.event_deleted",
                "session.event_settled",
                "session.wall_clock_moved",
                "session.wall_clock_restored",
                "session.participant_clock_moved",
                "session.participant_clock_restored",
            ]
        ]
        | None = None,
        coach_id: list[str] | None = None,
        version: Literal["2026-06-01", "2026-11-29"] | None = None,
    ) -> models.EventsOut:
        """All that webhooks tell, in order: what happened in the last 90 days.

        Read on with `after`, the `next` of the answer before, as long as `more` says
        that there is more; then ask again whenever you like. Nothing is ever put in
        before a `next` that you were given. An event's `id` is the `webhook-id` under
        which it is posted. Of a coach's slots only the latest event is kept.
        """
        answer: models.EventsOut = self.call(
            "GET",
            "/v1/events",
            query={
                "after": after,
                "limit": limit,
                "type": type,
                "coach_id": coach_id,
                "version": version,
            },
        )
        return answer

    def events_show_all(
        self,
        *,
        after: str | None = None,
        limit: int | None = None,
        type: list[
            Literal[
                "slots.changed",
                "booking.booked",
                "booking.rebooked",
                "booking.place_changed",
                "booking.cancelled",
                "booking.seat_left",
                "booking.missed",
                "calendar.disconnected",
                "calendar.reconnected",
                "calendar.connected",
                "coach.synced",
                "session.conflict",
                "session.conflict_cleared",
                "session.conferencing_failed",
                "session.conferencing_recovered",
                "session.event_moved",
                "session.event_deleted",
                "session.event_settled",
                "session.wall_clock_moved",
                "session.wall_clock_restored",
                "session.participant_clock_moved",
                "session.participant_clock_restored",
            ]
        ]
        | None = None,
        coach_id: list[str] | None = None,
        version: Literal["2026-06-01", "2026-11-29"] | None = None,
    ) -> Feed[models.FeedEventOut]:
        """Each of `events_show` behind `after`; see `Feed`."""

        def fetch(after: str | None) -> Any:
            page = self.events_show(
                after=after, limit=limit, type=type, coach_id=coach_id, version=version
            )
            return page["events"], page["next"], page["more"]

        return Feed(fetch, after)

    def feeds_show(
        self, *, coach_id: str | None = None, participant_id: str | None = None
    ) -> models.FeedsOut:
        """The feeds of a coach or a participant, without their addresses."""
        answer: models.FeedsOut = self.call(
            "GET",
            "/v1/feeds",
            query={"coach_id": coach_id, "participant_id": participant_id},
        )
        return answer

    def feeds_create(self, body: models.FeedIn) -> models.NewFeedOut:
        """Make a calendar feed of a coach's or a participant's sessions.

        Show its address to that person alone; whoever loses it revokes it, and asks for
        another.
        """
        answer: models.NewFeedOut = self.call(
            "POST",
            "/v1/feeds",
            body=body,
        )
        return answer

    def feeds_revoke(self, feed_id: str) -> None:
        """Revoke a feed: its address leads nowhere from now on."""
        answer: None = self.call(
            "DELETE",
            f"/v1/feeds/{part(feed_id)}",
        )
        return answer

    def pods_show_group(self, group_id: str) -> models.GroupOut:
        """A group's pods in order, with everyone who has or had a seat; not those called
        off.
        """
        answer: models.GroupOut = self.call(
            "GET",
            f"/v1/groups/{part(group_id)}",
        )
        return answer

    def holds_create(
        self, body: models.HoldIn, *, idempotency_key: str | None = None
    ) -> models.HoldOut:
        """Hold a time for some minutes.

        It is closed to everybody else; a booking that names the hold gets it. It ends
        by itself.
        """
        answer: models.HoldOut = self.call(
            "POST",
            "/v1/holds",
            body=body,
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer

    def holds_release(self, hold_id: str, *, idempotency_key: str | None = None) -> None:
        """Give a held time back before the hold ends."""
        answer: None = self.call(
            "DELETE",
            f"/v1/holds/{part(hold_id)}",
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer

    def holidays_show(
        self, *, country: str | None = None, region: str | None = None, language: str | None = None
    ) -> models.HolidayPlacesOut:
        """The countries whose public holidays are known, or the regions and holidays of
        one.
        """
        answer: models.HolidayPlacesOut = self.call(
            "GET",
            "/v1/holidays",
            query={"country": country, "region": region, "language": language},
        )
        return answer

    def links_create(self, body: models.LinkIn) -> models.LinkOut:
        """Make a link to a page for a participant, a coach or a programme manager.

        It opens in one browser, within ten minutes: ask for it when somebody clicks,
        and redirect there.
        """
        answer: models.LinkOut = self.call(
            "POST",
            "/v1/links",
            body=body,
        )
        return answer

    def mail_replies_take(self, content: bytes) -> models.ReplyOut:
        """Hand in a mail that came to the sender's address, as it is: what it answers to
        an invitation is kept with the booking, and shown to the coach.

        The same mail twice is one answer. A mail without a reply in it is refused, and
        changes nothing.
        """
        answer: models.ReplyOut = self.call(
            "POST",
            "/v1/mail-replies",
            content=content,
            headers={"Content-Type": "message/rfc822"},
        )
        return answer

    def lists_mailers(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        scope: Literal["cohort", "project", "company"] | None = None,
        scope_id: str | None = None,
        kind: str | None = None,
        language: str | None = None,
        enabled: bool | None = None,
    ) -> models.MailersOut:
        """Texts and switches of mails, wherever they are set."""
        answer: models.MailersOut = self.call(
            "GET",
            "/v1/mailers",
            query={
                "limit": limit,
                "cursor": cursor,
                "scope": scope,
                "scope_id": scope_id,
                "kind": kind,
                "language": language,
                "enabled": enabled,
            },
        )
        return answer

    def lists_mailers_all(
        self,
        *,
        limit: int | None = None,
        scope: Literal["cohort", "project", "company"] | None = None,
        scope_id: str | None = None,
        kind: str | None = None,
        language: str | None = None,
        enabled: bool | None = None,
    ) -> Iterator[models.MailTextOut]:
        """Each of `lists_mailers`, however many pages there are."""
        cursor: str | None = None
        while True:
            page = self.lists_mailers(
                limit=limit,
                scope=scope,
                scope_id=scope_id,
                kind=kind,
                language=language,
                enabled=enabled,
                cursor=cursor,
            )
            yield from page["mailers"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    def mailers_show(
        self, scope: str, scope_id: str, kind: str, language: str
    ) -> models.MailTextOut:
        """The text or switch that is set here, if one is."""
        answer: models.MailTextOut = self.call(
            "GET",
            f"/v1/mailers/{part(scope)}/{part(scope_id)}/{part(kind)}/{part(language)}",
        )
        return answer

    def mailers_put(
        self,
        scope: str,
        scope_id: str,
        kind: str,
        language: str,
        body: models.MailTextIn,
        *,
        idempotency_key: str | None = None,
    ) -> models.MailTextOut:
        """Set the text or switch of one kind of mail in one language.

        Cohort overrides project overrides company overrides the default. Mails that
        waited for a correct text are due now.
        """
        answer: models.MailTextOut = self.call(
            "PUT",
            f"/v1/mailers/{part(scope)}/{part(scope_id)}/{part(kind)}/{part(language)}",
            body=body,
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer

    def mailers_delete(
        self,
        scope: str,
        scope_id: str,
        kind: str,
        language: str,
        *,
        idempotency_key: str | None = None,
    ) -> None:
        """Take a text or switch away: the next wider scope's counts again, or the default."""
        answer: None = self.call(
            "DELETE",
            f"/v1/mailers/{part(scope)}/{part(scope_id)}/{part(kind)}/{part(language)}",
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer

    def mailers_preview(
        self, scope: str, scope_id: str, kind: str, language: str, body: models.PreviewIn
    ) -> models.PreviewOut:
        """How a mail looks, with invented people: the text sent, else the one set here,
        else the default.

        Whoever asks for text/html gets the page itself, under a policy by which nothing
        in it runs or loads.
        """
        answer: models.PreviewOut = self.call(
            "POST",
            f"/v1/mailers/{part(scope)}/{part(scope_id)}/{part(kind)}/{part(language)}/preview",
            body=body,
        )
        return answer

    def people_erase_participant(self, participant_id: str) -> models.Accepted:
        """Erase a participant: name, address, mails and kept answers are forgotten.

        Their seats stay taken, with times and statuses, under a name that says nothing;
        nothing more is mailed to them.
        """
        answer: models.Accepted = self.call(
            "DELETE",
            f"/v1/participants/{part(participant_id)}",
        )
        return answer

    def people_export_participant(self, participant_id: str) -> models.PersonalData:
        """Tell all that is kept of a participant, by table: for whoever asks for their
        data.
        """
        answer: models.PersonalData = self.call(
            "GET",
            f"/v1/participants/{part(participant_id)}/data",
        )
        return answer

    def places_show(self, scope: str, scope_id: str) -> models.PlacesOut:
        """What is set for a company, project or cohort."""
        answer: models.PlacesOut = self.call(
            "GET",
            f"/v1/places/{part(scope)}/{part(scope_id)}",
        )
        return answer

    def places_put(
        self,
        scope: str,
        scope_id: str,
        body: models.PlacesIn,
        *,
        idempotency_key: str | None = None,
    ) -> models.PlacesOut:
        """Set where new sessions of a company, project or cohort are, and which kinds they
        may have.

        Session overrides coach overrides cohort overrides project overrides company
        overrides the deployment. Each may only choose among the kinds that all others
        allow; a default that another forbids is passed over. Sessions that are booked
        stay where they are.
        """
        answer: models.PlacesOut = self.call(
            "PUT",
            f"/v1/places/{part(scope)}/{part(scope_id)}",
            body=body,
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer

    def places_delete(
        self, scope: str, scope_id: str, *, idempotency_key: str | None = None
    ) -> None:
        """Take it away: the next wider scope's counts again."""
        answer: None = self.call(
            "DELETE",
            f"/v1/places/{part(scope)}/{part(scope_id)}",
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer

    def lists_pods(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        coach_id: str | None = None,
        participant_id: str | None = None,
        company: str | None = None,
        project: str | None = None,
        cohort: str | None = None,
        programme_name: str | None = None,
        from_: str | None = None,
        to: str | None = None,
        tz: str | None = None,
        changed_since: str | None = None,
        in_conflict: bool | None = None,
        short_of_seats: bool | None = None,
        held_mails: bool | None = None,
        moved: bool | None = None,
        status: Literal["unbooked", "booked", "completed", "missed", "called_off", "disabled"]
        | None = None,
    ) -> models.PodsListOut:
        """Pods, those called off too, with everyone who has or had a seat.

        Each filter that is sent has to hold; `company`, `project`, `cohort` and
        `programme_name` are the pod's own.
        """
        answer: models.PodsListOut = self.call(
            "GET",
            "/v1/pods",
            query={
                "limit": limit,
                "cursor": cursor,
                "coach_id": coach_id,
                "participant_id": participant_id,
                "company": company,
                "project": project,
                "cohort": cohort,
                "programme_name": programme_name,
                "from": from_,
                "to": to,
                "tz": tz,
                "changed_since": changed_since,
                "in_conflict": in_conflict,
                "short_of_seats": short_of_seats,
                "held_mails": held_mails,
                "moved": moved,
                "status": status,
            },
        )
        return answer

    def lists_pods_all(
        self,
        *,
        limit: int | None = None,
        coach_id: str | None = None,
        participant_id: str | None = None,
        company: str | None = None,
        project: str | None = None,
        cohort: str | None = None,
        programme_name: str | None = None,
        from_: str | None = None,
        to: str | None = None,
        tz: str | None = None,
        changed_since: str | None = None,
        in_conflict: bool | None = None,
        short_of_seats: bool | None = None,
        held_mails: bool | None = None,
        moved: bool | None = None,
        status: Literal["unbooked", "booked", "completed", "missed", "called_off", "disabled"]
        | None = None,
    ) -> Iterator[models.SessionOut]:
        """Each of `lists_pods`, however many pages there are."""
        cursor: str | None = None
        while True:
            page = self.lists_pods(
                limit=limit,
                coach_id=coach_id,
                participant_id=participant_id,
                company=company,
                project=project,
                cohort=cohort,
                programme_name=programme_name,
                from_=from_,
                to=to,
                tz=tz,
                changed_since=changed_since,
                in_conflict=in_conflict,
                short_of_seats=short_of_seats,
                held_mails=held_mails,
                moved=moved,
                status=status,
                cursor=cursor,
            )
            yield from page["pods"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    def pods_create(
        self, body: models.PodIn, *, idempotency_key: str | None = None
    ) -> models.SessionOut:
        """Make a pod at any open time of the coach's.

        A hybrid_v2 pod that names a group is one of its pods: whoever is in the group
        gets a seat, and is mailed.
        """
        answer: models.SessionOut = self.call(
            "POST",
            "/v1/pods",
            body=body,
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer

    def shells_change_together(
        self, body: models.PodsChange, *, idempotency_key: str | None = None
    ) -> models.PodsOut:
        """Set the same of many pods, with a time or without: all of them, or none.

        A 409 names the pod that refuses as `pod_id`. At most 100 seats are assigned at
        once: as many as there are pods, for each of `assign`.
        """
        answer: models.PodsOut = self.call(
            "PATCH",
            "/v1/pods",
            body=body,
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer

    def exports_export_csv(
        self,
        *,
        from_: str,
        to: str,
        tz: str | None = None,
        coach_id: str | None = None,
        company: str | None = None,
        project: str | None = None,
        cohort: str | None = None,
    ) -> bytes:
        """Pods in the importer's own format, with their ids, as CSV with commas.

        Edit it and import it again: only what differs changes. At most 500 pods. A
        spreadsheet that is set to semicolons opens the XLSX as a table, this one not.
        """
        answer: bytes = self.call(
            "GET",
            "/v1/pods/export.csv",
            query={
                "from": from_,
                "to": to,
                "tz": tz,
                "coach_id": coach_id,
                "company": company,
                "project": project,
                "cohort": cohort,
            },
            raw=True,
        )
        return answer

    def exports_export_xlsx(
        self,
        *,
        from_: str,
        to: str,
        tz: str | None = None,
        coach_id: str | None = None,
        company: str | None = None,
        project: str | None = None,
        cohort: str | None = None,
    ) -> bytes:
        """Pods in the importer's own format, with their ids, as XLSX.

        Edit it and import it again: only what differs changes. At most 500 pods.
        """
        answer: bytes = self.call(
            "GET",
            "/v1/pods/export.xlsx",
            query={
                "from": from_,
                "to": to,
                "tz": tz,
                "coach_id": coach_id,
                "company": company,
                "project": project,
                "cohort": cohort,
            },
            raw=True,
        )
        return answer

    def imports_load(
        self,
        content: bytes,
        *,
        content_type: Literal[
            "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        ],
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
    ) -> models.ImportOut:
        """Make pods from a table, CSV (UTF-8) or XLSX, sent as the body; by default only
        try it.

        Columns, in any order and by many names: programme, coach (mail address or id),
        date, time (or one date and time), zone, min, max; if you like, participants
        (`Ann Lee <ann@example.com>; ...` or usernames), cohort, project, company,
        title, duration, format, language, group. A row with the `id` of a pod changes
        that pod, where it differs. One without date and time is about a pod that has
        none yet, a shell. At most 500 rows, and 1000 participants in those that change
        anything.

        A dry run answers with each row's verdict and writes nothing. A real run makes
        all pods (201), or, if one row is red, none: 409 `import_refused`, with the same
        `rows` and `counts`. It goes on coach by coach: repeated with its key, it goes
        on where it stopped; and a row whose time is taken meanwhile is red in a 409
        `import_partial`, while the others stand, each with its `pod_id`.
        """
        answer: models.ImportOut = self.call(
            "POST",
            "/v1/pods/import",
            content=content,
            query={"dry_run": dry_run},
            headers={"Idempotency-Key": idempotency_key or new_key(), "Content-Type": content_type},
        )
        return answer

    def imports_load_table(
        self,
        body: models.TableIn,
        *,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
    ) -> models.ImportOut:
        """The same from a table within JSON, with who is meant by each username, and by
        which column.

        Send the file as `csv`, or an XLSX in base64 as `xlsx`. `people` says who a
        username is; one that is not there makes its row red. `columns` says which
        column is meant by a heading that is not known by itself.
        """
        answer: models.ImportOut = self.call(
            "POST",
            "/v1/pods/import/table",
            body=body,
            query={"dry_run": dry_run},
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer

    def exports_template_csv(self) -> bytes:
        """An empty table of pods to fill in, as CSV."""
        answer: bytes = self.call(
            "GET",
            "/v1/pods/import/template.csv",
            raw=True,
        )
        return answer

    def exports_template_xlsx(self) -> bytes:
        """An empty table of pods to fill in, as XLSX."""
        answer: bytes = self.call(
            "GET",
            "/v1/pods/import/template.xlsx",
            raw=True,
        )
        return answer

    def pods_show(self, pod_id: str, *, if_none_match: str | None = None) -> models.SessionOut:
        """A pod, with everyone who has or had a seat."""
        answer: models.SessionOut = self.call(
            "GET",
            f"/v1/pods/{part(pod_id)}",
            headers={"If-None-Match": if_none_match},
        )
        return answer

    def pods_change(
        self,
        pod_id: str,
        body: models.PodChange,
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.SessionOut:
        """Move a pod, change its seats, or call it off.

        Everyone who has a seat is told when it moves or is called off. Send the
        `version` that you saw.
        """
        answer: models.SessionOut = self.call(
            "PATCH",
            f"/v1/pods/{part(pod_id)}",
            body=body,
            headers={"Idempotency-Key": idempotency_key or new_key(), "If-Match": if_match},
        )
        return answer

    def pods_take_seat(
        self, pod_id: str, body: models.SeatIn, *, idempotency_key: str | None = None
    ) -> models.BookingOut:
        """Take a seat in a pod, as its format allows.

        In the first pod of a group it is a seat in each of the group's pods, or none.
        When all are taken, the 409 names the `nearest` open starts of the coach and
        other `pods` with seats left.
        """
        answer: models.BookingOut = self.call(
            "POST",
            f"/v1/pods/{part(pod_id)}/seats",
            body=body,
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer

    def sessions_show(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        coach_id: str | None = None,
        participant_id: str | None = None,
        company: str | None = None,
        project: str | None = None,
        cohort: str | None = None,
        programme_name: str | None = None,
        from_: str | None = None,
        to: str | None = None,
        tz: str | None = None,
        changed_since: str | None = None,
        in_conflict: bool | None = None,
        short_of_seats: bool | None = None,
        held_mails: bool | None = None,
        moved: bool | None = None,
        status: Literal["unbooked", "booked", "completed", "missed", "called_off", "disabled"]
        | None = None,
    ) -> models.SessionsOut:
        """Sessions and pods, those called off too, with everyone who has or had a seat.

        Each filter that is sent has to hold; `company`, `project`, `cohort` and
        `programme_name` are the session's own. Deprecated: with `coach_id`, `from` and
        `to`, and without `limit`, the answer holds all that lie in the range, those too
        that began before it.
        """
        answer: models.SessionsOut = self.call(
            "GET",
            "/v1/sessions",
            query={
                "limit": limit,
                "cursor": cursor,
                "coach_id": coach_id,
                "participant_id": participant_id,
                "company": company,
                "project": project,
                "cohort": cohort,
                "programme_name": programme_name,
                "from": from_,
                "to": to,
                "tz": tz,
                "changed_since": changed_since,
                "in_conflict": in_conflict,
                "short_of_seats": short_of_seats,
                "held_mails": held_mails,
                "moved": moved,
                "status": status,
            },
        )
        return answer

    def sessions_show_all(
        self,
        *,
        limit: int | None = None,
        coach_id: str | None = None,
        participant_id: str | None = None,
        company: str | None = None,
        project: str | None = None,
        cohort: str | None = None,
        programme_name: str | None = None,
        from_: str | None = None,
        to: str | None = None,
        tz: str | None = None,
        changed_since: str | None = None,
        in_conflict: bool | None = None,
        short_of_seats: bool | None = None,
        held_mails: bool | None = None,
        moved: bool | None = None,
        status: Literal["unbooked", "booked", "completed", "missed", "called_off", "disabled"]
        | None = None,
    ) -> Iterator[models.CoachSessionOut]:
        """Each of `sessions_show`, however many pages there are."""
        cursor: str | None = None
        while True:
            page = self.sessions_show(
                limit=limit,
                coach_id=coach_id,
                participant_id=participant_id,
                company=company,
                project=project,
                cohort=cohort,
                programme_name=programme_name,
                from_=from_,
                to=to,
                tz=tz,
                changed_since=changed_since,
                in_conflict=in_conflict,
                short_of_seats=short_of_seats,
                held_mails=held_mails,
                moved=moved,
                status=status,
                cursor=cursor,
            )
            yield from page["sessions"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    def sessions_report_attendance(
        self, session_id: str, body: models.AttendanceIn, *, idempotency_key: str | None = None
    ) -> models.SessionOut:
        """Say what became of a session that has begun: completed, or missed by a
        participant, who is mailed so.

        mailed so.
        """
        answer: models.SessionOut = self.call(
            "POST",
            f"/v1/sessions/{part(session_id)}/attendance",
            body=body,
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer

    def sessions_settle_event(
        self, session_id: str, body: models.SettleIn, *, idempotency_key: str | None = None
    ) -> models.SessionOut:
        """Settle what a coach did to a session's event in their calendar: the event goes
        back, or the session goes where it stands.

        `event` of the session in GET /v1/sessions tells of it. It is settled once,
        whoever asks first.
        """
        answer: models.SessionOut = self.call(
            "POST",
            f"/v1/sessions/{part(session_id)}/event/settle",
            body=body,
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer

    def places_change(
        self,
        session_id: str,
        body: models.PlaceChange,
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.SessionOut:
        """Hold a session or pod elsewhere.

        Everybody who has a seat is mailed, under the same event in their calendar. Send
        the `version` of the session that you saw.
        """
        answer: models.SessionOut = self.call(
            "PUT",
            f"/v1/sessions/{part(session_id)}/place",
            body=body,
            headers={"Idempotency-Key": idempotency_key or new_key(), "If-Match": if_match},
        )
        return answer

    def shells_show(
        self,
        *,
        coach_id: str | None = None,
        company: str | None = None,
        project: str | None = None,
        cohort: str | None = None,
    ) -> models.ShellsOut:
        """The pods that have no time yet, the oldest first.

        More than 500 are refused: ask for those of one coach, cohort, project or
        company.
        """
        answer: models.ShellsOut = self.call(
            "GET",
            "/v1/shells",
            query={"coach_id": coach_id, "company": company, "project": project, "cohort": cohort},
        )
        return answer

    def shells_create(
        self, body: models.ShellsIn, *, idempotency_key: str | None = None
    ) -> models.ShellsOut:
        """Plan pods that have no time yet: they take nobody's time, and nobody is mailed."""
        answer: models.ShellsOut = self.call(
            "POST",
            "/v1/shells",
            body=body,
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer

    def shells_delete(self, shell_id: str, *, idempotency_key: str | None = None) -> None:
        """Take a pod away that has no time yet. Nobody is mailed: nobody knew of it."""
        answer: None = self.call(
            "DELETE",
            f"/v1/shells/{part(shell_id)}",
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer

    def shells_give_time(
        self,
        shell_id: str,
        body: models.ShellTimeIn,
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.SessionOut:
        """Choose an open time of its coach's for a pod that has none.

        It is a pod from now on, with the id that it had; who was to come has a seat,
        and is mailed.
        """
        answer: models.SessionOut = self.call(
            "POST",
            f"/v1/shells/{part(shell_id)}/time",
            body=body,
            headers={"Idempotency-Key": idempotency_key or new_key(), "If-Match": if_match},
        )
        return answer

    def pools_show(
        self,
        *,
        from_: str,
        to: str,
        coach_id: list[str],
        duration: int,
        mode: Literal["any", "all"] | None = None,
        tz: str | None = None,
        if_none_match: str | None = None,
    ) -> models.PoolOut:
        """The times that any, or all, of up to 200 coaches can be booked at.

        A coach who is hidden, or does not offer the duration, is open at no time;
        `coaches` says which ones those are.
        """
        answer: models.PoolOut = self.call(
            "GET",
            "/v1/slots",
            query={
                "from": from_,
                "to": to,
                "coach_id": coach_id,
                "duration": duration,
                "mode": mode,
                "tz": tz,
            },
            headers={"If-None-Match": if_none_match},
        )
        return answer

    def events_show_slots(
        self, *, after: str | None = None, limit: int | None = None
    ) -> models.SlotChangesOut:
        """Whose open times changed, and to which version: for who keeps copies of them.

        Each coach is told of once, at their latest change; without `after` every coach
        there is. Read on as in GET /v1/events.
        """
        answer: models.SlotChangesOut = self.call(
            "GET",
            "/v1/slots/changes",
            query={"after": after, "limit": limit},
        )
        return answer

    def events_show_slots_all(
        self, *, after: str | None = None, limit: int | None = None
    ) -> Feed[models.SlotChange]:
        """Each of `events_show_slots` behind `after`; see `Feed`."""

        def fetch(after: str | None) -> Any:
            page = self.events_show_slots(after=after, limit=limit)
            return page["changes"], page["next"], page["more"]

        return Feed(fetch, after)

    def webhook_endpoints_show_all(self) -> models.EndpointsOut:
        """All endpoints, the oldest first; none tells its secret."""
        answer: models.EndpointsOut = self.call(
            "GET",
            "/v1/webhook_endpoints",
        )
        return answer

    def webhook_endpoints_create(self, body: models.EndpointIn) -> models.NewEndpointOut:
        """Have events posted to an address from now on. Its secret is told only in this
        answer.
        """
        answer: models.NewEndpointOut = self.call(
            "POST",
            "/v1/webhook_endpoints",
            body=body,
        )
        return answer

    def webhook_endpoints_show(self, endpoint_id: str) -> models.EndpointOut:
        """An endpoint as it stands."""
        answer: models.EndpointOut = self.call(
            "GET",
            f"/v1/webhook_endpoints/{part(endpoint_id)}",
        )
        return answer

    def webhook_endpoints_change(
        self, endpoint_id: str, body: models.EndpointChange
    ) -> models.EndpointOut:
        """Change what an endpoint is told of, and where; pause it, or switch it on again."""
        answer: models.EndpointOut = self.call(
            "PATCH",
            f"/v1/webhook_endpoints/{part(endpoint_id)}",
            body=body,
        )
        return answer

    def webhook_endpoints_delete(self, endpoint_id: str) -> None:
        """Post nothing there any more. What it was owed goes with it."""
        answer: None = self.call(
            "DELETE",
            f"/v1/webhook_endpoints/{part(endpoint_id)}",
        )
        return answer

    def webhook_endpoints_show_attempts(self, endpoint_id: str) -> models.AttemptsOut:
        """How the latest posts went: when, the status, and for how long; never what was
        said.
        """
        answer: models.AttemptsOut = self.call(
            "GET",
            f"/v1/webhook_endpoints/{part(endpoint_id)}/attempts",
        )
        return answer

    def webhook_endpoints_replay(self, endpoint_id: str, body: models.ReplayIn) -> models.ReplayOut:
        """Send again: one event, all since a time, or all that was given up; under the
        same ids.
        """
        answer: models.ReplayOut = self.call(
            "POST",
            f"/v1/webhook_endpoints/{part(endpoint_id)}/replay",
            body=body,
        )
        return answer

    def webhook_endpoints_rotate(self, endpoint_id: str, body: models.RotateIn) -> models.SecretOut:
        """Give an endpoint a new secret. For some hours the one before signs, too."""
        answer: models.SecretOut = self.call(
            "POST",
            f"/v1/webhook_endpoints/{part(endpoint_id)}/secret",
            body=body,
        )
        return answer

    def webhook_endpoints_send_test(self, endpoint_id: str) -> models.TestSentOut:
        """Post an event of the type `endpoint.test`, which says nothing; see `attempts`."""
        answer: models.TestSentOut = self.call(
            "POST",
            f"/v1/webhook_endpoints/{part(endpoint_id)}/test",
        )
        return answer

    def withheld_show(self) -> models.WithheldListOut:
        """The addresses that nothing is sent to, the latest first: a mail server said that
        there is no such mailbox.

        such mailbox.
        """
        answer: models.WithheldListOut = self.call(
            "GET",
            "/v1/withheld-addresses",
        )
        return answer

    def withheld_release_address(
        self, body: models.AddressIn, *, idempotency_key: str | None = None
    ) -> models.ReleasedOut:
        """Take an address off, named by itself."""
        answer: models.ReleasedOut = self.call(
            "POST",
            "/v1/withheld-addresses/release",
            body=body,
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer

    def withheld_release(
        self, withheld_id: str, *, idempotency_key: str | None = None
    ) -> models.ReleasedOut:
        """Take an address off. Mails to it that are still true leave; the others end as
        superseded.
        """
        answer: models.ReleasedOut = self.call(
            "DELETE",
            f"/v1/withheld-addresses/{part(withheld_id)}",
            headers={"Idempotency-Key": idempotency_key or new_key()},
        )
        return answer
