"""Prediction: from paths, folders and standard input to predictions of the images.

`predict` finds the images, prepares and classifies them in parallel, and rejects uncertain ones:

- `image_sources` turns names into images: `image_listing` lists folders, `object_listing` lists
  object stores, `object_downloads` prefetches objects, `stdin` reads standard input, and
  `image_selection` keeps one shard
- `preparation` opens an image and finds its digits; `preparation_workers` does it in worker
  processes, which `worker_process` starts and whose program is `worker_program`
- `rejection` decides which predictions are rejected; `results` defines their types
- `digit_counts` defines the numbers of digits that a line may have
- `forms` crops the regions of forms, which `form_regions` reads
- `explanation` gathers the stages for `--explain`; `occlusion` computes occlusion maps
- `cluster_prediction` sends batches of images to the workers of a cluster
"""
