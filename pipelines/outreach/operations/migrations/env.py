"""What Alembic runs: the migrations on the connection that it was handed, within its transaction."""

from alembic import context

from pipelines.outreach.operations.tables import METADATA, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, version_table=VERSION_TABLE
)
context.run_migrations()
