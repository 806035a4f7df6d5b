/** The notebook of an interview: the clock, what one says before a check, what may be asked for, and the log. */

import { IThemeManager } from '@jupyterlab/apputils';
import { NotebookPanel } from '@jupyterlab/notebook';
import { Contents } from '@jupyterlab/services';
import { Widget } from '@lumino/widgets';

import { button, element } from './dom';
import { newFrame, show } from './frame';
import { IInterview, interviewOf, sayIn } from './requests';

const BEAT_MS = 10_000; // the server takes it that somebody is there
const SECOND_MS = 1_000;
const SURE_MS = 4_000; // in which End is to be pressed once more
const SAYS = ['Hypothesis', 'What you expect to see', 'The cheapest test'];

export class InterviewSheet extends Widget {
  constructor(
    readonly notebook: NotebookPanel,
    private _at: IInterview,
    private readonly contents: Contents.IManager,
    private readonly themes: IThemeManager | null
  ) {
    super({ node: document.createElement('section') });
    this.addClass('bugkit-sheet');
    this.node.setAttribute('aria-label', `bugkit: interview ${_at.interview}`);
    this._clock.setAttribute('role', 'timer');
    this._state.setAttribute('role', 'status');
    const top = element('div', 'bugkit-bar');
    top.append(this._clock, this._pause, this._end);
    this._doing.append(this._form(), this._asking(), this._thinking());
    this.node.append(top, this._doing, this._state, this._frame, this._log);
    this._take(_at);
    this._timers = [
      window.setInterval(() => void this._beat(), BEAT_MS),
      window.setInterval(() => this._tick(), SECOND_MS)
    ];
  }

  dispose(): void {
    this._timers.forEach(timer => window.clearInterval(timer));
    super.dispose();
  }

  /** Save the notebook, and judge it with what was said. */
  async check(): Promise<void> {
    const said = this._said.map(input => input.value.trim());
    await this._do(['check', ...said], 'Judging the saved notebook …', true);
    this._said.forEach(input => (input.value = ''));
  }

  /** Draw what is shown once more, in the colors of another theme. */
  redraw(): void {
    if (this._shown) {
      this._show(this._shown);
    }
  }

  private get _path(): string {
    return this.contents.localPath(this.notebook.context.path);
  }

  private _form(): HTMLElement {
    const form = element('div', 'bugkit-form');
    for (const says of SAYS) {
      const label = element('label', 'bugkit-field', says);
      const input = document.createElement('input');
      input.className = 'jp-mod-styled';
      label.append(input);
      this._said.push(input);
      form.append(label);
    }
    form.append(this._check);
    return form;
  }

  private _asking(): HTMLElement {
    const group = element('div', 'bugkit-others');
    group.setAttribute('role', 'group');
    group.setAttribute('aria-label', 'Ask, for points');
    for (const what of Object.keys(this._at.prices)) {
      const press = () => void this._do(['ask', what], 'Measuring …', what !== 'nudge');
      const asks = button('', press);
      this._asks.set(what, asks);
      group.append(asks);
    }
    return group;
  }

  private _thinking(): HTMLElement {
    const line = element('div', 'bugkit-bar');
    this._note.className = 'jp-mod-styled bugkit-note';
    this._note.placeholder = 'Think aloud';
    this._note.setAttribute('aria-label', 'A note, kept with its minute');
    this._note.addEventListener('keydown', event => {
      event.stopPropagation();
      if (event.key === 'Enter') {
        void this._keep();
      }
    });
    line.append(this._note, button('Keep', () => void this._keep()));
    return line;
  }

  private async _keep(): Promise<void> {
    const text = this._note.value.trim();
    if (text) {
      this._note.value = '';
      await this._do(['note', text], '', false);
    }
  }

  private _finish(): void {
    if (!this._isSure) {
      this._isSure = true;
      this._end.textContent = 'Really end?';
      window.setTimeout(() => {
        this._isSure = false;
        this._end.textContent = 'End';
      }, SURE_MS);
      return;
    }
    void this._do(['end'], 'The last check, and your tests …', true);
  }

