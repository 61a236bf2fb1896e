"""What the columns of an import are called: by us, and by our customers."""

HEADINGS = {
    "id": "Pod id",
    "version": "Version",
    "group": "Group",
    "programme": "Programme title*",
    "cohort": "Cohort",
    "title": "Session title",
    "coach": "Coach e-mail*",
    "date": "Date*",
    "time": "Start time*",
    "duration": "Duration",
    "min": "Min*",
    "max": "Max*",
    "zone": "Time zone*",
    "format": "Format",
    "participants": "Usernames or participants",
    "language": "Language",
    "company": "Company",
    "project": "Project",
}
"""What a template and an export call them, in this order."""
REQUIRED = ("programme", "coach", "date", "time", "zone", "min", "max")
COLUMNS = (*HEADINGS, "when", "usernames")
OF_PEOPLE = ("participants", "usernames")
"""The columns that name people: both in the same way."""
MOMENT = {"date", "time"}
"""What `when` stands for: one date and time."""
ALIASES: dict[str, tuple[str, ...]] = {
    "id": ("pod id", "session id"),
    "version": ("pod version",),
    "group": ("group id", "pod group", "pod group id"),
    "programme": (
        *("program", "programme title", "program title", "programme name", "program name"),
        *("pathway", "pathway title"),
    ),
    "cohort": ("cohort id", "cohort name"),
    "title": ("session title", "session", "session name", "pod title"),
    "coach": (
        *("coach e mail", "coach email", "coach mail", "coach id", "coach s e mail"),
        *("coach e mail address", "coach email address"),
    ),
    "date": ("session date", "start date"),
    "time": ("start time", "session time"),
    "when": ("date and time", "date time", "datetime", "start date and time", "start date time"),
    "duration": ("duration minutes", "duration in minutes", "duration min", "length", "minutes"),
    "min": ("minimum", "min seats", "min participants", "minimum participants", "minimum seats"),
    "max": ("maximum", "max seats", "max participants", "maximum participants", "maximum seats"),
    "zone": ("time zone", "timezone", "tz"),
    "format": ("pod format", "pod type"),
    "participants": ("usernames or participants", "participants or usernames", "participant"),
    "usernames": ("username", "user names", "user name", "users"),
    "language": ("participant language",),
    "company": ("company id",),
    "project": ("project id",),
}
