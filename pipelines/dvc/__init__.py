"""DVC: its process, its lock file, and its error messages."""
