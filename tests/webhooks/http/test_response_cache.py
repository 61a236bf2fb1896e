"""Answers kept ready are never older than the database, and never grow without end."""

import tracemalloc
from dataclasses import replace
from threading import Thread

import orjson

from webhooks.http.response_cache import BESIDE, LARGEST, ROOM, CachedResponse, ResponseCache

DAY = 86_400


def ready(size: int = 10, *, stamp: object = 1, valid_until: int | None = None) -> CachedResponse:
    return CachedResponse.of(b"x" * size, (stamp,), valid_until)


def test_an_answer_is_good_while_the_database_says_the_same() -> None:
    cache, kept = ResponseCache(), ready(stamp=1)
    cache.keep("question", kept)
    assert cache.find("question", stamp=(1,), now=0) is kept
    assert cache.find("question", stamp=(2,), now=0) is None
    assert cache.find("another", stamp=(1,), now=0) is None


def test_an_answer_is_good_until_the_second_it_named() -> None:
    cache = ResponseCache()
    cache.keep("question", ready(valid_until=100))
    assert cache.find("question", stamp=(1,), now=99)
    assert cache.find("question", stamp=(1,), now=100) is None
    cache.keep("question", ready(valid_until=None))
    assert cache.find("question", stamp=(1,), now=1000 * DAY)


def test_the_newest_answer_to_a_question_replaces_the_one_before() -> None:
    cache, newer = ResponseCache(), ready(stamp=2)
    cache.keep("question", ready(stamp=1))
    cache.keep("question", newer)
    assert cache.find("question", stamp=(2,), now=0) is newer


def test_room_is_made_by_dropping_the_oldest() -> None:
    cache = ResponseCache(room=2 * (BESIDE + 50))
    for name in ("a", "b", "c"):
        cache.keep(name, ready(40))
    assert [cache.find(name, stamp=(1,), now=0) is not None for name in ("a", "b", "c")] == [
        False,
        True,
        True,
    ]


def test_one_large_answer_does_not_empty_the_shelf() -> None:
    cache = ResponseCache()
    cache.keep("small", ready())
    cache.keep("large", ready(LARGEST + 1))
    assert cache.find("large", stamp=(1,), now=0) is None
    assert cache.find("small", stamp=(1,), now=0)


def test_many_threads_keep_within_the_room() -> None:
    cache = ResponseCache(room=1_000 + 5 * BESIDE)

    def fill(name: int) -> None:
        for number in range(200):
            cache.keep((name, number % 7), ready(50 + number))

    threads = [Thread(target=fill, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = [
        cache.find((name, number), stamp=(1,), now=0) for name in range(4) for number in range(7)
    ]
    assert 1 <= sum(each is not None for each in kept) <= 5


def test_questions_count_too_however_small_their_answers_are() -> None:
    room = 1024 * 1024
    cache, kept = ResponseCache(room), ready()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(3_000):
        cache.keep(("ada", ("from", f"{number:01000}")), replace(kept, body=bytes(10)))
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before <= room
    assert cache.find(("ada", ("from", f"{2_999:01000}")), stamp=(1,), now=0)


def test_answers_take_no_more_memory_than_they_count() -> None:
    # orjson hands out the whole buffer that it wrote into: 130 kB for these 14
    cache, starts = ResponseCache(), ["2026-01-05T09:00:00Z"] * 600
    tracemalloc.start()
    try:
        for number in range(600):
            cache.keep(number, CachedResponse.of(orjson.dumps({"starts": starts})))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(cache) < 600, "it is not full"
    assert ROOM * 0.9 < taken < ROOM * 1.1


def test_equal_bodies_have_equal_tags_and_others_do_not() -> None:
    assert CachedResponse.of(b"a").etag == CachedResponse.of(b"a", (1,), 5).etag
    assert CachedResponse.of(b"a").etag != CachedResponse.of(b"b").etag
