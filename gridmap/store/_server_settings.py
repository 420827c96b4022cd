"""Settings of the private server that differ from PostgreSQL's own, and why."""

SETTINGS = {
    "listen_addresses": "",  # the unix socket only
    "unix_socket_permissions": "0700",
    "port": "5432",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "effective_cache_size": "2GB",
    "random_page_cost": "1.1",
    "fsync": "on",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    # segments in /dev/shm vanish when their user logs out of systemd, and are 64 MB small in a container
    "dynamic_shared_memory_type": "mmap",
    "jit": "off",  # compiling costs more than it saves on spatial queries, which spend their time in C anyway
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",
    "log_rotation_age": "1d",
    "log_truncate_on_rotation": "on",
    "log_error_verbosity": "terse",  # the detail of a broken constraint quotes the row, and rows hold phone numbers
}
