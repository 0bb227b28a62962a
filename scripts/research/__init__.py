"""Scripts for the authors: each makes a published figure. The package does not use them."""
