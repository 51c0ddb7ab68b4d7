"""System: the devices, processors, signals and versions that this process has.

- `devices` finds CPU and GPUs; `keras_startup` imports Keras without log messages
- `processors` counts the usable processors and limits threads
- `stderr_capture` holds back what C++ code writes to stderr
- `signals` stops the program; `environment` describes versions and hardware
"""
