"""The audit: what folders hold before a model is trained on them; `folders.audit_folders` is the way in."""
