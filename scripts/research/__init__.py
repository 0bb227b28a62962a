"""Scripts for the authors, which make the published figures. The package does not use them."""
