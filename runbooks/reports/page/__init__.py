"""The parts of the HTML page, as values; :mod:`runbooks.reports.html` puts them together."""
