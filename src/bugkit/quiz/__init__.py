"""Questions with sources: a bank in TOML files, drawn by seed, answered in a terminal."""
