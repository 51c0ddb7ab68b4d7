"""The commands, one module for each: options, one call of the core, and the result.

A command is registered in `mnistcli.cli`.
"""
