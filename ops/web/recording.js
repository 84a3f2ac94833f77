// How the recorder fares: a sign in the header, and words where it has trouble.

import {write} from './dom.js';

/** Show it; gives what people must be told, or null. */
export function drawRecording(root, recording) {
  const sign = root.querySelector('#recording');
  sign.hidden = recording === null;
  if (recording === null) return null;
  const {taken, safe, dropped, problem} = recording;
  const state = problem ? 'trouble' : dropped ? 'lost' : 'safe';
  sign.dataset.state = state;
  write(sign, {trouble: 'not recorded', lost: 'recorded with gaps', safe: 'recorded'}[state]);
  sign.title = `${safe} of ${taken} frames are on the disk for good${dropped ? `, ${dropped} were lost` : ''}`;
  return problem ? `The recording has trouble: ${problem}.` : null;
}
