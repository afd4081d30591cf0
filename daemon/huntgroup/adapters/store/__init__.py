"""What outlives the process: a SQLite file with the record of every inquiry."""
