"""The program that the players run: its numbers, its text, its cost."""
