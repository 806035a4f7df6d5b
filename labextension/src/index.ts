/** The Check button of an exercise's notebook, and the panel that it opens. Other notebooks are left alone. */

import { ILabShell, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, IThemeManager, ToolbarButton } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { checkIcon } from '@jupyterlab/ui-components';

import { markLocks } from './locks';
import { InterviewSheet } from './interview';
import { AnySheet, CheckPanel } from './panel';
import { exerciseOf, interviewOf } from './requests';
import { Sheet } from './sheet';

const CHECK = 'bugkit:check';
const NARROW_PX = 900;

interface INotebook7Shell extends JupyterFrontEnd.IShell {
  expandRight?: (id: string) => void;
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'bugkit-lab:plugin',
  description: 'Judges the notebook of a bugkit exercise.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ILabShell, ICommandPalette, IThemeManager],
  activate
};

function activate(
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  shell: ILabShell | null,
  palette: ICommandPalette | null,
  themes: IThemeManager | null
): void {
  const { contents } = app.serviceManager;
  const panel = new CheckPanel();

  async function welcome(notebook: NotebookPanel): Promise<void> {
    await notebook.context.ready;
    const sheet = await sheetFor(notebook);
    if (!sheet) {
      return;
    }
    if (!panel.isAttached) {
      app.shell.add(panel, 'right', { rank: 50 });
    }
    panel.add(sheet);
    notebook.disposed.connect(() => panel.remove(sheet));
    panel.turnTo(tracker.currentWidget);
    markLocks(notebook.content);
    const button = newButton(sheet);
    if (!notebook.toolbar.insertAfter('save', 'bugkit-check', button)) {
      notebook.toolbar.addItem('bugkit-check', button); // a toolbar that the learner arranged
    }
    app.commands.notifyCommandChanged(CHECK);
  }

  async function sheetFor(notebook: NotebookPanel): Promise<AnySheet | null> {
    const path = contents.localPath(notebook.context.path);
    const exercise = await exerciseOf(path);
    const interview = exercise ? null : await interviewOf(path);
    if (notebook.isDisposed) {
      return null;
    }
    if (exercise) {
      return new Sheet(notebook, exercise, contents, themes);
    }
    return interview && new InterviewSheet(notebook, interview, contents, themes);
  }

  function newButton(sheet: AnySheet): ToolbarButton {
    return new ToolbarButton({
      className: 'bugkit-toolbar',
      icon: checkIcon,
      label: 'Check',
      tooltip: 'Save the notebook and judge it',
      onClick: () => check(sheet)
    });
  }

  function check(sheet: AnySheet): void {
    panel.turnTo(sheet.notebook);
    open();
    void sheet.check();
  }

  /** JupyterLab opens its side by the panel's id; Notebook 7 has a side of its own, which is closed at first. */
  function open(): void {
    if (shell) {
      if (window.innerWidth < NARROW_PX) {
        shell.collapseLeft(); // or the notebook would be squeezed between two sides
      }
      shell.activateById(panel.id);
    } else {
      (app.shell as INotebook7Shell).expandRight?.(panel.id);
    }
  }

  app.commands.addCommand(CHECK, {
    label: 'Check the Exercise',
    caption: 'Save the notebook and judge it',
    isEnabled: () => panel.sheetOf(tracker.currentWidget) !== undefined,
    execute: () => {
      const sheet = panel.sheetOf(tracker.currentWidget);
      if (sheet) {
        check(sheet);
      }
    }
  });
  palette?.addItem({ command: CHECK, category: 'bugkit' });
  tracker.widgetAdded.connect((_, notebook) => void welcome(notebook));
  tracker.forEach(notebook => void welcome(notebook));
  tracker.currentChanged.connect((_, notebook) => panel.turnTo(notebook));
  themes?.themeChanged.connect(() => panel.redraw());
}

export default plugin;
