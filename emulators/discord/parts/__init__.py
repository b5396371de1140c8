"""What the local Discord holds, a class for each part. `State` holds the parts, and says which needs which."""
