// What the page knows: the snapshot with every delta applied. No drawing here.

const TRACK_POINTS = 3600;
const EVENTS = 200;
const FOREMOST_FINDS = 12;
export const STALE_AFTER_S = 3;
const COLOURS = ['#4cc3ff', '#ffd166', '#ff8fab', '#95e06c', '#c9a0ff', '#ff9f5a', '#5eead4', '#e8e8e8'];

export class Store {
  vehicles = new Map();
  tracks = new Map();
  recorded = [];
  plans = [];
  finds = [];
  scenes = [];
  events = [];
  operation = null;
  dropped = 0;
  selected = null;
  /** The key of the flight that is looked at, or null for all. */
  flight = null;
  #serverS = 0;
  #readAtMs = 0;

  /** The finds to look at first: named on the map and with their ellipse; the others are faint dots. */
  get foremostFinds() {
    return this.finds.slice(0, FOREMOST_FINDS);
  }

  /** Take in finds, what a person confirmed first and then the highest score. */
  takeFinds(finds) {
    const weight = (find) => (find.state === 'confirmed' ? Infinity : find.properties.score ?? 0);
    this.finds = [...finds].sort((a, b) => (weight(a) === weight(b) ? 0 : weight(b) - weight(a)));
  }

  /** Take in a message of the live stream; returns what it changed, as section names. */
  apply(message) {
    this.#serverS = message.time_s;
    this.#readAtMs = performance.now();
    return message.type === 'snapshot' ? this.#applySnapshot(message) : this.#applyDelta(message);
  }

  /** Seconds since 1970 on the server's clock. */
  now() {
    return this.#serverS + (performance.now() - this.#readAtMs) / 1000;
  }

  age(vehicle) {
    return Math.max(0, this.now() - vehicle.heard_s);
  }

  stale(vehicle) {
    return this.age(vehicle) > STALE_AFTER_S;
  }

  /** A vehicle's own colour, the same in every browser. */
  colour(key) {
    const system = this.vehicles.get(key)?.system ?? 1;
    return COLOURS[(system + COLOURS.length - 1) % COLOURS.length];
  }

  #applySnapshot(message) {
    this.vehicles = new Map(message.vehicles.map((each) => [each.key, each]));
    this.tracks = new Map(message.tracks.map((each) => [each.key, each.points]));
    this.events = message.events.slice(-EVENTS);
    this.plans = message.plans;
    this.operation = message.operation;
    return ['vehicles', 'events', 'plans'];
  }

  #applyDelta(message) {
    for (const vehicle of message.vehicles) this.vehicles.set(vehicle.key, vehicle);
    for (const track of message.tracks) {
      const points = this.tracks.get(track.key) ?? [];
      points.push(...track.points);
      this.tracks.set(track.key, points.slice(-TRACK_POINTS));
    }
    this.events = [...this.events, ...message.events].slice(-EVENTS);
    this.dropped += message.dropped.deltas;
    return [
      ...(message.vehicles.length ? ['vehicles'] : []),
      ...(message.events.length ? ['events'] : []),
    ];
  }
}
