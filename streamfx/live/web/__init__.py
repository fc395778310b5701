"""The page that `/` shows: HTML, CSS and plain ES modules, served as they are."""
