"""Files, locks, processes, threads and processor cores."""
