"""Huntgroup: a routing daemon beside Asterisk that decides who gets each inquiry."""
