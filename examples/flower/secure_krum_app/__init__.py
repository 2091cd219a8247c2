"""A Flower app whose rounds are aggregated by Krum inside secure multiparty computation."""
