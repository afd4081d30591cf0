"""Asterisk's manager interface: bytes to facts and orders to bytes."""
