"""What the editor works on, without Qt: the document and its undo, the session file, the view, the settings."""
