/** What the panel asks Jupyter's server for. Jupyter's own connection carries the token. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

export interface IExercise {
  id: string;
  title: string;
  seeds: number[];
  most_steps: number;
  passed: boolean;
}

export interface ITrouble {
  what: string;
  evidence: string[];
  next: string;
}

export interface IVerdict {
  outcome: 'passed' | 'failed' | 'error';
  complete: boolean;
  can_explain: boolean; // it counts the checks, and does not name them
  reload: boolean;
  html: string;
  notes: string[];
}

export type Message =
  | { event: 'cell'; seed: number; cell: string }
  | { event: 'steps'; seed: number; steps: number }
  | { event: 'done'; seed: number; outcome: string; steps: number }
  | ({ event: 'verdict' } & IVerdict)
  | ({ event: 'trouble' } & ITrouble)
  | { event: 'stopped' };

export interface IHelp {
  text: string;
  html: string;
}

/** The exercise that a notebook belongs to; null where it is an ordinary notebook. */
export async function exerciseOf(path: string): Promise<IExercise | null> {
  const response = await ask(`exercise?path=${encodeURIComponent(path)}`, {});
  return response.ok ? (await response.json()).exercise : null;
}

/** Judge a saved notebook: what the server tells on the way, then how it ended. */
export async function* check(path: string): AsyncGenerator<Message> {
  const response = await ask('check', { method: 'POST', body: JSON.stringify({ path }) });
  await refuse(response);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return;
    }
    const lines = (rest + value).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      yield JSON.parse(line);
    }
  }
}

/** Stop what runs now. */
export async function stop(): Promise<void> {
  await refuse(await ask('check', { method: 'DELETE' }));
}

export type Help = 'hint' | 'solution' | 'explain';

/** What `%bugkit hint` and `%bugkit solution` tell, and the last verdict with its checks by name. */
export async function help(path: string, what: Help): Promise<IHelp> {
  const response = await ask('help', { method: 'POST', body: JSON.stringify({ path, what }) });
  await refuse(response);
  return response.json();
}

export interface IInterview {
  interview: number;
  round: string;
  condition: 'running' | 'paused' | 'ended';
  strict: boolean;
  spent: number;
  left: number | null;
  prices: { [what: string]: number };
  log: { second: number; says: string }[];
}

/** The interview that a notebook belongs to, and a sign that somebody is there; null where it is no interview's. */
export async function interviewOf(path: string): Promise<IInterview | null> {
  const response = await ask(`interview?path=${encodeURIComponent(path)}`, {});
  return response.ok ? (await response.json()).interview : null;
}

/** Do one thing in it, and where it is then. */
export async function sayIn(path: string, words: string[]): Promise<IHelp & { interview: IInterview | null }> {
  const response = await ask('interview', { method: 'POST', body: JSON.stringify({ path, words }) });
  await refuse(response);
  return response.json();
}

async function ask(what: string, init: RequestInit): Promise<Response> {
  const settings = ServerConnection.makeSettings();
  return ServerConnection.makeRequest(URLExt.join(settings.baseUrl, 'bugkit', what), init, settings);
}

async function refuse(response: Response): Promise<void> {
  if (!response.ok) {
    throw await ServerConnection.ResponseError.create(response);
  }
}
