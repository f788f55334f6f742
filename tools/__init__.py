"""Programs for those who work on this project; the package needs none of them."""
