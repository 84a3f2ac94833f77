"""The scene sheet: a PDF to scale, and the same marks and figures as DXF and GeoJSON."""
