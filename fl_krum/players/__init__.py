"""The processes that run a program: how they are started, fed, watched and ended."""
