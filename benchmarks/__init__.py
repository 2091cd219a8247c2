"""How long secure Krum takes here, and what it costs: ``python -m benchmarks``; see README.md.

Not part of the library: it uses `fl_krum` as a caller does, and other frameworks only where the
caller has them.
"""
