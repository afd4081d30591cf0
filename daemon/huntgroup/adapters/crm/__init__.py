"""CRMs over HTTP: each connector knows one of them, and nothing of who asks and why."""
