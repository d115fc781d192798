"""Destinations of other projects, each as plain as its framework allows: records in, JSON posted to one address."""
