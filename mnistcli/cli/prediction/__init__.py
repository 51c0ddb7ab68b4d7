"""The command line of `predict`: options, execution and results.

- `predict_arguments` parses the options, `prediction_sources` checks and counts the images
- `prediction_run` executes it
- `prediction_table`, `prediction_csv`, `prediction_figures` and `forms` show the predictions
- `output_file` and `output_format` write and continue ``--output``
- `review` copies rejected images
"""
