"""The steps of this project. Each is a few lines around the library; project.yml says in which order they run."""

import os

# Small matrices: two threads take longer than one here. Numpy and torch read this when they are loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")
