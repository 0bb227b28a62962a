"""The steps of this project. project.yml says in which order they run."""

import os

# The matrices are small: several threads are slower than one. Numpy and torch read this variable.
os.environ.setdefault("OMP_NUM_THREADS", "1")
