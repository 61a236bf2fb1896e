"""What each job does: functions of the services and an id."""
