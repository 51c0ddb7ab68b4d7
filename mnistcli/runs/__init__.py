"""Run directories: the files of a run, its history, and the runs of several seeds."""
