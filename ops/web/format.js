// Figures as a command room reads them. What is not known is a dash, never a zero.

const DASH = '–';

export const known = (value) => value !== null && value !== undefined;

export function figure(value, unit, digits = 0) {
  return known(value) ? `${value.toFixed(digits)} ${unit}` : `${DASH} ${unit}`;
}

export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`;
}

export function timeOfDay(timeS) {
  return new Date(timeS * 1000).toLocaleTimeString('en-GB', {hour12: false});
}

export function coordinates([lon, lat]) {
  const part = (value, positive, negative) => `${Math.abs(value).toFixed(6)}° ${value < 0 ? negative : positive}`;
  return `${part(lat, 'N', 'S')}  ${part(lon, 'E', 'W')}`;
}

export function metres(value) {
  return Math.abs(value) >= 1000 ? `${(value / 1000).toFixed(1)} km` : `${value.toFixed(0)} m`;
}

/** Height above the take-off point where it is known, else above mean sea level, named either way. */
export function height(vehicle) {
  if (known(vehicle.height_relative_m)) return `${vehicle.height_relative_m.toFixed(0)} m rel`;
  if (known(vehicle.height_amsl_m)) return `${vehicle.height_amsl_m.toFixed(0)} m amsl`;
  return `${DASH} m`;
}

/** The position fix as the receiver names it, with its satellites. */
export function fix(vehicle) {
  if (!known(vehicle.fix)) return '';
  return known(vehicle.satellites) ? `${vehicle.fix}, ${vehicle.satellites} sat` : vehicle.fix;
}
