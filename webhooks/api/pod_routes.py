"""The routes of pods, their groups, those without a time, and files of them."""

from webhooks.api import lists, pod_exports, pod_imports, pod_shells, pods, spreadsheets
from webhooks.api.list_files import WHOLE
from webhooks.api.route import BOOKS, Route
from webhooks.api.schemas.booking_requests import PodChange, PodIn, SeatIn
from webhooks.api.schemas.booking_responses import BookingOut, GroupOut, SessionOut
from webhooks.api.schemas.lists import PodsListOut, PodsQuery
from webhooks.api.schemas.pod_imports import ExportQuery, ImportOut, ImportQuery, TableIn
from webhooks.api.schemas.pod_shells import (
    PodsChange,
    PodsOut,
    ShellsIn,
    ShellsOut,
    ShellsQuery,
    ShellTimeIn,
)

POD = "/v1/pods/<pod_id>"
MADE = "/v1/pods/{pod_id}"
SHELL = "/v1/shells/<shell_id>"
READS = ("bookings:read",)

# fmt: off
POD_ROUTES = (
    Route("POST", "/v1/pods", pods.create, BOOKS, PodIn, answer=SessionOut, answers=(201,),
          refuses=(404, 409), once=True, location=MADE),
    Route("PATCH", "/v1/pods", pod_shells.change_together, BOOKS, PodsChange, answer=PodsOut,
          refuses=(404, 409), once=True),
    Route("GET", "/v1/pods", lists.pods, READS, query=PodsQuery, answer=PodsListOut,
          also=WHOLE),
    Route("GET", POD, pods.show, READS, answer=SessionOut, refuses=(404,)),
    Route("GET", "/v1/groups/<group_id>", pods.show_group, READS, answer=GroupOut,
          refuses=(404,)),
    Route("PATCH", POD, pods.change, BOOKS, PodChange, answer=SessionOut, refuses=(404, 409),
          once=True),
    Route("POST", f"{POD}/seats", pods.take_seat, BOOKS, SeatIn, answer=BookingOut, answers=(201,),
          refuses=(404, 409), once=True, location="/v1/bookings/{id}"),
    Route("POST", "/v1/shells", pod_shells.create, BOOKS, ShellsIn, answer=ShellsOut,
          answers=(201,), refuses=(404, 409), once=True),
    Route("GET", "/v1/shells", pod_shells.show, READS, query=ShellsQuery,
          answer=ShellsOut),
    Route("POST", f"{SHELL}/time", pod_shells.give_time, BOOKS, ShellTimeIn, answer=SessionOut,
          answers=(201,), refuses=(404, 409), once=True, location=MADE),
    Route("DELETE", SHELL, pod_shells.delete, BOOKS, answers=(204,), refuses=(404,), once=True),
    Route("POST", "/v1/pods/import", pod_imports.load, BOOKS, query=ImportQuery, answer=ImportOut,
          answers=(200, 201), refuses=(409,), once=True, files=spreadsheets.KINDS),
    Route("POST", "/v1/pods/import/table", pod_imports.load_table, BOOKS, TableIn,
          query=ImportQuery, answer=ImportOut, answers=(200, 201), refuses=(409,), once=True),
    Route("GET", "/v1/pods/import/template.csv", pod_exports.template_csv, READS,
          media=spreadsheets.CSV),
    Route("GET", "/v1/pods/import/template.xlsx", pod_exports.template_xlsx, READS,
          media=spreadsheets.XLSX),
    Route("GET", "/v1/pods/export.csv", pod_exports.export_csv, READS,
          query=ExportQuery, media=spreadsheets.CSV),
    Route("GET", "/v1/pods/export.xlsx", pod_exports.export_xlsx, READS,
          query=ExportQuery, media=spreadsheets.XLSX),
)
# fmt: on
