"""Who: the sites, and how they are loaded and checked. Imports nothing of ours."""
