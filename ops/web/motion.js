// Smooth movement between two reports: from where the aircraft is drawn now to where it was last heard,
// over the time that reports are apart. It never runs ahead of what was heard.

import {metresFrom, turn} from './geo.js';

const SHORTEST_MS = 60;
const LONGEST_MS = 1200;
const JUMP_M = 500;

export class Motion {
  #from;
  #to;
  #startMs;
  #durationMs = 0;

  constructor(vehicle, nowMs) {
    this.#from = this.#to = target(vehicle);
    this.#startMs = nowMs;
  }

  /** A newer report. */
  retarget(vehicle, nowMs) {
    const next = target(vehicle);
    const [place, last] = [next.place, this.#to.place];
    if (place[0] === last[0] && place[1] === last[1] && next.heading === this.#to.heading) return;
    const jump = Math.hypot(...metresFrom(last, place)) > JUMP_M;
    this.#from = jump ? next : this.at(nowMs);
    this.#durationMs = jump ? 0 : Math.min(LONGEST_MS, Math.max(SHORTEST_MS, nowMs - this.#startMs));
    this.#to = next;
    this.#startMs = nowMs;
  }

  moving(nowMs) {
    return nowMs - this.#startMs < this.#durationMs;
  }

  /** Where to draw it: place as [longitude, latitude], heading in degrees or null. */
  at(nowMs) {
    const share = this.#durationMs ? Math.min(1, (nowMs - this.#startMs) / this.#durationMs) : 1;
    const mix = (index) => this.#from.place[index] + (this.#to.place[index] - this.#from.place[index]) * share;
    return {place: [mix(0), mix(1)], heading: mixHeadings(this.#from.heading, this.#to.heading, share)};
  }
}

function mixHeadings(from, to, share) {
  return from === null || to === null ? to : from + turn(from, to) * share;
}

function target(vehicle) {
  const heading = vehicle.heading_deg ?? vehicle.foreign?.course_deg ?? null;
  return {place: [vehicle.lon_deg, vehicle.lat_deg], heading};
}
