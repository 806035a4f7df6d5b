/** Locked cells look locked. Jupyter refuses to edit them; bugkit puts them back before a run. */

import { Notebook } from '@jupyterlab/notebook';

const LOCKED = 'bugkit-locked';
const SEALED = 'bugkit-sealed';

/** Mark a notebook's locked cells now and whenever its cells change. */
export function markLocks(notebook: Notebook): void {
  const mark = () => {
    for (const cell of notebook.widgets) {
      const has = (name: string) => cell.model.getMetadata(name) === false;
      const tags = cell.model.getMetadata('tags');
      const isLocked = has('editable') && has('deletable');
      const isSealed = isLocked && Array.isArray(tags) && tags.includes('sealed');
      cell.toggleClass(LOCKED, isLocked);
      cell.toggleClass(SEALED, isSealed);
      if (isLocked && cell.inputArea) {
        cell.inputArea.node.title = isSealed
          ? 'Sealed: it opens when the stage before it is passed'
          : 'Locked: its text is put back before every check';
      }
    }
  };
  notebook.modelContentChanged.connect(mark);
  notebook.model?.cells.changed.connect(mark);
  mark();
}
