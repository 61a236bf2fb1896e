"""Where deploy/ lies, and what it has to run."""

from pathlib import Path

from workers.settings import Settings, variable

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


SETTINGS = {variable(name) for name in Settings.model_fields}
