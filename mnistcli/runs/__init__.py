"""Run directories: the files of a run (experiment), its history, and the runs of several seeds."""
