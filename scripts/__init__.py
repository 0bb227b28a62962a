"""The steps of project.yml. Each calls the library."""

import os

# The matrices are small: several threads are slower than one. numpy and torch read this when they
# are imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
