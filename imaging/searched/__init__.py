"""What was searched: frames and flights become looks at the cells of a search map.

recording, frames -> viewpoints -> looks (missions.search) -> a file of looks -> which frames saw this cell
"""
