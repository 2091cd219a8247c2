"""Slides and pages made of notebooks: one HTML file each, which asks the network for nothing.

nbconvert does the work. Its own templates load MathJax, reveal.js and more from servers elsewhere;
here ``formulas.py`` turns formulas into MathML, which browsers draw themselves, and
``exporters.py`` puts reveal.js, out of the installed package sphinx-revealjs, into the file.
``slides.py`` divides a notebook's cells among slides.
"""
