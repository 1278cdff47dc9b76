"""The service over HTTP: answer files, the report page, /clients and /metrics."""
