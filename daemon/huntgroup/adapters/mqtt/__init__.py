"""The broker: what the daemon tells integrators, operators' screens and supervisors."""
