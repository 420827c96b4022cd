"""PostGIS: tables, queries per noun, migrations, and the private cluster. SQL is written here and nowhere else."""
