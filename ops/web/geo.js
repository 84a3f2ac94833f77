// Places and metres. Positions are [longitude, latitude] in degrees, bearings run clockwise from true north.

const METRES_PER_DEGREE = 111_319.49;

/** Metres in one degree of longitude and of latitude at a latitude: flat enough for a drawing of some kilometres. */
export function metresPerDegree(latDeg) {
  const phi = latDeg * Math.PI / 180;
  return {
    lon: METRES_PER_DEGREE * Math.cos(phi),
    lat: 111_132.95 - 559.85 * Math.cos(2 * phi) + 1.17 * Math.cos(4 * phi),
  };
}

/** The place so many metres east and north of an origin. */
export function offset([lon, lat], eastM, northM) {
  const scale = metresPerDegree(lat);
  return [lon + eastM / scale.lon, lat + northM / scale.lat];
}

/** Metres east and north of an origin. */
export function metresFrom([lon0, lat0], [lon, lat]) {
  const scale = metresPerDegree(lat0);
  return [(lon - lon0) * scale.lon, (lat - lat0) * scale.lat];
}

/** The closed ring of an ellipse around a place. */
export function ellipseRing(place, semiMajorM, semiMinorM, bearingDeg, corners = 48) {
  const bearing = bearingDeg * Math.PI / 180;
  return Array.from({length: corners + 1}, (_, index) => {
    const angle = 2 * Math.PI * (index % corners) / corners;
    const along = semiMajorM * Math.cos(angle);
    const across = semiMinorM * Math.sin(angle);
    return offset(
      place,
      along * Math.sin(bearing) + across * Math.cos(bearing),
      along * Math.cos(bearing) - across * Math.sin(bearing),
    );
  });
}

/** The smallest box around positions as [[west, south], [east, north]], or null for none. */
export function boundsOf(positions) {
  let box = null;
  for (const [lon, lat] of positions) {
    box ??= [[lon, lat], [lon, lat]];
    box[0][0] = Math.min(box[0][0], lon);
    box[0][1] = Math.min(box[0][1], lat);
    box[1][0] = Math.max(box[1][0], lon);
    box[1][1] = Math.max(box[1][1], lat);
  }
  return box;
}

/** Those positions that lie within so many metres of the first: what is elsewhere on earth is another matter. */
export function* nearFirst(positions, farM) {
  let first = null;
  for (const each of positions) {
    first ??= each;
    if (Math.hypot(...metresFrom(first, each)) <= farM) yield each;
  }
}

/** Every position in a GeoJSON geometry's coordinates. */
export function* positionsOf(coordinates) {
  if (typeof coordinates[0] === 'number') {
    yield coordinates;
    return;
  }
  for (const each of coordinates) yield* positionsOf(each);
}

/** The smallest of 1, 2, 5, 10, 20 ... that is no smaller than a size. */
export function roundStep(size) {
  const power = 10 ** Math.floor(Math.log10(size));
  const step = [1, 2, 5, 10].find((each) => each * power >= size * 0.999);
  return step * power;
}

/** The turn from one heading to another, -180 to 180 degrees. */
export function turn(fromDeg, toDeg) {
  return ((toDeg - fromDeg + 540) % 360 + 360) % 360 - 180;
}
