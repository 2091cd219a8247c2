"""Krum and the rules that it is compared with, in the clear."""
