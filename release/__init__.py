"""What a release needs besides the code: locks of tools, licences, notes."""
