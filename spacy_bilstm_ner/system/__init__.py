"""Files and folders, locks, worker processes and cores."""
