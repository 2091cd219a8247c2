"""A real SCALE-MAMBA that the user has built."""

SCALE_MAMBA_HOME = "SCALE_MAMBA_HOME"  # the environment variable that names its folder
