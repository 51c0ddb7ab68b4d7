"""Plotting (visualization): a module per plot, `registry` for the kinds, `style` for all of them.

Each ``plot_*`` function returns a `matplotlib.figure.Figure`, which `style.save_figure` writes to
a file. None of them uses pyplot or changes the settings of Matplotlib. Importing this package or
`registry` does not import Matplotlib.

- plots of a model: `history`, `confusion`, `calibration`, `samples`, `mistakes`, `filters`,
  `activations`, `embedding`, `augmentation` and `occlusion`; of several runs: `comparison`; of a
  sweep: `sweep`
- figures of `predict`: `predictions` with `prediction_block`, `explanation` with `stages`
- `layer_outputs` computes the filters, feature maps and features of a model
- `figures` computes the `inputs` of each kind and draws it; `availability` returns the errors
  of models that cannot have a plot, `directories` the default directory of the figures
- `digit_grid`, `drawing` and `layout` place images and boxes; `limits` defines the numbers of
  digits
- `quiet_import` imports Matplotlib without its warnings
"""
