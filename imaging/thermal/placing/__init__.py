"""From a spot in a frame to a place on the ground, and from many sightings to one thing that stands or walks.

rays       pixels to directions: camera, lens, gimbal
ground     where a ray first meets level ground or a height model
errors     what a placing rests on, and how far each error moves it
places     both together: a frame's spots on the ground
motion     a thing that stands or walks, its error shared with the whole flight (a filter)
joining    which sighting is of which thing (an assignment)
adjusting  the errors of a flight estimated from all that stood still, the clock's latency among them
clock      a frames' clock that is seconds off, from passes in opposite directions
kinds      what a thing may be, and why
"""
