"""The nouns of the journey. Imports neither Django nor anything else of the package."""
