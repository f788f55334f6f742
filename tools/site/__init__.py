"""The documentation site: docs/ as pages, built with Zensical and checked."""
