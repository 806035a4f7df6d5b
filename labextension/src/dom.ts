/** Small pieces of the page. */

export function element(tag: string, name: string, text = ''): HTMLElement {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  return made;
}

export function button(text: string, press: () => void): HTMLButtonElement {
  const made = document.createElement('button');
  made.className = 'bugkit-button';
  made.textContent = text;
  made.addEventListener('click', press);
  return made;
}
