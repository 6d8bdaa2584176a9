"""What a sample says about the calls to come; the only modules that import scipy and numpy, which are optional."""
