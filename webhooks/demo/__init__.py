"""`coachcal demo`: the main job on this machine, with real processes and real
calendars, narrated.
"""