  private async _do(words: string[], meanwhile: string, saves: boolean): Promise<void> {
    if (this._isBusy) {
      return;
    }
    this._isBusy = true;
    this._say(meanwhile);
    this._update();
    try {
      if (saves && this.notebook.context.model.dirty) {
        await this.notebook.context.save();
      }
      const { text, html, interview } = await sayIn(this._path, words);
      this._say(html ? '' : text);
      if (html) {
        this._show(html);
      }
      this._take(interview ?? this._at);
      if (words[0] === 'check' && !this.notebook.context.model.dirty) {
        await this.notebook.context.revert(); // the extension's cells may have been opened in the file
      }
    } catch (error) {
      this._say(error instanceof Error ? error.message : String(error));
    }
    this._isBusy = false;
    this._update();
  }

  private async _beat(): Promise<void> {
    if (this._at.condition !== 'ended' && !this._isBusy) {
      this._take((await interviewOf(this._path).catch(() => null)) ?? this._at);
    }
  }

  private _take(interview: IInterview): void {
    this._at = interview;
    this._since = Date.now();
    const lines = interview.log.map(({ second, says }) => {
      const line = element('li', '');
      line.append(element('span', 'bugkit-minute', clocked(second)), ` ${says}`);
      return line;
    });
    this._log.replaceChildren(...lines.reverse());
    this._tick();
    this._update();
  }

  private _tick(): void {
    const since = this._at.condition === 'running' ? (Date.now() - this._since) / SECOND_MS : 0;
    const shown = this._at.left === null ? this._at.spent + since : Math.max(0, this._at.left - since);
    this._clock.textContent = clocked(shown);
    this._clock.dataset.condition = this._at.left !== null && shown === 0 ? 'over' : this._at.condition;
  }

  private _update(): void {
    const { condition, strict, prices } = this._at;
    const isOver = condition === 'ended';
    this._check.disabled = this._isBusy || condition !== 'running';
    this._pause.textContent = condition === 'paused' ? 'Resume' : 'Pause';
    this._doing.hidden = isOver;
    this._pause.hidden = isOver || strict;
    this._end.textContent = isOver ? 'Debrief' : this._isSure ? 'Really end?' : 'End';
    this._end.disabled = this._isBusy;
    this._asks.forEach((asks, what) => {
      asks.textContent = `${what} (${prices[what]})`;
      asks.disabled = this._isBusy || condition !== 'running';
      asks.title = `Costs ${prices[what]} of 100 points`;
    });
  }

  private _show(html: string): void {
    this._shown = html;
    this._frame.hidden = false;
    const isLight = !this.themes?.theme || this.themes.isLight(this.themes.theme);
    show(this._frame, `interview ${this._at.interview}`, html, isLight);
  }

  private _say(text: string): void {
    this._state.textContent = text;
  }

  private readonly _doing = element('div', '');
  private readonly _clock = element('span', 'bugkit-clock');
  private readonly _state = element('p', 'bugkit-state');
  private readonly _log = element('ol', 'bugkit-log');
  private readonly _note = document.createElement('input');
  private readonly _said: HTMLInputElement[] = [];
  private readonly _asks = new Map<string, HTMLButtonElement>();
  private readonly _check = mainButton('Check', () => void this.check());
  private readonly _pause = button('Pause', () => {
    void this._do([this._at.condition === 'paused' ? 'resume' : 'pause'], '', false);
  });
  private readonly _end = button('End', () => {
    if (this._at.condition === 'ended') {
      void this._do(['end'], '', false);
    } else {
      this._finish();
    }
  });
  private readonly _frame = hidden(newFrame());
  private readonly _timers: number[];
  private _shown = '';
  private _since = Date.now();
  private _isBusy = false;
  private _isSure = false;
}

function mainButton(text: string, press: () => void): HTMLButtonElement {
  const made = button(text, press);
  made.classList.add('bugkit-main', 'jp-mod-styled', 'jp-mod-accept');
  return made;
}

function hidden(frame: HTMLIFrameElement): HTMLIFrameElement {
  frame.hidden = true;
  return frame;
}

function clocked(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (number: number) => String(number).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  const hours = Math.floor(minutes / 60);
  return hours ? `${hours}:${two(minutes % 60)}:${two(whole % 60)}` : `${two(minutes)}:${two(whole % 60)}`;
}
