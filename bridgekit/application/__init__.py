"""What each verb does, made of the rooms below; the command line only reads and prints."""
