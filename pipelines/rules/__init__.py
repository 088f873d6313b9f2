"""One file per promotion rule."""
