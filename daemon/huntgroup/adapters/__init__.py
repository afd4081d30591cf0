"""Thin translators between the outside and the engine's vocabulary. None knows another, and none decides."""
