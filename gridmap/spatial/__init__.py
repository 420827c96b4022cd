"""Datums, measures, coverage checks and repair, the ownership index, joins: no database, no web."""
