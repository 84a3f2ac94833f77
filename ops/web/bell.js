// A sound for new alarms of high priority: off until somebody switches it on, for a browser asks for that.

const BEEPS = 3;
const BEEP_S = 0.14;
const APART_S = 0.22;
const PITCH_HZ = 880;
const LOUDNESS = 0.18;

export class Bell {
  #context = null;
  #on = false;
  #known = new Set();

  /** Switch it; whether it is on now. It says so with a beep. */
  toggle() {
    this.#on = !this.#on;
    if (this.#on) {
      this.#context ??= new AudioContext();
      this.#context.resume();
      this.#beep(1);
    }
    return this.#on;
  }

  /** Which of the alarms were not there before, are of high priority, and call; it beeps for them. */
  news(active) {
    const called = active.filter((each) => each.priority === 'high' && each.calls);
    const fresh = called.filter((each) => !this.#known.has(nameOf(each)));
    this.#known = new Set(called.map(nameOf));
    if (fresh.length && this.#on) this.#beep(BEEPS);
    return fresh;
  }

  #beep(times) {
    const context = this.#context;
    for (let index = 0; index < times; index += 1) {
      const beginS = context.currentTime + 0.02 + index * APART_S;
      const tone = context.createOscillator();
      const gain = context.createGain();
      tone.frequency.value = PITCH_HZ;
      gain.gain.setValueAtTime(0, beginS);
      gain.gain.linearRampToValueAtTime(LOUDNESS, beginS + 0.015);
      gain.gain.linearRampToValueAtTime(0, beginS + BEEP_S);
      tone.connect(gain).connect(context.destination);
      tone.start(beginS);
      tone.stop(beginS + BEEP_S);
    }
  }
}

const nameOf = ({vehicle, rule, subject, raised_s: raisedS}) => `${vehicle} ${rule} ${subject} ${raisedS}`;
