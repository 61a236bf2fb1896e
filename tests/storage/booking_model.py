"""What booking should do, said naively: lists, loops and integers. It shares no code with the
product.

Coaches in London in June (UTC+1, no clock change) who work 9 to 5 every day. Every `may_...`
answers None when the product must accept, or the code that it must refuse with; the methods in the
past tense follow what was accepted.
"""

from tests.storage.booking_things import (
    AHEAD,
    DAY,
    FOREVER,
    HORIZON,
    QUARTER,
    TRUSTED,
    Coach,
    Seat,
    Time,
    date,
    near,
    works,
)


class Model:
    def __init__(self, now: int, coaches: list[Coach]) -> None:
        self.now = now
        self.coaches = {coach.id: coach for coach in coaches}
        self.times: dict[str, Time] = {}
        self.seats: dict[str, Seat] = {}
        self.mails: set[tuple[str, int, str, str]] = set()
        self.events: set[tuple[str, int, str]] = set()

    # What is open.

    def own(self, coach: Coach, *, without: str | None = None, stored: bool = False) -> list[Time]:
        """What occupies the coach: as it is, or as the stored set was last told."""
        mine = [
            time
            for time in self.times.values()
            if time.coach == coach.id and time.active and time.id != without
        ]
        return [
            time
            for time in mine
            if time.expires is None or self._counts(coach, time, stored=stored)
        ]

    def _counts(self, coach: Coach, hold: Time, *, stored: bool) -> bool:
        return hold.id in coach.shown if stored else not self.ended(hold)

    def ended(self, time: Time) -> bool:
        return time.expires is not None and time.expires <= self.now

    def why(self, coach: Coach, start: int, minutes: int, own: list[Time]) -> str | None:
        """Why a start is closed at this moment."""
        end = start + 60 * minutes
        busy = [*coach.busy, (coach.known_until, FOREVER)]
        if not works(start, end):
            return "outside_hours"
        met = [it for it in own if it.start < end and start < it.end]
        if met:
            return kind_of(met)
        if any(begin < end and start < finish for begin, finish in busy):
            return "busy"
        if any(
            begin < end + 60 * coach.post and start - 60 * coach.pre < finish
            for begin, finish in busy
        ):
            return "buffer"
        if any(near(it, start, end, coach.spread) for it in own):
            return "buffer"
        if (
            coach.per_day is not None
            and sum(date(it.start) == date(start) for it in own) >= coach.per_day
        ):
            return "limit"
        return self._why_not_now(coach, start, end)

    def _why_not_now(self, coach: Coach, start: int, end: int) -> str | None:
        if self.now >= coach.read_at + TRUSTED:
            return "untrusted"
        if start < self.now + 60 * coach.notice:
            return "notice"
        return "horizon" if end > self.now + HORIZON else None

    def listed(
        self, coach_id: str, minutes: int, *, without: str | None = None, stored: bool = False
    ) -> list[int]:
        coach = self.coaches[coach_id]
        own = self.own(coach, without=without, stored=stored)
        first = -(-self.now // QUARTER) * QUARTER
        working = (
            it for it in range(first, self.now + HORIZON, QUARTER) if works(it, it + 60 * minutes)
        )
        return [start for start in working if not self.why(coach, start, minutes, own)]

    def elsewhere(self, who: str, start: int, minutes: int, *without: str) -> bool:
        """Whether the participant is in a session then, but for those `without`."""
        for seat in self.seats.values():
            time = self.times[seat.time]
            sits = seat.who == who and seat.status in ("booked", "completed") and time.active
            meets = time.start < start + 60 * minutes and start < time.end
            if sits and meets and time.id not in without and time.end > self.now:
                return True
        return False

    def nearest(
        self,
        coach_id: str,
        start: int,
        minutes: int,
        *,
        without: str | None = None,
        who: str | None = None,
    ) -> list[int]:
        listed = [
            it
            for it in self.listed(coach_id, minutes, without=without)
            if abs(it - start) <= 14 * DAY and not (who and self.elsewhere(who, it, minutes))
        ]
        return sorted(sorted(listed, key=lambda it: (abs(it - start), it))[:5])

    def shut(
        self,
        coach_id: str,
        start: int,
        minutes: int,
        *,
        force: bool = False,
        without: str | None = None,
    ) -> str | None:
        """The reason for which nobody can be booked then."""
        coach = self.coaches[coach_id]
        own = self.own(coach, without=without)
        if start < self.now:
            return "past"
        reason = self.why(coach, start, minutes, own)
        if reason and force:
            met = [it for it in own if near(it, start, start + 60 * minutes, coach.spread)]
            return kind_of(met) if met else None
        return reason

    # What may be done.

    def may_use(self, hold_id: str | None, coach_id: str, start: int, minutes: int) -> str | None:
        hold = self.times.get(hold_id or "")
        if hold is None or self.ended(hold):
            return None
        same = (hold.coach, hold.start, hold.minutes) == (coach_id, start, minutes)
        return None if same else "hold_of_another_time"

    def may_change(self, seat: Seat, expected: int | None) -> str | None:
        if expected is not None and expected != seat.version:
            return "stale_version"
        if seat.status != "booked":
            return "booking_ended"
        return "already_begun" if self.times[seat.time].start <= self.now else None

    def may_sit(self, pod: Time, who: str) -> str | None:
        if not pod.active:
            return "pod_ended"
        if pod.start <= self.now:
            return "already_begun"
        if any(seat.who == who and seat.status == "booked" for seat in self.of(pod)):
            return "already_seated"
        return "seats_full" if pod.taken >= pod.capacity else None

    def may_join(self, pod: Time, who: str, *, assigned: bool) -> str | None:
        if refused := self.may_sit(pod, who):
            return refused
        chooses = pod.form in ("open", "hybrid_v2")
        locked = pod.form == "hybrid_v2" and not assigned and self.chose_another(pod, who)
        return "format_forbids" if locked or not (assigned or chooses) else None

    def chose_another(self, pod: Time, who: str) -> bool:
        others = [self.times[seat.time] for seat in self.seats.values() if seat.who == who]
        return any(it.form == "hybrid_v2" and it.active and it.id != pod.id for it in others)

    def may_move(self, seat: Seat, pod: Time, expected: int | None) -> str | None:
        left = self.times[seat.time]
        if refused := self.may_change(seat, expected):
            return refused
        if left.kind != "pod":
            return "not_a_pod"
        if left.id == pod.id:
            return "already_seated"
        moves = {"open": ("open", "hybrid_v2"), "hybrid": ("open", "hybrid", "hybrid_v2")}
        if pod.form not in moves.get(left.form or "", ()):
            return "format_forbids"
        if refused := self.may_sit(pod, seat.who):
            return refused
        return (
            "format_forbids"
            if pod.form == "hybrid_v2" and self.chose_another(pod, seat.who)
            else None
        )

    def may_report(self, time: Time) -> str | None:
        if time.start > self.now:
            return "not_begun"
        return None if self.present(time) else "nobody_seated"

    def of(self, time: Time) -> list[Seat]:
        return [seat for seat in self.seats.values() if seat.time == time.id]

    def present(self, time: Time) -> list[Seat]:
        """Who had a seat when it began."""
        if not time.active:
            return []
        return [
            seat
            for seat in self.of(time)
            if seat.status in ("booked", "completed")
            or (seat.status == "missed" and seat.changed >= time.start)
        ]

    # What was done.

    def touched(self, coach_id: str) -> Coach:
        """Something was written under the coach's lock: ended holds are gone, and the set is made
        of what is there.
        """
        coach = self.coaches[coach_id]
        self.times = {
            key: it for key, it in self.times.items() if it.coach != coach_id or not self.ended(it)
        }
        self.remade(coach_id)
        return coach

    def remade(self, coach_id: str) -> None:
        coach = self.coaches[coach_id]
        holds = [it for it in self.times.values() if it.kind == "hold" and it.coach == coach_id]
        coach.shown = {it.id for it in holds if not self.ended(it)}

    def occupied(self, time: Time) -> Time:
        self.times[time.id] = time
        time.gap = self.touched(time.coach).spread
        if time.kind != "hold":
            self.events.add((time.id, 1, "upsert"))
        return time

    def moved(self, time: Time, start: int, minutes: int) -> None:
        time.start, time.end = start, start + 60 * minutes
        time.version += 1
        time.gap = self.touched(time.coach).spread
        self.events.add((time.id, time.version, "upsert"))

    def vanished(self, time: Time, status: str) -> None:
        time.active, time.status, time.taken, time.version = False, status, 0, time.version + 1
        self.touched(time.coach)
        self.events.add((time.id, time.version, "delete"))

    def counted(self, time: Time, seats: int) -> None:
        time.taken += seats
        time.status = "booked" if time.taken else "unbooked"
        self.touched(time.coach)

    def seated(self, seat: Seat) -> None:
        self.seats[seat.id] = seat
        self.told(seat, "booked")

    def told(self, seat: Seat, kind: str, *, coach: bool = True) -> None:
        """The mails that a change of this seat owes."""
        time = self.times[seat.time]
        people = [seat.who, *([time.coach] if coach else [])]
        self.mails |= {(seat.id, seat.version, kind, person) for person in people}
        if kind in ("booked", "rebooked") and time.start - AHEAD[time.kind] > self.now:
            reminded = people if time.kind == "one_to_one" else [seat.who]
            self.mails |= {(seat.id, seat.version, "reminder", person) for person in reminded}


def kind_of(met: list[Time]) -> str:
    """Why they close a time: one that was booked says more than one that is kept."""
    if all(it.expires is not None for it in met):
        return "hold"
    return "session"
