"""Clusters: run work in processes on this machine or on others, with Dask's `distributed`.

`connect` in `mnistcli.cluster.connection` opens a cluster, and `TaskRunner.run_in_order` in
`mnistcli.cluster.tasks` runs a function on its workers. A worker process has one thread.
"""
