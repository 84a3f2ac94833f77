"""The colours of a plan's picture; those of several flights can be told apart by the colour-blind."""

INK, MUTED, PAPER = "#1b2733", "#66788a", "#ffffff"
AREA, AREA_EDGE = "#dce8f2", "#7d9cb8"
LANE, TRANSIT, FENCE, NO_GO, START = "#0b5fa5", "#d9730d", "#b3261e", "#f3d4d1", "#1c7c3c"
FLOWN = "#b9c2ca"
FLIGHTS = ("#0b5fa5", "#c2570c", "#11805d", "#8b3fa0", "#a8861a", "#4c5a67", "#c2366b", "#3aa0c9")
"""After Okabe and Ito 2008, darker so that thin lines read on white."""
