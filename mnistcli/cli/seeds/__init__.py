"""The command line of `train --seeds` and `evaluate --seeds`: execution and the table of seeds."""
