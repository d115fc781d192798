"""Documents as Dust's server keeps them."""
