"""The bytes of rows: their canonical form, and rows kept aside or fetched ahead."""
