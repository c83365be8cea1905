"""The trainer tab: folders and their audit, a training that runs by itself, its verdict, and the models."""
