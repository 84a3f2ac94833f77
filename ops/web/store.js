// What the page knows: the snapshot with every delta applied. No drawing here.

import {callingOf} from './calling.js';

const TRACK_POINTS = 3600;
const EVENTS = 200;
const FOREMOST_FINDS = 12;
const STATES = {confirmed: 0, proposed: 1, dismissed: 2};
/** A replay is told of at least once a second; beyond that nobody knows. */
const LONGEST_GUESS_S = 1.2;
export const STALE_AFTER_S = 3;
/** What others tell us of comes every few seconds at best. */
export const FOREIGN_STALE_AFTER_S = 15;
const FOREIGN_COLOUR = '#f0e3c2';
const COLOURS = ['#4cc3ff', '#ffd166', '#ff8fab', '#95e06c', '#c9a0ff', '#ff9f5a', '#5eead4', '#e8e8e8'];

const STRONG_SCORE = 0.5;
const strength = ({properties: {score}}) => (score >= STRONG_SCORE ? score : 0);

export class Store {
  vehicles = new Map();
  tracks = new Map();
  recorded = [];
  plans = [];
  scenes = [];
  events = [];
  operation = null;
  /** Where a replay is, or null: what is shown is what is now. */
  replay = null;
  dropped = 0;
  selected = null;
  /** The key of the flight that is looked at, or null for all. */
  flight = null;
  /** Other aircraft, none of ours. */
  traffic = [];
  /** How the recorder fares, or null without one. */
  recording = null;
  volumes = {features: []};
  /** Maps of where a missing person may be, the newest last. */
  searches = [];
  /** What is to be known of alarms, or null where nobody looks for them. */
  alarms = null;
  /** The gravest alarm that nobody acknowledged, by the aircraft's keys. */
  calling = new Map();
  /** How live thermal streams fare. */
  heat = [];
  /** What the searches of frames say of themselves, the newest first. */
  searched = [];
  #fetched = [];
  /** Finds of live streams, by id. */
  #live = new Map();
  #finds = [];
  #replayed = {atS: null, finds: []};
  #serverS = 0;
  #readAtMs = 0;

  /** The finds there are; in a replay those that had been seen by the time that is shown. */
  get finds() {
    if (this.replay === null) return this.#finds;
    if (this.#replayed.atS !== this.#serverS) {
      const finds = this.#finds.filter((each) => !(each.firstS > this.#serverS));
      this.#replayed = {atS: this.#serverS, finds};
    }
    return this.#replayed.finds;
  }

  /** The finds to look at first: named on the map and with their ellipse; the others are faint dots. */
  get foremostFinds() {
    return this.finds.slice(0, FOREMOST_FINDS).filter((each) => each.state !== 'dismissed');
  }

  /** Whether finds come from live streams. */
  get findsLive() {
    return this.heat.length > 0 && this.#live.size > 0;
  }

  /** Take in the finds that the server has; what a stream told since is newer. */
  takeFinds(finds) {
    this.#fetched = finds;
    this.#joinFinds();
  }

  /** As the server has them: confirmed first, then the surest, vehicles after all else, what a newer search has not, what was dismissed. */
  #joinFinds() {
    const others = this.#fetched.filter((each) => !this.#live.has(each.id));
    const finds = [...this.#live.values(), ...others];
    for (const each of finds) {
      each.rank = (STATES[each.state] ?? 1) * 4 + (each.searched_again ? 2 : 0) + (each.properties.what === 'vehicle?' ? 1 : 0);
      each.firstS ??= Date.parse(each.properties.first_time ?? each.properties.time) / 1000;
    }
    this.#finds = finds.sort((a, b) => a.rank - b.rank || (b.properties.score ?? 0) - (a.properties.score ?? 0));
    this.#replayed = {atS: null, finds: []};
  }

  /** Finds of an aircraft that call together: those that may well be people, the strongest first, then the newest. */
  together(vehicle) {
    return this.#finds.filter((each) => each.calls === 'together' && each.vehicle === vehicle)
      .sort((a, b) => strength(b) - strength(a) || b.firstS - a.firstS);
  }

  /** Take in a message of the live stream; returns what it changed, as section names. */
  apply(message) {
    this.#serverS = message.time_s;
    this.replay = message.replay;
    this.#readAtMs = performance.now();
    return message.type === 'snapshot' ? this.#applySnapshot(message) : this.#applyDelta(message);
  }

  /** Seconds since 1970 on the server's clock; in a replay the time that is shown. */
  now() {
    const passedS = (performance.now() - this.#readAtMs) / 1000;
    if (this.replay === null) return this.#serverS + passedS;
    const {playing, speed, end_s: end} = this.replay;
    return playing ? Math.min(end, this.#serverS + Math.min(passedS, LONGEST_GUESS_S) * speed) : this.#serverS;
  }

  /** Seconds since a vehicle was heard. A replay that is played fast is not guessed ahead of what it said. */
  age(vehicle) {
    const nowS = this.replay === null ? this.now() : this.#serverS;
    return Math.max(0, nowS - vehicle.heard_s);
  }

  stale(vehicle) {
    return this.age(vehicle) > (vehicle.source === null ? STALE_AFTER_S : FOREIGN_STALE_AFTER_S);
  }

  /** A vehicle's own colour, the same in every browser. */
  colour(key) {
    const vehicle = this.vehicles.get(key);
    if (vehicle && vehicle.source !== null) return FOREIGN_COLOUR;
    const system = vehicle?.system ?? 1;
    return COLOURS[(system + COLOURS.length - 1) % COLOURS.length];
  }

  #applySnapshot(message) {
    this.vehicles = new Map(message.vehicles.map((each) => [each.key, each]));
    this.tracks = new Map(message.tracks.map((each) => [each.key, each.points]));
    this.events = message.events.slice(-EVENTS);
    this.plans = message.plans;
    this.operation = message.operation;
    this.traffic = message.traffic;
    this.recording = message.recording;
    this.heat = message.heat;
    this.#live = new Map(message.finds.map((each) => [each.id, each]));
    this.#joinFinds();
    this.#takeAlarms(message.alarms);
    return ['vehicles', 'events', 'plans', 'alarms', 'traffic', 'finds', 'heat'];
  }

  #applyDelta(message) {
    for (const key of message.gone) {
      this.vehicles.delete(key);
      this.tracks.delete(key);
    }
    for (const vehicle of message.vehicles) this.vehicles.set(vehicle.key, vehicle);
    for (const track of message.tracks) {
      const points = this.tracks.get(track.key) ?? [];
      points.push(...track.points);
      this.tracks.set(track.key, points.slice(-TRACK_POINTS));
    }
    this.events = [...this.events, ...message.events].slice(-EVENTS);
    if (message.alarms) this.#takeAlarms(message.alarms);
    if (message.traffic) this.traffic = message.traffic;
    if (message.recording) this.recording = message.recording;
    if (message.heat) this.heat = message.heat;
    for (const find of message.finds) this.#live.set(find.id, find);
    if (message.finds.length) this.#joinFinds();
    this.dropped += message.dropped.deltas;
    return [
      ...(message.vehicles.length || message.gone.length ? ['vehicles'] : []),
      ...(message.traffic ? ['traffic'] : []),
      ...(message.events.length ? ['events'] : []),
      ...(message.alarms ? ['alarms'] : []),
      ...(message.finds.length ? ['finds'] : []),
      ...(message.heat ? ['heat'] : []),
    ];
  }

  #takeAlarms(alarms) {
    this.alarms = alarms;
    this.calling = callingOf(alarms);
  }
}
