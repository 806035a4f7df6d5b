/** The panel at the side: the sheet of the notebook that is in front. */

import { NotebookPanel } from '@jupyterlab/notebook';
import { checkIcon } from '@jupyterlab/ui-components';
import { StackedPanel } from '@lumino/widgets';

import { InterviewSheet } from './interview';
import { Sheet } from './sheet';

export type AnySheet = Sheet | InterviewSheet;

export class CheckPanel extends StackedPanel {
  constructor() {
    super();
    this.id = 'bugkit-panel';
    this.addClass('bugkit-panel');
    this.title.icon = checkIcon;
    this.title.caption = 'bugkit: the verdict';
  }

  add(sheet: AnySheet): void {
    sheet.hide();
    this.addWidget(sheet);
  }

  remove(sheet: AnySheet): void {
    sheet.dispose();
  }

  sheetOf(notebook: NotebookPanel | null): AnySheet | undefined {
    return this._sheets.find(sheet => sheet.notebook === notebook);
  }

  /** Show a notebook's sheet; one that is no exercise's leaves the last sheet where it is. */
  turnTo(notebook: NotebookPanel | null): void {
    const shown = this.sheetOf(notebook);
    if (shown) {
      this._sheets.forEach(sheet => sheet.setHidden(sheet !== shown));
    }
  }

  redraw(): void {
    this._sheets.forEach(sheet => sheet.redraw());
  }

  private get _sheets(): AnySheet[] {
    return this.widgets.filter(widget => widget instanceof Sheet || widget instanceof InterviewSheet);
  }
}
