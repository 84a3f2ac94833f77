"""What came in that is not MAVLink, kept as it came: ADS-B text, reports of foreign tracks, Cursor on Target.

    sources -> items -> ReceivedRecorder -> TIME.received -> {index, archive, exports, replay}

`items` is one thing and its line, `recorder` writes them, `reading` finds them again in a file that grows or
is damaged, `told` says what one tells, `positions` folds them to where everybody was, `playing` to a picture.
"""
