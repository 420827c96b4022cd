"""Nouns and rules: schemes, grids, generations, posts, places, incidents, categories, layers, words, errors."""
