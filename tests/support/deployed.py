"""The rooms of the product, where deploy/ lies, and the settings that it may name."""

from pathlib import Path

from workers.settings import Settings, variable

ROOMS = ("domain", "storage", "workers", "webhooks")
ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SETTINGS = {variable(name) for name in Settings.model_fields}
INTERNAL = "9190"
"""The port of /metrics and /ops in containers."""
