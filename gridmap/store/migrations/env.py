"""Alembic's way in: runs the migrations on the connection that `gridmap.store.schema` hands over."""

from alembic import context

from gridmap.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
