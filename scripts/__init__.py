"""The steps of the project. project.yml lists them in order."""

import os

# Several threads are slower than one, because the matrices are small. numpy and torch read this.
os.environ.setdefault("OMP_NUM_THREADS", "1")
