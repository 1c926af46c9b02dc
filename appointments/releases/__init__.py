"""The release process: slots open by chance, at the moment itself."""
