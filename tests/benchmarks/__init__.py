"""Huntgroup beside app_queue on one Asterisk: what a call costs in time. Figures, never assertions."""
