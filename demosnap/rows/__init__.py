"""The bytes of rows: their canonical form, and how many of them are kept aside and fetched."""
