"""From placed photos to a dense surface: stereo pairs, depth, one height a cell, a point cloud.

pairing -> rectification -> matching -> fusion -> dsm.tif, dsm_uncertainty.tif ; cloud -> cloud.laz
"""
