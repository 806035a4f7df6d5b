/** One notebook's place in the panel: the button, how far each seed is, and the verdict. */

import { IThemeManager } from '@jupyterlab/apputils';
import { NotebookPanel } from '@jupyterlab/notebook';
import { Contents } from '@jupyterlab/services';
import { checkIcon, LabIcon, stopIcon } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';

import { button, element } from './dom';
import { newFrame, show } from './frame';
import { check, Help, help, IExercise, ITrouble, IVerdict, Message, stop } from './requests';

const MOST_SAVING_MS = 10_000;
const SAID = { passed: 'Passed', failed: 'Failed', error: 'Not judged' };

interface IShown {
  title: string;
  html: string;
}

export class Sheet extends Widget {
  constructor(
    readonly notebook: NotebookPanel,
    private readonly exercise: IExercise,
    private readonly contents: Contents.IManager,
    private readonly themes: IThemeManager | null
  ) {
    super({ node: document.createElement('section') });
    this.addClass('bugkit-sheet');
    this.node.setAttribute('aria-label', `bugkit: ${exercise.id} ${exercise.title}`);
    this._steps = exercise.most_steps;
    this._isPassed = exercise.passed;
    this._heading.append(element('span', 'bugkit-id', exercise.id), ` ${exercise.title}`);
    this._main = button('', () => void (this._isRunning ? this.stop() : this.check()));
    this._main.classList.add('bugkit-main', 'jp-mod-styled');
    const others = element('div', 'bugkit-others');
    others.setAttribute('role', 'group');
    others.setAttribute('aria-label', 'What is shown below');
    this._verdict = button('Verdict', () => this._show(this._judged));
    this._explain = button('Explain', () => void this._help('explain'));
    this._explain.title = 'Names what holds and what does not, from now on; counts like a hint';
    this._hint = button('Hint', () => void this._help('hint'));
    this._hint.title = 'The next hint: the first is vague, the last is plain';
    this._solution = button('Solution', () => void this._help('solution'));
    others.append(this._verdict, this._explain, this._hint, this._solution);
    const bar = element('div', 'bugkit-bar');
    bar.append(this._main, others);
    this._state.setAttribute('role', 'status');
    this._trouble.setAttribute('role', 'alert');
    this._runs.setAttribute('aria-label', 'How far each seed is');
    this.node.append(bar, this._heading, this._state, this._runs, this._trouble, this._frame);
    this._say('Saves the notebook and judges it on the seeds ' + exercise.seeds.join(', ') + '.');
    this._update();
    notebook.context.saveState.connect((_, state) => {
      this._saved = state === 'started' ? new Promise(settle => (this._settle = settle)) : this._saved;
      if (state !== 'started') {
        this._settle();
      }
    });
  }

  /** Save the notebook, have it judged, and show how far it is. */
  async check(): Promise<void> {
    if (this._isRunning) {
      return;
    }
    this._isRunning = true;
    this._begin();
    try {
      await this._save();
      if (this._isStopped) {
        return await this._take({ event: 'stopped' });
      }
      this._isAsked = true;
      this._say('Judging the saved notebook');
      for await (const message of check(this._path)) {
        await this._take(message);
      }
      if (this._isRunning) {
        throw new Error('The server ended the connection before there was a verdict.');
      }
    } catch (error) {
      this._fail({ what: error instanceof Error ? error.message : String(error), evidence: [], next: '' });
    }
  }

  /** Stop the check; the server's last word comes through the check itself. While it saves nothing is to be asked. */
  async stop(): Promise<void> {
    this._say('Stopping …');
    this._isStopped = true;
    try {
      await (this._isAsked && stop());
    } catch (error) {
      this._fail({ what: String(error), evidence: [], next: '' });
    }
  }

  /** Draw what is shown once more, in the colors of another theme. */
  redraw(): void {
    this._show(this._shown);
  }

  private get _path(): string {
    return this.contents.localPath(this.notebook.context.path);
  }

  private async _save(): Promise<void> {
    const { context } = this.notebook;
    // Two saves at once, and Jupyter takes the first for somebody else's; of one that was canceled it tells no end.
    await Promise.race([this._saved, new Promise(settle => setTimeout(settle, MOST_SAVING_MS))]);
    if (context.contentsModel?.writable === false && !context.model.dirty) {
      return;
    }
    try {
      await context.save();
    } catch {
      throw new Error('The notebook was not saved, so nothing was judged.');
    }
  }

  private _begin(): void {
    this._isStopped = this._isAsked = false;
    this._say('Saving …');
    this._trouble.replaceChildren();
    this._show(null);
    this._judged = null;
    this._canExplain = false;
    this._rows = new Map(this.exercise.seeds.map(seed => [seed, new Row(seed)]));
    this._runs.replaceChildren(...[...this._rows.values()].map(row => row.node));
    this._update();
  }

  private async _take(message: Message): Promise<void> {
    switch (message.event) {
      case 'cell':
        this._rows.get(message.seed)?.at(message.cell);
        return;
      case 'steps':
        this._rows.get(message.seed)?.steps(message.steps, this._steps);
        return;
      case 'done':
        this._rows.get(message.seed)?.done(message.outcome, message.steps);
        this._steps = message.steps || this._steps;
        return;
      case 'verdict':
        this._isRunning = false;
        return this._conclude(message);
      case 'stopped':
        this._isRunning = false;
        this._runs.replaceChildren();
        this._say('Stopped. Nothing was judged.');
        this._update();
        return;
      case 'trouble':
        this._fail(message);
    }
  }

