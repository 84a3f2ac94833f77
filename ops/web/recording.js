// How the recorder fares: a sign in the header, and words where it has trouble.

import {write} from './dom.js';

/** Show it; gives what people must be told, or null. */
export function drawRecording(root, recording) {
  const sign = root.querySelector('#recording');
  sign.hidden = recording === null;
  if (recording === null) return null;
  const {taken, safe} = recording;
  const others = recording.received;
  const problem = recording.problem || others?.problem;
  const dropped = recording.dropped + (others?.dropped ?? 0);
  const state = problem ? 'trouble' : dropped ? 'lost' : 'safe';
  sign.dataset.state = state;
  write(sign, {trouble: 'not recorded', lost: 'recorded with gaps', safe: 'recorded'}[state]);
  const lines = others?.taken ? `, ${others.safe} of ${others.taken} lines and events of others` : '';
  sign.title = `${safe} of ${taken} frames${lines} are on the disk for good${dropped ? `, ${dropped} were lost` : ''}`;
  return problem ? `The recording has trouble: ${problem}.` : null;
}
