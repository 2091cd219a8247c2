"""What only the notebooks use: exercises, experiments, and a session that can be watched."""
