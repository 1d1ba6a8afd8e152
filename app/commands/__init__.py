"""The commands of `portal`, by what they are about."""
