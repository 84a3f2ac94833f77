// How live thermal streams fare: a line each above the finds, and words for the banner where nobody looks.

import {element, keyed, write} from './dom.js';

/** A picture that is so late is told of; and with fewer frames a second nobody may call it searched. */
const LATE_S = 3;
const LEAST_HZ = 0.5;
const STATES = {opening: 'opening', open: 'searched live', reconnecting: 'lost, trying again', failed: 'failed',
  closed: 'closed'};

/** Show the streams; gives what people must be told, or null. */
export function drawHeat(root, store) {
  const list = root.querySelector('#heat');
  keyed(list, store.heat, (each) => each.tag, () => element('li', '', element('span', 'name'), element('span', 'about')),
    (row, each) => update(row, each, store));
  list.hidden = !store.heat.length;
  return store.heat.map((each) => trouble(each, store)).filter(Boolean).join(' ') || null;
}

function update(row, stream, store) {
  const looking = stream.state === 'open';
  row.dataset.state = !looking || starved(stream) ? 'lost' : stream.why || stream.keeping ? 'trouble' : 'open';
  row.title = `${stream.address}${stream.camera ? `, ${stream.camera}` : ''}: ${stream.frames} frames came, `
    + `${stream.searched} were searched, ${stream.placed} of these placed, ${stream.dropped} dropped`;
  write(row.querySelector('.name'), `${nameOf(stream, store)} thermal`);
  write(row.querySelector('.about'), [
    STATES[stream.state] ?? stream.state,
    ...(looking ? [`${stream.rate_hz.toFixed(1)} frames a second`] : []),
    ...(looking && stream.late_s > LATE_S ? [`${stream.late_s.toFixed(0)} s late`] : []),
    ...(stream.dropped ? [`${stream.dropped} dropped`] : []),
    ...(looking && stream.why ? [`not placed: ${stream.why}`] : []),
    ...(!looking && stream.problem ? [stream.problem] : []),
  ].join(' · '));
}

function trouble(stream, store) {
  const who = `The thermal stream of ${nameOf(stream, store)}`;
  if (stream.state === 'reconnecting' || stream.state === 'failed') return `${who} is not searched: ${stream.problem}.`;
  if (starved(stream)) return `${who} is not searched: hardly a whole frame comes.`;
  if (stream.keeping) return `${who} is searched, but its finds are not kept: ${stream.keeping}.`;
  return stream.state === 'open' && stream.why && !stream.placed ? `${who} shows nothing on the map: ${stream.why}.` : '';
}

const starved = ({state, state_s: stateS, rate_hz: hz}) => state === 'open' && stateS > 5 && hz < LEAST_HZ;
const nameOf = ({vehicle}, store) => store.vehicles.get(`${vehicle}`)?.name ?? `vehicle ${vehicle}`;
