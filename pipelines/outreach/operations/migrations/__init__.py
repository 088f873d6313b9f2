"""Migrations of the operations database, run by Alembic."""
