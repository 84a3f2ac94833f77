"""The web service: one page, a few typed endpoints and one WebSocket."""
