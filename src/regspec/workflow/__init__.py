"""What Snakemake runs, what triggers it, and what it says of itself."""
