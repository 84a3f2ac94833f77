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

export function utcTime(timeS) {
  return new Date(timeS * 1000).toISOString().slice(11, 19);
}

/** The date in UTC, as in 14 Mar 2026. */
export function dayOf(timeS) {
  return new Date(timeS * 1000).toLocaleDateString('en-GB', {day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC'});
}

/** A length of time as a clock shows it: 4:05 or 1:04:05. */
export function span(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole % 3600 / 60)];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Latitude and longitude; five digits are a metre. */
export function coordinates([lon, lat], digits = 6) {
  const part = (value, positive, negative) => `${Math.abs(value).toFixed(digits)}° ${value < 0 ? negative : positive}`;
  return `${part(lat, 'N', 'S')}  ${part(lon, 'E', 'W')}`;
}

export function metres(value) {
  return Math.abs(value) >= 1000 ? `${(value / 1000).toFixed(1)} km` : `${value.toFixed(0)} m`;
}

/** Height above the take-off point where it is known, else above mean sea level, named either way. */
export function height(vehicle) {
  if (known(vehicle.height_relative_m)) return `${vehicle.height_relative_m.toFixed(0)} m rel`;
  if (known(vehicle.height_amsl_m)) return `${vehicle.height_amsl_m.toFixed(0)} m amsl`;
  const {height_m: foreign, height_reference: above} = vehicle.foreign ?? {};
  return known(foreign) ? `${foreign.toFixed(0)} m ${above}` : `${DASH} m`;
}

/** The position fix as the receiver names it, with its satellites. */
export function fix(vehicle) {
  if (!known(vehicle.fix)) return '';
  return known(vehicle.satellites) ? `${vehicle.fix}, ${vehicle.satellites} sat` : vehicle.fix;
}
