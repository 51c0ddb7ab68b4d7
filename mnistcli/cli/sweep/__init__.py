"""The command line of `sweep`: checks of the options, the table of trials and the results."""
