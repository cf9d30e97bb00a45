"""An application that searches with the models of its company."""
