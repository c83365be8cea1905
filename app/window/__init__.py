"""The editor window: its look, panels, dialogs and actions."""
