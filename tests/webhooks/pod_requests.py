"""Requests of `every_request` about groups of pods, pods without a time, and files of pods."""

from tests.webhooks.request_parts import CONTEXT, PERSON, ROSTER, SEATS, WEEK, Request

GROUPED = {"format": "hybrid_v2", "group_id": "{group_id}", "context": CONTEXT}
EXPORTED = WEEK | {"coach_id": "{coach_id}", "company": "acme", "cohort": "spring"}
ABOUT_PODS = (
    Request("pods_create", 201, {"coach_id": (201, 404), "group_id": (201, 201)},
            SEATS | GROUPED | {"coach_id": "{coach_id}", "start": "{free_time}", "duration": 60}),
    Request("pods_change", 200, {"pod_id": (200, 404), "group_id": (200, 200)},
            {"format": "hybrid_v2", "group_id": "{group_id}"}),
    Request("pods_show_group", 200, {"group_id": (200, 404)}),
    Request("shells_create", 201, {"coach_id": (201, 404), "group_id": (201, 201)},
            {"shells": [SEATS | GROUPED | {"coach_id": "{coach_id}", "duration": 60,
                                           "title": "Circle", "participants": [PERSON]}]}),
    Request("shells_show", 200, {"coach_id": (200, 200)}, query={"coach_id": "{coach_id}"}),
    Request("shells_give_time", 201, {"shell_id": (201, 404)}, {"start": "{free_time}"}),
    Request("shells_delete", 204, {"shell_id": (204, 404)}),
    Request("shells_change_together", 200, {"coach_id": (200, 404), "group_id": (200, 200)},
            {"pod_ids": ["{shell_id}"], "coach_id": "{coach_id}", "duration": 60, "title": "Ring",
             "format": "hybrid_v2", "group_id": "{group_id}", "assign": [PERSON],
             "place": {"kind": "address", "value": "Room 4"}} | SEATS),
    Request("imports_load_table", 201, {},
            {"csv": ROSTER, "people": [{"username": "grace.h", "participant": PERSON}],
             "columns": [{"heading": "Lead by", "column": "coach"}]}, query={"dry_run": "false"}),
    Request("exports_template_csv"),
    Request("exports_template_xlsx"),
    Request("exports_export_csv", 200, {"coach_id": (200, 200)}, query=EXPORTED),
    Request("exports_export_xlsx", 200, {"coach_id": (200, 200)}, query=EXPORTED),
)  # fmt: skip
