"""Files: atomic writes, locks, hashes, listings, and the kinds of files by name and signature."""
