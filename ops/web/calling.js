// Which aircraft call for somebody.

/** The gravest priority that nobody acknowledged, by the aircraft's keys; the gravest alarms come first. */
export function callingOf(alarms) {
  const found = new Map();
  for (const each of alarms?.active ?? []) {
    const key = `${each.vehicle}`;
    if (each.state !== 'acknowledged' && !found.has(key)) found.set(key, each.priority);
  }
  return found;
}
