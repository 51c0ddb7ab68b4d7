"""Files: atomic writes, locks, hashes, listings, and the kinds of files by name and signature.

- `atomic` replaces files as a whole; `locks` locks them, `hashing` hashes them
- `natural_order` sorts names and lists directories; `object_stores` lists objects in S3, Google
  Cloud Storage and Azure
- `regular_files` and `zip_files` open files of unknown origin
- `kinds` knows files that people mistake for others; `signatures` identifies them by first bytes
- `user_directories` locates the directories of the user
"""
