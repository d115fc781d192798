"""Documents as Dust's server stores and lists them."""
