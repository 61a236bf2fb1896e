"""People and what they own: accounts, profiles, calendars, and the profiles' ailments."""

from workers.cronofy.sandbox import channels, identifiers
from workers.cronofy.sandbox.errors import ControlError
from workers.cronofy.sandbox.times import zone_named
from workers.cronofy.sandbox.world import SandboxAccount, SandboxCalendar, SandboxProfile, World


def add_account(world: World, *, name: str, email: str, zone: str) -> SandboxAccount:
    """A new person without a profile. Raises ControlError on an unknown zone."""
    try:
        zone_named(zone)
    except ValueError as error:
        raise ControlError(str(error)) from error
    account = SandboxAccount(identifiers.account(), name, email, zone)
    world.accounts[account.sub] = account
    return account


def add_profile(account: SandboxAccount, *, provider: str, name: str) -> SandboxProfile:
    """Another login of that person."""
    profile = SandboxProfile(identifiers.profile(), provider, name, account)
    account.profiles.append(profile)
    return profile


def add_calendar(
    profile: SandboxProfile, name: str, *, primary: bool = False, readonly: bool = False
) -> SandboxCalendar:
    """Another calendar of that login."""
    calendar = SandboxCalendar(
        identifiers.calendar(profile.id), name, profile, primary=primary, readonly=readonly
    )
    profile.calendars.append(calendar)
    return calendar


def break_profile(world: World, profile: SandboxProfile, *, noticed: bool) -> None:
    """The provider refuses our login from now on: Cronofy's copy stands still.

    Cronofy finds out at the next access attempt; `noticed` says whether that has happened already.
    """
    profile.broken, profile.broken_at = True, world.clock.second()
    # A copy: what the person does from now on is not seen by Cronofy, which goes on showing this.
    for calendar in profile.calendars:
        calendar.held = dict(calendar.seen)
    if noticed:
        notice(world, profile)


def notice(world: World, profile: SandboxProfile) -> None:
    """Cronofy tries to reach the provider and learns whether the login still works."""
    # Told once: of a login that is known to be broken nothing more is said.
    if profile.broken and profile.connected:
        profile.connected = False
        channels.notify(world, profile.account, "profile_disconnected")


def relink(world: World, profile: SandboxProfile) -> None:
    """The person has logged in again. There is no push for that; `change` simply starts again."""
    if not profile.broken:
        return
    since = profile.broken_at
    profile.broken, profile.connected, profile.broken_at = False, True, None
    if not profile.syncing:
        _look_again(profile)
        # Since it broke, not since now: `changes_since` is the earliest moment to read from.
        channels.notify_change(world, profile.account, profile.calendars, since=since)


def begin_sync(profile: SandboxProfile) -> None:
    """The first sync runs:
    reads answer 200 and are empty, which must not be taken for "free all day".
    """
    profile.syncing = True
    for calendar in profile.calendars:
        calendar.held = {}


def finish_sync(world: World, profile: SandboxProfile) -> None:
    """The first sync is done: everything is there."""
    if profile.syncing:
        profile.syncing = False
        _look_again(profile)
        channels.notify(world, profile.account, "profile_initial_sync_completed")


def _look_again(profile: SandboxProfile) -> None:
    for calendar in profile.calendars:
        calendar.held = None
