// Elements made from text, never from markup: what an aircraft says must not become part of the page.

/** An element with a class, and children that are elements or text. */
export function element(tag, className = '', ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** Set the text of an element only when it differs, so that an unchanged page stays untouched. */
export function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** Keep one child per item, in their order, made once and updated each time. */
export function keyed(list, items, key, make, update) {
  const present = new Map([...list.children].map((child) => [child.dataset.key, child]));
  items.forEach((item, index) => {
    const name = key(item);
    let child = present.get(name);
    present.delete(name);
    if (!child) {
      child = make(item);
      child.dataset.key = name;
    }
    if (list.children[index] !== child) list.insertBefore(child, list.children[index] ?? null);
    update(child, item, index);
  });
  for (const child of present.values()) child.remove();
}
