"""Photos to overviews and thermal frames to finds: the only user of OpenCV and pycolmap."""
