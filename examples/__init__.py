"""Programs built on `destination_dust.loading`."""
