"""Recorded events, decided anew: read, run, report. Must not touch the database nor another site's keys."""
