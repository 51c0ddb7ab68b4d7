"""The commands, one module for each subcommand: options, calls of the core, and the result.

In the order of the help: `train`, `sweep`, `evaluate`, `predict`, `draw`, `plot`, `runs`,
`compare`, `export`, `recipes` and `doctor`. They are registered in `mnistcli.cli`.
"""
