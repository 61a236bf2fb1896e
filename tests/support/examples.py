"""How many examples a search tries: few in every run, as many as it is worth with --deep."""

from hypothesis import settings


def examples(lean: int, *, deep: int) -> settings:
    """For tests whose examples are dear; the others leave it to the profile (see conftest)."""
    searching = settings.get_current_profile_name() in ("deep", "search")
    return settings(max_examples=deep if searching else lean, deadline=None)
