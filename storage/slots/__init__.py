"""Slot sets as they are stored: made, offered, checked before a booking, and made anew."""
