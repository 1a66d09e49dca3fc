"""What a person asks the warehouse about one model: its tree, its profile, how it differs from another."""