  private async _conclude(verdict: IVerdict): Promise<void> {
    this._runs.replaceChildren();
    this._say(SAID[verdict.outcome], verdict.outcome, true);
    for (const note of verdict.notes) {
      this._trouble.append(element('p', '', note));
    }
    this._judged = { title: `The verdict on ${this.exercise.id}`, html: verdict.html };
    this._canExplain = verdict.can_explain;
    this._isPassed ||= verdict.outcome === 'passed' && verdict.complete;
    this._show(this._judged);
    this._update();
    if (verdict.reload && !this.notebook.context.model.dirty) {
      await this.notebook.context.revert(); // the next stage's cells were opened in the file
    }
  }

  private async _help(what: Help): Promise<void> {
    try {
      const { html, text } = await help(this._path, what);
      if (html) {
        this._trouble.replaceChildren();
        if (what === 'explain') {
          this._judged = { title: `The verdict on ${this.exercise.id}, explained`, html };
          this._canExplain = false;
        }
        this._show(what === 'explain' ? this._judged : { title: `${this.exercise.id}: ${what}`, html });
      } else {
        this._trouble.replaceChildren(element('pre', '', text));
      }
    } catch (error) {
      this._trouble.replaceChildren(element('p', '', String(error)));
    }
    this._update();
  }

  private _fail(trouble: ITrouble): void {
    this._isRunning = false;
    this._runs.replaceChildren();
    this._say('Not judged', 'error');
    const lines = [element('p', 'bugkit-what', trouble.what)];
    lines.push(...trouble.evidence.map(line => element('p', '', line)));
    if (trouble.next) {
      lines.push(element('p', '', `next: ${trouble.next}`));
    }
    this._trouble.replaceChildren(...lines);
    this._update();
  }

  private _show(shown: IShown | null): void {
    this._shown = shown;
    this._frame.hidden = shown === null;
    this._heading.hidden = shown !== null; // what is shown has one of its own
    if (shown) {
      const isLight = !this.themes?.theme || this.themes.isLight(this.themes.theme);
      show(this._frame, shown.title, shown.html, isLight);
    }
    this._update();
  }

  private _say(sentence: string, outcome = '', isShownBelow = false): void {
    this._state.textContent = sentence;
    this._state.dataset.outcome = outcome;
    this._state.classList.toggle('bugkit-spoken', isShownBelow);
  }

  private _update(): void {
    const icon: LabIcon = this._isRunning ? stopIcon : checkIcon;
    const label = element('span', '', this._isRunning ? 'Stop' : 'Check');
    this._main.replaceChildren(icon.element({ tag: 'span', width: '16px', height: '16px' }), label);
    this._main.classList.toggle('jp-mod-accept', !this._isRunning);
    this._main.classList.toggle('jp-mod-warn', this._isRunning);
    this._verdict.hidden = this._judged === null;
    this._verdict.setAttribute('aria-pressed', String(this._shown !== null && this._shown === this._judged));
    this._explain.hidden = !this._canExplain;
    this._hint.disabled = this._isRunning;
    this._solution.disabled = this._isRunning || !this._isPassed;
    this._solution.title = this._isPassed ? 'What it was, and how to know' : 'After a pass';
  }

  private readonly _main: HTMLButtonElement;
  private readonly _verdict: HTMLButtonElement;
  private readonly _explain: HTMLButtonElement;
  private readonly _hint: HTMLButtonElement;
  private readonly _solution: HTMLButtonElement;
  private readonly _heading = element('h2', 'bugkit-title');
  private readonly _state = element('p', 'bugkit-state');
  private readonly _runs = element('ul', 'bugkit-runs');
  private readonly _trouble = element('div', 'bugkit-trouble');
  private readonly _frame = newFrame();
  private _rows = new Map<number, Row>();
  private _judged: IShown | null = null;
  private _shown: IShown | null = null;
  private _canExplain = false;
  private _isRunning = false;
  private _isAsked = false; // the server, to judge
  private _isStopped = false;
  private _saved = Promise.resolve(); // the save that somebody else began
  private _settle = () => {};
  private _isPassed: boolean;
  private _steps: number; // what a run is expected to take: its budget at first, then what the last one took
}

/** How far one seed is. */
class Row {
  constructor(seed: number) {
    this._bar.max = 1;
    this._bar.value = 0;
    this._bar.setAttribute('aria-label', `seed ${seed}`);
    this.node.append(element('span', 'bugkit-seed', `seed ${seed}`), this._bar, this._place);
    this._place.textContent = 'waits';
  }

  readonly node = element('li', '');

  at(cell: string): void {
    this._place.textContent = cell;
  }

  steps(number: number, expected: number): void {
    this._bar.value = Math.min(number / expected, 1);
    this._place.textContent = `${number} steps`;
  }

  done(outcome: string, steps: number): void {
    this._bar.value = 1;
    this.node.dataset.outcome = outcome;
    this._place.textContent = `${steps} steps`;
  }

  private readonly _bar = document.createElement('progress');
  private readonly _place = element('span', 'bugkit-place');
}
