"""Every refusal that there is, in words: one function for each text."""
