"""What users see of a sync: counts, progress, the final report."""
