"""What the booking machine does with pods: made, joined, changed and called off."""

from domain.sessions import Format
from storage.slots.bookable import Wanted
from storage.transactions import (
    pod_seats,
    pods,
)
from storage.transactions.pods import Changes, Plan
from tests.storage.booking_machine import PEOPLE, Checked, Pick
from tests.storage.booking_things import ELSEWHERE, LATE, Seat, Time
from tests.support import people as people_tests


class Pods(Checked):
    """The operations on pods, each with what the model says of it."""

    def create_pod(
        self,
        coach: str,
        pick: Pick,
        form: Format,
        capacity: int,
        force: str | None,
        people: set[str],
    ) -> None:
        wanted = Wanted(coach, self.start(coach, 60, pick), 60, force)
        verdict = (
            "seats_taken"
            if len(people) > capacity
            else self.at(coach, wanted.start, 60, force=force)
        )
        closed = self.at(coach, wanted.start, 60, force=None) is not None
        busy = any(self.model.elsewhere(who, wanted.start, 60) for who in people)
        if verdict is None and force is None and busy:
            verdict = ELSEWHERE
        assigned = [PEOPLE[who] for who in sorted(people)]
        made = self.attempt(
            verdict,
            lambda tx: pods.create(tx, Plan(wanted, 1, capacity, form), assigned, self.terms),
        )
        if made is not None:
            time = Time(
                made.pod.id,
                coach,
                "pod",
                wanted.start,
                wanted.end,
                0,
                "unbooked",
                capacity,
                1,
                form,
            )
            time.forced = closed
            self.model.occupied(time)
            self.model.counted(time, len(people))
            for booking in made.seats:
                self.model.seated(
                    Seat(
                        booking.id, time.id, booking.participant.id, self.model.now, self.model.now
                    )
                )

    def join(self, nth: int, who: str, *, assigned: bool) -> None:
        pod = self.pod(nth)
        verdict = self.model.may_join(pod, who, assigned=assigned)
        if verdict is None and self.model.elsewhere(who, pod.start, pod.minutes, pod.id):
            verdict = ELSEWHERE
        done = self.attempt(
            verdict,
            lambda tx: pod_seats.take_seat(
                tx, pod.id, PEOPLE[who], people_tests.PROGRAMME, self.terms, assigned=assigned
            ),
            self.model.nearest(pod.coach, pod.start, pod.minutes)
            if verdict == "seats_full"
            else (),
        )
        if done is not None:
            self.model.counted(pod, 1)
            self.model.seated(Seat(done.booking.id, pod.id, who, self.model.now, self.model.now))

    def move_seat(self, nth: int, other: int, off: int | None) -> None:
        seat, pod = self.seat(nth, "pod"), self.pod(other)
        expected = None if off is None else seat.version + off
        verdict = self.model.may_move(seat, pod, expected)
        without = (pod.id, seat.time)
        if verdict is None and self.model.elsewhere(seat.who, pod.start, pod.minutes, *without):
            verdict = ELSEWHERE
        done = self.attempt(
            verdict,
            lambda tx: pod_seats.move_seat(tx, seat.id, pod.id, self.terms, expected=expected),
        )
        if done is not None and self.model.times[seat.time].start - self.model.now < LATE:
            self.model.counted(self.model.times[seat.time], -1)
            seat.change(self.model.now)
            seat.status = "missed"
            self.model.told(seat, "missed")
            self.model.counted(pod, 1)
            self.model.seated(
                Seat(done.booking.id, pod.id, seat.who, self.model.now, self.model.now)
            )
        elif done is not None:
            left, seat.time = self.model.times[seat.time], pod.id
            seat.change(self.model.now)
            self.model.counted(left, -1)
            self.model.counted(pod, 1)
            self.model.told(seat, "rebooked")
            if left.coach != pod.coach:
                self.model.mails.add((seat.id, seat.version, "seat_left", left.coach))

    def change_pod(
        self, nth: int, off: int | None, pick: Pick | None, capacity: int | None, force: str | None
    ) -> None:
        pod = self.pod(nth)
        expected = None if off is None else pod.version + off
        start = pod.start if pick is None else self.start(pod.coach, pod.minutes, pick)
        verdict = self._may_change_pod(pod, expected)
        if verdict is None and pod.taken > (capacity or pod.capacity):
            verdict = "seats_taken"
        if verdict is None and start != pod.start:
            verdict = self.at(pod.coach, start, pod.minutes, force=force, without=pod.id)
            if verdict is None and force is None and self._busy(pod, start):
                verdict = ELSEWHERE
        closed = self.at(pod.coach, start, pod.minutes, force=None, without=pod.id) is not None
        wanted = Changes(start=start, capacity=capacity, force=force)
        if self.attempt(
            verdict, lambda tx: pods.change(tx, pod.id, wanted, self.terms, expected=expected)
        ):
            pod.capacity = capacity or pod.capacity
            if start == pod.start:
                pod.version += 1
                self.model.touched(pod.coach)
                self.model.events.add((pod.id, pod.version, "upsert"))
                return
            pod.forced = closed
            self.model.moved(pod, start, pod.minutes)
            self._each_seat(pod, "rebooked", "booked")

    def call_off(self, nth: int, off: int | None) -> None:
        pod = self.pod(nth)
        expected = None if off is None else pod.version + off
        changed = Changes(status="disabled")
        verdict = self._may_change_pod(pod, expected)
        if self.attempt(
            verdict, lambda tx: pods.change(tx, pod.id, changed, self.terms, expected=expected)
        ):
            self._each_seat(pod, "cancelled", "cancelled")
            self.model.vanished(pod, "disabled")

    def _may_change_pod(self, pod: Time, expected: int | None) -> str | None:
        if expected is not None and expected != pod.version:
            return "stale_version"
        if not pod.active:
            return "pod_ended"
        return "already_begun" if pod.start <= self.model.now else None

    def _busy(self, pod: Time, start: int) -> bool:
        seated = [seat.who for seat in self.model.of(pod) if seat.status == "booked"]
        return any(self.model.elsewhere(who, start, pod.minutes, pod.id) for who in seated)

    def _each_seat(self, pod: Time, kind: str, status: str) -> None:
        seated = [seat for seat in self.model.of(pod) if seat.status == "booked"]
        for number, seat in enumerate(sorted(seated, key=lambda it: (it.made, it.id))):
            seat.change(self.model.now)
            seat.status = status
            self.model.told(seat, kind, coach=number == 0)
