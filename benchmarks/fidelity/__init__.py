"""What a dump and its restore lose on the zoos of the tests, and what demosnap loses."""
