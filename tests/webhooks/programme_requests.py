"""Requests of `every_request` about what is set for programmes: texts, brands and limits."""

from tests.domain.pictures import PIXEL
from tests.webhooks.request_parts import MAILER, RULES, TEXT, Request

ABOUT_PROGRAMMES = (
    Request("mailers_show", 200, {"scope_id": (200, 404)}, words=MAILER),
    Request("mailers_put", 200, {"scope_id": (200, 200)}, TEXT | {"enabled": True}, words=MAILER),
    Request("mailers_delete", 204, {"scope_id": (204, 404)}, words=MAILER),
    Request("mailers_preview", 200, {"scope_id": (200, 200)}, TEXT, words=MAILER),
    Request("brands_show", 200, {"company_id": (200, 404)}),
    Request("brands_put", 200, {"company_id": (200, 200)}, {"sender_name": "Acme Coaching",
        "support": "help@acme.test", "colour": "#0b5394"}),
    Request("brands_delete", 204, {"company_id": (204, 404)}),
    Request("brands_put_logo", 200, {"company_id": (200, 200)}, PIXEL),
    Request("brands_delete_logo", 204, {"company_id": (204, 404)}),
    Request("change_rules_show", 200, {"scope_id": (200, 404)}, words=MAILER),
    Request("change_rules_put", 200, {"scope_id": (200, 200)}, RULES, words=MAILER),
    Request("change_rules_delete", 204, {"scope_id": (204, 404)}, words=MAILER),
)  # fmt: skip
