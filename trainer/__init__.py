"""The trainer room: corpora, mixing, losses, recipes, the loop and evaluation.  Knows nothing of Qt or the app."""
