"""Plotting: one module per plot, `registry` for the kinds of plots, `style` for all of them.

Each ``plot_*`` function returns a `matplotlib.figure.Figure`, which `style.save_figure` writes to
a file. None of them uses pyplot or changes the settings of Matplotlib. Importing this package or
`registry` does not import Matplotlib.
"""
