"""What keeps the daemon operable: logs, and the word to the service manager."""
