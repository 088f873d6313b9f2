"""DVC: its process, its lock file, and its refusals in plain words."""
