"""One connection: requests come in whole, each is worked on alone and in order, and their answers
go out.

What a request is, llhttp decides, which takes nothing that two readers could read differently; and
a few rules more.
"""

import asyncio
import math
from collections import deque
from contextlib import suppress
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from webhooks.front import wsgi
from webhooks.front.hall import Hall
from webhooks.front.kinds import (
    LARGEST_HEAD,
    LONGEST_TARGET,
    MOST_AHEAD,
    MOST_FIELDS,
    READ_SECONDS,
    Unread,
)
from webhooks.front.streams import Broken, Outlet
from webhooks.front.wsgi import Environ
from webhooks.http.requests import BODY_CAP

IDLE_SECONDS = 15.0
TAKE_SECONDS = 60.0
"""For an answer to be taken that is larger than the network's buffers."""
LINGER_SECONDS = 2.0
"""To a line that is closed while its client sends: the answer would be lost without."""
MOST_OF_ONE = 8 * BODY_CAP
"""Octets that may come before an answer, with all that frames a body, such as sizes of chunks."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Enough(Exception):
    """Nothing more is read from this line."""


class Line(Outlet):
    """`until`: when whoever is awaited is late, on the loop's clock (s); `kept`: octets without an
    answer.
    """

    def __init__(self, hall: Hall) -> None:
        self._hall, self.loop = hall, hall.loop
        self._parser = HttpRequestParser(self)
        # Whole requests, or the kind of one that is refused.
        self._answered_next: deque[Environ | str] = deque()
        self._heard = self._begun = self._headed = self._working = self._over = self._ended = False
        self.kept = 0
        self.until = hall.loop.time() + IDLE_SECONDS

    @property
    def waits(self) -> bool:
        """Whether it is the client's turn."""
        return not (self._working or self._over)

    # -- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        server, peer = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
        address = peer[0] if peer else ""  # there is none where the client has gone already
        self._place = wsgi.place(server[:2], address)
        self._hall.lines.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._over = True
        self._answered_next.clear()
        self._hall.lines.discard(self)
        self._free()

    def data_received(self, data: bytes) -> None:
        if not self._over:
            self.kept += len(data)
            self._hall.keep(len(data))  # which may show this line out
        if self._over:
            return
        if self._working:
            self._transport.pause_reading()  # whoever sends ahead waits for the network's buffers
        elif not self._heard:
            self._heard, self.until = True, self._hall.loop.time() + READ_SECONDS
        self._read(data)
        if self._begun and self.kept > MOST_OF_ONE:
            part = "chunk" if self._headed else "large_head"
            self.refuse(part)

    def _read(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            # To no other protocol: it is answered as if that had not been asked for.
            self._over = True
        except HttpParserError as error:
            if not isinstance(error.__context__, Enough):
                self.refuse(self._kind(error))

    def eof_received(self) -> bool:
        """Whoever sent a whole request and then closed their side still gets the answer."""
        self._over = self._ended = True
        return self._working

    # -- what the parser calls

    def on_message_begin(self) -> None:
        if self._over:
            raise Enough
        if len(self._answered_next) >= MOST_AHEAD:
            raise Unread("ahead")
        self._begun, self._headed = True, False
        self._target, self._pieces, self._size, self._head_size = b"", list[bytes](), 0, 0
        self._fields: list[tuple[bytes, bytes]] = []

    def on_url(self, piece: bytes) -> None:
        self._target += piece
        if len(self._target) > LONGEST_TARGET:
            raise Unread("long_target")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Those after a body too, which are counted and dropped."""
        self._head_size += len(name) + len(value)
        if self._head_size > LARGEST_HEAD or len(self._fields) == MOST_FIELDS:
            raise Unread("large_head")
        if not self._headed:
            self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        self._headed = True
        self._environ = self._read_head()
        if int(self._environ.get("CONTENT_LENGTH") or 0) > BODY_CAP:
            self._enough()  # the application refuses it by its length
        if self._environ.get("HTTP_EXPECT", "").lower() == "100-continue" and not self._working:
            self._transport.write(CONTINUE)

    def on_body(self, piece: bytes) -> None:
        if self._over:
            raise Enough
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > BODY_CAP:
            self._environ["CONTENT_LENGTH"] = str(self._size)
            self._enough()

    def on_message_complete(self) -> None:
        if self._over:
            raise Enough
        if self._pieces:
            self._environ["CONTENT_LENGTH"] = str(self._size)  # known now, of one in chunks too
            self._environ.pop("HTTP_TRANSFER_ENCODING", None)
        self._whole(keep=self._parser.should_keep_alive())

    # -- what becomes of a request

    def _read_head(self) -> Environ:
        """Raises Unread for a head that the parser takes, and we do not."""
        version = self._parser.get_http_version()
        names, codings = [], []
        for field, value in self._fields:
            names.append(field.lower())
            if names[-1] == CODING:
                codings.append(value.lower())
        if version not in ("1.0", "1.1"):
            raise Unread("head")
        if not self._target.startswith(b"/"):
            raise Unread("target")
        if names.count(b"host") > 1 or (version == "1.1" and b"host" not in names):
            raise Unread("host")
        if codings and (codings != [b"chunked"] or version == "1.0"):
            raise Unread("length")
        if self._parser.should_upgrade() and (codings or b"content-length" in names):
            raise Unread("upgrade")  # llhttp stops reading here: the body would be lost
        method = self._parser.get_method().decode("latin-1")
        return wsgi.environ(self._place, method, self._target, version, self._fields)

    def _enough(self) -> None:
        """The rest of a body that is too large is not read: what is there says so to the
        application.
        """
        self._over = True
        self._whole(keep=False)
        raise Enough

    def _whole(self, *, keep: bool) -> None:
        self._begun = False
        self._environ[KEEP] = keep and self._environ["SERVER_PROTOCOL"] == "HTTP/1.1"
        self._answered_next.append(wsgi.with_body(self._environ, b"".join(self._pieces)))
        self._pieces = []
        self._next()

    def _next(self) -> None:
        if self._working or not self._answered_next:
            return
        asked = self._answered_next.popleft()
        if isinstance(asked, str):
            self._transport.write(wsgi.written(self._hall.unread(asked, {}), keep=False))
            self._close()
            return
        self._working, self.until = True, math.inf
        self._hall.work(lambda: self._work(asked), self.kept, asked["PATH_INFO"])

    def _work(self, environ: Environ) -> None:
        """In a thread."""
        wanted, hall = environ.pop(KEEP), self._hall
        keeps = lambda: wanted and not hall.leaving  # noqa: E731 (asked when it is answered)
        try:
            octets = wsgi.answered(hall.application, environ, keeps, hall.unread, self.put)
        except Broken:
            self.cut()
            return
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            self._hall.loop.call_soon_threadsafe(self._done, octets, wanted)

    def _done(self, octets: bytes, keep: bool) -> None:  # noqa: FBT001 (call_soon_threadsafe passes no names)
        self._working = False
        self._transport.write(octets)  # on a line that was lost meanwhile this does nothing
        if not (self._answered_next or self._begun):
            self._free()
        if not keep or self._hall.leaving or (self._over and not self._answered_next):
            self._close()
            return
        self._heard = self._begun
        seconds = READ_SECONDS if self._heard else IDLE_SECONDS
        if self._transport.get_write_buffer_size():
            seconds = TAKE_SECONDS
        self.until = self._hall.loop.time() + seconds
        self._transport.resume_reading()
        self._next()

    def _free(self) -> None:
        self._hall.kept -= self.kept
        self.kept = 0

    # -- how a line ends
    def refuse(self, kind: str) -> None:
        """Answer what was begun with a refusal, in its turn, and close. Where nothing was begun
        just close.
        """
        self._over = True
        if not (self._begun or self._working):
            self._transport.close()
            return
        self._begun, self._pieces = False, []
        if not self._working:
            self._free()
        self._answered_next.append(kind)
        self._next()

    def expire(self, now: float) -> None:
        if now < self.until:
            return
        if self.waits:
            self.refuse("late")
        else:
            self._transport.abort()

    def rest(self) -> None:
        """Close, unless something was begun here."""
        if self.waits and not self._begun:
            self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def _close(self) -> None:
        """Once what was written is on its way. Whoever still sends is listened to a while, or would
        not hear it.
        """
        self._over = True
        self._answered_next.clear()
        if self._ended or self._transport.is_closing():
            self._transport.close()
            return
        seconds = TAKE_SECONDS if self._transport.get_write_buffer_size() else LINGER_SECONDS
        self.until = self._hall.loop.time() + seconds
        with suppress(OSError):  # the client has gone
            self._transport.write_eof()
        self._transport.resume_reading()

    def _kind(self, error: HttpParserError) -> str:
        if isinstance(error.__context__, Unread):
            return str(error.__context__)
        why = str(error)
        if "Content-Length" in why or "Transfer-Encoding" in why:
            return "length"
        if self._begun and self._headed:
            return "chunk"
        if "CR" in why or "LF" in why:
            return "line_end"
        return "head"


CODING = b"transfer-encoding"
KEEP = "coachcal.keep"
"""Whether the line stays open after this request; no header of a client's can have this name."""
