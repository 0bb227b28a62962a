"""What only the authors run, in a checkout: more measurements, the benchmark, the tables. Nothing imports it."""
