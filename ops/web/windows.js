// Windows of pictures as images: fetched once, the last few kept, and whoever waits told when one is there.

const KEPT = 160;
const AGAIN_MS = 3000;

export class Windows {
  #images = new Map();
  #changed;

  constructor(changed) {
    this.#changed = changed;
  }

  /** The image at an address once it is there, else null; it is being fetched then. */
  at(address) {
    let image = this.#images.get(address);
    if (image) {
      this.#images.delete(address);
    } else {
      image = new Image();
      image.addEventListener('load', () => this.#changed());
      image.addEventListener('error', () => setTimeout(() => this.#again(address), AGAIN_MS));
      image.src = address;
    }
    this.#images.set(address, image);
    if (this.#images.size > KEPT) this.#images.delete(this.#images.keys().next().value);
    return image.complete && image.naturalWidth ? image : null;
  }

  /** What did not come is fetched anew when it is next asked for. */
  #again(address) {
    this.#images.delete(address);
    this.#changed();
  }

  /** Whether every image that was asked for lately is there. */
  get settled() {
    return [...this.#images.values()].every((each) => each.complete);
  }
}

/** Fit a canvas to its place on the screen; gives its context in CSS pixels, and its size. */
export function fitted(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const [wide, tall] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== wide || canvas.height !== tall) [canvas.width, canvas.height] = [wide, tall];
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return {context, width, height};
}
