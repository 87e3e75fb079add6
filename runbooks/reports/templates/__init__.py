"""The HTML page's templates, style and script: data, delivered with the program."""
