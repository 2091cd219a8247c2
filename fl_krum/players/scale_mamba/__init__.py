"""A real SCALE-MAMBA that the user has built."""
