/** HTML from the server in a frame of its own: no scripts, nothing from elsewhere, the colors of Jupyter's theme. */

const COLORS = [
  '--jp-layout-color1',
  '--jp-content-font-color1',
  '--jp-success-color0',
  '--jp-error-color0',
  '--jp-warn-color0',
  '--jp-brand-color1',
  '--jp-code-font-family',
  '--jp-content-font-family'
];

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** A card needs no border where the panel has one, and no room for one either. */
const STYLE = `
html, body { margin: 0; background: var(--jp-layout-color1); }
body { padding: 4px 0 16px; }
body .bugkit .bk-card { max-width: none; border: 0; border-radius: 0; padding: 10px 14px; }
body .bugkit .bk-card h2 { font-size: 17px; }
`;

export function newFrame(): HTMLIFrameElement {
  const frame = document.createElement('iframe');
  frame.className = 'bugkit-frame';
  frame.setAttribute('sandbox', '');
  frame.tabIndex = 0; // keys reach it, and then scroll it
  return frame;
}

/** Show HTML in the frame, drawn in the theme that is on now. */
export function show(frame: HTMLIFrameElement, title: string, html: string, isLight: boolean): void {
  const now = getComputedStyle(document.body);
  const colors = COLORS.map(name => `${name}: ${now.getPropertyValue(name)};`).join(' ');
  frame.title = title;
  frame.srcdoc = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8" />
<meta http-equiv="Content-Security-Policy" content="${POLICY}" />
<style>:root { color-scheme: ${isLight ? 'light' : 'dark'}; ${colors} } ${STYLE}</style>
</head><body>${html}</body></html>`;
}
