"""Work outside the window's process: the engine process (`worker`, `tasks`) and the window's side of it (`client`)."""
