"""Tags for a broker's templates."""
