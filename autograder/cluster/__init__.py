"""Where boxes run: on this machine or on the workers of a dask cluster."""
