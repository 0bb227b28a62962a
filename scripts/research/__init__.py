"""The project's commands: one file each, run as `python -m scripts.NAME`."""
