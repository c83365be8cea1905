"""The app room: the command line and, around it, what the user sees.  Tensors stay in the engine."""
