"""Scripts that make the tables and models in `transforms/normalize/models`; not part of the installed package."""
