"""One function a use case: opening a city, asking it, importing, joining, drawing, publishing, checking."""
